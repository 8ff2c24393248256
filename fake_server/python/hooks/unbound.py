"""A function of Python that stands where one of C stood, and behaves as that did."""

import functools


class Unbound:
    """A callable that a class or an instance can hold without becoming a method, as functions of C
    are; pickled by its name."""

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
