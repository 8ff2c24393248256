"""Keeps each session's changes to builtins apart from the other sessions.

Before code of another session runs, the builtins are restored. Names that are new in builtins stay:
a module that many sessions use may have added them.
"""

import builtins
import ctypes

from pyproxy_worker.pristine import REAL

MISSING = object()
NAMES = builtins.__dict__
# A dict's version, after the object header and the length. Every change of the dict changes it.
VERSION_AT = object.__basicsize__ + ctypes.sizeof(ctypes.c_ssize_t)


class Patches:
    """Records what each session has changed, and applies it while that session's code runs."""

    def __init__(self):
        self._changes = changes_of(NAMES)
        self._seen = self._changes.value
        self.session = 0  # whose code ran last
        self._of = {}  # for each session, the changed names and their values

    def switch(self, session):
        """Prepares builtins for code of another session."""
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
        """Drops the changes of a session that was closed."""
        if session == self.session:
            self.switch(0)
        self._of.pop(session, None)


class Comparison:
    """Gives a new `value` when the dict's values change, at 20 times the cost of a version."""

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
    """Returns an object whose `value` changes whenever the dict changes."""
    trial = {"name": 1}
    version = version_of(trial)
    before = version.value
    trial["name"] = 2
    changed = version.value
    is_kept = trial["name"] == 2 and version.value == changed
    # Python 3.14 and other interpreters have no version.
    return version_of(names) if before != changed and is_kept else Comparison(names)


def version_of(names):
    """Returns the version of a dict, read from the dict's memory."""
    return ctypes.c_uint64.from_address(id(names) + VERSION_AT)
