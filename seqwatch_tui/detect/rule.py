"""Rules as values: what `load_rules` hands to the detector, to SQL and to the screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from seqwatch_tui.detect.condition import Condition
from seqwatch_tui.model.alert import Level

CorrelationKind = Literal["event_count", "value_count", "temporal", "temporal_ordered"]
MAX_THRESHOLD = 5000
"""Largest threshold of a correlation: a window keeps a bounded number of events."""


@dataclass(frozen=True, slots=True)
class Alias:
    """What a correlation calls `name` is `field` in the events of `rule` (a rule id)."""

    name: str
    rule: str
    field: str


@dataclass(frozen=True, slots=True)
class Correlation:
    """What has to come together within `span` seconds (both ends included), among events equal in `group_by`.

    Null is a value of its own in `group_by`. event_count: `at_least` events of any of `rules`; value_count: that many
    distinct values (null not counted) of `field`; temporal: events of that many different rules; temporal_ordered:
    an event of each rule, in the order of `rules`, each at or after the one before.
    """

    kind: CorrelationKind
    rules: tuple[str, ...]
    """Rule ids; each a plain rule or another correlation, whose hits are the events on which it fires."""
    group_by: tuple[str, ...]
    span: int
    at_least: int
    field: str | None = None
    generate: bool = False
    """The rules it refers to raise alerts of their own as well."""
    aliases: tuple[Alias, ...] = ()

    def source(self, name: str, rule: str) -> str:
        """Return the field that `name`, of group_by or the counted one, is in the events of `rule`."""
        return next((alias.field for alias in self.aliases if (alias.name, alias.rule) == (name, rule)), name)


@dataclass(frozen=True, slots=True)
class Sample:
    """Events that must (or must not) raise the rule: rows of `events`, `ts` in seconds after an arbitrary start."""

    raises: bool
    events: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One Sigma document. `body` is what it looks for; the rest is for people and for folding."""

    rule_id: str
    """`name`, else `id`, else the file's name: what alerts and `enabled` refer to."""
    title: str
    level: Level
    body: Condition | Correlation
    summary: str
    """Template of an alert's sentence; see `summary`."""
    fold: int
    """Seconds after an alert's last event within which a further hit belongs to it."""
    raises: bool = True
    """False: the rule only feeds correlations."""
    alert_as: str = ""
    """Rule id under which alerts are raised, so that two ways to notice one thing are one alert."""
    description: str = ""
    tags: tuple[str, ...] = ()
    false_positives: tuple[str, ...] = ()
    file: str = ""
    line: int = 1
    hash: str = ""
    """Hex sha256 of the file's bytes."""
    text: str = ""
    """The file as read."""
    samples: tuple[Sample, ...] = ()
    sigma_id: str = ""
    """The UUID of the document, if it has one: correlations may refer to it instead of the name."""
    view: str = "events"
    """The field set that a condition's fields are of; see `fields`."""
    lacks: str = ""
    """What no source delivers of the log source that the rule is written for."""


def muted(rule: Rule) -> Rule:
    """Return the rule as one that only feeds correlations."""
    return replace(rule, raises=False)


@dataclass(frozen=True, slots=True)
class RuleFailure:
    """A rule that is not watched, and why. `rule` is its title or id, empty when the file could not be read."""

    file: str
    line: int
    rule: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule + ': ' if self.rule else ''}{self.why}"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules that are watched and the ones that are not; correlations come after the rules they refer to."""

    rules: tuple[Rule, ...]
    failures: tuple[RuleFailure, ...] = ()

    @property
    def by_id(self) -> dict[str, Rule]:
        """The rules by id, as `history_sql` takes them."""
        return {rule.rule_id: rule for rule in self.rules}

    def get(self, rule_id: str) -> Rule | None:
        """Return the rule of that id, if it is loaded."""
        return next((rule for rule in self.rules if rule.rule_id == rule_id), None)
