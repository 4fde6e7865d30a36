"""How glibc keeps memory (mallopt(3)): a back-fill's large blocks come and go with every batch, and new pages cost.

Where libc has no such calls nothing is done.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_DEFAULT_THRESHOLD = 128 << 10


def keep_freed() -> None:
    """Keep what is freed for the next block of any size, up to 256 MiB at the end of the heap."""
    _set({_MMAP_THRESHOLD: 1 << 30, _TRIM_THRESHOLD: 256 << 20})


@contextlib.contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep what is freed for as long as the block runs, then give everything back (malloc_trim(3))."""
    keep_freed()
    try:
        yield
    finally:
        _set({_MMAP_THRESHOLD: _DEFAULT_THRESHOLD, _TRIM_THRESHOLD: _DEFAULT_THRESHOLD})
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def few_arenas() -> None:
    """Keep two heaps instead of one a thread: what a batch leaves in one, the next can use."""
    _set({_ARENA_MAX: 2})


def _set(options: dict[int, int]) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for name, value in options.items():
            mallopt(name, value)
