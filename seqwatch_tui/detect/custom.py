"""The `custom` block that a rule may carry: its sentence, its folding, and samples that prove it.

    custom:
      summary: "{actor} read {measure} files of {dataset}"   # see `summary.WORDS`
      fold: 4h                        # how long an alert stays open for further hits; at least 1h
      alert_as: other-rule-id         # raise under that rule's id
      needs: text                     # what must be configured or audited; for its page of the manual
      tune: text                      # what to do about false alarms; likewise
      positive: [...]                 # cases that must raise; a case is one event or a list of events
      negative: [...]                 # cases that must not

An event is a mapping of columns, or of fields of the rule's log source. `repeat: n` makes n of it, `every: s` seconds
apart (default 1), with `{n}` in its texts replaced by 1..n; `after: s` sets the seconds between it and the event before (default 1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seqwatch_tui.detect.fields import field_type
from seqwatch_tui.detect.rule import Sample
from seqwatch_tui.detect.summary import unknown_word
from seqwatch_tui.model.columns import EVENT_COLUMNS

_KEYS = ("summary", "fold", "alert_as", "positive", "negative", "needs", "tune")
_COLUMNS = frozenset(column.name for column in EVENT_COLUMNS) - {"event_id", "ts"}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MAX_REPEAT = 10_000
MIN_FOLD = 3600


class Unfit(ValueError):
    """A key of the block is not what it should be; `key` is the word to look for in the file."""

    def __init__(self, why: str, key: str) -> None:
        super().__init__(why)
        self.key = key


@dataclass(frozen=True, slots=True)
class Custom:
    """The block as values; fold is in seconds."""

    summary: str = ""
    fold: int = MIN_FOLD
    alert_as: str = ""
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """Names that events of a sample may have."""

    view: str | None

    def has(self, name: object) -> bool:
        """Whether it is a column, or a field of the view."""
        if name in _COLUMNS or not isinstance(name, str):
            return name in _COLUMNS
        return field_type(self.view or "records", name) is not None


def custom_of(block: object, view: str | None = "events") -> Custom:
    """Return the block as values; None is the block with its defaults. Raises Unfit.

    `view` is that of the rule, whose fields a sample's events may have beside the columns; None is any (a correlation).
    """
    if block is None:
        return Custom()
    if not isinstance(block, dict):
        raise Unfit("must be a mapping", "custom")
    if unknown := [key for key in block if key not in _KEYS]:
        raise Unfit(f"'{unknown[0]}' is not known; known are {', '.join(_KEYS)}", unknown[0])
    for key in ("needs", "tune"):
        _text(block, key)
    known = _Known(view)
    samples = [*_samples(block, "positive", known, raises=True), *_samples(block, "negative", known, raises=False)]
    return Custom(_summary(block), _fold(block.get("fold")), _text(block, "alert_as"), tuple(samples))


def _text(block: Mapping[str, Any], key: str) -> str:
    value = block.get(key, "")
    if not isinstance(value, str):
        raise Unfit(f"{key} must be text", key)
    return value


def _summary(block: Mapping[str, Any]) -> str:
    template = _text(block, "summary")
    if word := unknown_word(template):
        raise Unfit(f"summary: there is no {{{word}}} to fill in", "summary")
    return template


def _fold(value: object) -> int:
    if value is None:
        return MIN_FOLD
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", value) if isinstance(value, str) else None
    if not found:
        raise Unfit("fold must be a time such as 90m, 4h or 2d", "fold")
    return max(MIN_FOLD, int(found[1]) * _UNITS[found[2]])


def _samples(block: Mapping[str, Any], key: str, known: _Known, *, raises: bool) -> Iterator[Sample]:
    cases = block.get(key) or []
    if not isinstance(cases, list):
        raise Unfit(f"{key} must be a list of cases", key)
    for case in cases:
        events = case if isinstance(case, list) else [case]
        yield Sample(raises, tuple(_events(events, key, known)))


def _events(events: list[object], key: str, known: _Known) -> Iterator[Mapping[str, Any]]:
    at = 0.0
    for event in events:
        if not isinstance(event, dict):
            raise Unfit(f"{key}: an event must be a mapping of columns", key)
        row = dict(event)
        repeat, every, after = (_number(row, word, 1, key) for word in ("repeat", "every", "after"))
        if unknown := sorted(name for name in row if not known.has(name)):
            raise Unfit(f"{key}: '{unknown[0]}' is not a column of events", str(unknown[0]))
        for number in range(1, int(repeat) + 1):
            at += after if number == 1 else every
            yield {"ts": at} | {name: _numbered(value, number) for name, value in row.items()}


def _number(row: dict[str, Any], word: str, default: float, key: str) -> float:
    value = row.pop(word, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_REPEAT * 10:
        raise Unfit(f"{key}: {word} must be a number", word)
    return min(value, _MAX_REPEAT) if word == "repeat" else value


def _numbered(value: Any, number: int) -> Any:
    return value.replace("{n}", str(number)) if isinstance(value, str) else value
