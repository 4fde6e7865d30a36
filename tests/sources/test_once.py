"""Files to ingest: packed by magic, positions of the uncompressed content, damage told after what was readable."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
import zstandard

from seqwatch_tui.model.evidence import Resume
from seqwatch_tui.sources.interface import Chunk
from seqwatch_tui.sources.once import ReadOnce

CONTENT = b"".join(b'type=CWD msg=audit(1790000000.000:%d): cwd="/"\n' % i for i in range(150_000))
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "xz": lambda data: lzma.compress(data, preset=0),
}


def read(path: Path, resume: Resume | None = None) -> list[Chunk]:
    return list(ReadOnce("back-fill", path, resume).chunks(Event()))


@pytest.mark.parametrize("packer", PACKERS)
def test_content_and_positions(tmp_path: Path, packer: str) -> None:
    path = tmp_path / "audit.log.7"
    path.write_bytes(PACKERS[packer](CONTENT))
    chunks = read(path)
    assert b"".join(c.data for c in chunks) == CONTENT
    assert all(chunk.offset == sum(len(c.data) for c in chunks[:i]) for i, chunk in enumerate(chunks))
    assert [c.end for c in chunks] == [False] * (len(chunks) - 1) + [True]
    assert len(chunks) > 1
    assert chunks[-1].size == len(CONTENT)


@pytest.mark.parametrize("packer", PACKERS)
def test_resumes_also_after_compression(tmp_path: Path, packer: str) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(CONTENT)
    identity = read(path)[0].identity
    packed = tmp_path / "audit.log.1"
    packed.write_bytes(PACKERS[packer](CONTENT))
    chunks = read(packed, Resume(identity, 1_000_000))
    assert chunks[0].offset == 1_000_000
    assert b"".join(c.data for c in chunks) == CONTENT[1_000_000:]
    assert chunks[0].identity == identity


def test_another_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(CONTENT)
    other = tmp_path / "b"
    other.write_bytes(b"x" + CONTENT)
    assert read(other, Resume(read(path)[0].identity, 1000))[0].offset == 0


@pytest.mark.parametrize("packer", ["gzip", "bzip2", "zstd", "xz"])
def test_a_file_broken_off_gives_what_was_readable_then_a_gap(tmp_path: Path, packer: str) -> None:
    path = tmp_path / "cut"
    packed = PACKERS[packer](CONTENT)
    path.write_bytes(packed[: len(packed) * 9 // 10])
    chunks = read(path)
    data = b"".join(c.data for c in chunks)
    assert CONTENT.startswith(data)
    assert [gap.kind for gap in chunks[-1].gaps] == ["source"]
    assert "before its end mark" in chunks[-1].gaps[0].detail
    assert chunks[-1].end


@pytest.mark.parametrize("packer", ["gzip", "bzip2", "zstd", "xz"])
def test_a_corrupt_byte_is_told(tmp_path: Path, packer: str) -> None:
    packed = bytearray(PACKERS[packer](CONTENT))
    packed[len(packed) // 2 : len(packed) // 2 + 8] = b"\xff" * 8
    path = tmp_path / "corrupt"
    path.write_bytes(packed)
    chunks = read(path)
    assert [gap.kind for gap in chunks[-1].gaps] == ["source"]
    assert str(path) in chunks[-1].gaps[0].detail


def test_members_joined_by_cat_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "joined.gz"
    path.write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n") + b"\0" * 512)
    assert b"".join(c.data for c in read(path)) == b"one\ntwo\n"
    assert read(path)[-1].gaps == ()


def test_a_missing_file_is_one_failed_chunk(tmp_path: Path) -> None:
    (chunk,) = read(tmp_path / "none")
    assert chunk.state == "failed"
    assert "does not exist" in chunk.reason


def test_an_empty_file_ends_at_once(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    (chunk,) = read(path)
    assert (chunk.data, chunk.end, chunk.gaps) == (b"", True, ())
