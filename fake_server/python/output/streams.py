"""sys.stdout and sys.stderr as user code sees them. They write to the output of a job."""

import _thread
import io
import sys

# The interpreter's own choices for this environment, read before we replace its streams.
STDIN_ERRORS = sys.stdin.errors
STDOUT_ERRORS = sys.stdout.errors
reconfigure = io.TextIOWrapper.reconfigure
# print must not fail for a lone surrogate. Output is always UTF-8.
CODING = {"encoding": "utf-8", "errors": "backslashreplace"}


class Buffer(io.BufferedIOBase):
    """The binary stream below sys.stdout or sys.stderr. It has no buffer and cannot be closed."""

    mode = "wb"

    def __init__(self, fd, name, output):
        self._fd = fd
        self.name = name
        self._output = output

    def write(self, data):
        # `Cancels.shielded` has this function: TextIOWrapper has dropped the text already, so a
        # KeyboardInterrupt here would lose it.
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
    """sys.stdout or sys.stderr. User code can neither close it nor detach its buffer."""

    mode = "w"
    is_changed = False

    def close(self):
        self.flush()

    def reconfigure(self, **options):
        self.is_changed = True
        reconfigure(self, **options)

    def put_back(self):
        """Undoes the `reconfigure` calls of user code."""
        if self.is_changed:
            self.is_changed = False
            reconfigure(self, line_buffering=False, write_through=False, newline="\n", **CODING)

    def detach(self):
        self.flush()
        return self.buffer


def open_stream(fd, name, output):
    """Opens sys.stdout or sys.stderr."""
    return Stream(Buffer(fd, name, output), newline="\n", **CODING)


def open_stdin():
    """Opens sys.stdin: descriptor 0, with the name that Python gives it."""
    raw = io.FileIO(0, closefd=False)
    raw.name = "<stdin>"
    return io.TextIOWrapper(io.BufferedReader(raw), "utf-8", STDIN_ERRORS)


def plain_stream(fd, name, is_error):
    """Opens sys.stdout or sys.stderr as Python itself does."""
    raw = io.FileIO(fd, "w", closefd=False)
    raw.name = name
    errors = "backslashreplace" if is_error else STDOUT_ERRORS
    return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", errors, line_buffering=is_error)
