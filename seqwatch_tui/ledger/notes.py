"""The notes of a segment's batches as text for the metadata of its events file.

A back-fill's note is mostly alerts that resemble each other: packed with zstd it is a twentieth, and nothing of a
segment is then copied, hashed and written as often as it was for its notes' sake.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

import zstandard

from seqwatch_tui.ledger.values import LedgerDamaged, Note

_WORTH_BYTES = 512
"""Notes from this size on are packed."""
_PACKED = "zstd"


def to_text(notes: Sequence[Note]) -> str:
    """Return JSON: per batch its events, its records, its note in base64, and `zstd` if that is packed (RFC 8878)."""
    pack = zstandard.ZstdCompressor(level=1)
    return json.dumps([_row(note, pack) for note in notes])


def from_text(text: bytes | str) -> list[Note]:
    """Return the notes of `to_text`, or of a version that packed none; LedgerDamaged for anything else."""
    unpack = zstandard.ZstdDecompressor()
    try:
        return [_note(row, unpack) for row in json.loads(text)]
    except (TypeError, ValueError, zstandard.ZstdError) as error:
        raise LedgerDamaged(
            f"the notes of a segment cannot be read: {error}; read it with the version that wrote it"
        ) from error


def _row(note: Note, pack: zstandard.ZstdCompressor) -> list[int | str]:
    if len(note.data) < _WORTH_BYTES:
        return [note.events, note.records, base64.b64encode(note.data).decode("ascii")]
    return [note.events, note.records, base64.b64encode(pack.compress(note.data)).decode("ascii"), _PACKED]


def _note(row: Sequence[int | str], unpack: zstandard.ZstdDecompressor) -> Note:
    events, records, text, *how = row
    data = base64.b64decode(str(text))
    if how not in ([], [_PACKED]):
        raise ValueError(f"one is packed as {how}")
    return Note(int(events), int(records), unpack.decompress(data) if how else data)
