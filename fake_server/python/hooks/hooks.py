"""Hooks for calls of user code that affect output or cancels: calls that start threads and
processes, move descriptors, end the process, or send signals.

Python's audit events report most of these calls; the other functions we wrap.
"""

import _signal
import _thread
import functools
import os
import posix
import signal
import sys
import threading

from pyproxy_worker.errors import frames, uncaught
from pyproxy_worker.hooks import class_sources, spawned
from pyproxy_worker.hooks.after_import import after_import
from pyproxy_worker.hooks.unbound import Unbound
from pyproxy_worker.link.page import REPLACED, STARTED

PROCESS_STARTS = frozenset(
    ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system")
)
FORKS = frozenset(("os.fork", "os.forkpty"))
# Since Python 3.12 os.fork() warns of other threads.
WARNS_OF_THREADS = sys.version_info >= (3, 12)
# Symbols that ctypes.dlsym reports before C code forks by itself. Such a child doesn't reset the
# interpreter lock: if the ticker held it at that moment, the child would wait for ever.
C_FORKS = frozenset(("fork", "_Fork", "forkpty"))
# Events after which the process may end, or something else may write, without flushing Python's
# buffers.
FLUSHES = PROCESS_STARTS | frozenset(
    (
        "os.exec",
        "os.kill",
        "os.killpg",
        "ctypes.dlopen",
        "ctypes.dlsym",
        "ctypes.string_at",
        "ctypes.wstring_at",
        "signal.pthread_kill",
    )
)
# Events whose arguments are a process or thread and a signal number.
SIGNALS = frozenset(("os.kill", "os.killpg", "signal.pthread_kill"))
TRACERS = frozenset(("sys.settrace", "sys.setprofile"))
DESCRIPTORS = (1, 2)
STANDARD = (0, 1, 2)


def install(output, forked, words):
    """Installs all hooks. `forked` is called in each forked child; `words` are the page's u32."""
    sys.addaudithook(functools.partial(audit, output, words, os.getpid()))
    for module, name, wrap in (
        *((module, name, wrap) for module in (os, posix) for name, wrap in OF_SYSTEM.items()),
        (_thread, "start_new_thread", own_thread),
        (_thread, "start_new", own_thread),
        (_thread, "start_joinable_thread", own_thread),
        (threading, "_start_new_thread", own_thread),
        (threading, "_start_joinable_thread", own_thread),
        (_signal, "raise_signal", announce(0)),
        (signal, "raise_signal", announce(0)),
        (_signal, "pidfd_send_signal", announce(1)),
        (signal, "pidfd_send_signal", announce(1)),
        (_thread, "interrupt_main", announce(0)),
        (_signal, "signal", note_signals),
        (signal, "signal", note_signals),
        (_signal, "pthread_sigmask", note_signals),
        (_signal, "setitimer", note_signals),
        (signal, "setitimer", note_signals),
        (_signal, "alarm", note_signals),
        (signal, "alarm", note_signals),
        (sys, "setrecursionlimit", note_calls),
    ):
        module = sys.modules[module.__name__]  # user code's
        if hasattr(module, name):
            wrapped = wrap(output, getattr(module, name))
            setattr(module, name, Unbound(wrapped, module.__name__))

    frames.install()
    after_import("inspect", class_sources.change)
    spawned.install()
    uncaught.install(output.cancels.swallowed)

    def after_in_child():
        output.forget()
        output.lock.release()
        output.go_by_line()
        forked()

    os.register_at_fork(
        before=output.lock.acquire,
        after_in_parent=output.lock.release,
        after_in_child=after_in_child,
    )


def audit(output, words, own_pid, event, args):
    """The audit hook. Python calls it for every event, so it must be fast."""
    if event in FLUSHES:
        if event in SIGNALS and args[1] == _signal.SIGINT:
            if event != "os.kill" or args[0] <= 0 or args[0] == os.getpid():
                output.cancels.expect_own()
        forks_in_c = event == "ctypes.dlsym" and not C_FORKS.isdisjoint(args[1:])
        if forks_in_c or event in PROCESS_STARTS:
            output.has_started_process = True
            output.go_by_line()
            if forks_in_c or (event in FORKS and WARNS_OF_THREADS):
                output.ticker.stop()
        # Not in a forked child, which concerns only its parent. If exec fails, the word keeps its
        # value; the server reads it only if the link has ended and the process has not.
        if event == "os.exec" and os.getpid() == own_pid:
            words[REPLACED] = words[STARTED]
        # C code can do anything to descriptors.
        output.standard.is_moved = True
        output.flush()
    elif event == "open":
        # Compare only real ints: a path of another type may have an __eq__ of user code.
        if type(args[0]) is int and args[0] in STANDARD:
            output.standard.is_moved = True  # the file will close its descriptor
    elif event in TRACERS:
        output.cancels.changes.of_calls = True


def flush_before_descriptor(output, function):
    """Wraps os.write and os.writev: what Python has buffered is written first."""

    @functools.wraps(function)
    def write(fd, data, /):
        if fd in DESCRIPTORS:
            output.flush()
        return function(fd, data)

    return write


def touch_descriptor(position):
    """Returns a wrapper for a function that may move the descriptor in an argument."""

    def wrap(output, function):
        @functools.wraps(function)
        def touch(*args, **kwargs):
            fd = args[position] if len(args) > position else kwargs.get(("fd", "fd2")[position])
            if fd in STANDARD:
                output.flush()
                output.standard.is_moved = True
            return function(*args, **kwargs)

        return touch

    return wrap


def touch_range(output, function):
    """Wraps os.closerange."""

    @functools.wraps(function)
    def close(low, high, /):
        if low < len(STANDARD):
            output.flush()
            output.standard.is_moved = True
        return function(low, high)

    return close


def end_at_once(output, function):
    """Wraps os._exit and os.abort, so that no printed text is lost.

    A finalizer that runs when a session closes may not end the process: it would end the other
    sessions' jobs.
    """

    @functools.wraps(function)
    def end(*args, **kwargs):
        if output.is_forgetting and not output.is_forked:
            raise SystemExit(*args)
        output.flush()
        function(*args, **kwargs)

    return end


def announce(position):
    """Returns a wrapper for a function that sends the signal in argument `position`."""

    def wrap(output, function):
        @functools.wraps(function)
        def send(*args):
            if _signal.SIGINT in (args[position : position + 1] or (_signal.SIGINT,)):
                output.cancels.expect_own()
            return function(*args)

        return send

    return wrap


def note_signals(output, function):
    """Wraps a function that changes signal handling of the main thread beyond this job."""

    @functools.wraps(function)
    def change(*args):
        output.cancels.changes.of_signals = True
        return function(*args)

    return change


def note_calls(output, function):
    """Wraps a function that changes the recursion limit of the main thread beyond this job."""

    @functools.wraps(function)
    def change(*args):
        output.cancels.changes.of_calls = True
        return function(*args)

    return change


# Functions that the modules os and posix share.
OF_SYSTEM = {
    "write": flush_before_descriptor,
    "writev": flush_before_descriptor,
    "dup2": touch_descriptor(1),
    "close": touch_descriptor(0),
    "closerange": touch_range,
    "_exit": end_at_once,
    "abort": end_at_once,
}


def own_thread(output, function):
    """Wraps a function that starts a thread: the thread belongs to the job of its starter."""

    @functools.wraps(function)
    def start(*args, **kwargs):
        output.go_by_line()
        job = output.owner()
        with output.starting:
            started = function(*args, **kwargs)
            # An ident, or since 3.13 a handle with one.
            output.owners[getattr(started, "ident", started)] = job
        return started

    return start
