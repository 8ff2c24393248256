"""Requests to the server in the middle of an eval, from any thread (LINK.md, "Requests").

Requests have their own socket, and no call blocks on it: a KeyboardInterrupt ends a wait, and never
splits a frame. There is no thread that reads the replies. One of the waiting callers is the reader:
it polls the socket and reads for all. The others each wait for a lock. When the reader has its own
reply, or gives up, another caller becomes the reader.
"""

import errno
import os
import select
from _thread import allocate_lock, get_ident
from functools import partial

# Before user code's is made to flush first.
from os import write as write_bytes

from pyproxy_worker.codec.codec import encode
from pyproxy_worker.link.exchange import OPEN, Call, Exchange
from pyproxy_worker.link.link import HEADER, VERSION, connect

# Kinds of requests.
PING = 1

# How often a sender that waits for room checks that there is a reader. The server may stop reading
# requests until its replies are read.
ROOM_MS = 50

FORKED = "Cannot ask the server: a forked child cannot ask the server, only its parent can"
NESTED = (
    "Cannot ask the server: this thread waits for a reply already, so a signal handler or a "
    "finalizer in it cannot ask meanwhile"
)


class Requests:
    """The exchange with the server, for all threads.

    `lock` is the output's lock: while the main thread holds it, a KeyboardInterrupt waits. Threads
    that hold it never block, and a fork waits for it.
    """

    def __init__(self, boot, lock, cancels, is_original, job_of):
        # A plain number: the finalizer of a socket object would close it too early.
        self._fd = connect(boot["socket"]).detach()
        body = encode({"secret": boot["secret"]})
        write_bytes(self._fd, HEADER.pack(0, VERSION, OPEN, 0, len(body), 0) + body)
        os.set_blocking(self._fd, False)
        # Both are C functions: no signal handler runs between the system call and its return.
        self._read = partial(os.read, self._fd)
        self._write = partial(write_bytes, self._fd)
        self._lock = lock
        self._cancels = cancels
        self._is_original = is_original
        self._job_of = job_of
        self._exchange = Exchange()
        self._reader = None  # the call whose thread is the reader
        self._end = None  # the error message, once there can be no more replies
        self._await_bytes = poll_of(self._fd, select.POLLIN)
        self._await_both = poll_of(self._fd, select.POLLIN | select.POLLOUT)
        cancels.shielded.update((Requests.request.__code__, Requests._leave.__code__))

    def request(self, kind, body=b""):
        """Sends a request and returns the body of its reply, a memoryview. Blocks this thread only.

        Raises RuntimeError if the request fails or the server cannot be asked.
        """
        if not self._is_original[0]:
            raise RuntimeError(FORKED)  # before the lock: a thread of the parent may hold it
        call = Call(get_ident())
        try:
            try:
                self._begin(call, kind, body)
                self._wait(call)
            finally:
                self._leave(call)
        finally:
            # A signal handler of user code may have raised an exception in the first call.
            if not call.has_left:
                self._leave(call)
        if self._cancels.owed:
            self._cancels.pay()
        return call.result()

    def forget(self):
        """Closes the socket in a forked child; it belongs to the parent."""
        self._finish(FORKED)
        try:
            os.close(self._fd)
        except OSError:
            pass  # user code has closed it

    def _begin(self, call, kind, body):
        job = self._job_of()
        with self._lock:
            if self._end is not None:
                raise RuntimeError(self._end)
            calls = self._exchange.calls
            if any(other.thread == call.thread for other in calls.values()):
                raise RuntimeError(NESTED)
            self._exchange.begin(call, kind, job, body)

    def _wait(self, call):
        """Waits until the call is over. A KeyboardInterrupt may be raised in any line here."""
        while not call.is_over:
            with self._lock:
                wait = self._step(call)
            if self._cancels.owed:
                self._cancels.pay()
            wait()

    def _step(self, call):
        """Does what is possible now and returns a function that waits. The caller holds the lock."""
        exchange = self._exchange
        if self._reader is call:
            self._move(exchange.receive, self._read)
        elif self._reader is None:
            self._reader = call
        if exchange.outgoing:
            self._move(exchange.send, self._write)
        if call.is_over:
            return nothing
        if self._reader is call:
            return self._await_both if exchange.outgoing else self._await_bytes
        if not call.piece.is_sent:
            return self._await_room
        if call.bell is None:
            bell = allocate_lock()
            bell.acquire()
            call.bell = bell
        return call.bell.acquire

    def _await_room(self):
        poll_of(self._fd, select.POLLOUT)(ROOM_MS)

    def _move(self, move, function):
        """Sends or receives as much as is possible without blocking."""
        try:
            move(function)
        except BlockingIOError:
            pass
        except EOFError:
            self._finish("Cannot ask the server: it has closed the connection")
        except ValueError as error:
            self._finish("Cannot ask the server: %s" % error)
        except OSError as error:
            is_closed = error.errno == errno.EBADF
            why = "code in this process has closed it" if is_closed else error
            self._finish("Cannot ask the server: the connection is broken (%s)" % why)

    def _finish(self, message):
        """Fails all calls, now and later, with this message."""
        if self._end is None:
            self._end = message
        self._exchange.fail(self._end)

    def _leave(self, call):
        """Removes a call, and hands over reading if it was the reader. May be called twice."""
        with self._lock:
            exchange = self._exchange
            exchange.leave(call)
            if self._reader is call:
                self._reader = None
            if self._reader is None:
                for other in exchange.calls.values():
                    if other.bell is not None and not other.is_over:
                        other.ring()
                        break
            if exchange.outgoing:
                self._move(exchange.send, self._write)
            call.has_left = True


def poll_of(fd, events):
    """Returns a function that waits for events of a descriptor."""
    poll = select.poll()
    poll.register(fd, events)
    return poll.poll


def nothing():
    """Returns at once."""


current = None  # the Requests of this process


def ping(payload=b""):
    """Sends the payload to the server and returns what comes back: the same bytes."""
    return bytes(current.request(PING, payload))
