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
        self._inbox = []  # received chunks that hold no whole frame yet
        self._unwanted = 0  # bytes still to come of a frame that there was no memory for

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
        if self.calls.pop(call.id, None) is None or call.is_over:
            return
        if call.piece.is_begun:
            self.outgoing.append(Piece(HEADER.pack(0, VERSION, ABANDON, 0, 0, call.id)))
        else:
            self.outgoing.remove(call.piece)

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
        """Takes the whole frames out of the inbox."""
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
            return  # it was abandoned
        if kind == REPLY:
            call.settle(body)
        else:
            call.settle(None, (RuntimeError, decode(body)["message"]))

    def _give_up(self):
        """Fails the call whose reply there is no memory for, and drops the frame."""
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
