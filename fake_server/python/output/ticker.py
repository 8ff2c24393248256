"""A thread that calls a function every few milliseconds while there is something to do."""

import os
import time
from _thread import get_ident, get_native_id, start_new_thread
from queue import Empty, SimpleQueue

# A printed line waits at most 20 ms, of which up to 5 are for the interpreter lock.
TICK_SECONDS = 0.015
# Waking a sleeping thread costs a printing eval 10 us; ticking for a second more costs 1 ms.
IDLE_TICKS = 60
STOP = "stop"
WAKE = "wake"


class Ticker:
    """Sleeps after a while of nothing to do.

    `tick` says whether there was something. Nothing is lost between the last tick and the sleep:
    what was done before `_is_asleep` was set is seen by a tick after it, and who comes later wakes.
    """

    def __init__(self, tick):
        self._tick = tick
        self._bell = SimpleQueue()
        self._is_asleep = False
        self._native_id = 0
        self.is_running = False
        self.is_counted = False  # among Python's live threads; rather later and shorter than it is
        self.ident = 0

    def start(self):
        """Starts the thread, unless there is one."""
        if not self.is_running:
            self._is_asleep = False
            self.is_running = True
            try:
                self.ident = start_new_thread(self._run, ())
            except RuntimeError:  # none left, or since 3.12 the interpreter is about to end
                self.is_running = False

    def arm(self):
        """There is something to do within a tick."""
        if self._is_asleep:
            self._is_asleep = False
            self._bell.put(WAKE)
        else:
            self.start()

    def stop(self):
        """Ends the thread, before a fork that is to find none."""
        if not self.is_running or get_ident() == self.ident:
            return
        self._bell.put(STOP)
        while self.is_running:
            time.sleep(0.0001)
        # It counts those that are just going, too.
        path = "/proc/self/task/%d" % self._native_id
        for _ in range(100):
            if not os.access(path, os.F_OK):
                break
            time.sleep(0.0001)

    def forget(self):
        """In a forked child: there is no thread any more."""
        self.is_running = self.is_counted = False

    def _run(self):
        self._native_id = get_native_id()
        self.is_counted = True
        idle = 0
        try:
            while self._wait() is not STOP:
                try:
                    is_busy = self._tick()
                    idle = 0 if is_busy else idle + 1
                    if idle > IDLE_TICKS:
                        self._is_asleep = True
                        if self._tick():
                            self._is_asleep = False
                            idle = 0
                except Exception:
                    pass  # the job's own thread meets the same at its next write, and has a voice
        finally:
            self.is_running = self.is_counted = False

    def _wait(self):
        try:
            return self._bell.get(True, None if self._is_asleep else TICK_SECONDS)
        except Empty:
            return None
