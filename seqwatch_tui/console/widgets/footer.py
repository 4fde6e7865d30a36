"""The bottom row: the keys that work here, cut by importance and never by the edge."""

from __future__ import annotations

from collections.abc import Iterable

from seqwatch_tui.console.widgets.drawn import Bar, Span

MOST = 78


class Footer(Bar):
    """Shows pairs of key and word, in order, as many as fit in 78 cells."""

    ground = "footer"
    _pairs: tuple[tuple[str, str], ...] = ()

    def update(self, pairs: Iterable[tuple[str, str]]) -> bool:
        """Draw `pairs`; return whether anything changed."""
        self._pairs = tuple(pairs)
        return self.show([layout(self._pairs, min(MOST, self.size.width - 1))])

    def on_resize(self) -> None:
        """More or fewer pairs fit now."""
        self.update(self._pairs)


def layout(pairs: Iterable[tuple[str, str]], cells: int) -> list[Span]:
    """Spans of the pairs that fit in `cells`; digits stand close to their word (`1Events`)."""
    spans: list[Span] = [(" ", "footer")]
    used = 1
    for key, word in pairs:
        close = key.isdigit()
        text = word + " " if close else f" {word}  "
        if used + len(key) + len(text.rstrip()) > cells:
            break
        spans += [(key, "key"), (text, "footer")]
        used += len(key) + len(text)
    return spans
