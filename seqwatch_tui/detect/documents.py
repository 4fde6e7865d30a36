"""Rule files as plain values with line numbers; size, depth, aliases and duplicate keys are judged before pySigma.

The YAML rules are those of the configuration (`config.yamltree`), per document of a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from seqwatch_tui.config import yamltree
from seqwatch_tui.config.errors import ConfigError
from seqwatch_tui.detect.rule import RuleFailure
from seqwatch_tui.model.safefile import safe_open

_MARK = re.compile(r"^(---|\.\.\.)(?=\s|$)", re.MULTILINE)
MAX_FILES = 20_000
MAX_DOCUMENTS = 64
"""Documents in one file; more is refused, so that a file cannot cost more than its size suggests."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a rule file."""

    tree: yamltree.Map

    @property
    def value(self) -> dict[str, Any]:
        """The document as plain Python values."""
        return self.tree.value

    def line(self, *words: str) -> int:
        """Return the line of the first key that is `words[0]` (its modifiers aside), else `words[1]`, ...

        Falls back to the first line of the document.
        """
        lines: dict[str, int] = {}
        for key, line in _keys(self.tree):
            lines.setdefault(key.split("|")[0], line)
        return next((lines[word] for word in words if word in lines), self.tree.line)


def _keys(node: yamltree.Node) -> Iterator[tuple[str, int]]:
    if isinstance(node, yamltree.Map):
        for key, entry in node.entries.items():
            yield key, entry.line
            yield from _keys(entry.node)
    elif isinstance(node, yamltree.Sequence):
        for item in node.items:
            yield from _keys(item)


def rule_files(folder: Path) -> list[Path]:
    """Return the rule files below `folder`, sorted, at most MAX_FILES; raises OSError when it cannot be read."""
    folder = folder.resolve(strict=True)
    if not folder.is_dir():
        raise NotADirectoryError(20, "is not a folder", str(folder))
    found = sorted(path for path in folder.rglob("*") if path.suffix in (".yml", ".yaml") and not path.is_dir())
    return found[:MAX_FILES]


def read_file(path: Path) -> bytes:
    """Return a rule file's bytes, one more than allowed at most; raises OSError, UnsafeFile for what is no file."""
    with open(safe_open(path), "rb") as stream:  # noqa: PTH123 - a descriptor, not a name
        return stream.read(yamltree.MAX_BYTES + 1)


def documents(raw: bytes, name: str) -> tuple[list[Document], list[RuleFailure]]:
    """Return the documents of a rule file and what is wrong with those that are not usable."""
    if len(raw) > yamltree.MAX_BYTES:
        return [], [_too_large(name)]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return [], [RuleFailure(name, line, "", "the file is not UTF-8 text")]
    pieces = list(islice(_pieces(text), MAX_DOCUMENTS + 1))
    if len(pieces) > MAX_DOCUMENTS:
        return [], [_too_large(name)]
    good: list[Document] = []
    bad: list[RuleFailure] = []
    for piece in pieces:
        outcome = _document(piece, name)
        (good if isinstance(outcome, Document) else bad).append(outcome)  # type: ignore[arg-type]
    return good, bad


def _too_large(name: str) -> RuleFailure:
    limits = f"{yamltree.MAX_BYTES} bytes and {MAX_DOCUMENTS} documents"
    return RuleFailure(name, 1, "", f"the file is larger than {limits}; split it")


def _pieces(text: str) -> Iterator[str]:
    """Split at document marks (YAML 1.2 section 9.1.2); each piece begins with as many newlines as came before it."""
    start = 0
    for mark in [*_MARK.finditer(text), None]:
        end = mark.start() if mark else len(text)
        if any(line.strip() and not line.lstrip().startswith("#") for line in text[start:end].splitlines()):
            yield "\n" * text.count("\n", 0, start) + text[start:end]
        start = mark.end() if mark else end


def _document(text: str, name: str) -> Document | RuleFailure:
    try:
        tree = yamltree.parse(text, name)
    except ConfigError as error:
        first = error.problems[0]
        return RuleFailure(name, first.line or 1, "", first.text.rstrip("."))
    if not isinstance(tree, yamltree.Map):
        return RuleFailure(name, tree.line, "", "a rule is a mapping of title, logsource, detection and so on")
    return Document(tree)


def title_of(value: Mapping[str, Any]) -> str:
    """Return what a person would call the rule: its title, else its id, else nothing."""
    return next((text for key in ("title", "id") if isinstance(text := value.get(key), str)), "")
