"""A Python function that replaces a C function and behaves like it."""

import functools


class Unbound:
    """A callable that does not become a method in a class, like a C function. Pickled by name."""

    def __init__(self, function, module):
        functools.update_wrapper(self, function)
        self.__module__ = module
        self.call = function

    def __call__(self, /, *args, **kwargs):
        return self.call(*args, **kwargs)

    def __reduce__(self):
        return self.__qualname__

    def __repr__(self):
        return "<built-in function %s>" % self.__name__
