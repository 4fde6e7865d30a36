"""Bytes with a position in, whole lines with a position out, however the bytes were cut.

Half lines are held until their rest comes; a line longer than any record may be is handed out in pieces, so that a
file without newlines cannot fill the memory. Knows nothing of what a line says.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

AUDIT_LINE_LIMIT = 1 << 20
"""Far above the kernel's 8970 bytes of one message (MAX_AUDIT_MESSAGE_LENGTH) and what ENRICHED adds."""

JSON_LINE_LIMIT = 1 << 24
"""LAUREL puts a whole event on one line, arguments (ARG_MAX, 2 MiB by default) escaped."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Consecutive lines, each with its newline; the first begins at `start` of the file."""

    start: int
    lines: list[bytes]
    pieces: Collection[int] = ()
    """Indices of what is no line: parts of one that is too long, or one whose rest is elsewhere."""


class LineSplitter:
    """Cuts a stream into lines of at most `limit` bytes.

    `upto` is the position after the last byte handed out; `inside` says that this position lies in a line that was
    too long, so that everything to the next newline belongs to it.
    """

    def __init__(self, limit: int, *, inside: bool = False) -> None:
        self._limit = limit
        self._held = b""
        self.upto: int | None = None
        self.inside = inside

    @property
    def end(self) -> int | None:
        """Position where the next bytes must begin, null before the first ones."""
        return None if self.upto is None else self.upto + len(self._held)

    @property
    def held(self) -> bytes:
        """The half line whose rest has not come."""
        return self._held

    def feed(self, data: bytes | memoryview, offset: int) -> list[Lines]:
        """Take bytes that begin at `offset`; after a jump what was held comes out as a piece."""
        out: list[Lines] = []
        if self.upto is not None and offset != self.end:
            out = [Lines(self.upto, [self._held], [0])] if self._held else []
            self._held, self.inside, self.upto = b"", False, None
        start = offset if self.upto is None else self.upto
        text = self._held + data if self._held else bytes(data)
        whole = text.splitlines(keepends=True) if b"\r" not in text else _lines(text)
        self._held = whole.pop() if whole and whole[-1][-1:] != b"\n" else b""
        pieces: list[int] = []
        if self.inside or len(self._held) > self._limit or (whole and max(map(len, whole)) > self._limit):
            whole, pieces = self._cut(whole)
        self.upto = start + sum(map(len, whole))
        if whole:
            out.append(Lines(start, whole, pieces))
        return out

    def rest(self) -> list[Lines]:
        """Hand out the half line that is held, if any (end of file)."""
        if not self._held or self.upto is None:
            self.inside = False
            return []
        lines = Lines(self.upto, [self._held], [0] if self.inside else [])
        self.upto += len(self._held)
        self._held, self.inside = b"", False
        return [lines]

    def _cut(self, whole: list[bytes]) -> tuple[list[bytes], list[int]]:
        """Cut what is too long, always at the same bytes, whatever the chunks were."""
        lines: list[bytes] = []
        pieces: list[int] = []
        for line in whole:
            long = self.inside or len(line) > self._limit
            parts = [line[i : i + self._limit] for i in range(0, len(line), self._limit)] if long else [line]
            pieces.extend(range(len(lines), len(lines) + len(parts)) if long else ())
            lines.extend(parts)
            self.inside = False
        while len(self._held) > self._limit:
            pieces.append(len(lines))
            lines.append(self._held[: self._limit])
            self._held, self.inside = self._held[self._limit :], True
        return lines, pieces


def _lines(text: bytes) -> list[bytes]:
    """Lines with their newline; unlike splitlines() a carriage return alone ends none."""
    lines = [line + b"\n" for line in text.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines
