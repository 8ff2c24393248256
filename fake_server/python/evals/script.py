"""Runs a file as `python FILE` does, in its own process, and ends that process in the same way.

`pyproxy run` calls `run`, which never returns: the interpreter itself ends the process. So it waits
for threads, calls atexit functions, finalizes objects and flushes files.
"""

import ctypes
import io
import linecache
import os
import sys
import tokenize

import _frozen_importlib_external as files

from pyproxy_worker.evals.compiler import lines_of
from pyproxy_worker.evals.end import End, end_of
from pyproxy_worker.evals.main_module import new_main
from pyproxy_worker.output.streams import STDOUT_ERRORS

# Py_file_input: the start symbol for a file, as opposed to one line at a prompt.
FILE_INPUT = 257


def run(source, filename, argv, has_colours):
    """Runs the bytes of a file. Python shows `filename` as its name."""
    prepare(source, filename, argv)
    # After the except block, so that the script's excepthook sees no exception being handled.
    status, said = end_of(execute(source, filename), has_colours)
    sys.stdout.flush()
    print(said, file=sys.stderr, end="")
    raise End(status)


def prepare(source, filename, argv):
    """Sets up `__main__`, sys.argv and sys.path as they are for a script."""
    main = sys.modules["__main__"] = new_main()
    main.__annotations__ = {}
    is_file = argv[0] != "-"
    if is_file:
        main.__file__ = filename
        main.__cached__ = None
        main.__loader__ = files.SourceFileLoader("__main__", filename)
    sys.argv = argv
    sys.path[0] = os.path.dirname(filename) if is_file else ""
    sys.stdout.reconfigure(errors=STDOUT_ERRORS)
    text = text_of(source)
    linecache.cache[filename] = len(text), None, lines_of(text), filename


def text_of(source):
    """Decodes a file for tracebacks, as far as it is text."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        return source.decode(encoding, "replace")
    except (SyntaxError, LookupError):
        return source.decode("utf-8", "replace")


def execute(source, filename):
    """Runs a script. Returns the exception that ended it, or None."""
    variables = sys.modules["__main__"].__dict__
    try:
        code = compile(source, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        code, refused = None, error
    try:
        if code is None:
            run_by_c(refused, source, filename, variables)
        else:
            exec(code, variables)
        return None
    except BaseException as error:
        return error


def run_by_c(error, source, filename, variables):
    """Gives source that does not compile to Python's file parser, which only C can call.

    For bytes that are no text its message tells more than `error`, and it can run some of them.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.fmemopen.restype = ctypes.c_void_p
        libc.fmemopen.argtypes = ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p
        run_file = ctypes.pythonapi.PyRun_FileExFlags
    except (AttributeError, OSError):
        raise error
    run_file.restype = ctypes.py_object
    run_file.argtypes = (
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.py_object,
        ctypes.py_object,
        ctypes.c_int,
        ctypes.c_void_p,
    )
    stream = libc.fmemopen(source, len(source), b"r")
    if not stream:
        raise error
    try:
        run_file(stream, os.fsencode(filename), FILE_INPUT, variables, variables, 1, None)
        return
    except SyntaxError as refused:
        of_file = refused
    # If both say the same, the compiler's error has the right line: C reads it from a file.
    has_line = getattr(error, "msg", None) == of_file.msg and error.lineno
    raise error if has_line else of_file
