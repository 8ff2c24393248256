"""Runs code as the builtin eval and exec do, and keeps what is compiled and the namespaces."""

import builtins
import sys
from sys import getrefcount
from types import ModuleType

from pyproxy_worker.evals.compiler import Compiler
from pyproxy_worker.evals.main_module import flush_files, new_main

# The references to variables that nothing of an eval holds any more: `leave`'s, and getrefcount's.
OWN_REFERENCES = 2
NOTHING = {}


class Evaluator:
    """Runs code in a fresh `__main__`, or in one that a session keeps under a name."""

    def __init__(self):
        self._compiler = Compiler()
        self._last = None, None  # the source that was run last, and its code
        self._sessions = {}
        self._blank = ModuleType("__main__")
        self._variables = NOTHING  # of the eval that runs, if they end with it
        self.leave()

    def run(self, source, locs, globs, session, namespace):
        """The value of `source`: see SPEC 2.2."""
        if namespace is None:
            module = new_main()
            variables = self._variables = module.__dict__
        else:
            module = self._kept(session, namespace)
            variables = module.__dict__
        if globs is None:
            if locs is not None:
                variables.update(locs)
            locs = variables
        else:
            variables.update(globs)
            if locs is None:
                locs = variables
        sys.modules["__main__"] = module
        last, code = self._last
        if source is not last:
            code = self._compiler.compile(source)
            self._last = source, code
        if code.statements is not None:
            exec(code.statements, variables, locs)
        if code.expression is not None:
            return eval(code.expression, variables, locs)
        return None

    def leave(self):
        """Between two evals `__main__` is nobody's."""
        sys.modules["__main__"] = self._blank
        variables = self._variables
        self._variables = NOTHING
        # A function may hold them: then it is the collector that ends them.
        if getrefcount(variables) > OWN_REFERENCES:
            flush_files(variables)

    def forget(self, session):
        """Drops the namespaces of a session."""
        kept = self._sessions.pop(session, {})
        for module in kept.values():
            flush_files(module.__dict__)

    def _kept(self, session, namespace):
        kept = self._sessions.setdefault(session, {})
        if namespace not in kept:
            kept[namespace] = new_main()
        # Without them, those of our files would be put in.
        kept[namespace].__dict__.setdefault("__builtins__", builtins)
        return kept[namespace]
