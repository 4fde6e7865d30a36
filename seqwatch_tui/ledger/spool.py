"""The open segment: batches in frames, each whole or recognisably not.

A frame is a header (magic, segment, batch number from 1, length, SHA-256 of the payload, CRC-32 of the header; big
endian) and the payload: length of the note (4 bytes), note, length of the events (8 bytes), events and records as Arrow
IPC streams. The header's own checksum tells a frame cut short (a crash) from one that was changed.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from seqwatch_tui.ledger.values import Batch, LedgerDamaged
from seqwatch_tui.parse.schema import event_table, record_table

_HEADER = struct.Struct(">4sQQQ32s")
_CRC = struct.Struct(">I")
_MAGIC = b"SWB1"
_SIZE = _HEADER.size + _CRC.size


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole frame: number of the batch, where it ends in the file, and its payload."""

    number: int
    end: int
    payload: memoryview


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the whole frames end although the file does not, and why. `torn`: just cut short, as by a crash."""

    offset: int
    torn: bool
    reason: str


def encode(segment: int, number: int, batch: Batch) -> bytes:
    """Return the frame of a batch."""
    events, records = _stream(batch.events), _stream(batch.records)
    lengths = struct.pack(">I", len(batch.note)), struct.pack(">Q", len(events))
    payload = b"".join((lengths[0], batch.note, lengths[1], events, records))
    header = _HEADER.pack(_MAGIC, segment, number, len(payload), hashlib.sha256(payload).digest())
    return b"".join((header, _CRC.pack(zlib.crc32(header)), payload))


def decode(payload: memoryview) -> Batch:
    """Return the batch of a payload whose hash has been checked; LedgerDamaged when it holds none all the same."""
    try:
        (note_length,) = struct.unpack_from(">I", payload)
        start = 4 + note_length
        (events_length,) = struct.unpack_from(">Q", payload, start)
        split = start + 8 + events_length
        events, records = _table(payload[start + 8 : split]), _table(payload[split:])
    except (struct.error, pa.ArrowException, OSError) as error:
        raise LedgerDamaged(f"a batch that is not sealed yet was forged: its hash is right, and {error}") from error
    note = bytes(payload[4:start])
    return Batch(event_table(_columns(events), len(events)), record_table(_columns(records), len(records)), note)


def frames(path: Path, segment: int) -> Iterator[Frame | Broken]:
    """Yield the whole frames of a spool in order; last, if the file goes on, where and why it is broken.

    A missing file has no frames.
    """
    try:
        data = memoryview(path.read_bytes())
    except FileNotFoundError:
        return
    offset, number = 0, 1
    while offset < len(data):
        frame = _frame(data, offset, segment, number)
        yield frame
        if isinstance(frame, Broken):
            return
        offset, number = frame.end, number + 1


def _frame(data: memoryview, offset: int, segment: int, number: int) -> Frame | Broken:
    if len(data) - offset < _SIZE:
        return Broken(offset, torn=True, reason=f"batch {number} ends within its header")
    header = data[offset : offset + _HEADER.size]
    (crc,) = _CRC.unpack_from(data, offset + _HEADER.size)
    if zlib.crc32(header) != crc:
        return Broken(offset, torn=False, reason=f"the header of batch {number} does not match its checksum")
    magic, of_segment, found, length, digest = _HEADER.unpack(header)
    if (magic, of_segment, found) != (_MAGIC, segment, number):
        return Broken(offset, torn=False, reason=f"batch {number} is in the place of batch {found} of {of_segment}")
    payload = data[offset + _SIZE : offset + _SIZE + length]
    if len(payload) < length:
        return Broken(offset, torn=True, reason=f"batch {number} ends after {len(payload)} of {length} bytes")
    if hashlib.sha256(payload).digest() != digest:
        return Broken(offset, torn=False, reason=f"batch {number} does not match its SHA-256")
    return Frame(number, offset + _SIZE + length, payload)


def lean(table: pa.Table) -> pa.Table:
    """Return the table with no dictionary longer than its rows: a slice of a large table drags all its words along."""
    for position, field in enumerate(table.schema):
        column = table.column(position)
        if pa.types.is_dictionary(field.type) and any(len(part.dictionary) > len(part) for part in column.chunks):
            table = table.set_column(position, field, column.cast(field.type.value_type).dictionary_encode())
    return table


def _stream(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """What a version with fewer columns wrote; the others become null."""
    return {name: table.column(name) for name in table.schema.names}


def _table(data: memoryview) -> pa.Table:
    with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
        return reader.read_all()
