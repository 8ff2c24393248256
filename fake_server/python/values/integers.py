"""Integers of any size as bytes: extensions 1 and 10."""


def int_to_bytes(value):
    """Encodes an integer as two's complement, big-endian, in as few bytes as possible."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return value.to_bytes(size, "big", signed=True)


def int_from_bytes(data):
    """Decodes an integer."""
    if not data:
        raise ValueError("an integer must have at least one byte")
    return int.from_bytes(data, "big", signed=True)
