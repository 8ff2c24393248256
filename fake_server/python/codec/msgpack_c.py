"""Reads MessagePack with the C module `msgpack`, if we can prove that it follows the wire's rules.

C accepts more than the wire allows: bytes as keys, `__proto__`, MessagePack timestamps, and twice
the levels, not counting extensions. It allocates a list of any length that the bytes claim, also
lists in lists in lists, so 5 MB can keep it busy for half a minute. Checking a value for all this
takes as long as reading it. So C reads under limits that rule it out: without bytes and extensions,
and inside so many extra lists that C's limit of levels becomes ours. Only a value with bytes or
extensions is checked afterwards. If C refuses a value, or we can't prove that it is right, the
reader in Python decides. That is slow, and happens almost only with hostile bytes.
"""

import gc
import re
from itertools import chain

from msgpack import Timestamp, Unpacker, unpackb

from pyproxy_worker.codec.msgpack_pure import MAX_DEPTH

OPTIONS = {"raw": False, "strict_map_key": True}
# Even empty bytes and extensions exceed these limits.
PLAIN = {**OPTIONS, "max_bin_len": -2, "max_ext_len": -2}
# The options of a first look at a large value. If it is mostly bytes, no long list precedes them.
LOOK = {**PLAIN, "max_array_len": 16, "max_map_len": 16}
# How many members nested lists may claim together, at eight bytes each, before we have checked that
# they exist.
CLAIMS = 16 * 1024 * 1024 // 8
# So few bytes can't nest deeper than is allowed.
SHALLOW_BYTES = MAX_DEPTH
# Above this size, counting the bytes that may begin a list or a map takes longer than _read_large.
MEDIUM_BYTES = 16 * 1024
# How many levels C may read at first, which bounds what they can claim. Deeper values are rare.
MEDIUM_DEPTH = CLAIMS // MEDIUM_BYTES
LARGE_DEPTH = 16
LARGE = {**PLAIN, "max_array_len": CLAIMS // LARGE_DEPTH}
# The payloads of most extensions are this small; we don't count their levels.
SMALL_PAYLOAD_BYTES = 64
# C takes 40 KB of stack for each nested extension.
MAX_EXTENSIONS = 32
# The first bytes of all lists and maps.
HEADS = bytes((*range(0x80, 0xA0), 0xDC, 0xDD, 0xDE, 0xDF))
# The first byte of bytes or of an extension. It may also be a byte inside of another value.
find_special = re.compile(rb"[\xc4-\xc9\xd4-\xd8]|__proto__").search
LIST_OF_ONE = b"\x91"
# The number of levels that C reads.
LEVELS = 1024
# PLAIN must refuse all of these; otherwise we don't know this C module.
HOSTILE = "c400 c50000 c600000000 c70005 d40500 d6ff00000000 810102"


class Unproven(Exception):
    """Raised for a value that may break a rule. The reader in Python decides."""


class CReader:
    """Reads values. `lift` makes the values of extensions; `read_pure` decides in doubt."""

    def __init__(self, lift, read_pure):
        self._lift = lift
        self._read_pure = read_pure
        self._inside = 0  # how many nested extensions are being read
        self._levels = 0  # the levels of the extensions read so far in the current value
        self._lifted = {}  # lists and dicts that were made from extensions, by id

    def read(self, data):
        """Returns the value of `data`. Raises ValueError if it breaks a rule of the wire."""
        size = len(data)
        try:
            if size <= SHALLOW_BYTES:
                if find_special(data) is None:
                    return unpackb(data, **OPTIONS)
                return self._read_special(data)
            if size <= MEDIUM_BYTES:
                return self._read_medium(bytes(data))
            return without_gc(self._read_large, data)
        except MemoryError:
            raise
        except Exception:
            return self._read_pure(data)

    def _read_medium(self, data):
        try:
            return self._read_plain(data)
        except Exception:
            pass  # leave the except block first, which frees what the failed attempt has made
        return self._read_special(data)

    def _read_large(self, data):
        error = ""
        try:
            value = unpackb(data, **LOOK)
            if levels_of(value, self._lifted) <= MAX_DEPTH:
                return value
        except Exception as e:
            error = str(e)
        if "max_bin_len" in error or "max_ext_len" in error:
            return self._read_special(data)
        try:
            return read_inside(data, LARGE_DEPTH, LARGE)
        except Exception as e:
            error = str(e)  # only the text, which frees what the failed attempt has made
        if "max_array_len" in error:
            refuse_claims(data)
            try:
                return read_inside(data, MAX_DEPTH, PLAIN)
            except Exception:
                pass
        return self._read_special(data)

    def _read_plain(self, data):
        """Reads a value without bytes and extensions."""
        if may_nest(data):
            return read_inside(data, MEDIUM_DEPTH, PLAIN)
        refuse_proto(data)
        return unpackb(data, **PLAIN)

    def _read_special(self, data):
        """Reads a value with bytes or extensions."""
        self._inside = self._levels = 0
        try:
            return self._read_any(data)
        finally:
            self._lifted = {}

    def _read_any(self, data):
        outer, self._levels = self._levels, 0
        try:
            value = self._unpack(data)
            is_long = False
        except ValueError as error:
            is_long = "max_array_len" in str(error)
            if not is_long:
                raise
        if is_long:
            refuse_claims(data)
            self._levels = 0
            value = unpackb(data, ext_hook=self._lift_extension, **OPTIONS)
        levels = self._levels + levels_of(value, self._lifted)
        if levels > MAX_DEPTH:
            raise Unproven
        self._levels = max(outer, levels)
        return value

    def _unpack(self, data):
        """Unpacks with a limit on what lists may claim, which nested extensions share."""
        most = CLAIMS // LEVELS >> min(self._inside, 4)
        return unpackb(data, ext_hook=self._lift_extension, max_array_len=most, **OPTIONS)

    def _lift_extension(self, code, data):
        if self._inside >= MAX_EXTENSIONS:
            raise Unproven
        self._inside += 1
        outer, self._levels = self._levels, 0
        value = self._lift(code, data, self._read_payload)
        if type(value) is dict or type(value) is list:
            self._lifted[id(value)] = value
        self._levels = max(outer, self._levels + 1)
        self._inside -= 1
        return value

    def _read_payload(self, data):
        size = len(data)
        if size <= SMALL_PAYLOAD_BYTES and find_special(data) is None:
            self._levels = max(self._levels, size)
            return unpackb(data, **OPTIONS)
        return self._read_any(data)


def without_gc(function, data):
    """Calls `function` with the collector off, which would take a third of the time in vain."""
    if not gc.isenabled():
        return function(data)
    gc.disable()
    try:
        return function(data)
    finally:
        gc.enable()


def refuse_proto(data):
    # Searching for "proto" is three times as fast, and usually enough.
    if b"proto" in data and b"__proto__" in data:
        raise Unproven


def refuse_claims(data):
    """Raises if the value doesn't end at the end of `data`. It makes no objects to find that."""
    unpacker = Unpacker(max_buffer_size=0)
    unpacker.feed(data)
    unpacker.skip()
    if unpacker.tell() != len(data):
        raise Unproven


def may_nest(data):
    """Whether there may be more levels than are allowed, or nested lists that claim too much."""
    long_lists = data.count(b"\xdc") + data.count(b"\xdd")
    if long_lists * len(data) > CLAIMS:
        return True
    return len(data) - len(data.translate(None, HEADS)) > MAX_DEPTH


def read_inside(data, depth, options):
    """Reads a value inside so many extra lists that C refuses more than `depth` levels."""
    # C does not count an empty list at the end as a level.
    count = LEVELS - (depth - 1)
    data = b"".join((LIST_OF_ONE * count, data))
    refuse_proto(data)
    value = unpackb(data, **options)
    for _ in range(count):
        value = value[0]
    return value


def levels_of(value, lifted):
    """Returns how deep lists and dicts nest in a value, without those in `lifted`."""
    levels = 0
    members = (value,)
    while True:
        kinds = set(map(type, members))
        if Timestamp in kinds:
            raise Unproven
        if dict not in kinds and list not in kinds:
            return levels
        levels += 1
        lists = [m for m in members if type(m) is list and id(m) not in lifted]
        dicts = [m for m in members if type(m) is dict and id(m) not in lifted]
        keys = set(chain.from_iterable(dicts))
        if "__proto__" in keys or not all(type(key) is str for key in keys):
            raise Unproven
        values = chain.from_iterable(map(dict.values, dicts))
        members = list(chain(chain.from_iterable(lists), values))


def read_plain(data):
    return unpackb(data, **PLAIN)


def is_refused(read, data):
    try:
        read(data)
        return False
    except Exception:
        return True


def is_sound():
    """Whether the C module enforces the limits that we rely on."""
    return (
        all(is_refused(read_plain, bytes.fromhex(hostile)) for hostile in HOSTILE.split())
        and is_refused(refuse_claims, b"\x92\x01")
        and is_refused(unpackb, LIST_OF_ONE * (LEVELS + 1) + b"\xc0")
        and not is_refused(unpackb, LIST_OF_ONE * LEVELS + b"\xc0")
    )
