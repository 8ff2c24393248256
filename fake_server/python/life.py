"""Runs the python process until the link ends, a script ends, or an error is fatal."""

import os
import sys
import traceback

from pyproxy_worker.evals.end import End
from pyproxy_worker.worker import Worker


def run(boot):
    """Serves jobs, then ends the process. Never returns."""
    worker = Worker(boot)
    try:
        worker.serve()
    except (BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the server is gone
    except End as end:
        worker.prepare_end()
        sys.exit(end.status)
    except BaseException:
        try:
            if worker.is_heard:
                worker.note(0, "error", "Cannot go on: " + traceback.format_exc())
        finally:
            os._exit(1)
