"""The life of the process: to the end of the link, of a script, or to what we cannot mend."""

import os
import sys
import traceback

from pyproxy_worker.evals.end import End
from pyproxy_worker.worker import Worker


def run(boot):
    """Lives it."""
    worker = Worker(boot)
    try:
        worker.serve()
    except (BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the server is gone
    except End as end:
        worker.let_go()
        sys.exit(end.status)
    except BaseException:
        try:
            if worker.is_heard:
                worker.note(0, "error", "Cannot go on: " + traceback.format_exc())
        finally:
            os._exit(1)
