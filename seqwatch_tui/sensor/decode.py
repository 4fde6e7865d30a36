"""Bytes of a fanotify group into events: struct fanotify_event_metadata and its information records (fanotify(7)). Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_METADATA = struct.Struct("<IBBHQii")
_INFO = struct.Struct("<BBH")
_VERSION = 3
_FID, _DFID_NAME, _OLD_DFID_NAME, _NEW_DFID_NAME = 1, 2, 10, 12


class Place(NamedTuple):
    """A directory by file system and handle, and a name in it; the name `.` is the directory itself."""

    filesystem: bytes
    handle: bytes
    name: bytes


class Event(NamedTuple):
    """One event. `place` is null for what has no name (overflow, a group that reports descriptors)."""

    mask: int
    pid: int
    place: Place | None
    old: Place | None
    """Where a renamed entry was."""
    target: bytes | None
    """Handle of the object itself, where the kernel tells it."""
    fd: int
    """An open descriptor in place of a name, else negative; whoever takes the event closes it."""


class Malformed(Exception):
    """The bytes are not what this version of the interface says; the text says which part."""


def decode(data: bytes) -> Iterator[Event]:
    """Yield the events of one read. Malformed when a length does not fit or the version is another."""
    at, end = 0, len(data)
    while at < end:
        if end - at < _METADATA.size:
            raise Malformed(f"{end - at} bytes at the end are no event")
        length, version, _, head, mask, fd, pid = _METADATA.unpack_from(data, at)
        if version != _VERSION:
            raise Malformed(f"the kernel speaks version {version} of fanotify's events, not {_VERSION}")
        if not _METADATA.size <= head <= length <= end - at:
            raise Malformed(f"an event of {length} bytes does not fit")
        yield Event(mask, pid, *_infos(data, at + head, at + length), fd)
        at += length


def _infos(data: bytes, at: int, end: int) -> tuple[Place | None, Place | None, bytes | None]:
    """Where, where it was before, and the handle of what."""
    place = old = target = None
    while at < end:
        if end - at < _INFO.size:
            raise Malformed(f"{end - at} bytes are no information record")
        kind, _, length = _INFO.unpack_from(data, at)
        if not _INFO.size <= length <= end - at:
            raise Malformed(f"an information record of {length} bytes does not fit")
        if kind in (_DFID_NAME, _NEW_DFID_NAME):
            place = _place(data, at + _INFO.size, at + length)
        elif kind == _OLD_DFID_NAME:
            old = _place(data, at + _INFO.size, at + length)
        elif kind == _FID:
            target = _place(data, at + _INFO.size, at + length).handle
        at += length
    return place, old, target


def _place(data: bytes, at: int, end: int) -> Place:
    """fsid (8 bytes), struct file_handle (length, type, bytes), then the name up to its NUL."""
    if end - at < 16:
        raise Malformed("an information record without a handle")
    length = int.from_bytes(data[at + 8 : at + 12], "little")
    after = at + 16 + length
    if after > end:
        raise Malformed(f"a handle of {length} bytes does not fit")
    return Place(data[at : at + 8], data[at + 8 : after], data[after:end].partition(b"\0")[0])
