"""The guard: holds the python process, and ends with it everything that it has started.

A process that is busy in user code notices nothing, so another one has to wait for the server's
end of file. The guard is the parent, and where the system has it a subreaper: a daemon that forked
twice becomes its child, whatever session or group it has moved to.
"""

import ctypes
import os
import select
import signal
import time

from pyproxy_worker.processes import descendants

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36

# What a SIGKILL does not end within this time is in an uninterruptible wait of the kernel's, and
# dies when that is over; nobody can do more for it.
END_SECONDS = 5.0
# The server is going: its sockets and its pipes close one after the other.
SERVER_GONE_SECONDS = 0.05

# Sent to the whole group, these are meant for the python process; the guard repeats how that ends.
IGNORED = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGTSTP")


def prctl(option, value):
    """Linux's prctl; False where there is none."""
    try:
        return ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0
    except (OSError, AttributeError):
        return False


def split(directory, commands):
    """Forks. The child returns as the python process; the parent never does."""
    has_subreaper = prctl(PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        if not has_subreaper:
            os.setpgid(0, 0)  # so that the group can be killed without the guard in it
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(1)  # it died before the line above
        return
    status = 1 << 8  # as waitpid says exit code 1
    try:
        status = Guard(child, has_subreaper, directory).run(commands)
    finally:
        end_as(status)


class Guard:
    """Waits for commands, for the end of the server, and for the end of its child."""

    def __init__(self, child, has_subreaper, directory):
        self._child = child
        self._has_subreaper = has_subreaper
        self._directory = directory
        self._status = None
        self._server_gone = False

    def run(self, commands):
        """Returns the child's wait status, when nothing of it is left."""
        null = os.open(os.devnull, os.O_RDWR)
        # The pipes' end of file has to mean that all writers are gone; the guard is none.
        os.dup2(null, 1)
        os.dup2(null, 2)
        for name in IGNORED:
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        awake, wake = os.pipe()
        os.set_blocking(awake, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(0, select.POLLIN)
        poll.register(awake, select.POLLIN)
        self._obey(commands)
        self._reap()  # it may have died before SIGCHLD was listened to
        while self._status is None:
            for fd, _ in poll.poll():
                if fd == awake:
                    os.read(awake, 4096)
                elif not self._server_gone:
                    self._read_commands()
                    if self._server_gone:
                        poll.unregister(0)
            self._reap()
        self._end_descendants()
        if not self._server_gone and os.WIFEXITED(self._status):
            poll.unregister(awake)
            if os.WEXITSTATUS(self._status) == 0 and poll.poll(SERVER_GONE_SECONDS * 1000):
                self._read_commands()
        if self._server_gone:
            remove(self._directory)
        return self._status

    def _read_commands(self):
        commands = os.read(0, 4096)
        if commands:
            self._obey(commands)
        else:
            self._server_gone = True
            self._kill(self._child, signal.SIGKILL)

    def _obey(self, commands):
        for command in commands:
            if command == ord("I"):
                self._kill(self._child, signal.SIGINT)
            elif command == ord("K"):
                self._kill(self._child, signal.SIGKILL)

    def _kill(self, pid, number):
        # Until it is reaped here, the child's number is nobody else's.
        if pid != self._child or self._status is None:
            try:
                os.kill(pid, number)
            except OSError:
                pass  # gone by itself, or (a set-uid program) not ours to kill

    def _reap(self):
        """Reaps all that are dead. Says whether any child is left, dead or alive."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if os.WIFSTOPPED(status):
                # It is nobody's job in a shell: without this, all its sessions would wait for ever.
                if pid == self._child:
                    self._kill(pid, signal.SIGCONT)
            elif pid == self._child:
                self._status = status

    def _end_descendants(self):
        """Kills until no child is left; whose parent is dead is the guard's child by then."""
        if not self._has_subreaper:
            try:
                os.killpg(self._child, signal.SIGKILL)
            except OSError:
                pass  # an empty group
        deadline = time.monotonic() + END_SECONDS
        pause = 0.0005
        while self._reap() and time.monotonic() < deadline:
            for pid in descendants(os.getpid()):
                self._kill(pid, signal.SIGKILL)
            time.sleep(pause)
            pause = min(pause * 2, 0.02)


def remove(directory):
    """Removes a folder with all in it. Other guards may be at it too: what is gone is gone."""
    for folder, folders, files in os.walk(directory, topdown=False):
        for name in files + folders:
            path = os.path.join(folder, name)
            try:
                os.rmdir(path) if name in folders and not os.path.islink(path) else os.unlink(path)
            except OSError:
                pass
    try:
        os.rmdir(directory)
    except OSError:
        pass


def end_as(status):
    """Ends this process in the way that `status` tells of: exit code or signal."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        # One core is enough, and it is the child's. A zero limit does not hold for a piped core.
        prctl(PR_SET_DUMPABLE, 0)
        try:
            import resource

            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        except (ImportError, OSError, ValueError):
            pass  # then it is prctl alone
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.kill(os.getpid(), number)
        os._exit(128 + number)  # a signal that ends nobody by default
    os._exit(os.WEXITSTATUS(status))
