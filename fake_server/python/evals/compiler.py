"""Compiles code into statements and an expression, and registers its lines with linecache."""

import linecache
import weakref
from collections import OrderedDict

from pyproxy_worker.evals.split import split

# The cache of compiled code. The least recently used entry is dropped first.
CACHED_SOURCES = 512
CACHED_CHARACTERS = 4 * 1024 * 1024


class Code:
    """Compiled source: statements to run, then an expression for the value; each may be None."""

    __slots__ = ("filename", "size", "statements", "expression")

    def __init__(self, source, filename):
        self.filename = filename
        self.size = len(source)
        self.statements, self.expression = split(source, filename)


class Compiler:
    """Compiles code with a cache, and lets tracebacks find its lines."""

    def __init__(self):
        self._codes = OrderedDict()
        self._characters = 0
        self._count = 0

    def compile(self, source):
        """Returns the compiled code of `source`, whose file name is <eval-N>."""
        code = self._codes.get(source)
        if code is None:
            return self._compile(source)
        self._codes.move_to_end(source)
        return code

    def _compile(self, source):
        self._count += 1
        filename = "<eval-%d>" % self._count
        lines = lines_of(source)
        # Before compiling, since the compiler may show a line in a warning.
        linecache.cache[filename] = len(source), None, lines, filename
        try:
            code = Code(source, filename)
        except BaseException as error:
            linecache.cache.pop(filename, None)
            # Errors found after parsing lack the line, since Python looks for it in a file.
            if isinstance(error, SyntaxError) and error.text is None:
                if 0 < (error.lineno or 0) <= len(lines):
                    error.text = lines[error.lineno - 1]
            raise
        self._codes[source] = code
        self._characters += code.size
        while len(self._codes) > CACHED_SOURCES or self._characters > CACHED_CHARACTERS:
            if len(self._codes) == 1:
                break  # it is about to run
            _, oldest = self._codes.popitem(last=False)
            self._characters -= oldest.size
            forget_lines(oldest)
        return code


def forget_lines(code):
    """Drops the lines of `code` from linecache once all its code objects are freed."""
    filename = code.filename
    left = set()

    def is_gone(ref):
        left.discard(ref)
        if not left:
            linecache.cache.pop(filename, None)

    waiting = [part for part in (code.statements, code.expression) if part is not None]
    kind = type(waiting[0]) if waiting else None
    while waiting:
        part = waiting.pop()
        left.add(weakref.ref(part, is_gone))
        waiting += [const for const in part.co_consts if type(const) is kind]
    if not left:
        linecache.cache.pop(filename, None)


def lines_of(source):
    """Splits source as linecache splits a file: at line feeds only, each line ending with one."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line + "\n" for line in lines]
