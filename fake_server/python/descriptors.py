"""Our own descriptors, with high numbers, so that user code and its children don't touch them."""

import fcntl
import os
import resource
from os import dup2

# Code that closes all descriptors counts up from 3, and often stops at 255.
BELOW_LIMIT = 24
HIGHEST = 1024


def limit():
    """The maximum number of open descriptors; 0 if there is no limit."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 0 if soft == resource.RLIM_INFINITY else soft


def set_aside(fd):
    """Copies `fd` to a high number. Programs that are started from here don't inherit the copy."""
    high = min(limit() or HIGHEST, HIGHEST)
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, max(high - BELOW_LIMIT, 3))


def open_again(fd):
    """Opens the pipe at `fd` for non-blocking writes; all other descriptors of it stay blocking.

    Only a new open() gives an open file description with flags of its own. Without /proc we return
    a copy, which blocks.
    """
    try:
        own = os.open("/proc/self/fd/%d" % fd, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return set_aside(fd)
    high = set_aside(own)
    os.close(own)
    return high


def open_reading(fd):
    """Opens the read end of the pipe at `fd`, to see if it is empty; None without /proc."""
    try:
        own = os.open("/proc/self/fd/%d" % fd, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    high = set_aside(own)
    os.close(own)
    return high


class Standard:
    """Descriptors 0, 1 and 2 as user code should find them: /dev/null and the server's pipes."""

    def __init__(self):
        null = os.open(os.devnull, os.O_RDWR)
        self._kept = set_aside(null), set_aside(1), set_aside(2)
        os.close(null)
        self.is_moved = True  # user code may have moved them

    def put_back(self):
        """Points the descriptors at their original targets again."""
        self.is_moved = False
        null, out, err = self._kept
        dup2(null, 0)
        dup2(out, 1)
        dup2(err, 2)

    def leads_home(self, fd):
        """Whether a descriptor still refers to the server's pipe, or refers to it again."""
        if not self.is_moved:
            return True
        try:
            here, home = os.fstat(fd), os.fstat(self._kept[fd])
        except OSError:
            return True  # closed: the server can still show what is printed
        return (here.st_ino, here.st_dev) == (home.st_ino, home.st_dev)
