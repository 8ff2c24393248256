"""What a KeyboardInterrupt in the middle of an import must not leave behind.

importlib takes away the module that fails, and leaves what was imported on its behalf: the next
import makes a new package around old submodules, and does not bind their names. So those go as
well, before the exception is raised. Where the import cannot be done twice, as it has loaded a
library of C that keeps what it has seen, it is left to come to its end.
"""

import sys
from types import FunctionType, ModuleType

# Where an import's own frames are, in every version.
BOOTSTRAP = "<frozen importlib._bootstrap>"
LOADS = "_load_unlocked"
# Where one thread waits for a module that another one imports.
WAITS = "acquire"

module_of = type.__dict__["__module__"].__get__
mro_of = type.__dict__["__mro__"].__get__
dict_of = ModuleType.__dict__["__dict__"].__get__


class Hit:
    """An import that was broken off: what was in progress, and what was removed with it."""

    __slots__ = ("failing", "removed")

    def __init__(self, failing):
        self.failing = failing  # by name, the outermost first
        self.removed = {}


class Imports:
    """The imports that were broken off in the running job."""

    def __init__(self):
        self.is_busy = False
        self.hits = []
        self._waits_at = None

    def let_go(self, frame):
        """Prepares for a KeyboardInterrupt in `frame`; False if it has to wait for the import."""
        self.is_busy = True
        try:
            return self._is_no_lock_lost(frame) and self._break_off(in_progress(frame))
        except Exception:
            return True  # what stands in sys.modules is user code's, and can be anything
        finally:
            self.is_busy = False

    def settle(self):
        """After the job: user code may have caught the exception, and its import has succeeded."""
        hits, self.hits = self.hits, []
        for hit in hits:
            for name, module in hit.removed.items():
                if name not in sys.modules and is_whole(*hit.failing[owner_of(name, hit.failing)]):
                    sys.modules[name] = module
                    parent, _, child = name.rpartition(".")
                    if has_dict(sys.modules.get(parent)):
                        dict_of(sys.modules[parent]).setdefault(child, module)

    def _is_no_lock_lost(self, frame):
        """False in importlib's own lines, which are few, and in which a lock may just be taken."""
        if frame is None or frame.f_code.co_filename != BOOTSTRAP:
            return True
        before, self._waits_at = self._waits_at, (id(frame), frame.f_lasti)
        return frame.f_code.co_name == WAITS and before == self._waits_at

    def _break_off(self, failing):
        if not failing:
            return True
        going = entangled(failing)
        if any(map(is_native, going.values())):
            return False
        hit = Hit({name: (name, module) for name, module in failing.items()})
        for name, module in going.items():
            if name not in failing and sys.modules.get(name) is module:
                hit.removed[name] = module
                del sys.modules[name]
                parent, _, child = name.rpartition(".")
                if has_dict(sys.modules.get(parent)):
                    names = dict_of(sys.modules[parent])
                    if names.get(child) is module:
                        del names[child]
        self.hits.append(hit)
        return True


def in_progress(frame):
    """The modules that the frames from here outwards are loading, the outermost first."""
    found = []
    while frame is not None:
        code = frame.f_code
        if code.co_name == LOADS and code.co_filename == BOOTSTRAP:
            variables = frame.f_locals
            if "module" in variables:  # else it is not in sys.modules yet
                found.append((variables["spec"].name, variables["module"]))
        frame = frame.f_back
    return dict(reversed(found))


def entangled(failing):
    """With the modules that fail, those that were imported since and are of no use without them.

    Each module moves to the end of sys.modules when it is whole: what stands behind the outermost
    of `failing` has come after it began. What is whole and does not know of it may stay.
    """
    names = list(sys.modules)
    first = next(iter(failing))
    later = names[names.index(first) + 1 :] if first in names else []
    left = {}
    for name in later:
        module = sys.modules.get(name)
        # One that begins here and is not ours is another thread's.
        if name not in failing and has_dict(module) and not is_initializing(module):
            left[name] = module
    tops = {top_of(name) for name in failing}
    going = dict(failing)
    has_changed = True
    while has_changed:
        known = {id(module) for module in going.values()}
        known.update(id(dict_of(module)) for module in going.values() if has_dict(module))
        more = {
            name: module
            for name, module in left.items()
            if name.rpartition(".")[0] in going
            or (top_of(name) in tops and is_native(module))
            or refers(module, known, going)
        }
        going.update(more)
        for name in more:
            del left[name]
        has_changed = bool(more)
    return going


def refers(module, known, names):
    """Whether one of the module's variables is a module that is known by its id, or made by one."""
    for value in list(dict_of(module).values()):
        kind = type(value)
        if id(value) in known:
            return True
        if kind is FunctionType:
            if id(value.__globals__) in known:
                return True
        else:
            kinds = mro_of(value) if issubclass(kind, type) else (kind,)
            if any(made_in(one, names) for one in kinds):
                return True
    return False


def made_in(kind, names):
    """Whether a class is one of the modules' of these names."""
    try:
        module = module_of(kind)
    except AttributeError:
        return False
    return type(module) is str and module in names


def top_of(name):
    """The package that a module is part of: `_asyncio` is the C half of asyncio."""
    return name.partition(".")[0].lstrip("_")


def owner_of(name, failing):
    """Which of the failing ones a module was removed with."""
    while name and name not in failing:
        name = name.rpartition(".")[0]
    return name or next(iter(failing))


def is_whole(name, module):
    """Whether an import that was hit has come to a good end all the same."""
    return sys.modules.get(name) is module and not is_initializing(module)


def has_dict(module):
    """Whether it is a module, and not what else may stand in sys.modules."""
    return issubclass(type(module), ModuleType)


def is_initializing(module):
    return getattr(spec_of(module), "_initializing", False)


def is_native(module):
    """Whether it is of C."""
    loader = getattr(spec_of(module), "loader", None)
    # The second is a class, not an object of it.
    is_of_file = type(loader).__name__ == "ExtensionFileLoader"
    return is_of_file or getattr(loader, "__name__", None) == "BuiltinImporter"


def spec_of(module):
    return dict_of(module).get("__spec__") if has_dict(module) else None
