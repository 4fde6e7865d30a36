"""Shapes of a mapping file (sections, words, lists) with every problem noted where it stands. Knows no key by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from seqwatch_tui.config.errors import Problem, closest, nearest
from seqwatch_tui.config.yamltree import Map, Node, Scalar, Sequence
from seqwatch_tui.model.text import safe_text


class Shapes:
    """Reads nodes of one file; `problems` fills up as it goes. What could not be read is left out."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file

    def report(self, node: Node, text: str) -> None:
        """Note a problem at the line of `node`."""
        self.problems.append(Problem(self._file, node.line, text))

    def section(self, node: Node, at: str, known: Mapping[str, str], example: str) -> dict[str, Node]:
        """The entries of a mapping whose keys are known; others are reported."""
        found = self.named(node, at, example)
        for key in found.keys() - known.keys():
            near, write = nearest(key, known), known.get(closest(key, known) or "", example)
            self.report(found[key], f"key '{safe_text(key, 60)}' is not known in {at}{near} Write e.g. {write}")
        return {key: value for key, value in found.items() if key in known}

    def named(self, node: Node | None, at: str, example: str) -> dict[str, Node]:
        """The entries of a mapping, each at the line of its key."""
        if node is None:
            return {}
        if not isinstance(node, Map):
            self.report(node, f"{at} must be a mapping; write e.g. {example}")
            return {}
        return {key: replace(entry.node, line=entry.line) for key, entry in node.entries.items()}

    def written(self, node: Node | None, at: str) -> list[tuple[Node, str]]:
        """The words of a list (or the one that stands there), each with its node."""
        words = [(item, self.word(item, at)) for item in items(node)]
        if node is not None and not words:
            self.report(node, f"{at} is empty; write the name of a field")
        return [(item, word) for item, word in words if word]

    def words(self, node: Node | None, at: str, *, empty: bool = False) -> list[str]:
        """The words of a list, or the one that stands there."""
        return [self.word(item, at, empty=empty) for item in items(node)]

    def word(self, node: Node | None, at: str, *, empty: bool = False) -> str:
        """A text; `empty`: also an empty one."""
        if node is None:
            return ""
        if isinstance(node, Scalar) and (node.text or empty):
            return node.text
        self.report(node, f"{at} must be a text; write e.g. {at.rsplit('.', 1)[-1]}: name")
        return ""

    def flag(self, node: Node | None) -> bool:
        """The value of byte_arrays."""
        if node is None:
            return False
        value = node.value if isinstance(node, Scalar) else None
        if not isinstance(value, bool):
            self.report(node, "byte_arrays must be true or false; write byte_arrays: true")
        return value is True


def items(node: Node | None) -> Iterable[Node]:
    """The items of a list, or the one thing that stands instead of a list."""
    if node is None:
        return ()
    return node.items if isinstance(node, Sequence) else (node,)
