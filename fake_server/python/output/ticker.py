"""A thread that calls a function every few milliseconds while there is work."""

import os
import time
from _thread import get_ident, get_native_id, start_new_thread
from queue import Empty, SimpleQueue

# A printed line waits at most 20 ms, up to 5 ms of them for the interpreter lock.
TICK_SECONDS = 0.015
# Waking a sleeping thread costs a printing job 10 us; a second of idle ticks costs 1 ms.
IDLE_TICKS = 60
STOP = "stop"
WAKE = "wake"


class Ticker:
    """Calls `tick`, which returns whether there was work, and sleeps after a while without work.

    No work is lost between the last tick and the sleep: one more tick follows after `_is_asleep` is
    set, and sees all work before that. Later work wakes the thread.
    """

    def __init__(self, tick):
        self._tick = tick
        self._bell = SimpleQueue()
        self._is_asleep = False
        self._native_id = 0
        self.is_running = False
        # Whether `_thread._count()` includes the thread. May be set late and cleared early.
        self.is_counted = False
        self.ident = 0

    def start(self):
        """Starts the thread, unless it runs."""
        if not self.is_running:
            self._is_asleep = False
            self.is_running = True
            try:
                self.ident = start_new_thread(self._run, ())
            except RuntimeError:  # no more threads, or since 3.12 the interpreter is about to end
                self.is_running = False

    def arm(self):
        """Makes sure that a tick comes soon."""
        if self._is_asleep:
            self._is_asleep = False
            self._bell.put(WAKE)
        else:
            self.start()

    def stop(self):
        """Ends the thread, before a fork that should find no other thread."""
        if not self.is_running or get_ident() == self.ident:
            return
        self._bell.put(STOP)
        while self.is_running:
            time.sleep(0.0001)
        # os.fork() also counts threads that are about to end.
        path = "/proc/self/task/%d" % self._native_id
        for _ in range(100):
            if not os.access(path, os.F_OK):
                break
            time.sleep(0.0001)

    def forget(self):
        """In a forked child: the thread does not exist here."""
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
                    pass  # the job's thread gets the same error at its next write, and reports it
        finally:
            self.is_running = self.is_counted = False

    def _wait(self):
        try:
            return self._bell.get(True, None if self._is_asleep else TICK_SECONDS)
        except Empty:
            return None
