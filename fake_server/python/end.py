"""The end of the process in the middle of a job, as a script ends: by the interpreter itself."""


class End(BaseException):
    """Unwinds the job that runs; then the interpreter ends the process with this exit code.

    It waits for threads, calls functions of atexit, and finalizes what is left.
    """

    def __init__(self, status):
        super().__init__(status)
        self.status = status
