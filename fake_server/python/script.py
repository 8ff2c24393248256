"""Runs a file as `python FILE` does, in a process of its own, and ends as that ends.

`pyproxy run` calls `run`, which never returns: the interpreter itself ends the process. So threads
are waited for, functions of atexit run, objects are finalized and files are whole.
"""

import ctypes
import linecache
import os
import sys
import traceback

import _frozen_importlib_external as files

from pyproxy_worker.compiler import lines_of
from pyproxy_worker.end import End
from pyproxy_worker.errors import drop_own_frames
from pyproxy_worker.main_module import new_main
from pyproxy_worker.printed import as_printed
from pyproxy_worker.streams import STDOUT_ERRORS

# What a shell says of a program that SIGINT has ended.
INTERRUPTED = 130
# PyRun_FileExFlags: as a file, and not as a line of a prompt.
FILE_INPUT = 257
HAS_COLOURS = sys.version_info >= (3, 13)


def run(source, filename, argv, has_colours):
    """Runs the bytes of a file, which is called `filename` where Python names files."""
    prepare(source, filename, argv)
    raise End(execute(source, filename, has_colours))


def prepare(source, filename, argv):
    """Makes the interpreter what it is for a script."""
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
    """The text of a file, as far as it is one: for tracebacks."""
    import io
    import tokenize

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        return source.decode(encoding, "replace")
    except (SyntaxError, LookupError):
        return source.decode("utf-8", "replace")


def execute(source, filename, has_colours):
    """The exit code of a script; what Python prints of its exception is printed."""
    said = ""
    try:
        error = attempt(source, filename)
        if error is None:
            return 0
        # Behind the handling of the exception: a hook of the script's finds none being handled.
        said = report(error, own_part(error.__traceback__), has_colours)
        status = INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    except SystemExit as end:  # of the script, or of its excepthook
        status, said = exit_code(end)
    sys.stdout.flush()
    print(said, file=sys.stderr, end="")
    return status


def attempt(source, filename):
    """Runs a script: the exception that ends it, if one does."""
    variables = sys.modules["__main__"].__dict__
    try:
        try:
            code = compile(source, filename, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            run_by_c(error, source, filename, variables)
        else:
            exec(code, variables)
    except SystemExit:
        raise
    except BaseException as error:
        return error
    return None


def run_by_c(error, source, filename, variables):
    """Gives what cannot be compiled to Python's parser of files, which C alone has.

    Of bytes that are no text it tells more than the `error` of the compiler; some it can read.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.fmemopen.restype = ctypes.c_void_p
        libc.fmemopen.argtypes = ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p
        run_file = ctypes.pythonapi.PyRun_FileExFlags
    except (AttributeError, OSError):
        raise error from None
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
    except SyntaxError as of_file:
        of_file.__context__ = None
        # Where they agree, that of the compiler has the right line: C looks for it in a file.
        if getattr(error, "msg", None) == of_file.msg and error.lineno:
            raise error from None
        raise


def own_part(tb):
    """What of a traceback is the script's: from its first frame on."""
    folder = os.path.dirname(__file__) + os.sep
    while tb is not None and tb.tb_frame.f_code.co_filename.startswith(folder):
        tb = tb.tb_next
    return tb


def exit_code(error):
    """The exit code of a SystemExit, and what Python prints of it."""
    status = error.code
    if status is None:
        return 0, ""
    if isinstance(status, int):
        # What is no number of C's is -1 there.
        return (status if -sys.maxsize - 1 <= status <= sys.maxsize else -1) & 0xFF, ""
    return 1, "%s\n" % (status,)


def report(error, tb, has_colours=False):
    """What Python prints of an exception that nobody has caught; a hook of the user's prints it."""
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, tb
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    if sys.excepthook is sys.__excepthook__:
        return traceback_of(error, tb, has_colours)
    try:
        sys.excepthook(type(error), error, tb)
        return ""
    except SystemExit:
        raise
    except BaseException as failure:
        failed = traceback_of(failure, own_part(failure.__traceback__), has_colours)
        original = traceback_of(error, tb, has_colours)
        return "Error in sys.excepthook:\n%s\nOriginal exception was:\n%s" % (failed, original)


def traceback_of(error, tb, has_colours):
    """The text that Python prints of an exception."""
    shown = traceback.TracebackException(type(error), error, tb)
    drop_own_frames(shown)
    options = {"colorize": True} if has_colours and HAS_COLOURS else {}
    return as_printed(error, shown, "".join(shown.format(**options)))
