"""The python process: takes jobs from the link, runs them on the main thread, sends results."""

import atexit
import os
import struct
import sys
import threading

# From C, since user code may replace the functions in the module `signal`.
from _signal import SIG_IGN, SIGINT
from _signal import signal as set_handler
from time import perf_counter_ns

from pyproxy_worker import descriptors, forks
from pyproxy_worker.codec.codec import MSGPACK, encode, encode_pieces
from pyproxy_worker.errors.exception_record import encode_exception, encode_least
from pyproxy_worker.evals.cancel import COUNT, Cancels
from pyproxy_worker.evals.end import End, end_of
from pyproxy_worker.evals.evaluate import Evaluator
from pyproxy_worker.evals.patches import Patches
from pyproxy_worker.evals.sweeper import Sweeper
from pyproxy_worker.hooks import hooks
from pyproxy_worker.kept_memory import KeptMemory
from pyproxy_worker.link import link, requests
from pyproxy_worker.link.link import READ, Link
from pyproxy_worker.link.outcomes import EMPTY, PYTHON_ERROR, SKIPPED, STOPPED, VALUE, unsendable
from pyproxy_worker.link.page import RESTS, SPENT, STARTED, Page
from pyproxy_worker.link.request import read_request
from pyproxy_worker.link.requests import Requests
from pyproxy_worker.memory import limit_memory
from pyproxy_worker.output.output import Output
from pyproxy_worker.output.records import Records
from pyproxy_worker.processes import LEFT_RUNNING, LeftRunning
from pyproxy_worker.values.opaque import EncodeError

LENGTH = struct.Struct(">I")
read_length = LENGTH.unpack_from


class Worker:
    """One python process: its link, its output, its namespaces."""

    def __init__(self, boot):
        self._pid = os.getpid()
        self._is_original = forks.mark()
        lock = threading.RLock()
        page = Page(boot["page"])
        self._words = page.u32
        self._longs = page.u64
        self._cancels = Cancels(page, lock)
        self._cancels.shielded.add(Worker._run.__code__)
        records = Records(bytes.fromhex(boot["nonce"]), lock, self._cancels)
        self._output = Output(records, lock, self._cancels)
        self._evaluator = Evaluator()
        self._sweeper = Sweeper()
        self._patches = Patches()
        self._request = None  # what the next job asks for
        limit = boot.get("memory_limit", 0)
        self._output.memory = KeptMemory(self._output.ticker.arm, limit)
        self._link = Link(boot["socket"], page, self._output.memory)
        self._requests = requests.current = Requests(
            boot, lock, self._cancels, self._is_original, self._output.owner
        )
        self._left_running = LeftRunning(os.getppid(), os.getpid())
        self._spent = 0
        self._on_sigint = self._cancels.on_signal
        set_handler(SIGINT, self._on_sigint)
        limit_memory(limit)
        atexit.register(self._leave)  # registered first, so called last
        hooks.install(self._output, self._close_in_child, page.u32)
        self._sweeper.install()
        name = sys.implementation.name
        ready = {
            "secret": boot["secret"],
            "pid": self._pid,
            "executable": sys.executable,
            "version": sys.version.split()[0],
            "implementation": "CPython" if name == "cpython" else name,
            "msgpack": MSGPACK,
            "descriptors": descriptors.limit(),
        }
        self._link.send(link.READY, 0, 0, encode(ready))

    def _close_in_child(self):
        """Closes the connections in a forked child; they belong to the parent."""
        self._link.close()
        self._requests.forget()

    @property
    def is_heard(self):
        """Whether we can send a message. If a send was interrupted, new bytes would continue it."""
        return not self._link.is_mid_frame

    def serve(self):
        """Handles frames until the link ends."""
        while True:
            frame = self._link.receive()
            if frame is None:
                os._exit(0)
            kind, flags, ident, body = frame
            if kind == link.EVAL:
                self._job(ident, body, flags & link.ALONE)
            elif kind == link.FORGET:
                self._forget(ident, body)
            else:
                raise ValueError("a frame of type 0x%02x has no place on the link" % kind)

    def prepare_end(self):
        """Prepares for the interpreter to end the process, in the middle of the running job."""
        self._cancels.is_last = True
        self._link.outlive()
        self._sweeper.unfreeze_all()

    def _leave(self):
        """Runs after all atexit functions, when the interpreter only has to finalize objects."""
        if self._cancels.is_last and self._is_original[0]:
            self._output.leave()
            # The interpreter is about to remove all signal handlers, and the server may send
            # another SIGINT.
            set_handler(SIGINT, SIG_IGN)

    def note(self, job, level, message, **fields):
        """Sends a record for the server's log."""
        self._link.send(link.NOTE, 0, job, encode({"level": level, "msg": message, **fields}))

    def _job(self, job, body, is_alone):
        cancels = self._cancels
        output = self._output
        words = self._words
        send_result = self._link.send_result
        rests = words[RESTS]
        is_read = False
        if words[COUNT] and cancels.is_requested(job):
            send_result(job, 0, SKIPPED)
            output.settle()
        else:
            since = perf_counter_ns()
            # Before decoding: if that ends the process, the job must count as begun, or it would
            # be handed to the next process and end that, too.
            words[STARTED] = job
            follows = (
                not self._link.has_waited
                and body is not None
                and len(body) > 4
                and read_length(body)[0] == self._patches.session
            )
            output.begin(job, follows)
            try:
                self._request = read_request(body)
            except ValueError as error:
                output.settle()
                self._link.send(link.BROKEN, 0, job, encode({"message": str(error)}))
            except MemoryError:
                error = MemoryError("there is no memory for the code and its arguments")
                output.settle()
                send_result(job, 0, self._failed(job, error))
            except EncodeError as error:
                output.settle()
                send_result(job, 0, unsendable(error, ""))
            else:
                outcome = self._run(job, self._request[3], self._attempt)
                self._put_back()
                ran = perf_counter_ns()
                self._spent += ran - since
                self._longs[SPENT] = self._spent
                output.settle()
                # While `rests` is odd and unchanged, the server reads nothing. So if the pipes are
                # empty now, the job has written nothing.
                if is_alone or rests & 1:
                    is_read = output.is_read() and (is_alone or words[RESTS] == rests)
                send_result(job, READ if is_read else 0, outcome, since, ran)
        if not is_read:
            output.end(job)
        if output.has_started_process:
            self._look_for_processes(job)
        if self._sweeper.is_due:
            self._sweep_all()

    def _forget(self, job, body):
        """Runs a job of the server: drops the namespaces of a closed session.

        What their finalizers print belongs to this job. The server cancels it if they take long.
        """
        output = self._output
        since = perf_counter_ns()
        self._words[STARTED] = job
        output.begin(job)
        output.is_forgetting = True
        session = LENGTH.unpack(body)[0]
        outcome = self._run(job, session, lambda _: self._attempt_to_forget(session))
        self._patches.forget(session)
        output.is_forgetting = False
        self._put_back()
        ran = perf_counter_ns()
        self._spent += ran - since
        self._longs[SPENT] = self._spent
        output.settle()
        self._link.send_result(job, 0, outcome, since, ran)
        output.end(job)

    def _attempt_to_forget(self, session):
        try:
            self._evaluator.forget(session)
        finally:
            self._sweeper.sweep_all()
            self._output.finish()
        return VALUE, EMPTY, ()

    def _sweep_all(self):
        """Frees all garbage. What its finalizers print belongs to no job: it is of any session."""
        output = self._output
        output.begin(0)
        self._sweeper.sweep_all()
        output.finish()
        output.settle()

    def _run(self, job, session, attempt):
        """Returns the outcome of a job. KeyboardInterrupt may come anywhere in `attempt`.

        It may come more than once, so it must not come in here, where we call `leave`.
        """
        if session != self._patches.session:
            self._patches.switch(session)
        try:
            self._cancels.enter(job)
            outcome = attempt(job)
            self._cancels.leave()
            return outcome
        except End:
            raise  # the job ends with the process, and cancels reach it until then
        except BaseException as error:
            self._cancels.leave()
            try:
                return self._failed(job, error)
            except BaseException:  # the exception itself raises, for example in str()
                return PYTHON_ERROR, EMPTY, (encode_least(error),)

    def _attempt(self, job):
        code, locs, globs, session, namespace, is_strict = self._request
        self._request = None
        try:
            value = self._evaluator.run(code, locs, globs, session, namespace)
        except End as end:
            if not self._is_original[0]:
                self._end_child(SystemExit(end.status))
            raise
        except BaseException as error:
            if not self._is_original[0]:
                self._end_child(error)
            outcome = self._failed(job, error)
        else:
            if not self._is_original[0]:
                self._end_child(None)
            try:
                outcome = VALUE, EMPTY, encode_pieces(value, is_strict)
            except EncodeError as error:
                outcome = unsendable(error, "result")
            except MemoryError as error:
                outcome = PYTHON_ERROR, EMPTY, (encode_exception(error),)
            value = None
        # We keep no reference to what the job has made. So it is freed before the next job begins,
        # unless user code refers to it, and what its finalizers print belongs to this job.
        locs = globs = None
        self._evaluator.leave()
        self._sweeper.sweep()
        if outcome is not STOPPED:
            # Here, where a cancel can end it: the reader of the output may be slow.
            self._output.finish()
        return outcome

    def _failed(self, job, error):
        if issubclass(type(error), KeyboardInterrupt) and self._cancels.raised == job:
            return STOPPED
        return PYTHON_ERROR, EMPTY, (encode_exception(error),)

    def _put_back(self):
        """Undoes changes of user code that our code relies on."""
        changes = self._cancels.changes
        if changes.of_signals or changes.of_calls:
            changes.put_back(self._on_sigint)
        if self._sweeper.is_changed:
            self._sweeper.put_back()

    def _look_for_processes(self, job):
        """Warns of processes that the job has left running: they write into later jobs' output."""
        new = self._left_running.new()
        if new:
            pids = " ".join(map(str, new))
            self.note(job, "warn", LEFT_RUNNING % pids, pids=pids)

    def _end_child(self, error):
        """Ends a forked child that has reached the end of the job's code, as a script ends."""
        status, said = end_of(error)
        print(said, file=sys.stderr, end="")
        try:
            atexit._run_exitfuncs()
            self._output.finish()
        finally:
            os._exit(status)
