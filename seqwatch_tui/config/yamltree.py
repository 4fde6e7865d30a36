"""YAML text to a tree with line numbers, without the parts of YAML that do harm.

Built from parser events, so no constructor, resolver or composer of the library runs: no aliases, anchors or tags, no
duplicate keys, at most 256 KiB and 32 levels. Plain scalars follow the core schema of YAML 1.2 (section 10.3.2):
`no`, `on`, `1:30` and dates stay text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from seqwatch_tui.config.errors import ConfigError, Problem
from seqwatch_tui.model.text import safe_text

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar as written; only a plain one (no quotes) can be a number, a truth value or null."""

    line: int
    text: str
    plain: bool

    @property
    def value(self) -> str | int | float | bool | None:
        """The value by the core schema."""
        if not self.plain:
            return self.text
        if self.text in _WORDS:
            return _WORDS[self.text]
        if _INTEGER.fullmatch(self.text):
            return int(self.text, 0) if self.text[:2] in ("0o", "0x") else int(self.text)
        return float(self.text) if _FLOAT.fullmatch(self.text) else self.text


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    line: int
    items: tuple[Node, ...]

    @property
    def value(self) -> list[Any]:
        """Plain Python values."""
        return [item.value for item in self.items]


@dataclass(frozen=True, slots=True)
class Entry:
    """The value of a key and the line on which the key stands."""

    line: int
    node: Node


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping; keys are text, each once."""

    line: int
    entries: Mapping[str, Entry]

    @property
    def value(self) -> dict[str, Any]:
        """Plain Python values."""
        return {key: entry.node.value for key, entry in self.entries.items()}


Node = Scalar | Sequence | Map


def parse(text: str, name: str) -> Node:
    """Return the tree of the one document in `text`; ConfigError names `name`, the line and what is refused."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise ConfigError([Problem(name, None, f"is larger than {MAX_BYTES} bytes; a configuration is far smaller.")])
    try:
        return _Builder(name, _events(text)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.context_mark or error.problem_mark
        what = safe_text(" ".join(part for part in (error.context, error.problem) if part))
        raise ConfigError([Problem(name, mark.line + 1 if mark else None, f"is not YAML: {what}.")]) from error
    except (yaml.YAMLError, ValueError) as error:
        first = safe_text(str(error).splitlines()[0])
        raise ConfigError([Problem(name, None, f"is not YAML: {first}.")]) from error


def _events(text: str) -> Iterator[yaml.Event]:
    return iter(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


class _Builder:
    """Turns events into nodes. The depth is bounded before each descent, so recursion is too."""

    def __init__(self, name: str, events: Iterator[yaml.Event]) -> None:
        self._name = name
        self._events = events

    def document(self) -> Node:
        next(self._events)  # StreamStart
        first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            return Scalar(1, "", plain=True)
        node = self._node(next(self._events), 1)
        next(self._events)  # DocumentEnd
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._refuse(after, "holds a second document; write one, without a second '---'.")
        return node

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._refuse(event, "anchors (&) and aliases (*) are not accepted; write the value out.")
        if tag := getattr(event, "tag", None):
            raise self._refuse(event, f"the tag {safe_text(str(tag), 40)} is not accepted; write plain values.")
        if depth > MAX_DEPTH:
            raise self._refuse(event, f"is nested deeper than {MAX_DEPTH} levels.")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(_line(event), event.value, plain=not event.style)
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(_line(event), tuple(self._items(depth)))
        return Map(_line(event), self._entries(depth))

    def _items(self, depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._node(event, depth + 1)

    def _entries(self, depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise self._refuse(event, "a key must be a word, not a list or a mapping.")
            if key.text in entries:
                first = entries[key.text].line
                raise self._refuse(
                    event, f"key '{safe_text(key.text, 60)}' stands here a second time (first: line {first})."
                )
            entries[key.text] = Entry(key.line, self._node(next(self._events), depth + 1))
        return entries

    def _refuse(self, event: yaml.Event, text: str) -> ConfigError:
        return ConfigError([Problem(self._name, _line(event), text)])


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
