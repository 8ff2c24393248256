"""Frees the garbage of a job: cycles, which only the garbage collector can free.

A function refers to its globals and they refer to it, so nearly every job with a `def` leaves a
cycle. The collector is fast when it has few objects to look at. So between two jobs we freeze all
objects, which hides them from the collector. At the end of a job it looks only at what that job has
made; if that is nothing, it costs almost nothing.

A frozen object may become garbage later: a class that a namespace defines anew, or the globals of a
thread that has ended. `sweep_all` frees those, too. It looks at all objects of the process, so it
runs rarely: after many new objects, and only if the jobs took many times as long as it does.

Functions of `gc` that look at all objects unfreeze them first, so user code sees them all.
"""

import functools
import gc
import sys
from time import perf_counter_ns

from pyproxy_worker.hooks.unbound import Unbound

get_count = getattr(gc, "get_count", None)
collect = gc.collect
freeze = getattr(gc, "freeze", None)
unfreeze = getattr(gc, "unfreeze", None)

# `sweep_all` is due after this many new containers that were not freed at once.
PENDING = 20_000
# A job that makes no more containers than this is not counted.
MANY = 8
# `sweep_all` may take one part in this many of the time.
SHARE = 50
# How many containers one collection of a generation stands for (Python's own thresholds).
YOUNG = 700
MIDDLE = 7_000
# These functions look at all objects, old ones too.
LOOKS = "collect", "get_objects", "get_referrers"
# These functions change the collector permanently.
CHANGES = "disable", "enable", "set_debug", "set_threshold", "freeze", "unfreeze"


class Sweeper:
    """Runs the collector between jobs. For the main thread only."""

    def __init__(self):
        self._can = None not in (get_count, freeze, unfreeze)
        self._pending = 0
        self._took = 1_000_000  # how long the last `sweep_all` took, in ns
        self._last = perf_counter_ns()
        self.is_due = False  # `sweep_all` should run
        self.is_changed = False  # user code may have changed the collector
        self._threshold = gc.get_threshold() if self._can else None

    def install(self):
        """Wraps the collector's functions for user code, and freezes all objects."""
        if not self._can:
            return
        live = sys.modules["gc"]  # user code's
        for name in LOOKS:
            setattr(live, name, Unbound(self._thawing(getattr(gc, name)), "gc"))
        for name in CHANGES:
            setattr(live, name, Unbound(self._changing(getattr(gc, name)), "gc"))
        collect()
        freeze()

    def sweep(self):
        """Frees the garbage among the objects that were made since the last call."""
        if not self._can:
            return
        young, middle, old = get_count()
        if young > MANY or middle or old:
            self._note(young + YOUNG * middle + MIDDLE * old)
        # Python itself has collected so often that objects of this job are in the old generation.
        if old:
            collect()
        else:
            collect(1)
        freeze()

    def sweep_all(self):
        """Frees all garbage, of any age."""
        if not self._can:
            return
        since = perf_counter_ns()
        unfreeze()
        collect()
        freeze()
        self._last = perf_counter_ns()
        self._took = self._last - since
        self._pending = 0
        self.is_due = False

    def unfreeze_all(self):
        """Unfreezes all objects, before the interpreter ends."""
        if self._can:
            unfreeze()

    def _note(self, made):
        self._pending += made
        if self._pending > PENDING:
            self.is_due = perf_counter_ns() - self._last > SHARE * self._took

    def put_back(self):
        """Undoes what user code may have changed."""
        self.is_changed = False
        gc_enable()
        gc_set_debug(0)
        gc_set_threshold(*self._threshold)

    def _thawing(self, function):
        @functools.wraps(function)
        def look(*args, **kwargs):
            unfreeze()
            return function(*args, **kwargs)

        return look

    def _changing(self, function):
        @functools.wraps(function)
        def change(*args):
            self.is_changed = True
            return function(*args)

        return change


gc_enable = gc.enable
gc_set_debug = getattr(gc, "set_debug", None)
gc_set_threshold = getattr(gc, "set_threshold", None)
