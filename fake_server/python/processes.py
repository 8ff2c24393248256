"""Finds the descendants of a process in /proc. Without /proc it finds none."""

import os


def descendants(root):
    """Returns the ids of the living descendants of `root`, parents before children."""
    children = _listed_children if _has_lists() else _parents().get
    found = []
    waiting = [root]
    while waiting:
        below = children(waiting.pop(0)) or ()
        found += below
        waiting += below
    return [pid for pid in found if (_stat(pid) or ("Z",))[0] != "Z"]


# The warning of the log, with the pids.
LEFT_RUNNING = (
    "the eval has left processes running (%s): what they write comes as output of the eval that "
    "runs at the time; redirect their output to keep it apart"
)


class LeftRunning:
    """The running descendants of `root`, except one."""

    def __init__(self, root, excluded):
        self._root = root
        self._excluded = excluded
        self._known = frozenset()

    def new(self):
        """Returns the ids of those that were not running at the last call."""
        running = frozenset(descendants(self._root)) - {self._excluded}
        found = sorted(running - self._known)
        self._known = running
        return found


def _has_lists():
    """Whether the kernel lists children, so that we needn't read every process of the machine."""
    return os.access("/proc/%d/task/%d/children" % (os.getpid(), os.getpid()), os.F_OK)


def _listed_children(pid):
    """Returns the children of a process. The kernel lists them by the thread that started them."""
    found = []
    try:
        for thread in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, thread), "rb") as file:
                found += map(int, file.read().split())
    except OSError:
        pass  # it has ended, and its children have another parent now
    return found


def _parents():
    """Maps each parent's id to its children, for all processes of the machine."""
    children = {}
    try:
        names = os.listdir("/proc")
    except OSError:
        names = []
    for name in names:
        stat = _stat(int(name)) if name.isdigit() else None
        if stat is not None:
            children.setdefault(stat[1], []).append(int(name))
    return children


def _stat(pid):
    """Returns the state and the parent of a process, or None if it has ended."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            # The name comes first, in parentheses; it may itself contain parentheses and spaces.
            state, parent = file.read().rpartition(b")")[2].split()[:2]
    except (OSError, ValueError):
        return None
    return state.decode(), int(parent)
