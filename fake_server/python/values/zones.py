"""Finds the tz database key of a time zone, made by any of several libraries."""

import datetime

from pyproxy_worker.values.classes import mro_of, qualified_name
from pyproxy_worker.values.opaque import is_text

# What precedes the key in the path of a zone's file.
FOLDER = "/zoneinfo/"


def key_of(zone):
    """Returns the key of a tzinfo in the tz database; None if it has none, or hides it."""
    if zone is datetime.timezone.utc:
        return "UTC"
    if type(zone) is datetime.timezone:
        return None
    try:
        key = getattr(zone, "key", None)  # of zoneinfo
        if type(key) is not str:
            key = other_key(zone)
    except KeyboardInterrupt:
        raise  # a cancel
    except BaseException:  # raised by a class of user code; the offset still gives the instant
        return None
    return key if type(key) is str and is_text(key) else None


def other_key(zone):
    """Returns the key of a zone of another library; None if we don't know it."""
    key = getattr(zone, "zone", None)  # of pytz
    if type(key) is str:
        return key
    for kind in mro_of(type(zone)):
        find = FINDERS.get(qualified_name(kind))
        if find is not None:
            return find(zone)
    return None


def key_in_path(path):
    """Returns the key of a zone that was read from this file."""
    _, folder, key = path.rpartition(FOLDER)
    # In the archive that comes with dateutil, the path is the key.
    return key if folder or not path.startswith("/") else None


FINDERS = {
    "dateutil.tz.tz.tzutc": lambda zone: "UTC",
    "dateutil.tz.tz.tzfile": lambda zone: key_in_path(zone._filename),
    # pendulum 2.
    "pendulum.tz.timezone.Timezone": lambda zone: zone.name,
}
