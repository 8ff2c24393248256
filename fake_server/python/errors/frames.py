"""Hides our frames below and between the frames of user code.

Code that looks at its own stack should find what it finds in a script. inspect, logging, warnings
and debuggers walk the stack by `f_back`. That is a descriptor of a C class; we can replace it only
in the dictionary of that class.
"""

import ctypes
import faulthandler
import functools
import gc
import os
import sys
import types
import warnings

from pyproxy_worker.hooks.unbound import Unbound

# The folders of our files: of the package, and of main.py as it was started (maybe by a link).
(PACKAGE_FOLDER,) = sys.modules[__name__.partition(".")[0]].__path__
STARTED_FOLDER = os.path.dirname(sys.modules["__main__"].__file__)
FOLDERS = tuple({PACKAGE_FOLDER + os.sep, STARTED_FOLDER + os.sep})
# Client-side helper code that runs user code has this name among its globals.
MARK = "__pyproxy_hidden__"
# More frames than a stack has. Python then takes the bottom of the stack.
BEYOND = 1 << 30

back_of = types.FrameType.f_back.__get__
get_frame = sys._getframe
get_frames = sys._current_frames
set_trace, get_trace = sys.settrace, sys.gettrace
set_profile, get_profile = sys.setprofile, sys.getprofile
warn_in_c = warnings.warn
dump_in_c = faulthandler.dump_traceback


def is_ours(frame):
    """Whether a frame is hidden from user code."""
    return frame.f_code.co_filename.startswith(FOLDERS) or MARK in frame.f_globals


def visible(frame):
    """Returns the frame, or its nearest caller that user code may see; None if there is none."""
    while frame is not None and is_ours(frame):
        frame = back_of(frame)
    return frame


def visible_back(frame):
    """Returns frame.f_back, skipping our frames."""
    return visible(back_of(frame))


def _getframe(depth=0, /):
    """Return a frame object from the call stack."""
    frame = visible(get_frame(1))
    for _ in range(depth):
        if frame is None:
            break
        frame = visible_back(frame)
    if frame is None:
        raise ValueError("call stack is not deep enough")
    return frame


def _current_frames():
    """Return a dict mapping each thread's thread id to its current stack frame."""
    frames = {ident: visible(frame) for ident, frame in get_frames().items()}
    return {ident: frame for ident, frame in frames.items() if frame is not None}


def is_internal(frame):
    """Whether `stacklevel` of a warning skips the frame, as C does."""
    name = frame.f_code.co_filename
    return "importlib" in name and "_bootstrap" in name


@functools.wraps(warn_in_c)
def warn(message, category=None, stacklevel=1, source=None, **more):
    frame = get_frame(2)
    if more.get("skip_file_prefixes"):
        stacklevel = max(2, stacklevel)
    for _ in range(stacklevel - 1):
        frame = visible_back(frame)
        while frame is not None and is_internal(frame):
            frame = visible_back(frame)
        if frame is None:
            break
    # Two more frames: this function's, and that of Unbound.
    level = BEYOND if frame is None else max(stacklevel, 1) + 2
    warn_in_c(message, category, level, source, **more)


@functools.wraps(dump_in_c)
def dump_traceback(file=None, all_threads=True):
    import tempfile

    if file is None:
        file = sys.stderr
    with tempfile.TemporaryFile() as whole:
        dump_in_c(whole, all_threads)
        whole.seek(0)
        text = whole.read().decode("utf-8", "replace")
    if hasattr(file, "flush"):
        file.flush()
    os.write(file if type(file) is int else file.fileno(), without_ours(text).encode())


class Tracer:
    """A tracing function of user code. It does not get our frames."""

    def __init__(self, function):
        self.function = function

    def __call__(self, frame, event, arg):
        return None if is_ours(frame) else self.function(frame, event, arg)


def without_tracer(function):
    """Returns the function that user code has set."""
    return function.function if type(function) is Tracer else function


def settrace(function, /):
    """Set the global debug tracing function.  It will be called on each
    function call.  See the debugger chapter in the library manual."""
    set_trace(function if function is None else Tracer(function))


def gettrace():
    """Return the global debug tracing function set with sys.settrace."""
    return without_tracer(get_trace())


def setprofile(function, /):
    """Set the profiling function.  It will be called on each function call
    and return.  See the profiler chapter in the library manual."""
    set_profile(function if function is None else Tracer(function))


def getprofile():
    """Return the profiling function set with sys.setprofile."""
    return without_tracer(get_profile())


def without_ours(text):
    """Removes our frames and threads from the output of faulthandler."""
    kept = []
    for thread in text.split("\n\n"):
        lines = [line for line in thread.splitlines() if not any(f in line for f in FOLDERS)]
        if any(line.startswith("  File ") for line in lines):
            kept.append("\n".join(lines))
    return "\n\n".join(kept) + "\n"


def install():
    """Replaces the functions for user code."""
    if sys.implementation.name == "cpython":
        gc.get_referents(types.FrameType.__dict__)[0]["f_back"] = property(visible_back)
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(types.FrameType))
    for function in (_getframe, _current_frames, settrace, gettrace, setprofile, getprofile):
        setattr(sys, function.__name__, Unbound(function, "sys"))
    # The live modules, which user code sees.
    sys.modules["warnings"].warn = Unbound(warn, "warnings")
    sys.modules["faulthandler"].dump_traceback = Unbound(dump_traceback, "faulthandler")
