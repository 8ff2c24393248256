"""The `__main__` module of a job or of a namespace."""

import builtins
import io
from types import ModuleType

WRITERS = io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom
HOLDERS = frozenset((dict, list, tuple, set))
# We look at no more objects than this for open files.
MAX_LOOKED_AT = 1_000


def flush_files(variables):
    """Flushes the files that code leaves open among its variables.

    The collector finalizes objects in the order in which they were made. It would close the raw
    file before the buffer, and the buffer's content would be lost.
    """
    failed = None
    for file in open_files(variables):
        try:
            file.flush()
        except ValueError:
            pass  # the file is closed
        except OSError as error:
            failed = error
    if failed is not None:
        raise failed


def open_files(variables):
    """Yields the writable files among variables and in the containers that they hold."""
    waiting = list(variables.values())
    seen = set()
    while waiting and len(seen) < MAX_LOOKED_AT:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        kind = type(value)
        if issubclass(kind, WRITERS):
            yield value
        elif kind is dict:
            waiting += value.values()
        elif kind in HOLDERS:
            waiting += value
        elif kind.__module__ == "__main__" and kind.__dictoffset__:
            waiting.append(object.__getattribute__(value, "__dict__"))


def new_main():
    """Makes a module as the interpreter makes it for a script."""
    module = ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    return module
