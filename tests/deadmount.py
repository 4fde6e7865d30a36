"""A mount that never answers: FUSE without a server. Whoever asks it anything waits in the kernel until it is gone."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_libc = ctypes.CDLL(None, use_errno=True)
_NOSUID_NODEV, _DETACH = 2 | 4, 2


@contextlib.contextmanager
def dead_mount(folder: Path) -> Iterator[None]:
    """Mount it on a folder for the length of the block; skips where that is not possible. Needs root."""
    try:
        fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        pytest.skip(f"no FUSE here: {error.strerror}")
    place, options = os.fsencode(folder), f"fd={fd},rootmode=40000,user_id=0,group_id=0".encode()
    try:
        if _libc.mount(b"seqwatch-test", place, b"fuse", ctypes.c_ulong(_NOSUID_NODEV), options) != 0:
            pytest.skip(f"FUSE cannot be mounted here: {os.strerror(ctypes.get_errno())}")
        try:
            yield
        finally:
            _libc.umount2(place, _DETACH)
    finally:
        os.close(fd)  # ends the connection, and whoever still waits gets an error
