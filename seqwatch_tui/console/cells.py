"""Text cut and padded to terminal cells: wide characters count two, combining marks none; input is safe text."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size


def width(text: str) -> int:
    """Cells that `text` takes on a terminal."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, cells: int) -> str:
    """Return `text` in exactly `cells` cells: padded with spaces, or cut with an ellipsis at the end."""
    if cells <= 0:
        return ""
    if text.isascii():
        return text.ljust(cells) if len(text) <= cells else text[: cells - 1] + "…"
    text = text[: cells * 4]  # combining marks take no cell: bound the work, not only the width
    return set_cell_size(text, cells) if cell_len(text) <= cells else set_cell_size(text, cells - 1) + "…"


def fit_end(text: str, cells: int) -> str:
    """As `fit`, but a long text loses its beginning: of a path the end says most."""
    if cells <= 0:
        return ""
    if len(text) <= cells and text.isascii():
        return text.ljust(cells)
    if cell_len(text[-cells * 4 :]) <= cells and len(text) <= cells * 4:
        return set_cell_size(text, cells)
    tail = text[-cells:]
    while cell_len(tail) > cells - 1:
        tail = tail[1:]
    return set_cell_size("…" + tail, cells)


def fit_right(text: str, cells: int) -> str:
    """As `fit`, aligned to the right: for numbers."""
    missing = cells - width(text)
    return " " * missing + text if missing >= 0 else fit(text, cells)


def wrap(text: str, cells: int) -> list[str]:
    """Break `text` into lines of at most `cells` cells, at spaces where there are some near the end."""
    lines: list[str] = []
    while width(text) > cells > 0:
        cut = len(_head(text, cells))
        space = text.rfind(" ", cut * 2 // 3, cut)
        cut = space + 1 if space > 0 else cut
        lines.append(text[:cut].rstrip())
        text = text[cut:]
    return [*lines, text]


def _head(text: str, cells: int) -> str:
    head = text[:cells]
    while cell_len(head) > cells:
        head = head[:-1]
    return head or text[:1]
