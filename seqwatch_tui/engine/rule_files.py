"""A site's own rules as operators bring and switch them: imported after a trial, disabled and enabled with a reason.

Imported files lie below `<state_dir>/rules`; what is disabled stands in a small file beside the store. Both take effect
at once, and each change is a row of `actions`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from seqwatch_tui.detect.load import load_rules, shipped_rules
from seqwatch_tui.detect.rule import Rule, RuleFailure, RuleSet
from seqwatch_tui.engine.acts import action_row
from seqwatch_tui.engine.disabled import Disabled, disabled_rules, write_disabled
from seqwatch_tui.engine.peers import Peer
from seqwatch_tui.engine.reload import reload_engine
from seqwatch_tui.engine.rules import SITE_RULES
from seqwatch_tui.model.action import Refused
from seqwatch_tui.model.safefile import write_durably
from seqwatch_tui.store.interface import Commit

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ +-]{0,120}")
_MOST_PARTS = 8
_NO_NAME = "a rule file's name ends in .yml or .yaml and is of letters, digits, spaces and . _ + -; rename it"
_NOT_IN_FORCE = "what was imported is kept and takes effect once the configuration can be read again"
_Found = TypeVar("_Found", Rule, RuleFailure)


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule file as an operator sent it; `name` is its path below the folder that is imported."""

    name: str
    text: str


def import_rules(engine: Engine, files: Sequence[RuleText], peer: Peer) -> dict[str, Any]:
    """Take over the files of which some rule loads; return {"loaded": n, "failed": [{file, line, why}]}."""
    failed = [RuleFailure(f.name, 0, "", _NO_NAME) for f in files if not _is_name(f.name)]
    good = [f for f in files if _is_name(f.name)]
    with tempfile.TemporaryDirectory(prefix="rules-", dir=engine.state_dir) as folder:
        tried = _tried(Path(folder), good)
    site = Path(engine.state_dir) / SITE_RULES
    with engine.changing:
        taken = _taken(tried.rules, engine.rules, site)
        failed += [*tried.failures, *taken.values()]
        loaded = [rule for rule in tried.rules if rule.rule_id not in taken]
        wanted = {rule.file for rule in loaded}
        _keep(site, [each for each in good if each.name in wanted])
        problems = reload_engine(engine)
    failed += [RuleFailure(str(engine.config), 0, "", f"{_NOT_IN_FORCE}: {problem}") for problem in problems]
    count = 0 if problems else len(loaded)
    row = action_row(engine, peer, "import rules", f"{count} rules", "", outcome="done" if count else "refused",
                     detail=f"{len(wanted)} files below {site}; {len(failed)} failures")  # fmt: skip
    engine.submit(Commit(tables={"actions": [row]}))
    return {"loaded": count, "failed": [{"file": f.file, "line": f.line, "why": f.why} for f in failed]}


def _keep(site: Path, files: Iterable[RuleText]) -> None:
    for each in files:
        target = site / each.name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(target, each.text.encode("utf-8", "surrogatepass"))


def _is_name(name: str) -> bool:
    parts = name.split("/")
    rules = [part.endswith((".yml", ".yaml")) for part in parts]  # a folder of that name would be in a rule's place
    return (
        len(parts) <= _MOST_PARTS and all(map(_PART.fullmatch, parts)) and rules == [False] * (len(parts) - 1) + [True]
    )


def _tried(folder: Path, files: Iterable[RuleText]) -> RuleSet:
    """What the files load to beside the shipped rules, under the names they were sent with."""
    for each in files:
        path = folder / each.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(each.text, "utf-8", "surrogatepass")
    loaded, prefix = load_rules([shipped_rules(), folder]), f"{folder.resolve()}/"
    rules = [_renamed(rule, prefix) for rule in loaded.rules if rule.file.startswith(prefix)]
    failures = [_renamed(failure, prefix) for failure in loaded.failures if failure.file.startswith(prefix)]
    return RuleSet(tuple(rules), tuple(failures))


def _renamed(found: _Found, prefix: str) -> _Found:
    return replace(found, file=found.file.removeprefix(prefix))


def _taken(rules: Iterable[Rule], known: RuleSet, site: Path) -> Mapping[str, RuleFailure]:
    """Rules whose id another file of the site has."""
    taken = {}
    for rule in rules:
        other = known.get(rule.rule_id)
        if other is not None and Path(other.file) != (site / rule.file).resolve():
            why = f"the rule id '{rule.rule_id}' is taken by {other.file}:{other.line}; give it another name"
            taken[rule.rule_id] = RuleFailure(rule.file, rule.line, rule.title, why)
    return taken


def switch_rule(engine: Engine, rule_id: str, on: bool, reason: str, peer: Peer) -> Refused | dict[str, Any] | None:
    """Enable or disable a rule, null when there is none; a disabled one goes on feeding correlations that refer to it."""
    with engine.changing:
        before = disabled_rules(engine.state_dir)
        known = {name for rule in engine.rules.rules for name in (rule.rule_id, rule.alert_as)}
        if rule_id not in known and not (on and rule_id in before):
            return None
        if on == (rule_id not in before):
            return Refused(f"the rule '{rule_id}' is {'enabled' if on else 'disabled'} already", "nothing was changed")
        after = {name: why for name, why in before.items() if name != rule_id}
        if not on:
            after[rule_id] = Disabled(reason, peer.name, engine.clock.now())
        if problems := _in_force(engine, before, after):
            return Refused(f"nothing was changed: {'; '.join(problems)}", "correct the configuration first")
    row = action_row(engine, peer, "enable rule" if on else "disable rule", rule_id, reason, outcome="done")
    engine.submit(Commit(tables={"actions": [row]}))
    return {"rule": rule_id, "enabled": on}


def _in_force(engine: Engine, before: Mapping[str, Disabled], after: Mapping[str, Disabled]) -> list[str]:
    """Put another set of disabled rules in force; where that cannot be, what was before stays, and why is returned."""
    problems = ["the engine could not take it over"]
    write_disabled(engine.state_dir, after)
    try:
        problems = reload_engine(engine)
    finally:
        if problems:
            write_disabled(engine.state_dir, before)
    return problems
