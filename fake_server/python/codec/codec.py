"""Values to bytes and back: by the C module `msgpack` where it is installed, else by ours.

The first attempt at a value is the quick one: C is given what a glance at the types finds plain,
the pure writer lowers as it goes. Whatever goes wrong with it, the second walks step by step: it
lowers what C does not know, and if the value cannot travel it says where in it.
"""

from itertools import chain
from operator import countOf
from sys import getrecursionlimit, setrecursionlimit

from pyproxy_worker.codec import msgpack_pure as pure
from pyproxy_worker.codec.msgpack_pure import LARGE_BYTES, MAX_DEPTH, Ext
from pyproxy_worker.codec.msgpack_read import unpack
from pyproxy_worker.codec.steps import part_of
from pyproxy_worker.values.classes import qualified_name
from pyproxy_worker.values.opaque import OPAQUE, EncodeError, Unreadable, opaque
from pyproxy_worker.values.table import lift, lower

try:
    from msgpack import ExtType, Packer, version
    from pyproxy_worker.codec.msgpack_c import CReader, is_sound

    if version < (1, 0) or not Packer.__module__.endswith("_cmsgpack") or not is_sound():
        raise ImportError("not the C module, or not as we know it")
except Exception:  # whatever a broken installation raises: ours does the same, more slowly
    CReader = None

MSGPACK = "python" if CReader is None else "c"
# What a packer keeps for the next value, at most.
KEPT_BYTES = 4 * 1024 * 1024
MAX_BODY_BYTES = 256 * 1024 * 1024
# Enough for 512 levels, extensions among them, at the pure codec's frames for each.
RECURSION_LIMIT = 8_000

SCALARS = frozenset((type(None), bool, int, float, str, bytes, bytearray))
SEQUENCES = frozenset((list, tuple))
CONTAINERS = frozenset((list, tuple, dict))
PLAIN = SCALARS | CONTAINERS
DICTS = frozenset((dict,))
STRINGS = frozenset((str,))
# What either packs as it is, or raises.
SMALL = frozenset((type(None), bool, int, float))
# A container of so few members is looked through for large bytes.
FEW = 16
# C counts its levels a little differently near the limit.
MAX_C_DEPTH = MAX_DEPTH - 2


def encode(value, is_strict=False):
    """The bytes of a value. Raises EncodeError if it cannot travel."""
    return b"".join(encode_pieces(value, is_strict))


def encode_pieces(value, is_strict=False):
    """As `encode`, in pieces; what is large may be the value's own memory."""
    try:
        if type(value) in SMALL:
            return [pack(value)]
        pieces = encode_quickly(value, is_strict)
    except Exception:  # one of the value's own, or a limit: the other way finds out what and where
        let_go()
        pieces = None
    if pieces is None:
        pieces = with_deep_stack(encode_stepwise, value, is_strict)
    size = len(pieces[0]) if len(pieces) == 1 else sum(map(len, pieces))
    if size > KEPT_BYTES:
        let_go()
    if size > MAX_BODY_BYTES:
        reason = "it takes %d bytes, more than the %d of a frame" % (size, MAX_BODY_BYTES)
        raise EncodeError(reason, qualified_name(type(value)))
    return pieces


def decode(data):
    """The value that `data` is. Raises ValueError for what breaks a rule of the wire."""
    try:
        return read(data)
    except RecursionError:
        return with_deep_stack(read_pure, data)


def with_deep_stack(function, *args):
    """Calls a function that goes as deep as values may nest."""
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
    except ValueError:  # C's limit, which is not quite ours, or what is large and not to be copied
        return pure.pieces(plain, None)


def walk(value, depth, is_strict, inside):
    """`value` lowered to the ground. `depth` is the level that it would be if it is a container."""
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
    """Lowers what is in a list or dict: a lowered value, or in the extension that this is."""
    lowered = []
    try:
        for member in members.values() if type(members) is dict else members:
            lowered.append(walk(member, depth, is_strict, inside))
    except EncodeError as error:
        error.parts.append(part_of(plain, len(lowered)))
        raise
    return dict(zip(members, lowered)) if type(members) is dict else lowered


def lower_step(is_strict):
    """What the pure writer asks about what it does not know."""

    def step(value):
        plain = lower(value)
        if is_strict and type(plain) is Ext and plain.code == OPAQUE:
            raise EncodeError("", "")  # the walk says it better
        return plain

    return step


LOWER_STEPS = {is_strict: lower_step(is_strict) for is_strict in (False, True)}


def is_plain(value, depth):
    """Whether C packs a value as the wire has it, if its numbers and strings can be packed."""
    kind = type(value)
    if kind is dict:
        # The quickest way to see that all keys are strings, and of no class that may tell equal ones
        # apart.
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
    """Whether these are all dicts, or all lists, of nothing but scalars: a table. All of them are
    looked at together, which takes half the time; False says nothing.
    """
    if kinds == DICTS:
        keys = set(chain.from_iterable(rows))
        if set(map(type, keys)) != STRINGS or "__proto__" in keys:
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
    """The pieces of a plain container, of which what is large is not copied."""
    pieces = []
    small = []
    if type(value) is dict:
        small.append(pure.pack_count(0x80, 0xDE, len(value)))
        keys = map(pack, value)
    else:
        small.append(pure.pack_count(0x90, 0xDC, len(value)))
        keys = None
    for member in members:
        if keys is not None:
            small.append(next(keys))
        if type(member) is bytes and len(member) >= LARGE_BYTES:
            small.append(pure.pack_bin_header(len(member)))
            pieces += b"".join(small), memoryview(member)
            small = []
        else:
            small.append(pack(member))
    pieces.append(b"".join(small))
    return pieces


def encode_quickly_pure(value, is_strict):
    return pure.pieces(value, LOWER_STEPS[is_strict])


def to_c_ext(ext):
    """An extension as C packs it, which makes copies of it."""
    if type(ext.data) is not bytes:
        raise ValueError("it is large")
    return ExtType(ext.code, ext.data)


def let_go_c():
    """C's packer never gives back what its largest value has taken; a new one costs 1 us."""
    global pack
    pack = Packer(default=to_c_ext).pack


def pack_pure(plain):
    return pure.pack(plain, None)


def keeps_nothing():
    pass


# ---- and back -----------------------------------------------------------------------------------


def read_pure(data):
    return unpack(bytes(data), lift_pure)


def lift_pure(code, data, depth):
    return lift(code, data, lambda inner: unpack(inner, lift_pure, depth + 1))


if CReader is None:
    encode_quickly = encode_quickly_pure
    pack = pack_pure
    let_go = keeps_nothing
    read = read_pure
else:
    encode_quickly = encode_quickly_c
    let_go = let_go_c
    let_go()
    read = CReader(lift, read_pure).read
