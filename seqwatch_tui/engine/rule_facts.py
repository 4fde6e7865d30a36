"""What a list of rules says of each: whether it is in force, whether any source delivers what it looks at, its hits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqwatch_tui.detect.rule import Correlation, Rule
from seqwatch_tui.engine.disabled import disabled_rules

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

_RAW = ("auditd", "laurel")
"""Types of sources that deliver raw audit records."""
_NO_RECORDS = "no source delivers this: no audit log is configured or was ingested"


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """The state of the site as far as rules are concerned."""

    disabled: frozenset[str]
    set_aside: frozenset[str]
    records: bool
    hits: Mapping[str, int]
    rules: Mapping[str, Rule]

    @classmethod
    def of(cls, engine: Engine) -> RuleFacts:
        """Return it as it stands."""
        found = engine.store.query_sql("select rule_id, sum(count)::bigint from alerts group by rule_id").rows
        known = {source.type for source in engine.settings.sources} | {source.type for source in engine.store.sources()}
        return cls(
            frozenset(disabled_rules(engine.state_dir)),
            frozenset(fault.rule_id for fault in engine.judge.detector.faults if fault.disabled),
            bool(known & set(_RAW)), dict(found), engine.rules.by_id,
        )  # fmt: skip

    def row(self, rule: Rule) -> tuple[str, str, int]:
        """Return state, source and hits (events in alerts under its id)."""
        return self._state(rule), self._source(rule), self.hits.get(rule.rule_id, 0)

    def _state(self, rule: Rule) -> str:
        if rule.rule_id in self.set_aside:
            return "set aside"
        if rule.rule_id in self.disabled or rule.alert_as in self.disabled:
            return "disabled"
        return "enabled" if rule.raises else "feeds others"

    def _source(self, rule: Rule) -> str:
        """`delivered`, or what is missing."""
        if isinstance(rule.body, Correlation):
            missing = [self._source(self.rules[name]) for name in rule.body.rules if name in self.rules]
            return next((each for each in missing if each != "delivered"), "delivered")
        if rule.view in ("records", "connections") and not self.records:
            return _NO_RECORDS
        return rule.lacks or "delivered"
