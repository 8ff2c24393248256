"""A line of output that is not finished yet."""


class Line:
    """The pieces that a thread has written of a line: job, descriptor and bytes of each."""

    __slots__ = ("tick", "pieces")

    def __init__(self, tick):
        self.tick = tick
        self.pieces = []
