"""The standard streams of user code, and the way of their output to the records.

sys.stdout has three modes:

- quiet: nothing was written lately. Our function replaces `sys.stdout.write`. It sends the first
  line at once, wakes the ticker, and removes itself.
- quick: C gathers further text at full speed in a TextIOWrapper, which passes it to `Buffer.write`.
  The ticker sends it every few milliseconds. After a tick without new text the mode is quiet again.
- by line: each line is sent when it is complete, and belongs to the job of the thread that wrote
  it. This is the mode while user code has threads, which may belong to different jobs, and after it
  has started a process, which may write, too. sys.stderr is always in this mode.

In every mode the output of a thread keeps its order: before a line is begun in `lines`, the text
that C has gathered is moved to the records. So the text in `lines` is always older than what C has
gathered, and is sent first.
"""

import _thread
import io
import os
import sys

from pyproxy_worker.descriptors import Standard
from pyproxy_worker.output.c_stdout import find_c_flush
from pyproxy_worker.output.line import Line
from pyproxy_worker.output.streams import Buffer, open_stdin, open_stream, plain_stream, reconfigure
from pyproxy_worker.output.ticker import Ticker

# An unfinished line of more pieces than this is sent as it is.
MAX_PIECES = 64

write_bytes = os.write
write_text = io.TextIOWrapper.write
flush_text = io.TextIOWrapper.flush


class Output:
    """The streams and descriptors of the running job."""

    def __init__(self, records, lock, cancels):
        self.records = records
        self.lock = lock
        self.cancels = cancels
        self.job = 0
        self.owners = {}  # the job of each thread that user code has started
        self.starting = _thread.allocate_lock()  # locked until a started thread is in `owners`
        self.main = _thread.get_ident()
        self.lines = {}  # the unfinished line of each thread that writes by line
        self._ticks = 0
        self.taker = 0  # the thread that is moving text to the records now
        self.is_by_line = False
        self.is_forked = False
        self.standard = Standard()
        self.is_forgetting = False  # the job drops the namespaces of a session
        self._is_gathered = False  # the records have all output of the job
        self.has_started_process = False
        self.memory = None  # the KeptMemory that the ticker looks after, if any
        self.stdout = open_stream(1, "<stdout>", self)
        self.stderr = open_stream(2, "<stderr>", self)
        self._stdout_methods = self.stdout.__dict__
        self._stderr_methods = self.stderr.__dict__
        self.ticker = Ticker(self.tick)
        self._seen = 0
        self._write_first = self._first_writer()
        self._write_line = self._line_writer(1, self.stdout)
        self._write_error = self._line_writer(2, self.stderr)
        self.standard.put_back()
        self.stdin = open_stdin()
        self._flush_c = find_c_flush()
        cancels.shielded.add(Buffer.write.__code__)
        self._hush()

    def begin(self, job, follows=False):
        """Restores streams and descriptors. From now on output belongs to `job`.

        It takes three system calls to restore the descriptors, a third of the cost of a quick job.
        We skip them if the job follows one of the same session without a pause, and if we know of
        no code that has moved them.
        """
        self.job = job
        self._is_gathered = self.has_started_process = False
        if self.standard.is_moved or not follows:
            self.standard.put_back()
        if self.stdout.is_changed or self.stderr.is_changed:
            self.stdout.put_back()
            self.stderr.put_back()
        if self.stdin.closed:
            self.stdin = open_stdin()
        sys.stdin = sys.__stdin__ = self.stdin
        sys.stdout = sys.__stdout__ = self.stdout
        sys.stderr = sys.__stderr__ = self.stderr
        self._stderr_methods["write"] = self._write_error
        # Start it now: code that counts threads might take a new one for its own and wait for it.
        ticker = self.ticker
        if not ticker.is_running:
            ticker.start()
        self._stdout_methods["write"] = self._write_first
        if _thread._count() > ticker.is_counted:  # user code has threads
            self.go_by_line()
        elif self.owners or self.is_by_line:
            self.owners.clear()
            self._go_quick()

    def finish(self):
        """Sends all output so far, including what C and a replaced sys.stdout have buffered."""
        if getattr(sys, "stdout", None) is not self.stdout:
            self._flush_other(getattr(sys, "stdout", None))
        if getattr(sys, "stderr", None) is not self.stderr:
            self._flush_other(getattr(sys, "stderr", None))
        self._flush_c()
        self.flush()
        self._is_gathered = True

    def settle(self):
        """Moves what is left of a job's output to the records."""
        if self._is_gathered and not self.is_by_line:
            return  # nothing was written since `finish`
        self._flush_c()
        with self.lock:
            self.take()
            if self.lines:  # of threads that have ended, or that outlive the job
                for ident in tuple(self.lines):
                    self._put_line(ident)
        if not self.is_by_line:
            self._hush()

    def is_read(self):
        """Whether the server has read all output of the job, or there was none: it needs no END."""
        return not self.is_by_line and self.records.is_read()

    def end(self, job):
        """Sends the gathered output, then the END of the job's output."""
        self.records.end(job)

    def leave(self):
        """Restores Python's own streams, since the interpreter ends and finalizers may print."""
        self.finish()
        self.settle()
        self.ticker.stop()
        sys.__stdout__ = plain_stream(1, "<stdout>", False)
        sys.__stderr__ = plain_stream(2, "<stderr>", True)
        if sys.stdout is self.stdout:
            sys.stdout = sys.__stdout__
        if sys.stderr is self.stderr:
            sys.stderr = sys.__stderr__

    def _flush_other(self, stream):
        """Flushes a stream that user code has assigned to sys.stdout or sys.stderr."""
        if stream is not self.stdout and stream is not self.stderr:
            try:
                stream.flush()
            except Exception:
                pass  # None, closed, or broken: ignored, as Python does at exit

    def flush(self):
        """Sends all output of this thread."""
        with self.lock:
            self.take()
        records = self.records
        if records.written != records.count or self.cancels.owed:
            records.pump()

    def take(self):
        """Moves the output of this thread to the records. The caller holds the lock."""
        if self.taker == 0:
            ident = _thread.get_ident()
            if self.lines:
                self._put_line(ident)
            self.taker = ident
            try:
                flush_text(self.stdout)  # the text that C has gathered
            finally:
                self.taker = 0

    def owner(self):
        """Returns the job of the current thread: the job that started it."""
        ident = _thread.get_ident()
        if ident == self.main or ident == self.ticker.ident:
            return self.job
        job = self.owners.get(ident)
        if job is None:
            with self.starting:
                # A thread that C has started: take the running job.
                job = self.owners.get(ident, self.job)
        return job

    def go_by_line(self):
        """Switches to the mode by line."""
        with self.lock:
            if self.stdout.__dict__.get("write", self._write_first) is self._write_first:
                self.stdout.__dict__["write"] = self._write_line
            if self.is_by_line:
                return
            self.is_by_line = True
        # Code may have kept a reference to C's write method; this sends its text at once.
        reconfigure(self.stdout, write_through=True)

    def forget(self):
        """In a forked child: drops other threads and their output, which belong to the parent."""
        self.is_forked = True
        self.main = _thread.get_ident()
        self.lines.clear()
        self.ticker.forget()
        self.records.forget()

    def tick(self):
        """Sends the gathered output. Returns whether there is a reason to go on ticking."""
        with self.lock:
            for ident, line in tuple(self.lines.items()):
                # Don't split a line that a thread has just begun to write.
                if line.tick < self._ticks or not self.is_by_line:
                    self._put_line(ident)
            self.take()
        self.records.pump()
        self._ticks += 1
        is_busy = self._seen != self.records.count or bool(self.lines)
        self._seen = self.records.count
        with self.lock:
            if not is_busy and not self.is_by_line and "write" not in self.stdout.__dict__:
                self._hush()
        memory = self.memory
        if memory is not None and memory.is_kept:
            memory.rest()
            return True
        return is_busy

    def _go_quick(self):
        self.is_by_line = False
        reconfigure(self.stdout, write_through=False)

    def _hush(self):
        self._stdout_methods["write"] = self._write_first

    def _first_writer(self):
        """Makes sys.stdout.write for the mode quiet."""
        stdout = self.stdout

        def write(text, /):
            count = write_text(stdout, text)
            self.ticker.arm()
            if "\n" in text:
                if stdout.__dict__.get("write") is write:
                    del stdout.__dict__["write"]
                self.flush()
            return count

        return write

    def _line_writer(self, fd, stream):
        """Makes the write method of a stream for the mode by line."""

        def write(text, /):
            if not isinstance(text, str):
                raise TypeError("write() argument must be str, not %s" % type(text).__name__)
            data = text.encode(stream.encoding, stream.errors)
            ident = _thread.get_ident()
            job = self.owner()
            with self.lock:
                line = self.lines.get(ident)
                if line is None:
                    self.take()
                    line = self.lines[ident] = Line(self._ticks)
                line.pieces.append((job, fd, data))
                is_line = "\n" in text or len(line.pieces) > MAX_PIECES
                if is_line:
                    self._put_line(ident)
            if is_line:
                self.records.pump()
            elif not self.is_forked:
                self.ticker.arm()
            return len(text)

        return write

    def _put_line(self, ident):
        """Moves the line of a thread to the records; adjacent pieces of a job are joined."""
        line = self.lines.pop(ident, None)
        pieces = line.pieces if line is not None else ()
        while pieces:
            job, fd, _ = pieces[0]
            count = 1
            while count < len(pieces) and pieces[count][:2] == (job, fd):
                count += 1
            data = b"".join([data for _, _, data in pieces[:count]])
            del pieces[:count]
            if data:
                self.put(job, fd, data)

    def put(self, job, fd, data):
        """Writes bytes to where descriptor `fd` leads. The caller holds the lock."""
        if self.standard.leads_home(fd):
            self.records.put(job, fd, data)
            return
        with memoryview(data) as view:
            at = 0
            while at < len(view):
                at += write_bytes(fd, view[at:])
