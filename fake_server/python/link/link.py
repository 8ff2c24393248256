"""Sends frames to the server and receives them, over the unix socket of LINK.md."""

import os
import struct

# From C, since user code could change the Python class in the module `socket`.
from _socket import AF_UNIX, MSG_WAITALL, SO_SNDBUF, SOCK_STREAM, SOL_SOCKET, socket

from pyproxy_worker.codec import apart
from pyproxy_worker.codec.room import Room
from pyproxy_worker.descriptors import set_aside
from pyproxy_worker.link.held import Held

HEADER = struct.Struct(">BBBBII")
HEADER_BYTES = HEADER.size
read_header = HEADER.unpack_from
read_length = struct.Struct(">I").unpack_from
LENGTH_AT = 4
VERSION = 2
FIRST_BUFFER_BYTES = 64 * 1024
SEND_BUFFER_BYTES = 1024 * 1024
# So much of a large piece is sent with what is in front of it: each send wakes the server.
JOINED_BYTES = 96 * 1024
# A larger buffer is freed once its frame is no longer needed.
KEPT_BUFFER_BYTES = 1024 * 1024

EVAL = 0x10
RESULT = 0x11
READY = 0x60
FORGET = 0x61
NOTE = 0x62
BROKEN = 0x63
# In the flags of an EVAL: no other job is there until its RESULT.
ALONE = 0x80
# In the flags of a RESULT, beside its status: the server has read the job's output; no END follows.
READ = 0x80

# While more jobs wait here, we hold up to this many small results, for up to this long. We measure
# the time of the jobs, since a server that wakes for a result may take the processor from us.
HELD_RESULTS = 32
HELD_NS = 250_000
HELD_BYTES = 1024


class Link:
    """The connection to the server. For the main thread only.

    If there are several quick jobs, their results are sent together: waking the server for each
    would cost both sides more than the jobs.
    """

    def __init__(self, path, page, memory=None):
        self._memory = memory  # for large values, or None
        self._socket = connect(path)
        self._last = None  # the socket's descriptor, once the process is ending
        # We don't wait for the server while a result fits into this. Linux may give less.
        self._socket.setsockopt(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES)
        self._held = Held(page)
        self._held_since = 0  # when the job of the first held result began
        self._buffer = buffer(FIRST_BUFFER_BYTES)
        self._start = 0
        self._end = 0
        self.has_waited = True  # `receive` had to wait for the last frame
        self.is_mid_frame = False  # a send was interrupted: new bytes would continue its frame

    def receive(self):
        """Returns the next frame as type, flags, id and body; None at the end of the stream.

        The body is valid until the next call. It is None if there was no memory for it.
        """
        if apart.waiting:
            apart.waiting.clear()
        self.has_waited = False
        kind = None
        while True:
            have = self._end - self._start
            whole = HEADER_BYTES
            if have >= HEADER_BYTES:
                header = read_header(self._buffer, self._start)
                zero, version, kind, flags, length, ident = header
                if zero != 0 or version != VERSION:
                    raise ValueError("the server sent a frame that starts with %r" % (header[:2],))
                whole += length
                at = self._start + HEADER_BYTES
                if have >= whole:
                    self._start += whole
                    return kind, flags, ident, self._buffer[at : at + length]
            self._release()
            try:
                if kind == EVAL and length > apart.LARGE_BYTES:
                    found = apart.find(self._buffer[at : self._end], length)
                    if found:
                        return kind, flags, ident, self._receive_apart(length, *found)
                self._make_room(whole)
            except MemoryError:
                self._skip(whole - have)
                return kind, flags, ident, None
            except EOFError:
                return None
            self.has_waited = True
            count = self._socket.recv_into(self._buffer[self._end :])
            if count == 0:
                return None
            self._end += count

    def send(self, kind, flags, ident, *body):
        """Sends a frame. Its body is the concatenation of `body`."""
        length = sum(map(len, body))
        header = HEADER.pack(0, VERSION, kind, flags, length, ident)
        self._release()
        self._send(header, body, length)

    def send_result(self, job, flags, outcome, began=0, ended=0):
        """Sends a RESULT, or holds it. `began` and `ended` are the times of the job, in ns."""
        status, head, values = outcome
        held = self._held
        count = held.count
        if count == 0:
            self._held_since = began
        length = len(head)
        for value in values:
            length += len(value)
        header = HEADER.pack(0, VERSION, RESULT, status | flags, length, job)
        # Is another whole frame here already?
        have = self._end - self._start - HEADER_BYTES
        has_more = have >= 0 and have >= read_length(self._buffer, self._start + LENGTH_AT)[0]
        if (has_more or count) and length <= HELD_BYTES:
            if held.add(b"".join((header, head, *values))):
                is_due = count + 1 >= HELD_RESULTS or ended - self._held_since >= HELD_NS
                if is_due or not has_more:
                    self._release()
                return
        self._release()
        self._send(header, (head, *values), length)

    def outlive(self):
        """Keeps the link open until the process ends, even after the interpreter finalizes."""
        self._release()
        # Only the number: the interpreter would close a socket object, with a ResourceWarning.
        self._last = self._socket.detach()

    def close(self):
        """In a forked child: closes the connection, which belongs to the parent."""
        os.close(self._socket.detach() if self._last is None else self._last)

    def _release(self):
        """Sends the held results."""
        if self._held.count > 0:
            self.is_mid_frame = True
            self._socket.sendall(self._held.bytes())
            self.is_mid_frame = False
            self._held.clear()

    def _send(self, header, body, length):
        self.is_mid_frame = True
        if length <= JOINED_BYTES:
            self._socket.sendall(b"".join((header, *body)))
        else:
            gathered = [header]
            for piece in body:
                if len(piece) <= JOINED_BYTES:
                    gathered.append(piece)
                else:
                    gathered.append(piece[:JOINED_BYTES])
                    self._socket.sendall(b"".join(gathered))
                    gathered = []
                    self._socket.sendall(memoryview(piece)[JOINED_BYTES:])
            if gathered:
                self._socket.sendall(b"".join(gathered))
        self.is_mid_frame = False

    def _make_room(self, whole):
        """Makes room in the buffer to receive more of a frame of `whole` bytes.

        A large frame gets its whole buffer at once. We can trust the length in its header, since
        the server has all bytes of a frame before it sends the first one.
        """
        size = len(self._buffer)
        have = self._end - self._start
        if have == 0:
            if size > KEPT_BUFFER_BYTES:
                self._buffer = buffer(FIRST_BUFFER_BYTES)
        elif have == size:
            self._buffer = self._moved(whole)
        elif self._start > 0 and (self._start + whole > size or self._end == size):
            self._buffer = self._moved(size)
        else:
            return
        self._start = 0
        self._end = have

    def _moved(self, size):
        """Returns a new buffer with the remaining bytes. Views of the old one may still exist."""
        moved = buffer(size)
        moved[: self._end - self._start] = self._buffer[self._start : self._end]
        return moved

    def _receive_apart(self, length, at, head, code, size):
        """Returns the body of a frame without the large bytes at `at`, which `apart` keeps."""
        after = at + apart.STANDIN_BYTES
        # Allocate first: if there is no memory, the frame is still complete.
        if self._memory is not None:
            self._memory.use(size)
        room = Room(size)
        body = memoryview(bytearray(after + length - at - head - size))
        self._start += HEADER_BYTES
        self._fill(body[:at])
        self._start += head
        with room.view() as view:
            self._fill(view)
        body[at:after] = apart.keep(code, room.data())
        self._fill(body[after:])
        return body

    def _fill(self, view):
        """Fills a view with the next bytes of the stream."""
        at = min(len(view), self._end - self._start)
        view[:at] = self._buffer[self._start : self._start + at]
        self._start += at
        while at < len(view):
            count = self._socket.recv_into(view[at:], 0, MSG_WAITALL)
            if count == 0:
                raise EOFError
            at += count

    def _skip(self, length):
        """Receives and drops what remains of a frame for which there is no memory."""
        self._start = self._end = 0
        if len(self._buffer) > FIRST_BUFFER_BYTES:
            self._buffer = buffer(FIRST_BUFFER_BYTES)
        while length > 0:
            count = self._socket.recv_into(self._buffer[:length])
            if count == 0:
                return
            length -= count


def buffer(size):
    """Allocates a buffer that can be sliced without a copy."""
    return memoryview(bytearray(size))


def connect(path):
    """Connects to the unix socket at `path`, on a descriptor out of the way of user code."""
    first = socket(AF_UNIX, SOCK_STREAM)
    try:
        first.connect(path)
        return socket(fileno=set_aside(first.fileno()))
    finally:
        first.close()
