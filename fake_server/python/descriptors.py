"""Descriptors of our own, kept out of the way of user code and of what it starts."""

import fcntl
import os
import resource
from os import dup2

# Code that "closes everything" counts up from 3, often to 255 and no further.
BELOW_LIMIT = 24
HIGHEST = 1024


def limit():
    """How many there may be; 0 if there is no limit."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 0 if soft == resource.RLIM_INFINITY else soft


def set_aside(fd):
    """A copy of `fd` with a high number, which no program started from here inherits."""
    high = min(limit() or HIGHEST, HIGHEST)
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, max(high - BELOW_LIMIT, 3))


def open_again(fd):
    """The pipe at `fd` for non-blocking writes, while everybody else's stay blocking.

    Only opening it anew gives an open file with flags of its own. Where /proc is missing it is a
    copy, and blocks.
    """
    try:
        own = os.open("/proc/self/fd/%d" % fd, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return set_aside(fd)
    high = set_aside(own)
    os.close(own)
    return high


def open_reading(fd):
    """The other end of the pipe at `fd`, to look whether it is empty; None where /proc is missing."""
    try:
        own = os.open("/proc/self/fd/%d" % fd, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    high = set_aside(own)
    os.close(own)
    return high


class Standard:
    """Descriptors 0, 1 and 2 as user code is to find them: /dev/null, and the server's two pipes."""

    def __init__(self):
        null = os.open(os.devnull, os.O_RDWR)
        self._kept = set_aside(null), set_aside(1), set_aside(2)
        os.close(null)
        self.is_moved = True  # by user code, or so it may be

    def put_back(self):
        """Makes them lead where they led."""
        self.is_moved = False
        null, out, err = self._kept
        dup2(null, 0)
        dup2(out, 1)
        dup2(err, 2)

    def leads_home(self, fd):
        """Whether user code has left a descriptor at the server's pipe, or put it back there."""
        if not self.is_moved:
            return True
        try:
            here, home = os.fstat(fd), os.fstat(self._kept[fd])
        except OSError:
            return True  # it is closed: what is printed is still worth reading
        return (here.st_ino, here.st_dev) == (home.st_ino, home.st_dev)
