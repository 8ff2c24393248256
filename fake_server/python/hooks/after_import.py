"""Patches modules of the standard library when user code imports them, at no cost before that."""

import sys
from importlib.machinery import PathFinder


class Finder:
    """The first finder in sys.meta_path, once there is a module to patch.

    It stays there, since a module may be imported again after a cancel has interrupted its import.
    """

    def __init__(self):
        self._changes = {}

    def add(self, name, change):
        """Calls `change(module)` each time the module of that name has been imported."""
        self._changes[name] = change
        if name in sys.modules:
            change(sys.modules[name])
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def find_spec(self, name, path=None, target=None):
        change = self._changes.get(name)
        if change is None:
            return None
        spec = PathFinder.find_spec(name, path, target)
        execute = getattr(getattr(spec, "loader", None), "exec_module", None)
        if execute is None:
            return spec

        def exec_module(module):
            execute(module)
            change(module)

        spec.loader.exec_module = exec_module
        return spec


after_import = Finder().add
