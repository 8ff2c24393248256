"""The guard: the parent of the python process. It kills everything that process has started.

A process that is busy in user code can't notice that the server has gone, so a second process waits
for end of file on stdin. Where the system supports it, the guard is a subreaper: a daemon that
forked twice becomes its child, in any session or process group.
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

# A process that survives SIGKILL for this long is in an uninterruptible wait in the kernel. It dies
# when that wait ends; we can do nothing more.
END_SECONDS = 5.0
# When the server ends, its sockets and pipes close one after the other; we allow for the delay.
SERVER_GONE_SECONDS = 0.05

# Signals sent to the whole group are meant for the python process. The guard ignores them; it ends
# later in the same way as the python process.
IGNORED = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGTSTP")


def prctl(option, value):
    """Calls Linux's prctl; False if that fails, or on other systems."""
    try:
        return ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0
    except (OSError, AttributeError):
        return False


def split(directory, commands):
    """Forks. Returns in the child, which is the python process, and never in the parent."""
    has_subreaper = prctl(PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        if not has_subreaper:
            os.setpgid(0, 0)  # so that the group can be killed without the guard in it
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(1)  # the guard died before PR_SET_PDEATHSIG was set
        return
    status = 1 << 8  # exit code 1, as waitpid reports it
    try:
        status = Guard(child, has_subreaper, directory).run(commands)
    finally:
        end_as(status)


class Guard:
    """Waits for commands, for the server to go away, and for its child to end."""

    def __init__(self, child, has_subreaper, directory):
        self._child = child
        self._has_subreaper = has_subreaper
        self._directory = directory
        self._status = None
        self._server_gone = False

    def run(self, commands):
        """Returns the child's wait status, once the child and its descendants have ended."""
        null = os.open(os.devnull, os.O_RDWR)
        # End of file on the pipes must mean that all writers have ended; the guard is no writer.
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
        self._reap()  # the child may have died before the SIGCHLD handler was set
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
        # The system doesn't reuse the child's pid until we reap it here.
        if pid != self._child or self._status is None:
            try:
                os.kill(pid, number)
            except OSError:
                pass  # it has ended, or (a set-uid program) we may not kill it

    def _reap(self):
        """Reaps all dead children. Returns whether any child is left, dead or alive."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if os.WIFSTOPPED(status):
                # No shell will continue it: without SIGCONT its sessions would wait for ever.
                if pid == self._child:
                    self._kill(pid, signal.SIGCONT)
            elif pid == self._child:
                self._status = status

    def _end_descendants(self):
        """Kills descendants until no child is left; orphans become children of the guard."""
        if not self._has_subreaper:
            try:
                os.killpg(self._child, signal.SIGKILL)
            except OSError:
                pass  # the group is empty
        deadline = time.monotonic() + END_SECONDS
        pause = 0.0005
        while self._reap() and time.monotonic() < deadline:
            for pid in descendants(os.getpid()):
                self._kill(pid, signal.SIGKILL)
            time.sleep(pause)
            pause = min(pause * 2, 0.02)


def remove(directory):
    """Removes a folder and its contents. Other guards may do the same, so we ignore errors."""
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
    """Ends this process with the exit code or the signal of a wait status."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        # The child has dumped core already. A limit of zero doesn't stop a core piped to a program.
        prctl(PR_SET_DUMPABLE, 0)
        try:
            import resource

            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        except (ImportError, OSError, ValueError):
            pass  # prctl has to do
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.kill(os.getpid(), number)
        os._exit(128 + number)  # the signal doesn't end a process by default
    os._exit(os.WEXITSTATUS(status))
