"""Cleans up after a KeyboardInterrupt in the middle of an import.

importlib removes the module that fails, but leaves the modules that were imported for it. The next
import would make a new package around old submodules, and would not bind their names. So we remove
those as well, before the exception is raised. Some imports can't be repeated, since they loaded a C
library that keeps state; those we let finish first.
"""

import sys
from types import FunctionType, ModuleType

# The file of importlib's own frames, in every version.
BOOTSTRAP = "<frozen importlib._bootstrap>"
LOADS = "_load_unlocked"
# The function in which a thread waits for a module that another thread imports.
WAITS = "acquire"

module_of = type.__dict__["__module__"].__get__
mro_of = type.__dict__["__mro__"].__get__
dict_of = ModuleType.__dict__["__dict__"].__get__


class Hit:
    """An interrupted import: the modules in progress, and the modules that we removed."""

    __slots__ = ("failing", "removed")

    def __init__(self, failing):
        self.failing = failing  # by name, outermost first
        self.removed = {}


class Imports:
    """The interrupted imports of the running job."""

    def __init__(self):
        self.is_busy = False
        self.hits = []
        self._waits_at = None

    def prepare(self, frame):
        """Prepares for a KeyboardInterrupt in `frame`; False if the import must finish first."""
        self.is_busy = True
        try:
            return self._is_no_lock_lost(frame) and self._break_off(in_progress(frame))
        except Exception:
            return True  # user code can put anything into sys.modules
        finally:
            self.is_busy = False

    def settle(self):
        """After the job: restores the modules of imports that succeeded all the same.

        User code may have caught the exception while its module was loading.
        """
        hits, self.hits = self.hits, []
        for hit in hits:
            for name, module in hit.removed.items():
                if name not in sys.modules and is_whole(*hit.failing[owner_of(name, hit.failing)]):
                    sys.modules[name] = module
                    parent, _, child = name.rpartition(".")
                    if has_dict(sys.modules.get(parent)):
                        dict_of(sys.modules[parent]).setdefault(child, module)

    def _is_no_lock_lost(self, frame):
        """False in importlib's own code, which may have just acquired a lock."""
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
    """Returns the modules that this frame and its callers are loading, outermost first."""
    found = []
    while frame is not None:
        code = frame.f_code
        if code.co_name == LOADS and code.co_filename == BOOTSTRAP:
            variables = frame.f_locals
            if "module" in variables:  # otherwise it is not in sys.modules yet
                found.append((variables["spec"].name, variables["module"]))
        frame = frame.f_back
    return dict(reversed(found))


def entangled(failing):
    """Returns the failing modules, and the modules imported since that are useless without them.

    A module moves to the end of sys.modules when its import finishes. So everything after the
    outermost failing module was imported after that one began. A finished module that does not
    refer to a failing one may stay.
    """
    names = list(sys.modules)
    first = next(iter(failing))
    later = names[names.index(first) + 1 :] if first in names else []
    left = {}
    for name in later:
        module = sys.modules.get(name)
        # If it is still initializing and is not in `failing`, another thread imports it.
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
    """Whether one of the module's variables is a known module (by id), or was made by one."""
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
    """Whether a class was defined in a module of these names."""
    try:
        module = module_of(kind)
    except AttributeError:
        return False
    return type(module) is str and module in names


def top_of(name):
    """Returns the top-level package of a module. `_asyncio` counts as part of `asyncio`."""
    return name.partition(".")[0].lstrip("_")


def owner_of(name, failing):
    """Returns the name of the failing module that a removed module belongs to."""
    while name and name not in failing:
        name = name.rpartition(".")[0]
    return name or next(iter(failing))


def is_whole(name, module):
    """Whether an interrupted import has succeeded after all."""
    return sys.modules.get(name) is module and not is_initializing(module)


def has_dict(module):
    """Whether it is a real module; sys.modules may hold other objects."""
    return issubclass(type(module), ModuleType)


def is_initializing(module):
    return getattr(spec_of(module), "_initializing", False)


def is_native(module):
    """Whether a module is written in C."""
    loader = getattr(spec_of(module), "loader", None)
    # BuiltinImporter is used as a class, not as an instance.
    is_of_file = type(loader).__name__ == "ExtensionFileLoader"
    return is_of_file or getattr(loader, "__name__", None) == "BuiltinImporter"


def spec_of(module):
    return dict_of(module).get("__spec__") if has_dict(module) else None
