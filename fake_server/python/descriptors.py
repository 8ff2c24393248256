"""Descriptors of our own, kept out of the way of user code and of what it starts."""

import fcntl
import os
import resource

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
