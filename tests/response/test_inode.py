from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

import pytest

from seqwatch_tui.model.safefile import UnsafeFile
from seqwatch_tui.response.inode import GUARDS, IMMUTABLE, inspect, is_mount_point, open_absolute, opened, set_flags

NODUMP = 0x40


def test_a_link_anywhere_in_the_path_is_refused(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "link").symlink_to(folder / "real")
    for path in (folder / "link", folder / "link" / "x", folder / "real" / ".." / "real"):
        with pytest.raises((UnsafeFile, NotADirectoryError)):
            open_absolute(str(path))
    with pytest.raises(UnsafeFile):
        open_absolute("relative")


def test_what_is_seen_is_what_stat_says(folder: Path) -> None:
    path = folder / "f"
    path.write_bytes(b"12345")
    path.chmod(0o4751)
    with opened(path) as fd:
        seen = inspect(fd)
    facts = path.stat()
    assert (seen.dev, seen.ino, seen.mode, seen.uid, seen.gid) == (
        facts.st_dev, facts.st_ino, 0o4751, facts.st_uid, facts.st_gid,
    )  # fmt: skip
    assert (seen.kind, seen.size, seen.links) == ("file", 5, 1)


def test_a_reused_inode_number_is_told_apart_by_its_birth(folder: Path) -> None:
    path = folder / "f"
    identities = set()
    for _ in range(20):
        path.write_bytes(b"")
        with opened(path) as fd:
            identities.add(inspect(fd).identity)
        path.unlink()
    assert len(identities) == 20


def test_a_mount_point_is_recognised(folder: Path) -> None:
    with opened("/proc") as fd:
        assert is_mount_point(fd)
    with opened(folder) as fd:
        assert not is_mount_point(fd)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_setting_guards_leaves_other_flags_alone(folder: Path) -> None:
    path = folder / "f"
    path.write_bytes(b"")
    with path.open() as real:
        before = _flags(real.fileno())
        fcntl.ioctl(real.fileno(), 0x40086602, struct.pack("=Ixxxx", before | NODUMP))
    with opened(path) as fd:
        set_flags(fd, IMMUTABLE)
        assert inspect(fd).flags == IMMUTABLE
        with path.open() as real:
            assert _flags(real.fileno()) & ~GUARDS == before | NODUMP
        set_flags(fd, 0)
        with path.open() as real:
            assert _flags(real.fileno()) == before | NODUMP


def _flags(fd: int) -> int:
    buffer = bytearray(8)
    fcntl.ioctl(fd, 0x80086601, buffer)
    return int(struct.unpack_from("=I", buffer)[0])
