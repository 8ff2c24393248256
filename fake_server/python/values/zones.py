"""What a time zone is called, whoever made it."""

import datetime

from pyproxy_worker.values.classes import mro_of, qualified_name
from pyproxy_worker.values.opaque import is_text

# What precedes the key in the path of a zone's file.
FOLDER = "/zoneinfo/"


def key_of(zone):
    """The key of a tzinfo in the tz database; None if it has none, or does not tell."""
    if zone is datetime.timezone.utc:
        return "UTC"
    if type(zone) is datetime.timezone:
        return None
    try:
        key = getattr(zone, "key", None)  # as zoneinfo has it
        if type(key) is not str:
            key = other_key(zone)
    except KeyboardInterrupt:
        raise  # a cancel
    except BaseException:  # of a class of the user's: the offset tells the instant all the same
        return None
    return key if type(key) is str and is_text(key) else None


def other_key(zone):
    """The key of a zone of another library, None if it is none that we know."""
    key = getattr(zone, "zone", None)  # as pytz has it
    if type(key) is str:
        return key
    for kind in mro_of(type(zone)):
        find = FINDERS.get(qualified_name(kind))
        if find is not None:
            return find(zone)
    return None


def key_in_path(path):
    """The key of a zone that was read from this file."""
    _, folder, key = path.rpartition(FOLDER)
    # In the archive that dateutil brings along, the path is the key.
    return key if folder or not path.startswith("/") else None


FINDERS = {
    "dateutil.tz.tz.tzutc": lambda zone: "UTC",
    "dateutil.tz.tz.tzfile": lambda zone: key_in_path(zone._filename),
    # Of pendulum 2.
    "pendulum.tz.timezone.Timezone": lambda zone: zone.name,
}
