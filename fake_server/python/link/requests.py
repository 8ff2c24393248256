"""Requests to the server in the middle of an eval, from any thread (LINK.md, "Requests").

They have a socket of their own, which is never blocked on: a KeyboardInterrupt comes out of a wait,
and not out of a frame. No thread is needed for the replies. Of the callers one is the reader, who
waits for the socket and reads for all; the others wait for their locks. Once the reader has its own
reply, or gives up, one of them takes its place.
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

# A sender that waits for room looks this often whether there still is a reader: without one the
# server may wait for its replies to be read before it reads on.
ROOM_MS = 50

FORKED = "Cannot ask the server: a forked child cannot ask the server, only its parent can"
NESTED = (
    "Cannot ask the server: this thread waits for a reply already, so a signal handler or a "
    "finalizer in it cannot ask meanwhile"
)


class Requests:
    """The exchange with the server, for all threads.

    `lock` and `cancels` are those of the output: while the main thread holds the lock, or is in a
    function of `cancels.shielded`, a KeyboardInterrupt waits.
    """

    def __init__(self, boot, lock, cancels, is_original, job_of):
        # As a number alone: it stays open to the end of the process, whatever is finalized.
        self._fd = connect(boot["socket"]).detach()
        body = encode({"secret": boot["secret"]})
        write_bytes(self._fd, HEADER.pack(0, VERSION, OPEN, 0, len(body), 0) + body)
        os.set_blocking(self._fd, False)
        # These are of C, with nothing of Python's around.
        self._read = partial(os.read, self._fd)
        self._write = partial(write_bytes, self._fd)
        self._lock = lock
        self._cancels = cancels
        self._is_original = is_original
        self._job_of = job_of
        self._exchange = Exchange()
        self._reader = None  # the call whose thread reads for all
        self._end = None  # why there are no more replies, in words
        self._await_bytes = poll_of(self._fd, select.POLLIN)
        self._await_both = poll_of(self._fd, select.POLLIN | select.POLLOUT)
        cancels.shielded.update((Requests.request.__code__, Requests._leave.__code__))

    def request(self, kind, body=b""):
        """Asks the server, and waits for the reply, a memoryview. Only this thread waits.

        Raises RuntimeError if the server refuses, or cannot be asked.
        """
        if not self._is_original[0]:
            raise RuntimeError(FORKED)  # a thread that is not here may have the lock
        call = Call(get_ident())
        try:
            try:
                self._begin(call, kind, body)
                self._wait(call)
            finally:
                self._leave(call)
        finally:
            # Once more, if a signal handler of user code has raised an exception in there.
            if not call.has_left:
                self._leave(call)
        if self._cancels.owed:
            self._cancels.pay()
        return call.result()

    def forget(self):
        """In a forked child: the socket is the parent's."""
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
        """Until the call is over. A KeyboardInterrupt may come out of any line of it."""
        while not call.is_over:
            with self._lock:
                wait = self._step(call)
            if self._cancels.owed:
                self._cancels.pay()
            wait()

    def _step(self, call):
        """Does what can be done now; gives what waits for the rest. The caller holds the lock."""
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
        """Sends or receives what goes without waiting."""
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
        """There are no more replies."""
        if self._end is None:
            self._end = message
        self._exchange.fail(self._end)

    def _leave(self, call):
        """The caller goes, and what it did for others another one does. It may be called again."""
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
    """A function that waits for events of a descriptor."""
    poll = select.poll()
    poll.register(fd, events)
    return poll.poll


def nothing():
    """What waits for nothing."""


current = None  # the process's own, once it is connected


def ping(payload=b""):
    """Gives the payload back, after a way to the server."""
    return bytes(current.request(PING, payload))
