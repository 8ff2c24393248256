"""Frames to and from the server, over the unix socket of LINK.md."""

import os
import struct

# The class of Python around it could be changed by user code.
from _socket import AF_UNIX, MSG_WAITALL, SO_SNDBUF, SOCK_STREAM, SOL_SOCKET, socket

from pyproxy_worker.codec import apart
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
# Beyond this a buffer is given back once its frame is done with.
KEPT_BUFFER_BYTES = 1024 * 1024

EVAL = 0x10
RESULT = 0x11
READY = 0x60
FORGET = 0x61
NOTE = 0x62
BROKEN = 0x63
# In the flags of an EVAL: no other job is there until its RESULT.
ALONE = 0x80
# In the flags of a RESULT, beside its status: the job's output has been read, and no END comes.
READ = 0x80

# While more jobs wait here, so many small results may wait to be sent together, or for so long. What
# counts is the time of the jobs: whoever is woken by a result may keep this process waiting.
HELD_RESULTS = 32
HELD_NS = 250_000
HELD_BYTES = 1024


class Link:
    """The connection to the server. For the main thread alone.

    While several quick jobs are here, their results are sent together: waking the server for each
    would cost both more than the jobs do.
    """

    def __init__(self, path, page):
        self._socket = connect(path)
        self._last = None  # its descriptor, at the end of the process
        # A result that fits in needs no waiting for the server in between. Linux gives what it may.
        self._socket.setsockopt(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES)
        self._held = Held(page)
        self._held_since = 0  # when the job of the first of them began
        self._buffer = buffer(FIRST_BUFFER_BYTES)
        self._start = 0
        self._end = 0
        self.has_waited = True  # for the frame that was received last
        self.is_mid_frame = False  # a send was broken off: whatever came now would be its rest

    def receive(self):
        """The next frame, as type, flags, id and body; None at the end of the stream.

        The body is good until the next call. It is None if there was no memory for it.
        """
        if apart.held:
            apart.held.clear()
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
        """Sends a frame whose body is the bytes in `body`, one after the other."""
        length = sum(map(len, body))
        header = HEADER.pack(0, VERSION, kind, flags, length, ident)
        self._release()
        self._send(header, body, length)

    def send_result(self, job, flags, outcome, began=0, ended=0):
        """Sends a RESULT, or holds it back for the next. The job's beginning and end are in ns."""
        status, head, values = outcome
        held = self._held
        count = held.count
        if count == 0:
            self._held_since = began
        length = len(head)
        for value in values:
            length += len(value)
        header = HEADER.pack(0, VERSION, RESULT, status | flags, length, job)
        # Whether another whole frame is here already.
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
        """The link ends with the process and not before, whatever the interpreter finalizes."""
        self._release()
        # As a number alone: a socket would be closed, with a ResourceWarning.
        self._last = self._socket.detach()

    def close(self):
        """In a forked child: the connection is the parent's."""
        os.close(self._socket.detach() if self._last is None else self._last)

    def _release(self):
        """Sends what is held back."""
        if self._held.count > 0:
            self.is_mid_frame = True
            self._socket.sendall(self._held.bytes())
            self.is_mid_frame = False
            self._held.clear()

    def _send(self, header, body, length):
        self.is_mid_frame = True
        if length <= FIRST_BUFFER_BYTES:
            self._socket.sendall(header + b"".join(body))
        else:
            gathered = [header]
            for piece in body:
                if len(piece) <= FIRST_BUFFER_BYTES:
                    gathered.append(piece)
                else:
                    self._socket.sendall(b"".join(gathered))
                    gathered = []
                    self._socket.sendall(piece)
            if gathered:
                self._socket.sendall(b"".join(gathered))
        self.is_mid_frame = False

    def _make_room(self, whole):
        """Makes sure that bytes of a frame of `whole` bytes can be received.

        A large frame gets its whole buffer at once: the server has all of its bytes before it sends
        the first, so its header is no claim of a stranger's.
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
        """A new buffer with what is not taken yet; views of the old one may still be about."""
        moved = buffer(size)
        moved[: self._end - self._start] = self._buffer[self._start : self._end]
        return moved

    def _receive_apart(self, length, at, head, code, size):
        """The body of a frame without the large bytes at `at`, which are held for its reader."""
        after = at + apart.STANDIN_BYTES
        # If there is no memory for these two, nothing has been taken yet.
        data = apart.room(size)
        body = memoryview(bytearray(after + length - at - head - size))
        self._start += HEADER_BYTES
        self._fill(body[:at])
        self._start += head
        with data.getbuffer() as memory:
            self._fill(memory)
        body[at:after] = apart.hold(code, data.getvalue())
        self._fill(body[after:])
        return body

    def _fill(self, view):
        """Puts into a view what comes next."""
        at = min(len(view), self._end - self._start)
        view[:at] = self._buffer[self._start : self._start + at]
        self._start += at
        while at < len(view):
            count = self._socket.recv_into(view[at:], 0, MSG_WAITALL)
            if count == 0:
                raise EOFError
            at += count

    def _skip(self, length):
        """Receives and drops the rest of a frame that cannot be held."""
        self._start = self._end = 0
        if len(self._buffer) > FIRST_BUFFER_BYTES:
            self._buffer = buffer(FIRST_BUFFER_BYTES)
        while length > 0:
            count = self._socket.recv_into(self._buffer[:length])
            if count == 0:
                return
            length -= count


def buffer(size):
    """Memory to receive in, as what slices without a copy."""
    return memoryview(bytearray(size))


def connect(path):
    """A connection to the unix socket at `path`, out of the way of user code."""
    first = socket(AF_UNIX, SOCK_STREAM)
    try:
        first.connect(path)
        return socket(fileno=set_aside(first.fileno()))
    finally:
        first.close()
