"""Limits the memory of this process."""

import resource


def limit_memory(limit):
    """Limits the memory of this process and its children to `limit` bytes; 0 means no limit.

    RLIMIT_DATA counts writable private memory: heap, anonymous mappings, thread stacks. RLIMIT_AS
    would also count address space that costs nothing: files mapped for reading, shared libraries,
    and the 64 MiB that malloc reserves for each thread.
    """
    if limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
