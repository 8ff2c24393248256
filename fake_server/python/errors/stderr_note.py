"""Adds what a failed command wrote to stderr as a note to its CalledProcessError."""

import sys

from pyproxy_worker.values.classes import mro_of

# Of a longer text we keep the end, which usually has the reason.
MAX_CHARS = 2_000


def stderr_note(error):
    """Returns the note for a CalledProcessError with captured stderr; None if there is no text."""
    subprocess = sys.modules.get("subprocess")  # the live module, whose classes user code uses
    kind = getattr(subprocess, "CalledProcessError", None)
    if not any(base is kind for base in mro_of(type(error))):
        return None
    try:
        text = text_of(error.stderr).rstrip()
    except Exception:  # raised by a subclass of user code
        return None
    if not text:
        return None
    if len(text) <= MAX_CHARS:
        return "stderr of the command:\n" + text
    return "the end of the command's stderr:\n..." + text[-MAX_CHARS:]


def text_of(captured):
    """Returns what was captured, text or bytes, as text."""
    if issubclass(type(captured), str):
        return str.__str__(captured)
    if issubclass(type(captured), (bytes, bytearray)):
        return bytes(captured).decode("utf-8", "replace")
    return ""
