"""A line of output while it is being written."""


class Line:
    """What a thread has written of a line: job, descriptor and bytes of each piece."""

    __slots__ = ("tick", "pieces")

    def __init__(self, tick):
        self.tick = tick
        self.pieces = []
