"""Which file systems are looked at, because what others write there is not told."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest

from seqwatch_tui.sources import notice
from seqwatch_tui.sources.notice import Notice, written_elsewhere


class Fake:
    """libc whose fstatfs says one type."""

    def __init__(self, kind: int) -> None:
        self._kind = kind

    def fstatfs(self, _: int, buffer: ctypes.Array[ctypes.c_char]) -> int:
        ctypes.c_long.from_buffer(buffer).value = self._kind
        return 0


@pytest.fixture
def fd(tmp_path: Path) -> int:
    (tmp_path / "log").write_bytes(b"x")
    return os.open(tmp_path / "log", os.O_RDONLY)


def test_a_local_file_system_is_waited_for(fd: int) -> None:
    assert not written_elsewhere(fd)
    with Notice(fd, 0.01) as waiting:
        assert not waiting.blind
    with Notice(fd, 0.01, look=True) as looking:
        assert looking.blind


@pytest.mark.parametrize(
    ("kind", "elsewhere"), [(0x6969, True), (0xFE534D42, True), (0x65735546, True), (0xEF53, False)]
)
def test_a_network_file_system_is_looked_at(
    fd: int, kind: int, elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notice, "_libc", Fake(kind))
    assert written_elsewhere(fd) is elsewhere
