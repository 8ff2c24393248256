"""The messages of requests and replies (LINK.md, "Requests"), without a socket.

A signal handler of user code may raise an exception between any two steps here. So each step can be
taken again: the call of C that sends or receives also records what it has done, and a frame leaves
`_inbox` only when its reply is with its caller.
"""

import struct
from collections import deque

from pyproxy_worker.codec.codec import decode
from pyproxy_worker.link.link import HEADER, HEADER_BYTES, VERSION

REQUEST = 0x64
REPLY = 0x65
FAILED = 0x66
ABANDON = 0x67
OPEN = 0x68

# A request's header, and the job at the start of its body.
START = struct.Struct(">BBBBIII")
JOB_BYTES = START.size - HEADER_BYTES
MAX_BODY_BYTES = 256 * 1024 * 1024 - JOB_BYTES
MAX_ID = 0xFFFF_FFFF
CHUNK_BYTES = 256 * 1024


class Call:
    """A request, until its caller has the reply."""

    def __init__(self, thread):
        self.thread = thread
        self.id = 0  # none yet
        self.piece = None
        self.is_over = False
        self.has_left = False  # its thread does not wait any more, for whatever reason
        self.bell = None  # the lock that the thread waits for, once it does
        self._reply = None
        self._error = None

    def settle(self, reply, error=None):
        """Ends it, with a reply or an exception's class and message."""
        self._reply, self._error = reply, error
        self.is_over = True
        self.ring()

    def ring(self):
        """Wakes its thread; one that does not wait yet will not begin to."""
        if self.bell is not None and self.bell.locked():
            self.bell.release()

    def result(self):
        """The reply, once it is over."""
        if self._error is not None:
            kind, message = self._error
            raise kind(message)
        return self._reply


class Piece:
    """A frame on its way out."""

    def __init__(self, data):
        self._data = memoryview(data)
        self._sent = []  # how many bytes each write took

    @property
    def is_begun(self):
        """Whether some of it has been sent."""
        return bool(self._sent)

    @property
    def is_sent(self):
        """Whether all of it has been sent."""
        return sum(self._sent) == len(self._data)

    def send(self, write):
        """Writes what is left, as far as `write` takes it."""
        rest = self._data[sum(self._sent) :]
        self._sent.extend(map(write, (rest,)))  # nothing comes between writing and counting


class Exchange:
    """The requests that wait for a reply, by id, and the bytes on their way out and in."""

    def __init__(self):
        self.calls = {}
        self.outgoing = deque()
        self._last_id = 0
        self._inbox = []  # what has come and is not taken yet, as it came
        self._unwanted = 0  # so many bytes of a frame that there was no memory for are yet to come

    def begin(self, call, kind, job, body):
        """Queues the REQUEST of a call."""
        length = memoryview(body).nbytes
        if length > MAX_BODY_BYTES:
            raise ValueError(
                "Cannot ask the server: the request has %d bytes, and may have %d"
                % (length, MAX_BODY_BYTES)
            )
        ident = self._last_id % MAX_ID + 1
        while ident in self.calls:
            ident = ident % MAX_ID + 1
        start = START.pack(0, VERSION, REQUEST, kind, JOB_BYTES + length, ident, job)
        call.piece = Piece(b"".join((start, body)))
        call.id = self._last_id = ident
        self.calls[ident] = call
        self.outgoing.append(call.piece)

    def leave(self, call):
        """The caller is gone: with its reply, or for another reason, of which the server is told."""
        if self.calls.pop(call.id, None) is None or call.is_over:
            return
        if call.piece.is_begun:
            self.outgoing.append(Piece(HEADER.pack(0, VERSION, ABANDON, 0, 0, call.id)))
        else:
            self.outgoing.remove(call.piece)

    def fail(self, message):
        """Ends all calls: there will be no more replies."""
        self.outgoing.clear()
        self._inbox.clear()
        for call in [*self.calls.values()]:
            if not call.is_over:
                call.settle(None, (RuntimeError, message))

    def send(self, write):
        """Sends what is queued, as far as `write` takes it; it raises BlockingIOError then."""
        while self.outgoing:
            piece = self.outgoing[0]
            if piece.is_sent:
                self.outgoing.popleft()
            else:
                piece.send(write)

    def receive(self, read):
        """Takes in what `read`, given a number of bytes, gives at once.

        Raises EOFError at the end of the stream, and ValueError for what is no reply.
        """
        if self._unwanted:
            chunk = read(min(CHUNK_BYTES, self._unwanted))
            if not chunk:
                raise EOFError
            self._unwanted -= len(chunk)
            return
        try:
            self._inbox.extend(map(read, (CHUNK_BYTES,)))
        except MemoryError:
            self._give_up()
        if self._inbox and not self._inbox[-1]:
            raise EOFError
        while True:
            try:
                self._read()
                return
            except MemoryError:
                self._give_up()

    def _read(self):
        """Takes the whole frames out of what has come."""
        inbox = self._inbox
        while inbox:
            data = inbox[0]
            whole = HEADER_BYTES
            if len(data) >= HEADER_BYTES:
                zero, version, kind, _, length, ident = HEADER.unpack_from(data)
                if zero != 0 or version != VERSION:
                    raise ValueError("it sent a frame that starts with %r" % data[:2])
                whole += length
            if len(data) >= whole:
                self._take(kind, ident, memoryview(data)[HEADER_BYTES:whole])
                rest = data[whole:]
                inbox[:1] = (rest,) if rest else ()
            elif sum(map(len, inbox)) >= whole:
                inbox[:] = (b"".join(inbox),)
            else:
                return

    def _take(self, kind, ident, body):
        if kind not in (REPLY, FAILED):
            raise ValueError("it sent a frame of type 0x%02x" % kind)
        call = self.calls.get(ident)
        if call is None or call.is_over:
            return  # abandoned
        if kind == REPLY:
            call.settle(body)
        else:
            call.settle(None, (RuntimeError, decode(body)["message"]))

    def _give_up(self):
        """There is no memory for a frame: its caller is told so, and all of it is dropped."""
        inbox = self._inbox
        start = b"".join([chunk[:HEADER_BYTES] for chunk in inbox[:HEADER_BYTES]])
        if len(start) < HEADER_BYTES:
            raise MemoryError
        length, ident = HEADER.unpack_from(start)[4:]
        left = HEADER_BYTES + length
        while inbox and left:
            chunk = inbox.pop(0)
            if len(chunk) > left:
                inbox.insert(0, chunk[left:])
            left -= min(left, len(chunk))
        self._unwanted = left
        call = self.calls.get(ident)
        if call is not None and not call.is_over:
            message = "there is no memory for the reply, which has %d bytes" % length
            call.settle(None, (MemoryError, message))
