"""Series and DataFrame of pandas: extensions 13 and 14. A column is a map: name, dtype, values.

We import pandas only to receive a value, never to send one.
"""

import re
import sys

from pyproxy_worker.codec.msgpack_pure import Ext
from pyproxy_worker.values.arrays import ELEMENTS, elements, load, memory, name_of, size_of
from pyproxy_worker.values.opaque import EncodeError, opaque

# The names of the classes in pandas 1 and 2, and in pandas 3.
SERIES = ("pandas.core.series.Series", "pandas.Series")
FRAMES = ("pandas.core.frame.DataFrame", "pandas.DataFrame")
LISTS = (
    "pandas.core.indexes.base.Index",
    "pandas.Index",
    "pandas.core.arrays.base.ExtensionArray",
    "pandas.api.extensions.ExtensionArray",
)
TIMESTAMPS = ("pandas._libs.tslibs.timestamps.Timestamp", "pandas.Timestamp")
TIMEDELTAS = ("pandas._libs.tslibs.timedeltas.Timedelta", "pandas.Timedelta")
MISSING = (
    "pandas._libs.missing.NAType",
    "pandas.api.typing.NAType",
    "pandas._libs.tslibs.nattype.NaTType",
    "pandas.api.typing.NaTType",
)

ZONED = re.compile(r"(datetime64\[[a-z]+), (.+)\]", re.ASCII)


# ---- to bytes -----------------------------------------------------------------------------------


def lower_series(series):
    index = lower_index(series.index)
    return Ext(13, {**lower_column(series.name, series), "index": index})


def lower_frame(frame):
    columns = [lower_column(name, frame.iloc[:, i]) for i, name in enumerate(frame.columns)]
    has_rows = bool(columns) or len(frame) == 0
    return Ext(14, {"columns": columns, "index": lower_index(frame.index, has_rows)})


def lower_index(index, may_be_left_out=True):
    """Lowers an index to a list of its levels; None for the default index."""
    pandas = sys.modules["pandas"]
    if may_be_left_out and type(index) is pandas.RangeIndex:
        if index.start == 0 and index.step == 1 and index.name is None:
            return None
    if isinstance(index, pandas.MultiIndex):
        levels = range(index.nlevels)
        return [lower_column(index.names[i], index.get_level_values(i)) for i in levels]
    return [lower_column(index.name, index)]


def lower_column(name, column):
    """Lowers a Series without its index, or one level of an Index."""
    numpy, pandas = sys.modules["numpy"], sys.modules["pandas"]
    dtype = column.dtype
    if isinstance(dtype, pandas.DatetimeTZDtype) and is_rebuilt(pandas, dtype):
        array = column.to_numpy("M8[%s]" % dtype.unit)
    elif isinstance(dtype, numpy.dtype) and dtype.kind in "biufcmM" and name_of(dtype):
        array = column.to_numpy()
    else:
        return {"name": name, "dtype": dtype_text(pandas, dtype), "values": list_of(column)}
    return {"name": name, "dtype": str(dtype), "values": storage(numpy, array)}


def storage(numpy, array):
    """Returns the array's memory as the typed array that holds it in JavaScript."""
    data = memory(numpy, array)
    kind, size = array.dtype.kind, 8 * array.dtype.itemsize
    if kind == "c":
        return elements("float%d" % (size // 2), data)
    if size == 8 and kind in "bu":
        return data.tobytes()
    return elements("int64" if kind in "mM" else array.dtype.name, data)


def list_of(column):
    """Returns the values as a list, with None for missing ones."""
    if column.dtype == object:
        return list(column)  # here NaN is a value
    return [None if missing else value for value, missing in zip(column, column.isna())]


def dtype_text(pandas, dtype):
    """Returns the name of the dtype; `object` if pandas can't make the dtype from its name."""
    return str(dtype) if is_rebuilt(pandas, dtype) else "object"


def is_rebuilt(pandas, dtype):
    try:
        return pandas.api.types.pandas_dtype(str(dtype)) == dtype or str(dtype) == "category"
    except Exception:  # pandas raises different errors for texts that are no dtype
        return False


def lower_timestamp(value):
    """Lowers a Timestamp to a datetime, if it is in whole microseconds."""
    return opaque(value) if value.nanosecond else value.to_pydatetime()


def lower_timedelta(value):
    return opaque(value) if value.nanoseconds else value.to_pytimedelta()


# ---- and back -----------------------------------------------------------------------------------


def lift_series(data, read):
    pandas, fields = load_pandas("Series"), record(read(data), "a Series")
    index = lift_index(pandas, fields.get("index"))
    values = lift_column(pandas, fields)
    return make("Series", pandas.Series, values, index=index, name=label(fields.get("name")))


def lift_frame(data, read):
    pandas, fields = load_pandas("DataFrame"), record(read(data), "a DataFrame")
    columns = fields.get("columns")
    if type(columns) is not list:
        raise ValueError("the columns of a DataFrame must be an array")
    index = lift_index(pandas, fields.get("index"))
    names = [label(record(column, "a column").get("name")) for column in columns]
    arrays = {i: lift_column(pandas, column) for i, column in enumerate(columns)}
    frame = make("DataFrame", pandas.DataFrame, arrays, index=index)
    frame.columns = make("DataFrame", label_index, pandas, names)
    return frame


def load_pandas(what):
    pandas = load("pandas")
    if pandas is None:
        raise EncodeError("a %s needs pandas in Python, which has none" % what, what)
    return pandas


def record(value, what):
    if type(value) is not dict:
        raise ValueError("%s must be a map" % what)
    return value


def label(value):
    """Checks that a name is hashable. Turns lists into tuples."""
    if type(value) is list:
        return tuple(map(label, value))
    try:
        hash(value)
    except TypeError:
        raise EncodeError("a name in pandas must be hashable", type(value).__name__) from None
    return value


def label_index(pandas, names):
    """Makes the labels of columns; a MultiIndex if all names are tuples of one length."""
    if not names:
        return pandas.DataFrame().columns
    if all(type(name) is tuple and len(name) == len(names[0]) > 0 for name in names):
        return pandas.MultiIndex.from_tuples(names)
    if all(type(name) is int and name == i for i, name in enumerate(names)):
        return pandas.RangeIndex(len(names))
    return pandas.Index(names, tupleize_cols=False)


def lift_index(pandas, levels):
    if levels is None:
        return None
    if type(levels) is not list or not levels:
        raise ValueError("an index must be an array of levels")
    names = [label(record(level, "a level").get("name")) for level in levels]
    arrays = [lift_column(pandas, level) for level in levels]
    if len(levels) == 1:
        return make("Index", pandas.Index, arrays[0], name=names[0])
    return make("Index", pandas.MultiIndex.from_arrays, arrays, names=names)


def lift_column(pandas, fields):
    """Lifts the values of a column to an array of pandas or numpy."""
    dtype, values = fields.get("dtype"), fields.get("values")
    if dtype is not None and type(dtype) is not str:
        raise ValueError("a dtype must be a string or nil, got %s" % type(dtype).__name__)
    if type(values) is list:
        if dtype is None and not values:
            dtype = "object"
        return make("Series", pandas.Series, values, dtype=dtype).array
    numpy = sys.modules["numpy"]
    if type(values) is bytes:
        values = numpy.frombuffer(values, "u1").copy()
    if type(values) is not numpy.ndarray:
        raise ValueError("the values of a column must be an array or a typed array")
    zoned = dtype and ZONED.fullmatch(dtype)
    if zoned:
        moments = make("Series", reinterpret, values, zoned[1] + "]")
        return make("Series", in_zone, pandas, moments, zoned[2])
    if dtype is not None and size_of(dtype) and dtype[0] not in "US":
        return make("Series", reinterpret, values, dtype)
    return make("Series", pandas.Series, values, dtype=dtype).array


def reinterpret(values, dtype):
    """Views an array as its real dtype: the inverse of `storage`."""
    if dtype == "bool" and values.dtype == "u1":
        return values != 0
    if values.dtype == dtype or dtype[0] == "c" and values.dtype.kind == "f":
        return values.view(dtype)
    if dtype[0] in "dt" and values.dtype == "i8":
        return values.view(dtype)
    raise ValueError("values of dtype %s cannot be in %s" % (dtype, values.dtype))


def in_zone(pandas, moments, zone):
    return pandas.DatetimeIndex(moments).tz_localize("UTC").tz_convert(zone)


def make(what, function, *args, **more):
    """Calls pandas and turns any error, of which it has many kinds, into an EncodeError."""
    try:
        return function(*args, **more)
    except EncodeError:
        raise
    except Exception as error:
        reason = "pandas refuses it: %s" % (str(error) or type(error).__name__)
        raise EncodeError(reason, what) from None
