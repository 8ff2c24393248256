"""Frees what an eval has made and nobody holds any more: cycles, which only the collector ends.

A function refers to its globals and they to it, so nearly every eval with a `def` leaves a cycle.
The collector is quick where it has little to look at. So between two evals all that is there is
frozen, which is out of its sight; at the end of an eval it looks at what that eval has made, which
costs next to nothing where that is nothing.

What is frozen may become garbage later: a class that is defined anew in a namespace, the globals of
a thread that has ended. `sweep_all` finds that as well. It takes as long as all objects of the
process need, so it is due now and then only: where much was made since, and the evals have taken
many times as long.

Python's functions that ask for all objects see all of them: before, nothing is frozen any more.
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

# So many containers have been made and not freed at once since all were looked at.
PENDING = 20_000
# An eval that has made fewer is not counted.
MANY = 8
# The share of the time that looking at all of them may take: one in so many.
SHARE = 50
# What one collection of each generation stands for, in containers (Python's own thresholds).
YOUNG = 700
MIDDLE = 7_000
# These look at all objects, the old ones too.
LOOKS = "collect", "get_objects", "get_referrers"
# These change the collector for good.
CHANGES = "disable", "enable", "set_debug", "set_threshold", "freeze", "unfreeze"


class Sweeper:
    """The collector between evals; for the main thread."""

    def __init__(self):
        self._can = None not in (get_count, freeze, unfreeze)
        self._pending = 0
        self._took = 1_000_000  # ns that the last look at all has taken
        self._last = perf_counter_ns()
        self.is_due = False  # to look at all
        self.is_changed = False  # by user code
        self._threshold = gc.get_threshold() if self._can else None

    def install(self):
        """Puts the collector's functions in place, and all that is there out of its sight."""
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
        """Frees what was made since the last time and is garbage."""
        if not self._can:
            return
        young, middle, old = get_count()
        if young > MANY or middle or old:
            self._note(young + YOUNG * middle + MIDDLE * old)
        # Where Python itself has collected so often that something made here has become old.
        if old:
            collect()
        else:
            collect(1)
        freeze()

    def sweep_all(self):
        """Frees all that is garbage, however old."""
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

    def let_go(self):
        """Python itself frees all that there is."""
        if self._can:
            unfreeze()

    def _note(self, made):
        self._pending += made
        if self._pending > PENDING:
            self.is_due = perf_counter_ns() - self._last > SHARE * self._took

    def put_back(self):
        """What user code may have changed."""
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
