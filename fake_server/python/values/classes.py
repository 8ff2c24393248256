"""Reads attributes of a class, bypassing its metaclass."""

qualname_of = type.__dict__["__qualname__"].__get__
module_of = type.__dict__["__module__"].__get__
mro_of = type.__dict__["__mro__"].__get__
names_of = type.__dict__["__dict__"].__get__


def qualified_name(kind):
    """Returns `module.qualname`; without the module for builtins."""
    name = str.__str__(qualname_of(kind))
    try:
        module = module_of(kind)
    except AttributeError:
        return name
    return name if module == "builtins" or type(module) is not str else module + "." + name
