"""Places, conditions and patterns as a mapping file writes them. Patterns are held to what RE2 takes."""

from __future__ import annotations

import re
from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.config.errors import nearest
from seqwatch_tui.config.yamltree import Node, Scalar
from seqwatch_tui.model.text import safe_text
from seqwatch_tui.parse.lookup import word_of
from seqwatch_tui.parse.mapping import ANY, Condition, Place
from seqwatch_tui.parse.mapping_shapes import Shapes, items

_GROUP = re.compile(r"\(\?P<([A-Za-z_][A-Za-z0-9_]*)>")
_PIECE = re.compile(r"\{([^{}]*)\}")


class PlaceReader:
    """Reads places of one file. `groups` are those of its extracts, `own` those of a text line's pattern."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self.groups: dict[str, tuple[str, ...]] = {}
        self.own: tuple[str, ...] | None = None

    def conditions(self, node: Node | None, before: str | None = None) -> tuple[Condition, ...]:
        """The conditions of a `when` (or of one of `only`)."""
        if node is None:
            return ()
        found = []
        for key, value in self._shapes.named(node, "when", "when: {kind: file}").items():
            written = [item.value for item in items(value) if isinstance(item, Scalar)]
            words = {word_of(word) for word in written if word is not None}
            if not written or (None in written and words):
                self._shapes.report(
                    value, f"when.{safe_text(key, 60)} needs a value, a list of them, \"{ANY}\" for any, or null for none"
                )  # fmt: skip
            found.append(Condition(self.place(value, key, "when", before), frozenset(words)))
        return tuple(found)

    def places(self, node: Node | None, at: str, before: str | None = None) -> tuple[Place, ...]:
        """The places of a `from`."""
        return tuple(self.place(item, word, at, before) for item, word in self._shapes.written(node, at))

    def place(self, node: Node, text: str, at: str, before: str | None = None) -> Place:
        """A place as written. `before`: the extract it stands in, which sees only those above it."""
        if text.startswith("$"):
            steps = tuple(text[1:].split("."))
            names = list(self.groups)
            seen = names[: names.index(before)] if before in names else names
            self._group(node, steps, at, seen)
            return Place("group", steps)
        outer = text.startswith("^.")
        steps = tuple(text.removeprefix("^.").split("."))
        if not all(steps):
            self._shapes.report(
                node, f"{at} '{safe_text(text, 60)}' is no place; write field names with a dot between, e.g. a.b"
            )
        if not outer and self.own is not None and steps[0] not in self.own:
            self._shapes.report(
                node, f"{at} '{safe_text(text, 60)}' is no group of the pattern{nearest(steps[0], self.own)}"
            )
        return Place("outer" if outer else "field", steps)

    def _group(self, node: Node, steps: tuple[str, ...], at: str, seen: Collection[str]) -> None:
        shown = safe_text(".".join(steps), 60)
        if steps[0] not in seen:
            self._shapes.report(node, f"{at} '${shown}' names no extract{nearest(steps[0], seen)}")
        elif len(steps) > 2 or (len(steps) == 2 and steps[1] not in self.groups[steps[0]]):
            known = nearest(steps[1], self.groups[steps[0]])
            self._shapes.report(node, f"{at} '${shown}' is no group of extract {steps[0]}{known}")

    def pattern_groups(self, node: Node, pattern: str, at: str) -> tuple[str, ...]:
        """Names of a pattern's groups, once RE2 takes it."""
        try:
            found = pc.extract_regex(pa.array([""]), pattern).type
        except pa.ArrowInvalid as error:
            why = safe_text(
                str(error).removeprefix("Invalid regular expression: ").removeprefix("Regular expression "), 200
            )
            hint = "RE2 knows no look-around and no back-references; groups are (?P<name>...), without a name (?:...)"
            self._shapes.report(node, f"{at} is not taken by RE2: {why}; {hint}")
            return tuple(_GROUP.findall(pattern))
        if found.num_fields == 0:
            self._shapes.report(node, f"{at} has no group; write e.g. (?P<user>\\S+) around what is wanted")
        return tuple(found.field(i).name for i in range(found.num_fields))

    def template(self, node: Node, at: str) -> tuple[str | Place, ...]:
        """Pieces of a text with {places} in it."""
        text, end = self._shapes.word(node, at), 0
        pieces: list[str | Place] = []
        for match in _PIECE.finditer(text):
            pieces += [text[end : match.start()], self.place(node, match[1], at)]
            end = match.end()
        return tuple(piece for piece in [*pieces, text[end:]] if piece)
