"""The three standard streams of user code, and where what is written to them goes.

sys.stdout has three speeds:

- quiet: nothing was written lately. A function of ours stands in for `sys.stdout.write`: the first
  line goes out at once, wakes the ticker, and takes the function away.
- quick: further text is gathered by C at full speed, in a TextIOWrapper that gives it to
  `Buffer.write`, and the ticker sends it every few milliseconds. A tick that finds nothing new
  makes it quiet again.
- by line: each line goes out as soon as it is whole, and belongs to the job that the writing thread
  belongs to. So it is while threads of user code live, which may be of different jobs, and once a
  process was started, which writes as well. sys.stderr is always like this.

Whatever the speed, all that one thread writes keeps its order: before anything is added to `held`,
what C has gathered is moved to the records, so `held` always comes first.
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

# With so many pieces a line is not waited for: it goes out as it is.
MAX_PIECES = 64

write_bytes = os.write
write_text = io.TextIOWrapper.write
flush_text = io.TextIOWrapper.flush


class Output:
    """The streams and descriptors of the job that runs."""

    def __init__(self, records, lock, cancels):
        self.records = records
        self.lock = lock
        self.cancels = cancels
        self.job = 0
        self.owners = {}  # the job of each thread that user code has started
        self.starting = _thread.allocate_lock()  # held until a started thread is in `owners`
        self.main = _thread.get_ident()
        self.held = {}  # of each thread that writes by line: what it has begun
        self._ticks = 0
        self.taker = 0  # the thread that is just moving text to the records
        self.is_by_line = False
        self.is_forked = False
        self.standard = Standard()
        self.is_forgetting = False  # the job drops the namespaces of a session
        self._is_gathered = False  # all that the job has written is with the records
        self.has_started_process = False
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
        """Everything as it was before user code first ran, and what is written is `job`'s.

        Three system calls put the descriptors back, which is a third of what a quick job costs. They
        are left out where a job follows one of the same session without a pause, and no code is
        known to have moved them.
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
        # Before user code counts threads: it might take ours for one that it has to wait for.
        ticker = self.ticker
        if not ticker.is_running:
            ticker.start()
        self._stdout_methods["write"] = self._write_first
        if _thread._count() > ticker.is_counted:  # threads live that are not ours
            self.go_by_line()
        elif self.owners or self.is_by_line:
            self.owners.clear()
            self._go_quick()

    def finish(self):
        """Sends all that was written so far, what C and a replaced sys.stdout hold included."""
        if getattr(sys, "stdout", None) is not self.stdout:
            self._flush_other(getattr(sys, "stdout", None))
        if getattr(sys, "stderr", None) is not self.stderr:
            self._flush_other(getattr(sys, "stderr", None))
        self._flush_c()
        self.flush()
        self._is_gathered = True

    def settle(self):
        """Gathers the rest of a job's output."""
        if self._is_gathered and not self.is_by_line:
            return  # nobody has written since
        self._flush_c()
        with self.lock:
            self.take()
            if self.held:  # of threads that have ended, or go on late
                for ident in tuple(self.held):
                    self._put_held(ident)
        if not self.is_by_line:
            self._hush()

    def is_read(self):
        """Whether all that the job has written is read, or there was nothing: it needs no end."""
        return not self.is_by_line and self.records.is_read()

    def end(self, job):
        """Sends what is gathered, and the end of the job's output."""
        self.records.end(job)

    def leave(self):
        """The interpreter ends the process: what finalizers print goes its own way, without ours."""
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
        """Flushes what user code has put in the place of sys.stdout or sys.stderr."""
        if stream is not self.stdout and stream is not self.stderr:
            try:
                stream.flush()
            except Exception:
                pass  # none, closed, or broken: user code's own, like python at its exit

    def flush(self):
        """Sends all that this thread has written."""
        with self.lock:
            self.take()
        records = self.records
        if records.written != records.count or self.cancels.owed:
            records.pump()

    def take(self):
        """Moves what this thread has written to the records; the caller holds the lock."""
        if self.taker == 0:
            ident = _thread.get_ident()
            if self.held:
                self._put_held(ident)
            self.taker = ident
            try:
                flush_text(self.stdout)  # what C has gathered
            finally:
                self.taker = 0

    def owner(self):
        """The job that the running thread belongs to: the one that started it."""
        ident = _thread.get_ident()
        if ident == self.main or ident == self.ticker.ident:
            return self.job
        job = self.owners.get(ident)
        if job is None:
            with self.starting:
                # A thread of C's own making is nobody's.
                job = self.owners.get(ident, self.job)
        return job

    def go_by_line(self):
        """From here on each line goes out at once, by itself."""
        with self.lock:
            if self.stdout.__dict__.get("write", self._write_first) is self._write_first:
                self.stdout.__dict__["write"] = self._write_line
            if self.is_by_line:
                return
            self.is_by_line = True
        # For who has taken the method C's way before: written through.
        reconfigure(self.stdout, write_through=True)

    def forget(self):
        """In a forked child: other threads, and what they have gathered, are the parent's."""
        self.is_forked = True
        self.main = _thread.get_ident()
        self.held.clear()
        self.ticker.forget()
        self.records.forget()

    def tick(self):
        """Sends what was gathered. Says whether anything was written since the last time."""
        with self.lock:
            for ident, line in tuple(self.held.items()):
                # One that a thread is just about to write is not torn apart.
                if line.tick < self._ticks or not self.is_by_line:
                    self._put_held(ident)
            self.take()
        self.records.pump()
        self._ticks += 1
        is_busy = self._seen != self.records.count or bool(self.held)
        self._seen = self.records.count
        with self.lock:
            if not is_busy and not self.is_by_line and "write" not in self.stdout.__dict__:
                self._hush()
        return is_busy

    def _go_quick(self):
        self.is_by_line = False
        reconfigure(self.stdout, write_through=False)

    def _hush(self):
        self._stdout_methods["write"] = self._write_first

    def _first_writer(self):
        """sys.stdout.write while it is quiet."""
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
        """The write of a stream that goes by line."""

        def write(text, /):
            if not isinstance(text, str):
                raise TypeError("write() argument must be str, not %s" % type(text).__name__)
            data = text.encode(stream.encoding, stream.errors)
            ident = _thread.get_ident()
            job = self.owner()
            with self.lock:
                line = self.held.get(ident)
                if line is None:
                    self.take()
                    line = self.held[ident] = Line(self._ticks)
                line.pieces.append((job, fd, data))
                is_line = "\n" in text or len(line.pieces) > MAX_PIECES
                if is_line:
                    self._put_held(ident)
            if is_line:
                self.records.pump()
            elif not self.is_forked:
                self.ticker.arm()
            return len(text)

        return write

    def _put_held(self, ident):
        """Moves what a thread has begun to the records, with as few of them as it takes."""
        line = self.held.pop(ident, None)
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
        """Puts bytes where descriptor `fd` leads; the caller holds the lock."""
        if self.standard.leads_home(fd):
            self.records.put(job, fd, data)
            return
        with memoryview(data) as rest:
            at = 0
            while at < len(rest):
                at += write_bytes(fd, rest[at:])
