"""Runs code as the builtins eval and exec do. Keeps compiled code and namespaces."""

import builtins
import sys
from sys import getrefcount
from types import ModuleType

from pyproxy_worker.evals.compiler import Compiler
from pyproxy_worker.evals.main_module import flush_files, new_main

# The references to variables that nothing of the job holds: one in `leave`, one in getrefcount.
OWN_REFERENCES = 2
NOTHING = {}


class Evaluator:
    """Runs code in a fresh `__main__`, or in a named namespace of a session."""

    def __init__(self):
        self._compiler = Compiler()
        self._last = None, None  # the last source, and its compiled code
        self._sessions = {}
        self._blank = ModuleType("__main__")
        self._variables = NOTHING  # of the running job, unless a namespace keeps them
        self.leave()

    def run(self, source, locs, globs, session, namespace):
        """Runs `source` and returns its value: see SPEC 2.2."""
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
        if source != last:
            code = self._compiler.compile(source)
            self._last = source, code
        if code.statements is not None:
            exec(code.statements, variables, locs)
        if code.expression is not None:
            return eval(code.expression, variables, locs)
        return None

    def leave(self):
        """Drops the job's variables. Between two jobs `__main__` is an empty module."""
        sys.modules["__main__"] = self._blank
        variables = self._variables
        self._variables = NOTHING
        # Something still refers to them, such as a function. The collector will free them, and
        # would lose what their files have buffered.
        if getrefcount(variables) > OWN_REFERENCES:
            flush_files(variables)

    def forget(self, session):
        """Drops all namespaces of a session."""
        kept = self._sessions.pop(session, {})
        for module in kept.values():
            flush_files(module.__dict__)

    def _kept(self, session, namespace):
        kept = self._sessions.setdefault(session, {})
        if namespace not in kept:
            kept[namespace] = new_main()
        # User code may have deleted them. exec would put in the builtins of our files.
        kept[namespace].__dict__.setdefault("__builtins__", builtins)
        return kept[namespace]
