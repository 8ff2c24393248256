"""Encodes values and decodes them, with the C module `msgpack` if it is installed, else in Python.

The first attempt to encode a value is the fast one: the C packer gets values whose types are all
plain; the writer in Python lowers values on the way. If that fails, the second attempt walks the
value step by step. It lowers what C does not know, and if the value can't be sent, it says where.
"""

from itertools import chain, repeat
from operator import countOf
from sys import getrecursionlimit, setrecursionlimit

from pyproxy_worker.codec import msgpack_pure as pure
from pyproxy_worker.codec.msgpack_parts import LARGE_BYTES, pack_bin_header, pack_count
from pyproxy_worker.codec.msgpack_pure import MAX_DEPTH, Ext
from pyproxy_worker.codec.msgpack_read import unpack, without_gc
from pyproxy_worker.codec.steps import part_of
from pyproxy_worker.values.classes import qualified_name
from pyproxy_worker.values.opaque import OPAQUE, EncodeError, Unreadable, opaque
from pyproxy_worker.values.table import lift, lower

try:
    from msgpack import ExtType, Packer, version
    from pyproxy_worker.codec.msgpack_c import CReader, is_sound

    if version < (1, 0) or not Packer.__module__.endswith("_cmsgpack") or not is_sound():
        raise ImportError("not the C module, or an unknown version of it")
except Exception:  # a broken installation may raise anything; we can do without the module
    CReader = None

MSGPACK = "python" if CReader is None else "c"
# A packer may keep a buffer up to this size for the next value.
KEPT_BYTES = 4 * 1024 * 1024
MAX_BODY_BYTES = 256 * 1024 * 1024
# Enough for 512 levels of lists or extensions, at the frames that the Python codec takes for each.
RECURSION_LIMIT = 8_000

SCALARS = frozenset((type(None), bool, int, float, str, bytes, bytearray))
SEQUENCES = frozenset((list, tuple))
CONTAINERS = frozenset((list, tuple, dict))
PLAIN = SCALARS | CONTAINERS
DICTS = frozenset((dict,))
STRINGS = frozenset((str,))
# Both packers either pack these as they are, or raise an error.
SMALL = frozenset((type(None), bool, int, float))
# We look for large bytes in containers of at most this many members.
FEW = 16
# Below this, the collector has nothing to do.
MANY_BYTES = 16 * 1024
# Near the limit, C counts levels a little differently.
MAX_C_DEPTH = MAX_DEPTH - 2


def encode(value, is_strict=False):
    """Returns the bytes of a value. Raises EncodeError if it can't be sent."""
    return b"".join(encode_pieces(value, is_strict))


def encode_pieces(value, is_strict=False):
    """Does what `encode` does, in pieces. A large piece may be the value's own memory."""
    try:
        if type(value) in SMALL:
            return [pack(value)]
        pieces = encode_quickly(value, is_strict)
    except Exception:  # raised by the value, or a limit: encode_stepwise finds what and where
        reset_packer()
        pieces = None
    if pieces is None:
        pieces = with_deep_stack(encode_stepwise, value, is_strict)
    size = len(pieces[0]) if len(pieces) == 1 else sum(map(len, pieces))
    if size > KEPT_BYTES:
        reset_packer()
    if size > MAX_BODY_BYTES:
        reason = "it takes %d bytes, more than the %d of a frame" % (size, MAX_BODY_BYTES)
        raise EncodeError(reason, qualified_name(type(value)))
    return pieces


def decode(data):
    """Returns the value of `data`. Raises ValueError if it breaks a rule of the wire."""
    try:
        return read(data)
    except RecursionError:
        return with_deep_stack(read_pure, data)


def with_deep_stack(function, *args):
    """Calls a function that recurses as deep as values may nest."""
    limit = getrecursionlimit()
    setrecursionlimit(max(limit, RECURSION_LIMIT))
    try:
        return function(*args)
    finally:
        setrecursionlimit(limit)


# ---- to bytes -----------------------------------------------------------------------------------


def encode_stepwise(value, is_strict):
    """Lowers all of a value, then packs it."""
    plain = walk(value, 1, is_strict, set())
    try:
        return [pack(plain)]
    except ValueError:  # C's limit, which differs from ours, or a Large, which C can't pack
        return pure.pieces(plain, None)


def walk(value, depth, is_strict, inside):
    """Lowers `value` completely. `depth` is its level, if it is a container."""
    try:
        plain = lower(value)
    except Unreadable:
        if is_strict:
            raise
        plain = opaque(value)
    kind = type(plain)
    if kind is not Ext and kind not in CONTAINERS:
        return plain
    name = qualified_name(type(value))
    if kind is Ext and plain.code == OPAQUE and is_strict:
        raise EncodeError("it would come as an opaque value, and strict is set", name)
    if id(value) in inside:
        raise EncodeError("it contains itself", name)
    if depth > MAX_DEPTH:
        raise EncodeError("it nests deeper than %d levels" % MAX_DEPTH, name)
    inside.add(id(value))
    if kind is not Ext:
        plain = walk_members(plain, plain, depth + 1, is_strict, inside)
    elif type(plain.data) in CONTAINERS:
        if depth + 1 > MAX_DEPTH:
            raise EncodeError("it nests deeper than %d levels" % MAX_DEPTH, name)
        members = walk_members(plain, plain.data, depth + 2, is_strict, inside)
        try:
            plain = Ext(plain.code, pack(members))
        except ValueError:  # as above
            plain = Ext(plain.code, members)
    inside.discard(id(value))
    return plain


def walk_members(plain, members, depth, is_strict, inside):
    """Lowers the members of a list or dict: of a lowered value, or inside its extension."""
    lowered = []
    try:
        for member in members.values() if type(members) is dict else members:
            lowered.append(walk(member, depth, is_strict, inside))
    except EncodeError as error:
        error.parts.append(part_of(plain, len(lowered)))
        raise
    return dict(zip(members, lowered)) if type(members) is dict else lowered


def lower_step(is_strict):
    """Returns the function that the Python writer calls for a value that is not plain."""

    def step(value):
        plain = lower(value)
        if is_strict and type(plain) is Ext and plain.code == OPAQUE:
            raise EncodeError("", "")  # encode_stepwise makes the real message
        return plain

    return step


LOWER_STEPS = {is_strict: lower_step(is_strict) for is_strict in (False, True)}


def is_plain(value, depth):
    """Whether C packs a value as the wire wants it, or fails on a number or a string."""
    kind = type(value)
    if kind is dict:
        # The fastest check that all keys are exactly `str`: a subclass may redefine equality.
        if countOf(map(type, value), str) != len(value) or "__proto__" in value:
            return False
        members = value.values()
    elif kind in SEQUENCES:
        members = value
    else:
        return kind in SCALARS
    kinds = set(map(type, members))
    if kinds <= SCALARS:
        return True
    if depth > MAX_C_DEPTH or not kinds <= PLAIN:
        return False
    if are_plain_rows(members, kinds):
        return True
    for member in members:
        if type(member) in CONTAINERS and not is_plain(member, depth + 1):
            return False
    return True


def are_plain_rows(rows, kinds):
    """Whether all rows are dicts, or all are lists, of scalars only: a table.

    Checking all rows together takes half the time. False means that we don't know.
    """
    if kinds == DICTS:
        # Not a set of the keys: it would lack a key of a str subclass that equals another.
        if set(map(type, chain.from_iterable(rows))) != STRINGS:
            return False
        if any(map(dict.__contains__, rows, repeat("__proto__"))):
            return False
        rows = map(dict.values, rows)
    elif not kinds <= SEQUENCES:
        return False
    return set(map(type, chain.from_iterable(rows))) <= SCALARS


def encode_quickly_c(value, _):
    if not is_plain(value, 1):
        return None
    kind = type(value)
    if kind is bytes:
        return pure.pieces(value, None) if len(value) >= LARGE_BYTES else [pack(value)]
    if kind in CONTAINERS and 0 < len(value) <= FEW:
        members = value.values() if kind is dict else value
        if any(type(member) is bytes and len(member) >= LARGE_BYTES for member in members):
            return pieces_apart(value, members)
    return [pack(value)]


def pieces_apart(value, members):
    """Returns the pieces of a plain container without copying its large bytes."""
    pieces = []
    small = []
    if type(value) is dict:
        small.append(pack_count(0x80, 0xDE, len(value)))
        keys = map(pack, value)
    else:
        small.append(pack_count(0x90, 0xDC, len(value)))
        keys = None
    for member in members:
        if keys is not None:
            small.append(next(keys))
        if type(member) is bytes and len(member) >= LARGE_BYTES:
            small.append(pack_bin_header(len(member)))
            pieces += b"".join(small), memoryview(member)
            small = []
        else:
            small.append(pack(member))
    pieces.append(b"".join(small))
    return pieces


def encode_quickly_pure(value, is_strict):
    return pure.pieces(value, LOWER_STEPS[is_strict])


def to_c_ext(ext):
    """Returns an extension for the C packer, which would copy a large one."""
    if type(ext.data) is not bytes:
        raise ValueError("it is large")
    return ExtType(ext.code, ext.data)


def reset_packer_c():
    """Makes a new packer, for 1 us: a C packer never frees the memory of its largest value."""
    global pack
    pack = Packer(default=to_c_ext).pack


def pack_pure(plain):
    return pure.pack(plain, None)


def reset_packer_pure():
    pass  # it keeps no buffer


# ---- and back -----------------------------------------------------------------------------------


def read_pure(data):
    if len(data) < MANY_BYTES:
        return unpack(bytes(data), lift_pure)
    return without_gc(unpack, bytes(data), lift_pure)


def lift_pure(code, data, depth):
    return lift(code, data, lambda inner: unpack(inner, lift_pure, depth + 1))


if CReader is None:
    encode_quickly = encode_quickly_pure
    pack = pack_pure
    reset_packer = reset_packer_pure
    read = read_pure
else:
    encode_quickly = encode_quickly_c
    reset_packer = reset_packer_c
    reset_packer()
    read = CReader(lift, read_pure).read
