"""Backtests for the API: a rule in force, one of the site's that is not, or the text of one that is being written."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from seqwatch_tui.detect.backtest import JUDGED, backtest_sql
from seqwatch_tui.detect.load import load_rules
from seqwatch_tui.detect.rule import Rule
from seqwatch_tui.engine.rules import rule_folders
from seqwatch_tui.engine.sql import Asked, run_to_file
from seqwatch_tui.model.action import Refused

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

MOST_ROWS = 100_000
"""Rows (a day, actor, dataset and verdict each) that are counted; beyond that the answer says that it is cut."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What to test: the id of a rule, or the text of a rule file; how far back and how long it may take, in seconds."""

    rule: str | None
    text: str | None
    back: float
    timeout: float


def backtest(engine: Engine, wanted: WhatIf, folder: Path, cancelled: Callable[[], bool]) -> list[Row] | Refused:
    """Return one result per rule. SqlError when it takes too long, needs too much memory or is cancelled."""
    found = _rules(engine, wanted, folder)
    if isinstance(found, Refused):
        return found
    rules, chosen = found
    bench = _Bench(engine, wanted, folder, cancelled)
    return [bench.run(rule, rules) for rule in chosen]


def _rules(engine: Engine, wanted: WhatIf, folder: Path) -> tuple[Mapping[str, Rule], Sequence[Rule]] | Refused:
    if wanted.text is not None:
        own = folder / "rule"
        own.mkdir()
        (own / "rule.yml").write_text(wanted.text, "utf-8")
        loaded = load_rules([own, *rule_folders(engine.settings)])
        chosen = [rule for rule in loaded.rules if rule.raises and Path(rule.file).parent == own]
        why = [f"line {f.line}: {f.why}" for f in loaded.failures if Path(f.file).parent == own]
        if why or not chosen:
            return Refused("; ".join(why) or "the file holds no rule that raises alerts", "see docs/rules.md")
        return loaded.by_id, chosen
    rules = engine.rules
    if rules.get(wanted.rule or "") is None:
        rules = load_rules(rule_folders(engine.settings))
    chosen = [rule for rule in rules.rules if wanted.rule in (rule.rule_id, rule.alert_as)]
    if not chosen:
        return Refused(f"there is no rule {wanted.rule!r}", "`seqwatch rules` lists them")
    return rules.by_id, chosen


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where and within which bounds the rules are run."""

    engine: Engine
    wanted: WhatIf
    folder: Path
    cancelled: Callable[[], bool]

    def run(self, rule: Rule, rules: Mapping[str, Rule]) -> Row:
        """Return the result of one rule."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        now, back, out = self.engine.clock.now(), self.wanted.back, folder / "answer.arrow"
        made = backtest_sql(rule, rules, dt.datetime.fromtimestamp(now - back, dt.UTC).replace(tzinfo=None))
        asked = Asked(made.sql, None, dict(made.parameters), MOST_ROWS, self.wanted.timeout)
        done = run_to_file(self.engine, asked, folder, out, self.cancelled)
        with pa.OSFile(str(out)) as file, pa.ipc.open_stream(file) as reader:
            rows = reader.read_all().to_pylist()
        return {
            "rule": rule.rule_id, "title": rule.title, "level": rule.level, "since": now - back, "until": now,
            "alerts": sum(r["alerts"] for r in rows), "events": sum(r["events"] for r in rows),
            "judged": _judged(rows), "days": _grouped(rows, "day"), "actors": _by_alerts(_grouped(rows, "actor")),
            "cut": done.cut, "seconds": done.seconds, "gaps": done.gaps,
        }  # fmt: skip


def _judged(rows: Iterable[Row]) -> dict[str, int]:
    counts = dict.fromkeys(JUDGED, 0)
    for row in rows:
        counts[row["judged"]] += row["alerts"]
    return counts


def _grouped(rows: Iterable[Row], name: str) -> list[Row]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[name]].append(row)
    return [
        {name: value, "alerts": sum(r["alerts"] for r in of), "events": sum(r["events"] for r in of), **_judged(of)}
        for value, of in sorted(groups.items())
    ]


def _by_alerts(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: -row["alerts"])
