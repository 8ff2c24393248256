"""The module `__main__` of an eval, or of a namespace."""

import builtins
import io
from types import ModuleType

WRITERS = io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom
HOLDERS = frozenset((dict, list, tuple, set))
# So many objects are looked at for open files.
MAX_LOOKED_AT = 1_000


def flush_files(variables):
    """Makes the files whole that code leaves open among its variables.

    The collector finalizes what it finds in the order in which it was made: of a file, the raw one
    first, and what its buffer holds would be lost.
    """
    failed = None
    for file in open_files(variables):
        try:
            file.flush()
        except ValueError:
            pass  # it is closed
        except OSError as error:
            failed = error
    if failed is not None:
        raise failed


def open_files(variables):
    """The files that code writes to, among its variables and in what they hold."""
    rest = list(variables.values())
    seen = set()
    while rest and len(seen) < MAX_LOOKED_AT:
        value = rest.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        kind = type(value)
        if issubclass(kind, WRITERS):
            yield value
        elif kind is dict:
            rest += value.values()
        elif kind in HOLDERS:
            rest += value
        elif kind.__module__ == "__main__" and kind.__dictoffset__:
            rest.append(object.__getattribute__(value, "__dict__"))


def new_main():
    """A module as an interpreter makes it for a script."""
    module = ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    return module
