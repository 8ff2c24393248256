"""What a program that failed wrote to stderr, as a note of the exception that tells of it."""

import sys

from pyproxy_worker.values.classes import mro_of

# Of more, the end tells what was wrong.
MAX_CHARS = 2_000


def stderr_note(error):
    """The note of a CalledProcessError whose stderr was captured; None if there is nothing to tell."""
    subprocess = sys.modules.get("subprocess")  # the live one: the classes of user code are from there
    kind = getattr(subprocess, "CalledProcessError", None)
    if not any(base is kind for base in mro_of(type(error))):
        return None
    try:
        text = text_of(error.stderr).rstrip()
    except Exception:  # of a subclass of the user's
        return None
    if not text:
        return None
    if len(text) <= MAX_CHARS:
        return "stderr of the command:\n" + text
    return "the end of the command's stderr:\n..." + text[-MAX_CHARS:]


def text_of(captured):
    """What was captured, as text or as bytes."""
    if issubclass(type(captured), str):
        return str.__str__(captured)
    if issubclass(type(captured), (bytes, bytearray)):
        return bytes(captured).decode("utf-8", "replace")
    return ""
