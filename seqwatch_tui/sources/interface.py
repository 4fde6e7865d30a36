"""What every source promises: bytes with a position, and word of everything that may have been missed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import Protocol

from seqwatch_tui.model.evidence import Gap


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of one file from `offset` on (of the uncompressed content). Empty data is a tick: nothing new just now.

    A changed `identity` means another file (rotation): close what is open of the old one first. `end` says that the
    file `identity` will not grow any more. `gaps` are losses noticed by the source (truncation, rotation missed).
    """

    identity: str
    offset: int
    data: bytes
    size: int
    end: bool = False
    gaps: tuple[Gap, ...] = ()
    state: str = "live"
    reason: str = ""
    keep: bool = False
    """Store the source's position now, though nothing else is new: what lies after it could not be read again."""


class Source(Protocol):
    """A source of bytes; iterating blocks until there is something, at most about a second (then a tick comes)."""

    name: str
    path: str

    def chunks(self, stop: Event) -> Iterator[Chunk]:
        """Yield chunks until `stop` is set (or, for a file to ingest, its end)."""
