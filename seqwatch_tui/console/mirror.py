"""What the terminal shows, as far as it was told: of everything that is written, only what differs goes out.

Textual sends a dirty region again in full, every run of one style with all its parameters. `Mirror` reads that stream,
keeps the cells it leaves on the terminal, and sends the cells that change, with the shortest moves and styles. What it
does not understand passes through as it is, and after it nothing is taken for known. At the end of every write the
terminal's style is the default one, and its cursor is where the stream has it.

A line with characters about whose width terminals disagree (most of what is not Latin-1) is sent as it comes.
"""

from __future__ import annotations

import re

from seqwatch_tui.console.sgr import PLAIN, SEEN_ON_BLANKS, Style, after, between, on_blank

_PARTS = re.compile(
    "(\x1b\\[[0-9:;<=>?]*[ -/]*[@-~]|\x1b[\\]P^_X].*?(?:\x1b\\\\|\x07)|\x1b[ -/]*[0-~]|[\x00-\x1f\x7f])", re.DOTALL
)
_MOVE = re.compile("\x1b\\[(\\d+);(\\d+)H")
_STYLE = re.compile("\x1b\\[([0-9;]*)m")
_HARMLESS = re.compile(
    "\x1b\\[(\\?(25|100[02346]|1015|1016|2004|2026|2048)[hl]|\\?[0-9]+\\$p|[56]n|[<>=?][0-9;]*u)|\x1b\\]52;"
)
"""Sequences that leave screen, cursor and style alone: modes, questions, the clipboard."""
_SURE = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)))) | frozenset("…─│┌┐└┘├┤┬┴┼")
"""Characters that take one cell on every terminal."""
_GAP = 5
"""So many unchanged cells are cheaper to send again than to move over."""

Place = tuple[int, int]
"""Row and column, from 0."""


class Row:
    """One line: a character and a style a cell; a cell of no style is not known."""

    __slots__ = ("_chars", "_styles")

    def __init__(self) -> None:
        self._chars: list[str] = []
        self._styles: list[Style | None] = []

    def put(self, x: int, text: str, style: Style) -> list[bool]:
        """Put `text` at column `x`; return which cells looked so before, empty when all did."""
        end, blank = x + len(text), on_blank(style)
        chars, styles = list(text), [blank if char == " " else style for char in text]
        if self._chars[x:end] == chars and self._styles[x:end] == styles:
            return []
        missing = end - len(self._chars)
        self._chars += [" "] * missing
        self._styles += [None] * missing
        before = zip(self._chars[x:end], self._styles[x:end], strict=True)
        same = [a == b for a, b in zip(before, zip(chars, styles, strict=True), strict=True)]
        self._chars[x:end], self._styles[x:end] = chars, styles
        return same


class Mirror:
    """One terminal: `squeeze` what is to be written; `forget` when its size changed or others may have written."""

    def __init__(self) -> None:
        self._width = 0
        self._stale = True
        self._rows: dict[int, Row] = {}
        self._style = self._sent_style = PLAIN
        self._at: Place | None = None
        """Where the stream has the cursor; None where that is not known."""
        self._sent_at: Place | None = None
        self._verbatim = False
        """The rest of this line is sent as it comes."""
        self._out: list[str] = []

    def forget(self, width: int | None = None) -> None:
        """Take nothing for known from the next write on; `width` is the new one, in cells. From any thread."""
        self._width = width or self._width
        self._stale = True

    def squeeze(self, data: str) -> str:
        """Return what must be sent so that the terminal shows what `data` would make it show."""
        if self._stale:
            self._stale = False
            self._lose()
        self._out = []
        for n, part in enumerate(_PARTS.split(data)):
            if part:
                (self._control if n % 2 else self._text)(part)
        self._style = PLAIN
        self._dress(PLAIN)
        if self._at is not None:
            self._go(self._at)
        return "".join(self._out)

    def scroll(self, first: int, last: int, by: int) -> str:
        """Return what moves lines `first` to `last` (from 0) up by `by`, down when negative (DECSTBM)."""
        region = range(first, last + 1)
        moved = {y: self._rows.get(y + by) for y in region if y + by in region}
        for y in region:
            self._rows.pop(y, None)
        self._rows |= {y: row for y, row in moved.items() if row is not None}
        self._at = self._sent_at = None
        turn = f"\x1b[{last + 1};1H" + "\n" * by if by > 0 else f"\x1b[{first + 1};1H" + "\x1bM" * -by
        return f"\x1b[{first + 1};{last + 1}r{turn}\x1b[r"

    # What the stream says
    def _control(self, found: str) -> None:
        if move := _MOVE.fullmatch(found):
            self._at = (int(move[1]) - 1, int(move[2]) - 1)
            self._verbatim = False
        elif (style := _STYLE.fullmatch(found)) and (known := after(self._style, style[1])) is not None:
            self._style = known
        elif found == "\n":  # Textual ends its lines so, and places every one by itself
            self._at, self._verbatim = None, False
        elif _HARMLESS.match(found):
            self._out.append(found)
        else:
            self._as_it_is(found)

    def _text(self, text: str) -> None:
        if self._at is None and not self._verbatim:
            self._as_it_is(text)
        elif self._verbatim or not (text.isascii() or _SURE.issuperset(text)):
            self._line_as_it_is(text)
        elif self._at is not None:
            y, x = self._at
            same = self._rows.setdefault(y, Row()).put(x, text, self._style)
            for start, stop in differing(same):
                self._send((y, x + start), text[start:stop])
            self._at = (y, x + len(text))

    def _as_it_is(self, found: str) -> None:
        """Not understood: sent from where and how the stream has the terminal, which is unknown after it."""
        self._dress(self._style)
        if self._at is not None:
            self._go(self._at)
        self._out.append(found)
        self._lose()

    def _line_as_it_is(self, text: str) -> None:
        if self._at is not None:
            self._go(self._at)
            self._rows.pop(self._at[0], None)
        self._dress(self._style)
        self._out.append(text)
        self._at, self._sent_at, self._verbatim = None, None, True

    def _lose(self) -> None:
        self._rows.clear()
        self._at = self._sent_at = None
        self._verbatim = False

    # What is sent
    def _send(self, place: Place, text: str) -> None:
        style = self._style
        if not text.strip(" ") and not (style.attributes | self._sent_style.attributes) & SEEN_ON_BLANKS:
            style = self._sent_style._replace(ground=style.ground)
        self._go(place)
        self._dress(style)
        self._out.append(text)
        end = place[1] + len(text)
        self._sent_at = (place[0], end) if end < self._width else None  # at the edge terminals differ

    def _go(self, place: Place) -> None:
        if self._sent_at == place:
            return
        forward = place[1] - self._sent_at[1] if self._sent_at and self._sent_at[0] == place[0] else 0
        if forward > 0:
            self._out.append(f"\x1b[{forward if forward > 1 else ''}C")
        else:
            self._out.append(f"\x1b[{place[0] + 1};{place[1] + 1}H")
        self._sent_at = place

    def _dress(self, style: Style) -> None:
        self._out.append(between(self._sent_style, style))
        self._sent_style = style


def differing(same: list[bool]) -> list[tuple[int, int]]:
    """Start and stop of the runs that are not the same; runs with a short gap between them are one."""
    runs: list[tuple[int, int]] = []
    for n, equal in enumerate(same):
        if equal:
            continue
        if runs and n - runs[-1][1] <= _GAP:
            runs[-1] = (runs[-1][0], n + 1)
        else:
            runs.append((n, n + 1))
    return runs
