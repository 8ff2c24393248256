"""Builtins and standard modules as they were before user code ran, for our files alone.

User code may put anything into builtins and into any module. Our files must keep working, since
other sessions depend on them. So they have a copy of the builtins, and `import os` in them gives a
copy of the module's names. To change a module for user code, use `sys.modules`.
"""

import builtins
import sys

import _frozen_importlib_external as files

REAL = dict(builtins.__dict__)
BUILTINS = dict(REAL)
# Functions that are defined below look up builtins here, and not in the module.
__builtins__ = BUILTINS

PACKAGE = __name__.partition(".")[0]
# Our files see the current state of these, not a copy.
LIVE = frozenset(("sys", "builtins"))
# For these a copy of names and functions is not enough, since their classes look up names, too. We
# execute each of them a second time.
EXECUTED = frozenset(("linecache", "textwrap", "traceback"))
# They import these lazily. We copy them now, since user code may change them before that.
LAZY = "ast", "tokenize"
# The source lines stay shared with the modules of user code.
SHARED = ("cache", "_interactive_cache")

Module = type(sys)
Function = type(lambda: None)
import_live = builtins.__import__
copies = {}


def import_copy(name, globals=None, locals=None, fromlist=(), level=0):
    """Replaces `__import__` in our files."""
    module = import_live(name, globals, locals, fromlist, level)
    name = module.__name__
    if name in LIVE or name.partition(".")[0] == PACKAGE:
        return module
    copy = copies.get(name)
    if copy is None:
        copy = copies[name] = executed(module) if name in EXECUTED else copied(module)
    return copy


def copied(module):
    """Copies a module's names. Its functions look up globals in the copy."""
    copy = Module(module.__name__)
    names = copy.__dict__
    names.update(module.__dict__)
    names["__builtins__"] = BUILTINS
    for name, value in module.__dict__.items():
        if type(value) is Function and value.__globals__ is module.__dict__:
            parts = value.__code__, names, value.__name__, value.__defaults__, value.__closure__
            own = names[name] = Function(*parts)
            own.__kwdefaults__ = value.__kwdefaults__
            own.__dict__.update(value.__dict__)
    return copy


def executed(module):
    """Executes the source of a module again. The result imports as our files do."""
    copy = Module(module.__name__)
    for name in ("__file__", "__loader__", "__spec__"):
        setattr(copy, name, getattr(module, name))
    copy.__dict__["__builtins__"] = BUILTINS
    for name in LAZY:
        import_copy(name)
    exec(module.__loader__.get_code(module.__name__), copy.__dict__)
    for name in SHARED:
        if hasattr(module, name):
            setattr(copy, name, getattr(module, name))
    return copy


class Loader(files.SourceFileLoader):
    """Loads one of our files."""

    def exec_module(self, module):
        module.__dict__["__builtins__"] = BUILTINS
        super().exec_module(module)


BUILTINS["__import__"] = import_copy


def install():
    """Makes the import system load our files with `Loader`."""
    for name, module in list(sys.modules.items()):
        if name == PACKAGE or (name.startswith(PACKAGE + ".") and hasattr(module, "__path__")):
            (folder,) = module.__path__
            finder = files.FileFinder(folder, (Loader, files.SOURCE_SUFFIXES))
            sys.path_importer_cache[folder] = finder
