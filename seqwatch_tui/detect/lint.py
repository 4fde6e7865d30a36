"""Rule files looked at before they are used: what does not load, and what loads but will disappoint, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from seqwatch_tui.detect.condition import Match, tests
from seqwatch_tui.detect.load import load_rules, shipped_rules
from seqwatch_tui.detect.rule import Correlation, Rule, RuleFailure

_NEVER = {"DestinationHostname", "Protocol"}
_QUOTED = re.compile(r"'([^']{1,80})'")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at; line and column from 1. An error keeps the rule from being watched."""

    file: str
    line: int
    column: int
    severity: Literal["error", "warning"]
    rule: str
    why: str


def lint(path: Path) -> list[Finding]:
    """Return what there is to say about a rule file or a folder of them, by file and line."""
    folder = path if path.is_dir() else path.parent
    loaded = load_rules([shipped_rules(), folder])
    here = path.resolve()
    mine = [rule for rule in loaded.rules if _is_in(rule.file, here)]
    found = [_failure(failure) for failure in loaded.failures if not failure.file or _is_in(failure.file, here)]
    found += [finding for rule in mine for finding in _doubts(rule)]
    return sorted(found, key=lambda each: (each.file, each.line, each.column))


def _is_in(file: str, path: Path) -> bool:
    return Path(file) == path or path in Path(file).parents


def _failure(failure: RuleFailure) -> Finding:
    """A failure at the first word that it quotes, on its line or below, else at the beginning of its line."""
    line = max(failure.line, 1)
    text = _lines(failure.file)
    for word in _QUOTED.findall(failure.why):
        below = (n for n, each in enumerate(text[line - 1 :], line) if word in each)
        if (found := next(below, None)) is not None:
            return Finding(failure.file, found, text[found - 1].index(word) + 1, "error", failure.rule, failure.why)
    first = text[line - 1] if line <= len(text) else ""
    return Finding(failure.file, line, len(first) - len(first.lstrip()) + 1, "error", failure.rule, failure.why)


def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text("utf-8-sig", "replace").splitlines()
    except OSError:
        return []


def _doubts(rule: Rule) -> Iterator[Finding]:
    for why, word in _said(rule):
        line = next(
            (n for n, text in enumerate(rule.text.splitlines(), 1) if n >= rule.line and word in text), rule.line
        )
        column = rule.text.splitlines()[line - 1].find(word) + 1
        yield Finding(rule.file, line, max(column, 1), "warning", rule.rule_id, why)


def _said(rule: Rule) -> Iterator[tuple[str, str]]:
    if not rule.sigma_id:
        yield "the rule has no id; other rules and tools refer to rules by one", "title"
    if rule.lacks:
        yield rule.lacks, "logsource"
    if isinstance(rule.body, Correlation):
        return
    for test in tests(rule.body):
        if test.field in _NEVER and rule.view == "connections":
            yield f"no audit record has {test.field}: the test never holds", test.field
        elif _is_anything(test):
            yield f"a test of {test.field} holds for every text", test.field


def _is_anything(test: Match) -> bool:
    return test.kind in ("contains", "startswith", "endswith") and test.value == ""
