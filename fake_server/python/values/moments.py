"""Dates, times and durations: extensions 4 and 7 to 10."""

import datetime

from pyproxy_worker.codec.msgpack_pure import Ext
from pyproxy_worker.values.integers import int_from_bytes, int_to_bytes
from pyproxy_worker.values.opaque import EncodeError, array, opaque
from pyproxy_worker.values.zones import key_of

MICROSECOND = datetime.timedelta(microseconds=1)


def plain_maker(kind, *names):
    """Returns a function that turns an instance of a subclass of `kind` into a plain `kind`.

    It reads the fields by the descriptors of `kind`, so a subclass can't override them.
    """
    parts = {name: getattr(kind, name).__get__ for name in names}

    def plain(value):
        return kind(**{name: part(value) for name, part in parts.items()})

    return plain


DAY = "year", "month", "day"
CLOCK = "hour", "minute", "second", "microsecond", "tzinfo", "fold"
plain_datetime = plain_maker(datetime.datetime, *DAY, *CLOCK)
plain_date = plain_maker(datetime.date, *DAY)
plain_time = plain_maker(datetime.time, *CLOCK)
plain_timedelta = plain_maker(datetime.timedelta, "days", "seconds", "microseconds")


def lower_datetime(value):
    given = value
    if type(value) is not datetime.datetime:
        value = plain_datetime(value)
    clock = [value.year, value.month, value.day, value.hour, value.minute, value.second]
    clock.append(value.microsecond)
    if value.tzinfo is None:
        return Ext(7, [*clock, value.fold])
    offset = value.utcoffset()
    if offset is None:
        return opaque(given)
    return Ext(4, [*clock, offset // MICROSECOND, value.fold, key_of(value.tzinfo)])


def lift_aware(data, read):
    parts = array(read(data), "a datetime")
    if len(parts) != 10:
        raise ValueError("a datetime must be nine integers and a zone key or nil")
    *clock, offset_us, fold, key = parts
    if type(offset_us) is not int:
        raise ValueError("the offset of a datetime must be an integer")
    try:
        offset = datetime.timedelta(microseconds=offset_us)
        fixed = datetime.timezone(offset) if offset_us else datetime.timezone.utc
    except (ValueError, OverflowError) as error:
        raise ValueError("no such datetime: %s" % error) from None
    moment = made(datetime.datetime, clock, fold=fold, tzinfo=fixed)
    if key is None or key == "UTC":
        return moment
    if type(key) is not str:
        raise ValueError("the key of a datetime's zone must be a string or nil")
    zone = find_zone(key)
    try:
        zoned = moment.replace(tzinfo=zone)
        return zoned if zoned.utcoffset() == offset else moment
    except OverflowError:  # at the ends of year 1 and 9999
        return moment


def find_zone(key):
    """Returns the time zone of a key."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(key)
    except (LookupError, ValueError, OSError):
        reason = (
            "Python knows no time zone %.100r (it needs the system's or PyPI's tzdata); "
            "send it with a fixed offset, or as Temporal.Instant" % key
        )
        raise EncodeError(reason, "Temporal.ZonedDateTime") from None


def lift_naive(data, read):
    return made_of_clock(datetime.datetime, array(read(data), "a datetime"), 8)


def lower_date(value):
    if type(value) is not datetime.date:
        value = plain_date(value)
    return Ext(8, [value.year, value.month, value.day])


def lift_date(data, read):
    parts = array(read(data), "a date")
    if len(parts) != 3:
        raise ValueError("a date must be three integers")
    return made(datetime.date, parts)


def lower_time(value):
    given = value
    if type(value) is not datetime.time:
        value = plain_time(value)
    if value.tzinfo is not None:
        return opaque(given)
    return Ext(9, [value.hour, value.minute, value.second, value.microsecond, value.fold])


def lift_time(data, read):
    return made_of_clock(datetime.time, array(read(data), "a time"), 5)


def lower_timedelta(value):
    if type(value) is not datetime.timedelta:
        value = plain_timedelta(value)
    return Ext(10, int_to_bytes(value // MICROSECOND))


def lift_timedelta(data, _):
    microseconds = int_from_bytes(data)
    try:
        return datetime.timedelta(microseconds=microseconds)
    except OverflowError:
        raise ValueError("a timedelta has at most 999999999 days") from None


def made_of_clock(kind, parts, length):
    """Makes a datetime or time of `length` integers, the last of which is the fold."""
    if len(parts) != length:
        raise ValueError("a %s must be %d integers" % (kind.__name__, length))
    return made(kind, parts[:-1], fold=parts[-1])


def made(kind, parts, **more):
    """Calls `kind` with integers that may be out of range."""
    if any(type(part) is not int for part in (*parts, more.get("fold", 0))):
        raise ValueError("a %s must be made of integers" % kind.__name__)
    try:
        return kind(*parts, **more)
    except (ValueError, OverflowError) as error:
        raise ValueError("no such %s: %s" % (kind.__name__, error)) from None
