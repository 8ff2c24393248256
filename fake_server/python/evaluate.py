"""Runs code as the builtin eval and exec do, and keeps what is compiled and the namespaces."""

import __future__
import ast
import builtins
import linecache
import sys
from collections import OrderedDict
from types import ModuleType

# Code that comes again is compiled once; the least recently used goes first.
CACHED_SOURCES = 512
CACHED_CHARACTERS = 4 * 1024 * 1024

FUTURES = 0
for _name in __future__.all_feature_names:
    FUTURES |= getattr(__future__, _name).compiler_flag


class Code:
    """A source, compiled: statements to run, then an expression for the value; each may be None."""

    __slots__ = ("filename", "size", "statements", "expression")

    def __init__(self, source, filename):
        self.filename = filename
        self.size = len(source)
        self.statements = None
        self.expression = None
        try:
            tree = compile(source, filename, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
        except IndentationError:
            # The builtin eval takes an expression that is indented.
            try:
                self.expression = compile(source.lstrip(" \t"), filename, "eval", dont_inherit=True)
            except SyntaxError:
                pass
            if self.expression is None:
                raise
            return
        last = tree.body[-1] if tree.body else None
        flags = 0
        if isinstance(last, ast.Expr):
            del tree.body[-1]
        if tree.body:
            self.statements = compile(tree, filename, "exec", dont_inherit=True)
            flags = self.statements.co_flags & FUTURES
        if isinstance(last, ast.Expr):
            value = ast.Expression(last.value)
            self.expression = compile(value, filename, "eval", flags, dont_inherit=True)


class Compiler:
    """Compiles with a memory, and lets tracebacks find the lines."""

    def __init__(self):
        self._codes = OrderedDict()
        self._characters = 0
        self._count = 0

    def compile(self, source):
        """The code of `source`, whose file is called <eval-N>."""
        code = self._codes.get(source)
        if code is None:
            return self._compile(source)
        self._codes.move_to_end(source)
        return code

    def _compile(self, source):
        self._count += 1
        filename = "<eval-%d>" % self._count
        lines = lines_of(source)
        try:
            code = Code(source, filename)
        except SyntaxError as error:
            # What is found after parsing lacks the line: Python looks for it in a file.
            if error.text is None and 0 < (error.lineno or 0) <= len(lines):
                error.text = lines[error.lineno - 1]
            raise
        linecache.cache[filename] = code.size, None, lines, filename
        self._codes[source] = code
        self._characters += code.size
        while len(self._codes) > CACHED_SOURCES or self._characters > CACHED_CHARACTERS:
            if len(self._codes) == 1:
                break  # the one that is about to run
            _, oldest = self._codes.popitem(last=False)
            self._characters -= oldest.size
            linecache.cache.pop(oldest.filename, None)
        return code


def lines_of(source):
    """The lines as linecache has those of a file: all with a line feed, and only that ends one."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line + "\n" for line in lines]


class Evaluator:
    """Runs code in a fresh `__main__`, or in one that a session keeps under a name."""

    def __init__(self):
        self._compiler = Compiler()
        self._last = None, None  # the source that was run last, and its code
        self._sessions = {}
        self._blank = ModuleType("__main__")
        self.leave()

    def run(self, source, locs, globs, session, namespace):
        """The value of `source`: see SPEC 2.2."""
        module = new_main() if namespace is None else self._kept(session, namespace)
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

    def forget(self, session):
        """Drops the namespaces of a session."""
        self._sessions.pop(session, None)

    def _kept(self, session, namespace):
        kept = self._sessions.setdefault(session, {})
        if namespace not in kept:
            kept[namespace] = new_main()
        # Without them, those of our files would be put in.
        kept[namespace].__dict__.setdefault("__builtins__", builtins)
        return kept[namespace]


def new_main():
    """A module as an interpreter makes it for a script."""
    module = ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    return module
