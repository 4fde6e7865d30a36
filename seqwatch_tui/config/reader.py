"""From a YAML tree to Settings by the types of its fields; collects every problem it can before it gives up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from seqwatch_tui.config.errors import Problem, Unfit, closest, nearest
from seqwatch_tui.config.forms import Write
from seqwatch_tui.config.yamltree import Entry, Map, Node, Scalar, Sequence
from seqwatch_tui.model.text import safe_text

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Bad:
    """The value could not be read; the problem is recorded."""


_BAD = _Bad()


def dotted(path: KeyPath) -> str:
    """Write a key path as `datasets[0].irb.expires`; the empty one is `the top level`."""
    if not path:
        return "the top level"
    return "".join(f"[{p}]" if isinstance(p, int) else f".{safe_text(p, 60)}" for p in path).lstrip(".")


@dataclass(slots=True)
class Reader:
    """Reads one file; `problems` and `lines` (key path -> line) fill up as it goes."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def report(self, path: KeyPath, text: str) -> None:
        """Record a problem at the line of `path`, or of the nearest key above it that has one."""
        at = path
        while at and at not in self.lines:
            at = at[:-1]
        self.problems.append(Problem(self.file, self.lines.get(at, 1), text))

    def struct(self, node: Node, cls: type[Any], path: KeyPath, example: str) -> Any:
        """Return an instance of `cls` from a mapping, or the bad value."""
        if not isinstance(node, Map):
            self.report(path, f"{dotted(path)} is not a mapping; write e.g. {example}")
            return _BAD
        hints = get_type_hints(cls, include_extras=True)
        fields = {f.name: f for f in msgspec.structs.fields(cls)}
        for key in node.entries.keys() - fields.keys():
            self._unknown(key, node.entries[key], path, hints)
        values: dict[str, Any] = {}
        for name, info in fields.items():
            if name in node.entries:
                values[name] = self._entry(node.entries[name], hints[name], (*path, name), name)
            elif info.required:
                self.report(path, f"{dotted(path)} needs key '{name}'; write e.g. {_example(hints[name], name)}")
                values[name] = _BAD
        return _BAD if any(isinstance(v, _Bad) for v in values.values()) else cls(**values)

    def _unknown(self, key: str, entry: Entry, path: KeyPath, hints: Mapping[str, Any]) -> None:
        near = closest(key, hints)
        write = f"write e.g. {_example(hints[near], near)}" if near else "Remove it or correct it"
        self.lines[(*path, key)] = entry.line
        self.report(
            (*path, key), f"key '{safe_text(key, 60)}' is not known in {dotted(path)}{nearest(key, hints)} {write}"
        )

    def _entry(self, entry: Entry, kind: Any, path: KeyPath, name: str) -> Any:
        self.lines[path] = entry.line
        example = _example(kind, name)
        if isinstance(entry.node, Scalar) and entry.node.value is None:
            self.report(path, f"{dotted(path)} has no value; write e.g. {example}, or remove the key if it is optional")
            return _BAD
        return self._value(entry.node, kind, path, example)

    def _value(self, node: Node, kind: Any, path: KeyPath, example: str) -> Any:
        """Dispatch on the type: a form first (it is the innermost word on a leaf), then containers, then words."""
        base, form = _unwrap(kind)
        origin = get_origin(base)
        if form is not None:
            return self._leaf(node, form, path, example)
        if isinstance(base, type) and issubclass(base, msgspec.Struct):
            return self.struct(node, base, path, example)
        if origin in (tuple, frozenset):
            return self._items(node, origin, get_args(base)[0], path, example)
        if origin is Literal:
            return self._word(node, get_args(base), path, example)
        key_kind, value_kind = get_args(base)
        return self._mapping(node, key_kind, value_kind, path, example)

    def _leaf(self, node: Node, form: Callable[[object], Any], path: KeyPath, example: str) -> Any:
        try:
            return form(node.value)
        except Unfit as error:
            shown = f" '{safe_text(node.text, 60)}'" if isinstance(node, Scalar) else ""
            self.report(path, f"{dotted(path)}{shown} {error}; write e.g. {example}")
            return _BAD

    def _items(self, node: Node, build: Callable[[Any], Any], kind: Any, path: KeyPath, example: str) -> Any:
        if not isinstance(node, Sequence):
            self.report(path, f"{dotted(path)} is not a list; write e.g. {example}")
            return _BAD
        values = []
        for index, item in enumerate(node.items):
            self.lines[(*path, index)] = item.line
            values.append(self._value(item, kind, (*path, index), example))
        return _BAD if any(isinstance(v, _Bad) for v in values) else build(values)

    def _word(self, node: Node, words: tuple[str, ...], path: KeyPath, example: str) -> Any:
        if isinstance(node, Scalar) and node.text in words:
            return node.text
        text = node.text if isinstance(node, Scalar) else ""
        self.report(
            path, f"{dotted(path)} '{safe_text(text, 60)}' is not known{nearest(text, words)} Write e.g. {example}"
        )
        return _BAD

    def _mapping(self, node: Node, key_kind: Any, kind: Any, path: KeyPath, example: str) -> Any:
        if not isinstance(node, Map):
            self.report(path, f"{dotted(path)} is not a mapping; write e.g. {example}")
            return _BAD
        values: dict[Any, Any] = {}
        for key, entry in node.entries.items():
            self.lines[(*path, key)] = entry.line
            name = self._leaf(Scalar(entry.line, key, plain=False), _unwrap(key_kind)[1] or str, (*path, key), example)
            value = self._value(entry.node, kind, (*path, key), example)
            values[name] = value if not isinstance(name, _Bad) else _BAD
        return _BAD if any(isinstance(v, _Bad) for v in values.values()) else values


def _unwrap(kind: Any) -> tuple[Any, Callable[[object], Any] | None]:
    """Take off Annotated and Optional; return the type beneath and the form on it, if there is one."""
    form: Callable[[object], Any] | None = None
    while True:
        if get_origin(kind) is Annotated:
            kind, *notes = get_args(kind)
            form = next((note for note in notes if not isinstance(note, Write)), form)
        elif get_origin(kind) in (Union, UnionType) and NoneType in get_args(kind):
            (kind,) = (arg for arg in get_args(kind) if arg is not NoneType)
        else:
            return kind, form


def _example(kind: Any, name: str) -> str:
    return next((note.yaml for note in getattr(kind, "__metadata__", ()) if isinstance(note, Write)), f"{name}: ...")
