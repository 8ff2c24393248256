"""The limit on the memory of this process."""

import resource


def limit_memory(limit):
    """Takes from this process and its children what they could have beyond `limit` bytes; 0 is none.

    RLIMIT_DATA counts what is asked for to write in: heap, anonymous mappings, stacks of threads.
    RLIMIT_AS would count what costs nothing as well: files mapped to be read, shared libraries, and
    the 64 MiB of address space that malloc reserves for each thread.
    """
    if limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
