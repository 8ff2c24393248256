"""Frames to and from the server, over the unix socket of LINK.md."""

import os
import socket
import struct

from pyproxy_worker.descriptors import set_aside

HEADER = struct.Struct(">BBBBII")
VERSION = 1
FIRST_BUFFER_BYTES = 64 * 1024
# Beyond this a buffer is given back once its frame is done with.
KEPT_BUFFER_BYTES = 1024 * 1024

EVAL = 0x10
RESULT = 0x11
READY = 0x60
FORGET = 0x61
NOTE = 0x62
BROKEN = 0x63


class Link:
    """The connection to the server. Used by the main thread alone."""

    def __init__(self, path):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as first:
            first.connect(path)
            self._socket = socket.socket(fileno=set_aside(first.fileno()))
        self._buffer = bytearray(FIRST_BUFFER_BYTES)
        self._start = 0
        self._end = 0

    def receive(self):
        """The next frame, as type, flags, id and body; None at the end of the stream.

        The body is good until the next call. It is None if there was no memory for it.
        """
        while True:
            have = self._end - self._start
            whole = HEADER.size
            if have >= HEADER.size:
                header = HEADER.unpack_from(self._buffer, self._start)
                zero, version, kind, flags, length, ident = header
                if zero != 0 or version != VERSION:
                    raise ValueError("the server sent a frame that starts with %r" % (header[:2],))
                whole += length
                if have >= whole:
                    at = self._start + HEADER.size
                    self._start += whole
                    return kind, flags, ident, memoryview(self._buffer)[at : at + length]
            try:
                self._make_room(whole)
            except MemoryError:
                self._skip(whole - have)
                return kind, flags, ident, None
            with memoryview(self._buffer) as view:
                count = self._socket.recv_into(view[self._end :])
            if count == 0:
                return None
            self._end += count

    def send(self, kind, flags, ident, body):
        """Sends a frame whose body is the bytes in the list `body`, one after the other."""
        length = sum(map(len, body))
        pieces = [HEADER.pack(0, VERSION, kind, flags, length, ident), *body]
        if length <= FIRST_BUFFER_BYTES:
            self._socket.sendall(b"".join(pieces))
        else:
            for piece in pieces:
                self._socket.sendall(piece)

    def close(self):
        """In a forked child: the connection is the parent's."""
        os.close(self._socket.detach())

    def _make_room(self, whole):
        """Makes sure that bytes of a frame of `whole` bytes can be received.

        A large frame gets its whole buffer at once: the server has all of its bytes before it sends
        the first, so its header is no claim of a stranger's.
        """
        size = len(self._buffer)
        have = self._end - self._start
        if have == 0:
            if size > KEPT_BUFFER_BYTES:
                self._buffer = bytearray(FIRST_BUFFER_BYTES)
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
        moved = bytearray(size)
        with memoryview(self._buffer) as view:
            moved[: self._end - self._start] = view[self._start : self._end]
        return moved

    def _skip(self, length):
        """Receives and drops the rest of a frame that cannot be held."""
        self._start = self._end = 0
        if len(self._buffer) > FIRST_BUFFER_BYTES:
            self._buffer = bytearray(FIRST_BUFFER_BYTES)
        while length > 0:
            with memoryview(self._buffer) as view:
                count = self._socket.recv_into(view[: min(length, len(view))])
            if count == 0:
                return
            length -= count
