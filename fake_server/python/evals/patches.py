"""What user code puts into builtins is its session's: before another's code runs, all is back.

Names that were not there before stay: a module that many use may have brought them.
"""

import builtins
import ctypes

from pyproxy_worker.pristine import REAL

MISSING = object()
NAMES = builtins.__dict__
# In a dict, behind what every object has and the length: a number that each change makes another.
VERSION_AT = object.__basicsize__ + ctypes.sizeof(ctypes.c_ssize_t)


class Patches:
    """Tells which session has changed what, and changes it when that session's code runs."""

    def __init__(self):
        self._changes = changes_of(NAMES)
        self._seen = self._changes.value
        self.session = 0  # the one whose code has run last
        self._of = {}  # by session: the names that are changed, and to what

    def switch(self, session):
        """Code of another session comes."""
        if self._changes.value != self._seen:
            self._put_back()
        self.session = session
        if not self._of:
            return
        for name, value in self._of.get(session, {}).items():
            if value is MISSING:
                NAMES.pop(name, None)
            else:
                NAMES[name] = value

    def _put_back(self):
        changed = {}
        for name, value in REAL.items():
            now = NAMES.get(name, MISSING)
            if now is not value:
                changed[name] = now
                NAMES[name] = value
        if changed:
            self._of[self.session] = changed
        else:
            self._of.pop(self.session, None)
        self._seen = self._changes.value

    def forget(self, session):
        """The session is closed."""
        if session == self.session:
            self.switch(0)
        self._of.pop(session, None)


class Comparison:
    """Has another `value` when the dict has other values; it costs 20 times what a version does."""

    def __init__(self, names):
        self._names = names
        self._values = [*names.values()]
        self._count = 0

    @property
    def value(self):
        values = [*self._names.values()]
        if values != self._values:
            self._values = values
            self._count += 1
        return self._count


def changes_of(names):
    """What has another `value` whenever a dict was changed."""
    trial = {"name": 1}
    version = version_of(trial)
    before = version.value
    trial["name"] = 2
    changed = version.value
    is_kept = trial["name"] == 2 and version.value == changed
    # Python 3.14 has none any more, nor have other interpreters.
    return version_of(names) if before != changed and is_kept else Comparison(names)


def version_of(names):
    """The version of a dict, where it stands in memory."""
    return ctypes.c_uint64.from_address(id(names) + VERSION_AT)
