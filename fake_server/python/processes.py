"""Which processes descend from one: read out of /proc, so empty where there is none."""

import os


def descendants(root):
    """The ids of the living processes below `root`, a parent before its children."""
    children = _listed_children if _has_lists() else _parents().get
    found = []
    waiting = [root]
    while waiting:
        below = children(waiting.pop(0)) or ()
        found += below
        waiting += below
    return [pid for pid in found if (_stat(pid) or ("Z",))[0] != "Z"]


class LeftRunning:
    """The processes below `root` that run, but for one."""

    def __init__(self, root, but):
        self._root = root
        self._but = but
        self._known = frozenset()

    def new(self):
        """The ids of those that did not run when it was asked last."""
        running = frozenset(descendants(self._root)) - {self._but}
        found = sorted(running - self._known)
        self._known = running
        return found


def _has_lists():
    """Whether the kernel lists children itself: then not every process of the machine is read."""
    return os.access("/proc/%d/task/%d/children" % (os.getpid(), os.getpid()), os.F_OK)


def _listed_children(pid):
    """Children are listed with the thread that started them."""
    found = []
    try:
        for thread in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, thread), "rb") as file:
                found += map(int, file.read().split())
    except OSError:
        pass  # it ended meanwhile, and its children are somebody else's now
    return found


def _parents():
    """Children by their parent's id, of all processes that there are."""
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
    """State and parent of a process, or None if it has gone."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            # The name before them, in brackets, may hold brackets and blanks itself.
            state, parent = file.read().rpartition(b")")[2].split()[:2]
    except (OSError, ValueError):
        return None
    return state.decode(), int(parent)
