"""Integers of any size as bytes: extensions 1 and 10."""


def int_to_bytes(value):
    """Two's complement, big-endian, as few bytes as hold it."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return value.to_bytes(size, "big", signed=True)


def int_from_bytes(data):
    """The integer that the bytes are."""
    if not data:
        raise ValueError("an integer must have at least one byte")
    return int.from_bytes(data, "big", signed=True)
