"""The last hop of the floor: answers frames over a unix socket; argv[1] is its path.

An echo and nothing else: no safety, no values, no cancel. Echoes of frames that came together are
sent together. The value of an eval is sent when it is there: nothing tells how long the next one
takes, so it must not be waited for. A large frame is received straight into one buffer, which is
kept.
"""

import socket
import struct
import sys

HEADER = struct.Struct(">II")
ECHO, EVAL, PRINT = range(3)
BUFFER_BYTES = 256 * 1024


def main(path):
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.connect(path)
    small = memoryview(bytearray(BUFFER_BYTES))
    large = memoryview(b"")
    have = 0
    while True:
        count = link.recv_into(small[have:])
        if count == 0:
            return
        have += count
        at = 0
        replies = []
        while have - at >= HEADER.size:
            kind, length = HEADER.unpack_from(small, at)
            end = at + HEADER.size + length
            if end > have:
                break
            if kind == ECHO:
                replies.append(small[at:end])
            elif kind == EVAL:
                code = compile(str(small[at + HEADER.size : end], "utf-8"), "<floor>", "eval")
                value = str(eval(code)).encode()
                link.sendall(HEADER.pack(kind, len(value)) + value)
            elif kind == PRINT:
                for i in range(int(bytes(small[at + HEADER.size : end]))):
                    print(f"line {i} of what a program prints")
                sys.stdout.flush()
                replies.append(HEADER.pack(kind, 0))
            at = end
        if replies:
            link.sendall(b"".join(replies))
        if have - at >= HEADER.size and HEADER.size + length > BUFFER_BYTES:
            size = HEADER.size + length
            if len(large) < size:
                large = memoryview(bytearray(size))
            got = have - at
            large[:got] = small[at:have]
            while got < size:
                count = link.recv_into(large[got:size])
                if count == 0:
                    return
                got += count
            link.sendall(large[:size])
            have = 0
        else:
            small[: have - at] = bytes(small[at:have])
            have -= at


main(sys.argv[1])
