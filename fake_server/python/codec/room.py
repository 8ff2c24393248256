"""Memory that is received into and then is bytes, without a copy.

A `bytes` object cannot be written to, and turning a `bytearray` into bytes copies it.
"""

import ctypes
import sys
from io import BytesIO


class BytesIORoom:
    """Works in every Python. Its memory is filled with zeros first."""

    def __init__(self, size):
        self._io = BytesIO(bytes(size))

    def view(self):
        """Returns a writable view. Release it before you call `data`."""
        return self._io.getbuffer()

    def data(self):
        """Returns the bytes."""
        return self._io.getvalue()


class NewBytesRoom:
    """Works in CPython, which lets C code fill new bytes."""

    def __init__(self, size):
        self._data = new_bytes(None, size)

    def view(self):
        """Returns a writable view. Release it before you call `data`."""
        return view_of(start_of(self._data), len(self._data), WRITABLE)

    def data(self):
        """Returns the bytes."""
        return self._data


if sys.implementation.name == "cpython":
    WRITABLE = 0x200
    # By item, which makes functions of our own: user code sees those that are attributes.
    new_bytes = ctypes.pythonapi["PyBytes_FromStringAndSize"]
    new_bytes.argtypes = ctypes.c_void_p, ctypes.c_ssize_t
    new_bytes.restype = ctypes.py_object
    start_of = ctypes.pythonapi["PyBytes_AsString"]
    start_of.argtypes = (ctypes.py_object,)
    start_of.restype = ctypes.c_void_p
    view_of = ctypes.pythonapi["PyMemoryView_FromMemory"]
    view_of.argtypes = ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int
    view_of.restype = ctypes.py_object
    Room = NewBytesRoom
else:
    Room = BytesIORoom
