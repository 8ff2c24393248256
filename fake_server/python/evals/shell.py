"""The Python side of `pyproxy eval` and `pyproxy repl`: runs code and lines as Python does.

Each has its own `__main__` module, which holds none of our names.
"""

import code
import linecache
import rlcompleter
import sys

from pyproxy_worker.evals.compiler import lines_of
from pyproxy_worker.evals.end import end_of, report
from pyproxy_worker.evals.main_module import new_main
from pyproxy_worker.evals.split import split

VERSION = "Python %s on %s" % (sys.version.replace("\n", ""), sys.platform)
NAME = "<string>"
MAX_COMPLETIONS = 1_000


class Shell:
    """The state in Python of one `pyproxy eval` or `pyproxy repl`."""

    def __init__(self):
        self._main = new_main()
        self._console = Console(self._main.__dict__, "<stdin>")

    def run(self, source):
        """Runs code, prints its last expression's value. Returns the exit code and error text."""
        main = sys.modules["__main__"] = new_main()
        kept = sys.argv
        sys.argv = ["-c"]
        linecache.cache[NAME] = len(source), None, lines_of(source), NAME
        threading = sys.modules["threading"]  # user code's
        before = set(threading.enumerate())
        try:
            execute(source, main.__dict__)
            for thread in set(threading.enumerate()) - before:
                if not thread.daemon:
                    thread.join()
            failure = None
        except BaseException as error:
            failure = error
        try:
            return end_of(failure)
        finally:
            failure = None
            sys.argv = kept
            linecache.cache.pop(NAME, None)

    def push(self, line):
        """Takes a line. Returns if it needs more, the text to print, and an exit code or None."""
        sys.modules["__main__"] = self._main
        self._console.said = ""
        try:
            return self._console.push(line), self._console.said, None
        except SystemExit as error:
            status, said = end_of(error)
            return False, said, status

    def drop(self):
        """Drops the lines of an unfinished statement."""
        self._console.resetbuffer()

    def complete(self, text):
        """Returns the completions of a word."""
        completer = rlcompleter.Completer(self._main.__dict__)
        matches = []
        while len(matches) < MAX_COMPLETIONS:
            match = completer.complete(text, len(matches))
            if match is None:
                break
            matches.append(match)
        return matches


class Console(code.InteractiveConsole):
    """A prompt. It keeps error messages for the client, which colours them."""

    said = ""

    def write(self, data):
        self.said += data

    def showtraceback(self):
        error = sys.exc_info()[1]
        # The first frame belongs to the module `code`.
        self.write(report(error, error.__traceback__.tb_next))

    def showsyntaxerror(self, filename=None, **more):
        error = sys.exc_info()[1]
        self.write(report(error.with_traceback(None), None))


def execute(source, variables):
    """Runs code; sys.displayhook prints the value of its last expression."""
    statements, expression = split(source, NAME)
    if statements is not None:
        exec(statements, variables)
    if expression is not None:
        sys.displayhook(eval(expression, variables))
