"""sys.stdout and sys.stderr as user code sees them, over the output of a job."""

import _thread
import io
import sys

# As the interpreter has them for this environment, before ours take their places.
STDIN_ERRORS = sys.stdin.errors
STDOUT_ERRORS = sys.stdout.errors
reconfigure = io.TextIOWrapper.reconfigure
# A lone surrogate must not make print fail; what Python sends is always UTF-8.
CODING = {"encoding": "utf-8", "errors": "backslashreplace"}


class Buffer(io.BufferedIOBase):
    """What is below sys.stdout or sys.stderr. It holds nothing back, and cannot be closed."""

    mode = "wb"

    def __init__(self, fd, name, output):
        self._fd = fd
        self.name = name
        self._output = output

    def write(self, data):
        # Shielded from the KeyboardInterrupt of a cancel: TextIOWrapper has let go of the text.
        output = self._output
        if type(data) is not bytes:
            data = memoryview(data).tobytes()
        job = output.owner()
        with output.lock:
            is_taken = output.taker != 0
            if not is_taken:
                output.take()
            if data:
                output.put(job, self._fd, data)
        if not is_taken:
            output.records.pump()
            if output.cancels.owed:
                output.cancels.pay()
        return len(data)

    def flush(self):
        if self._output.taker != _thread.get_ident():
            self._output.flush()

    def close(self):
        self.flush()

    def writable(self):
        return True

    def fileno(self):
        return self._fd


class Stream(io.TextIOWrapper):
    """sys.stdout and sys.stderr: user code can neither close them nor take their buffer away."""

    mode = "w"
    is_changed = False

    def close(self):
        self.flush()

    def reconfigure(self, **options):
        self.is_changed = True
        reconfigure(self, **options)

    def put_back(self):
        """Undoes what user code has reconfigured."""
        if self.is_changed:
            self.is_changed = False
            reconfigure(self, line_buffering=False, write_through=False, newline="\n", **CODING)

    def detach(self):
        self.flush()
        return self.buffer


def open_stream(fd, name, output):
    """sys.stdout or sys.stderr."""
    return Stream(Buffer(fd, name, output), newline="\n", **CODING)


def open_stdin():
    """sys.stdin: descriptor 0, under the name that Python gives it."""
    raw = io.FileIO(0, closefd=False)
    raw.name = "<stdin>"
    return io.TextIOWrapper(io.BufferedReader(raw), "utf-8", STDIN_ERRORS)


def plain_stream(fd, name, is_error):
    """sys.stdout or sys.stderr as Python itself makes them."""
    raw = io.FileIO(fd, "w", closefd=False)
    raw.name = name
    errors = "backslashreplace" if is_error else STDOUT_ERRORS
    return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", errors, line_buffering=is_error)
