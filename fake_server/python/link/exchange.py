"""The protocol of requests and replies (LINK.md, "Requests"), without a socket.

A signal handler of user code may raise an exception between any two bytecodes. So every step can be
repeated: the C call that sends or receives also records the result, and a frame stays in `_inbox`
until its caller has the reply.
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
    """A request that waits for its reply."""

    def __init__(self, thread):
        self.thread = thread
        self.id = 0  # before `Exchange.begin`
        self.piece = None
        self.is_over = False
        self.has_left = False  # its thread has stopped waiting
        self.bell = None  # the lock that the thread waits for, unless it is the reader
        self._reply = None
        self._error = None

    def settle(self, reply, error=None):
        """Ends the call with a reply, or with an exception's class and message."""
        self._reply, self._error = reply, error
        self.is_over = True
        self.ring()

    def ring(self):
        """Wakes the thread, or keeps it from waiting if it is about to."""
        if self.bell is not None and self.bell.locked():
            self.bell.release()

    def result(self):
        """Returns the reply, or raises the error."""
        if self._error is not None:
            kind, message = self._error
            raise kind(message)
        return self._reply


class Piece:
    """A frame that is being sent."""

    def __init__(self, data):
        self._data = memoryview(data)
        self._sent = []  # the bytes that each write took

    @property
    def is_begun(self):
        """Whether some of it has been sent."""
        return bool(self._sent)

    @property
    def is_sent(self):
        """Whether all of it has been sent."""
        return sum(self._sent) == len(self._data)

    def send(self, write):
        """Writes as much of the rest as `write` takes."""
        rest = self._data[sum(self._sent) :]
        self._sent.extend(map(write, (rest,)))  # one C call, see above


class Exchange:
    """The calls that wait for a reply, by id, the frames to send, and the bytes received."""

    def __init__(self):
        self.calls = {}
        self.outgoing = deque()
        self._last_id = 0
        self._inbox = []  # received chunks that are not read yet

    def begin(self, call, kind, job, body):
        """Queues the REQUEST of a call. Raises ValueError if the body is too long."""
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
        """Removes a call. If it has no reply yet, the server is told that none is wanted."""
        if call.id not in self.calls:
            return
        if not call.is_over:
            if call.piece.is_begun:
                self.outgoing.append(Piece(HEADER.pack(0, VERSION, ABANDON, 0, 0, call.id)))
            elif call.piece in self.outgoing:  # else `begin` was interrupted
                self.outgoing.remove(call.piece)
        del self.calls[call.id]

    def fail(self, message):
        """Ends all calls with an error and drops what was to be sent."""
        self.outgoing.clear()
        self._inbox.clear()
        for call in [*self.calls.values()]:
            if not call.is_over:
                call.settle(None, (RuntimeError, message))

    def send(self, write):
        """Sends the queued frames. `write` raises BlockingIOError when it can take no more."""
        while self.outgoing:
            piece = self.outgoing[0]
            if piece.is_sent:
                self.outgoing.popleft()
            else:
                piece.send(write)

    def receive(self, read):
        """Receives one chunk: `read` gets the most bytes to return.

        Raises EOFError at the end of the stream, and ValueError for a frame that is not a reply.
        """
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
        """Takes the whole frames out of the inbox, and drops what nobody waits for."""
        inbox = self._inbox
        while inbox:
            first = inbox[0]
            if len(first) < HEADER_BYTES:
                if len(inbox) == 1:
                    return
                inbox[:2] = (first + inbox[1],)
                continue
            kind, length, ident = read_header(first)
            call = self.calls.get(ident)
            whole = HEADER_BYTES + length
            if call is None or call.is_over:
                if len(first) == HEADER_BYTES and length > 0 and len(inbox) == 1:
                    return
                self._drop(kind, length, ident)
            elif len(first) >= whole:
                body = memoryview(first)[HEADER_BYTES:whole]
                if kind == REPLY:
                    call.settle(body)
                else:
                    call.settle(None, (RuntimeError, decode(body)["message"]))
            elif sum(map(len, inbox)) >= whole:
                count = 2
                while sum(map(len, inbox[:count])) < whole:
                    count += 1
                inbox[:count] = (b"".join(inbox[:count]),)
            else:
                return

    def _drop(self, kind, length, ident):
        """Drops a chunk of the first frame. Until all of it is dropped, its header stays."""
        inbox = self._inbox
        first = inbox[0]
        count = 1 if len(first) > HEADER_BYTES or length == 0 else 2
        body = memoryview(first)[HEADER_BYTES:] if count == 1 else inbox[1]
        if len(body) < length:
            left = HEADER.pack(0, VERSION, kind, 0, length - len(body), ident)
        else:
            left = bytes(body[length:])
        inbox[:count] = (left,) if left else ()

    def _give_up(self):
        """Fails the call whose reply there is no memory for. Raises MemoryError if there is none."""
        first = self._inbox[0] if self._inbox else b""
        if len(first) < HEADER_BYTES:
            raise MemoryError
        _, length, ident = read_header(first)
        call = self.calls.get(ident)
        if call is None or call.is_over:
            raise MemoryError
        message = "there is no memory for the reply, which has %d bytes" % length
        call.settle(None, (MemoryError, message))


def read_header(data):
    """Returns type, body length and id of a frame. Raises ValueError if it is not a reply."""
    zero, version, kind, _, length, ident = HEADER.unpack_from(data)
    if zero != 0 or version != VERSION:
        raise ValueError("it sent a frame that starts with %r" % data[:2])
    if kind not in (REPLY, FAILED):
        raise ValueError("it sent a frame of type 0x%02x" % kind)
    return kind, length, ident
