"""Changes a module of the standard library once user code imports it; until then it costs nothing."""

import sys
from importlib.machinery import PathFinder


class Finder:
    """Stands first in sys.meta_path once there is something to change.

    It stays there: a module may be imported again, as when a cancel has hit what imported it.
    """

    def __init__(self):
        self._changes = {}

    def add(self, name, change):
        """Calls `change(module)` whenever the module of that name has been imported."""
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
