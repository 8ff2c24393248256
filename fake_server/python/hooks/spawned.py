"""Refuses to send functions and classes of an eval to a spawned process.

A spawned process is a new interpreter. It looks up functions and classes by name in the file of
`__main__`, and an eval has no file. The process would fail, and a pool would start the next one,
for ever. So pickling them raises an error that says what to do.
"""

import functools
import linecache
import sys
import tokenize
from types import FunctionType

from pyproxy_worker.hooks.after_import import after_import
from pyproxy_worker.pristine import import_live

METHODS = frozenset(("spawn", "forkserver"))
# The pickle protocol for __reduce_ex__. Objects pickled by name return a string in every version.
PROTOCOL = 4


def install():
    """Patches the modules when they are imported."""
    after_import("multiprocessing.spawn", change_spawn)
    after_import("multiprocessing.reduction", change_reduction)
    after_import("multiprocessing.pool", change_pool)
    after_import("concurrent.futures.process", change_executor)


def change_spawn(spawn):
    """Stops a spawned process from running a file that does not hold the source of `__main__`."""
    get_preparation_data = spawn.get_preparation_data

    @functools.wraps(get_preparation_data)
    def own_preparation_data(name):
        data = get_preparation_data(name)
        path = data.get("init_main_from_path")
        if path is not None and not is_source_of_main(path):
            del data["init_main_from_path"]
        return data

    spawn.get_preparation_data = own_preparation_data


def is_source_of_main(path):
    """Whether a file holds the source that runs as `__main__`.

    A script comes from the client's machine; on this machine its path may not exist, or may be
    another file.
    """
    entry = linecache.cache.get(sys.modules["__main__"].__file__)
    if entry is None or len(entry) != 4 or entry[1] is not None:
        return False  # an eval has set `__file__`: its source came from no file
    try:
        with tokenize.open(path) as file:
            source = file.read()
    except (OSError, SyntaxError, UnicodeError):
        return False
    return source.splitlines() == "".join(entry[2]).splitlines()


def has_main():
    """Whether a spawned process can import our `__main__`."""
    import_live("multiprocessing.spawn")
    data = sys.modules["multiprocessing.spawn"].get_preparation_data("")
    return "init_main_from_name" in data or "init_main_from_path" in data


def change_reduction(reduction):
    """Patches what Process.start() calls to pickle the process and its target."""
    dump = reduction.dump

    class SpawnPickler(reduction.ForkingPickler):
        """Pickles for a spawned process."""

        def reducer_override(self, thing):
            refuse_of_main(thing)
            return NotImplemented

    @functools.wraps(dump)
    def own_dump(obj, file, protocol=None):
        if reduction.context.get_spawning_popen() is None:
            dump(obj, file, protocol)
        else:
            SpawnPickler(file, protocol).dump(obj)

    reduction.dump = own_dump
    reduction.SpawnPickler = SpawnPickler


def refuse_of_main(thing):
    """Raises PicklingError if a spawned process would look for it in `__main__` in vain."""
    if getattr(thing, "__module__", None) == "__main__":
        name = name_in_main(thing)
        if name is not None and not has_main():
            raise sys.modules["pickle"].PicklingError(refusal(thing, name))


def name_in_main(thing):
    """Returns the name by which pickle stores an object; None if it stores no name, or refuses."""
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None)
    if type(name) is not str:
        return None
    found = sys.modules["__main__"]
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not thing:
        return None
    kind = type(thing)
    if kind is FunctionType or issubclass(kind, type):
        return name
    return name if isinstance(thing.__reduce_ex__(PROTOCOL), str) else None


def refusal(thing, name):
    """The error message: what is wrong, and what to do."""
    kind = "class" if issubclass(type(thing), type) else "function" if callable(thing) else "object"
    return (
        "Cannot send the %s %s to a spawned process: it is a new interpreter, which would import it "
        "from the file of __main__, and code that was sent to the server has no file there. Use "
        'multiprocessing.get_context("fork"), or put it into a module that both processes can import'
        % (kind, name)
    )


def change_pool(pool):
    """Patches Pool. Its thread pickles the tasks; an error there becomes the task's error."""
    set_up = pool.Pool._setup_queues

    @functools.wraps(set_up)
    def own_set_up(self):
        set_up(self)
        if self._ctx.get_start_method() in METHODS:
            send_bytes = self._inqueue._writer.send_bytes
            dumps = sys.modules["multiprocessing.reduction"].SpawnPickler.dumps
            self._quick_put = lambda task: send_bytes(dumps(task))

    pool.Pool._setup_queues = own_set_up


def refuse_function(function):
    """Refuses a function before it enters the executor's queue.

    The queue's thread would refuse it, too. But if map() fails and the executor is closed at once,
    that may wait for ever for the remaining calls.
    """
    if type(function) is functools.partial:
        for part in (function.func, *function.args):
            refuse_function(part)
    else:
        refuse_of_main(function)


def change_executor(process):
    """Patches ProcessPoolExecutor: submit() checks the function, its thread the arguments."""
    executor, queue = process.ProcessPoolExecutor, process._SafeQueue
    submit, init, put = executor.submit, queue.__init__, queue.put
    loads = sys.modules["pickle"].loads

    class SpawnCall(process._CallItem):
        """A call that uses SpawnPickler when it is pickled."""

        def __reduce__(self):
            call = object.__new__(process._CallItem)
            call.__dict__.update(self.__dict__)
            return loads, (bytes(sys.modules["multiprocessing.reduction"].SpawnPickler.dumps(call)),)

    @functools.wraps(submit)
    def own_submit(self, fn, /, *args, **kwargs):
        if self._mp_context.get_start_method() in METHODS:
            refuse_function(fn)
        return submit(self, fn, *args, **kwargs)

    @functools.wraps(init)
    def own_init(self, *args, ctx, **kwargs):
        init(self, *args, ctx=ctx, **kwargs)
        self._is_for_spawned = ctx.get_start_method() in METHODS

    @functools.wraps(put)
    def own_put(self, obj, *args, **kwargs):
        if type(obj) is process._CallItem and self._is_for_spawned:
            obj.__class__ = SpawnCall
        put(self, obj, *args, **kwargs)

    executor.submit = own_submit
    queue.__init__, queue.put = own_init, own_put
