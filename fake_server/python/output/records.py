"""Writes the output records of LINK.md: DATA records into pipe 1, END records into both pipes."""

import collections
import fcntl
import os
import select
import struct
from os import write as write_bytes  # before user code's is made to flush first

from pyproxy_worker.descriptors import open_again, open_reading, set_aside

HEADER = struct.Struct(">16sBBHI")
# Up to this length (PIPE_BUF) the kernel writes a record as a whole.
MAX_RECORD_BYTES = 4096
MAX_PAYLOAD_BYTES = MAX_RECORD_BYTES - HEADER.size
DATA = 1
END = 2
F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)
# The most that an unprivileged user may have. A larger pipe makes the writer wait less often.
PIPE_BYTES = 1 << 20


class Records:
    """A queue of output for the pipe.

    Nothing in it is lost or written twice: a KeyboardInterrupt can only come between two records,
    and the next write sends what is left. We hold `lock` during a write, which does not block, but
    not while we wait for a full pipe.
    """

    def __init__(self, nonce, lock, cancels):
        self._nonce = nonce
        self._lock = lock
        self._cancels = cancels
        self._pipes = open_again(1), open_again(2)
        self._unread = poll_of(open_reading(1), open_reading(2))
        self._may_block = frozenset(filter(os.get_blocking, self._pipes))
        self._queue = collections.deque()
        self._at = 0  # how many bytes of the first entry are written
        self.written = 0  # how many entries were written ever
        self._is_writing = False
        self.count = 0  # how many entries were queued ever
        for pipe in self._pipes:
            try:
                fcntl.fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES)
            except OSError:
                pass  # not Linux, or over the user's limit

    def put(self, job, fd, data):
        """Queues bytes. The caller holds the lock."""
        self._queue.append((DATA, job, fd, data))
        self.count += 1

    def pump(self):
        """Writes all entries that are queued now. Waits while the pipe is full."""
        upto = self.count
        while self.written < upto:
            with self._lock:
                if self._is_writing:
                    return  # in a signal handler of user code that interrupted the code below
                self._is_writing = True
                try:
                    is_full = not self._write_one()
                finally:
                    self._is_writing = False
            if is_full:
                self._wait(self._pipes[0])
        if self._cancels.owed:
            self._cancels.pay()

    def is_read(self):
        """Whether the server has read all bytes that any process wrote into both pipes."""
        if self.written != self.count or self._unread is None:
            return False
        try:
            return not self._unread(0, 1)
        except OSError:
            return False  # user code has closed our descriptor, so we can't know

    def end(self, job):
        """Ends the output of a job on both pipes, after all entries in the queue."""
        record = HEADER.pack(self._nonce, END, 0, 0, job)
        with self._lock:
            # The fast path: the queue is empty and the pipe has room.
            is_written = (
                self.written == self.count
                and not self._is_writing
                and self._write(self._pipes[0], record)
            )
            if not is_written:
                self._queue.append((END, job, 0, b""))
                self.count += 1
        if not is_written:
            self.pump()
        while not self._write(self._pipes[1], record):
            self._wait(self._pipes[1])

    def forget(self):
        """In a forked child: drops the queue, which the parent writes."""
        self._queue.clear()
        self._at = 0
        self.written = self.count

    def _write_one(self):
        if not self._queue:
            return True  # another thread has written it
        kind, job, fd, data = self._queue[0]
        part = data[self._at : self._at + MAX_PAYLOAD_BYTES]
        header = HEADER.pack(self._nonce, kind, fd, len(part), job)
        if not self._write(self._pipes[0], header + part):
            return False
        self._at += len(part)
        if self._at >= len(data):
            self._queue.popleft()
            self.written += 1
            self._at = 0
        return True

    def _write(self, pipe, record):
        """Writes one whole record; False if there is no room for it."""
        try:
            if pipe in self._may_block and not self._has_room(pipe, 0):
                return False
            write_bytes(pipe, record)
        except BlockingIOError:
            return False
        except BrokenPipeError:
            pass  # the server has closed the pipe, and will end this process
        return True

    def _wait(self, pipe):
        self._has_room(pipe, None)

    @staticmethod
    def _has_room(pipe, timeout_ms):
        poll = select.poll()
        poll.register(pipe, select.POLLOUT)
        return bool(poll.poll(timeout_ms))


def poll_of(*pipes):
    """Returns a function that polls pipes for unread bytes; None if we can't open them."""
    if None in pipes:
        return None
    low = select.epoll()
    # The low descriptors are for user code.
    poll = select.epoll.fromfd(set_aside(low.fileno()))
    low.close()
    for pipe in pipes:
        poll.register(pipe, select.EPOLLIN)
    return poll.poll
