"""The output records of LINK.md, written into pipe 1, and the ends into both pipes."""

import collections
import fcntl
import os
import select
import struct
from os import write as write_bytes  # before user code's is made to flush first

from pyproxy_worker.descriptors import open_again, open_reading, set_aside

HEADER = struct.Struct(">16sBBHI")
# The kernel keeps what is written in one write whole up to this length.
MAX_RECORD_BYTES = 4096
MAX_PAYLOAD_BYTES = MAX_RECORD_BYTES - HEADER.size
DATA = 1
END = 2
F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)
# As much as an unprivileged user may have: the writer waits for the reader less often.
PIPE_BYTES = 1 << 20


class Records:
    """A queue of output on its way into the pipe.

    What is in it is never lost and never written twice: a KeyboardInterrupt can only come between
    two records, and what is left then goes with the next write. `lock` is held for as long as a
    write takes that does not block; a full pipe is waited for without it.
    """

    def __init__(self, nonce, lock, cancels):
        self._nonce = nonce
        self._lock = lock
        self._cancels = cancels
        self._pipes = open_again(1), open_again(2)
        self._unread = poll_of(open_reading(1), open_reading(2))
        self._may_block = frozenset(filter(os.get_blocking, self._pipes))
        self._queue = collections.deque()
        self._at = 0  # how much of the first in the queue is written
        self.written = 0  # and written
        self._is_writing = False
        self.count = 0  # how much was ever put into the queue
        for pipe in self._pipes:
            try:
                fcntl.fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES)
            except OSError:
                pass  # not Linux, or the user has as much in pipes as is allowed

    def put(self, job, fd, data):
        """Queues bytes; the caller holds the lock."""
        self._queue.append((DATA, job, fd, data))
        self.count += 1

    def pump(self):
        """Writes what is in the queue now; waits while the pipe is full."""
        upto = self.count
        while self.written < upto:
            with self._lock:
                if self._is_writing:
                    return  # a signal handler of the user's, in the middle of the lines below
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
        """Whether the server has read all that was ever written, by whomever, into both pipes."""
        if self.written != self.count or self._unread is None:
            return False
        try:
            return not self._unread(0, 1)
        except OSError:
            return False  # user code has closed it: it cannot be known any more

    def end(self, job):
        """Closes the output of a job, behind all that was put before, on both pipes."""
        record = HEADER.pack(self._nonce, END, 0, 0, job)
        with self._lock:
            # The usual case, an empty queue and room in the pipe, without detours.
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
        """In a forked child: the queue is the parent's to write."""
        self._queue.clear()
        self._at = 0
        self.written = self.count

    def _write_one(self):
        if not self._queue:
            return True  # another thread was quicker
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
        """Writes one record whole, or says that there is no room."""
        try:
            if pipe in self._may_block and not self._has_room(pipe, 0):
                return False
            write_bytes(pipe, record)
        except BlockingIOError:
            return False
        except BrokenPipeError:
            pass  # the server does not read any more: it is ending us
        return True

    def _wait(self, pipe):
        self._has_room(pipe, None)

    @staticmethod
    def _has_room(pipe, timeout_ms):
        poll = select.poll()
        poll.register(pipe, select.POLLOUT)
        return bool(poll.poll(timeout_ms))


def poll_of(*pipes):
    """What polls pipes for bytes that nobody has read; None if they cannot be seen from here."""
    if None in pipes:
        return None
    low = select.epoll()
    # Its own descriptor is the lowest: that is user code's.
    poll = select.epoll.fromfd(set_aside(low.fileno()))
    low.close()
    for pipe in pipes:
        poll.register(pipe, select.EPOLLIN)
    return poll.poll
