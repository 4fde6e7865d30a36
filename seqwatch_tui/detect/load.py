"""Rule files to a RuleSet: load the good, list the bad, each with file, line and reason.

The only module that needs pySigma, and that only for a file that is not in the cache: a start with known rules stays
cheap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seqwatch_tui.config.yamltree import MAX_BYTES
from seqwatch_tui.detect.documents import documents, read_file, rule_files, title_of
from seqwatch_tui.detect.rule import Correlation, Rule, RuleFailure, RuleSet, muted
from seqwatch_tui.detect.slots import unknown_slot

if TYPE_CHECKING:
    from seqwatch_tui.detect.cache import RuleCache

__all__ = ["RuleSet", "load_rules", "shipped_rules"]


def shipped_rules() -> Path:
    """Return the folder of the rules that come with seqwatch."""
    return Path(__file__).resolve().parent / "rules"


def load_rules(
    folders: Sequence[Path], enabled: Collection[str] | None = None, cache: RuleCache | None = None
) -> RuleSet:
    """Read every *.yml and *.yaml below `folders` (or a file itself), in order; an earlier rule id is not replaced.

    `enabled` (rule ids) limits which rules raise alerts; rules that those refer to are kept to feed them. Never
    raises on content: what cannot be watched is a RuleFailure. With a `cache`, files that it knows are not read anew;
    whoever gave it writes it.
    """
    found = _Found({}, [], cache)
    for folder in folders:
        _read_folder(folder, found)
    rules = _resolved(found)
    if enabled is not None:
        known = {rule.alert_as for rule in rules} | {rule.rule_id for rule in rules}
        found.failures += [RuleFailure("", 0, name, "no such rule is loaded") for name in sorted({*enabled} - known)]
        rules = _limited(rules, frozenset(enabled))
    return RuleSet(tuple(rules), tuple(found.failures))


@dataclass(slots=True)
class _Found:
    """What reading has given so far: rules by id, in order, and failures."""

    rules: dict[str, Rule]
    failures: list[RuleFailure]
    cache: RuleCache | None = None


def _read_folder(folder: Path, found: _Found) -> None:
    try:
        paths = [folder] if folder.is_file() else rule_files(folder)
    except OSError as error:
        found.failures.append(RuleFailure(str(folder), 0, "", f"the folder of rules cannot be read: {error.strerror}"))
        return
    for path in paths:
        _read_file(path, found)


def _read_file(path: Path, found: _Found) -> None:
    try:
        raw = read_file(path)
    except OSError as error:
        found.failures.append(RuleFailure(str(path), 1, "", f"the file cannot be read: {error.strerror}"))
        return
    for outcome in _outcomes(path, raw, found.cache):
        if isinstance(outcome, RuleFailure):
            found.failures.append(outcome)
        elif outcome.rule_id in found.rules:
            other = found.rules[outcome.rule_id]
            why = f"the rule id '{outcome.rule_id}' is taken by {other.file}:{other.line}; give it another name"
            found.failures.append(RuleFailure(outcome.file, outcome.line, outcome.title, why))
        else:
            found.rules[outcome.rule_id] = outcome


def _outcomes(path: Path, raw: bytes, cache: RuleCache | None) -> list[Rule | RuleFailure]:
    """What the documents of a file come to, from the cache where it knows the file."""
    digest, text = hashlib.sha256(raw).hexdigest(), raw[:MAX_BYTES].decode("utf-8-sig", "replace")
    if cache is None:
        return _compiled(path, raw, digest, text)
    from seqwatch_tui.detect.cache import key_of

    key = key_of(path.stem, raw)
    outcomes = cache.get(key, str(path), digest, text)
    if outcomes is None:
        outcomes = _compiled(path, raw, digest, text)
        cache.put(key, outcomes)
    return outcomes


def _compiled(path: Path, raw: bytes, digest: str, text: str) -> list[Rule | RuleFailure]:
    from seqwatch_tui.detect.reading import Origin, Unusable, build

    good, bad = documents(raw, str(path))
    outcomes: list[Rule | RuleFailure] = [*bad]
    origin = Origin(str(path), path.stem, digest, text)
    for document in good:
        try:
            outcomes.append(build(origin, document))
        except Unusable as error:
            outcomes.append(RuleFailure(str(path), error.line, title_of(document.value), str(error)))
    return outcomes


def _resolved(found: _Found) -> list[Rule]:
    """Order the rules so that each comes after those it refers to; what cannot be ordered becomes a failure."""
    done: dict[str, Rule] = {}
    waiting = _named(found.rules)
    while ready := [rule for rule in waiting.values() if all(name in done for name in _refers(rule))]:
        for rule in ready:
            del waiting[rule.rule_id]
            why = unknown_slot(rule.body, done) if isinstance(rule.body, Correlation) else ""
            if why:
                found.failures.append(RuleFailure(rule.file, rule.line, rule.title, why))
                del found.rules[rule.rule_id]
            else:
                done[rule.rule_id] = rule
    for rule in waiting.values():
        missing = [name for name in _refers(rule) if name not in found.rules]
        why = (
            f"refers to the rule '{missing[0]}', which is not loaded"
            if missing
            else f"refers to '{_refers(rule)[0]}', which is not usable or refers back to it"
        )
        found.failures.append(RuleFailure(rule.file, rule.line, rule.title, why))
    return _muted(list(done.values()))


def _named(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rules with every reference by UUID replaced by the rule id it stands for."""
    ids = {rule.sigma_id: rule.rule_id for rule in rules.values() if rule.sigma_id}
    named = dict(rules)
    for rule in rules.values():
        if isinstance(rule.body, Correlation):
            aliases = tuple(replace(alias, rule=ids.get(alias.rule, alias.rule)) for alias in rule.body.aliases)
            body = replace(rule.body, rules=tuple(ids.get(name, name) for name in rule.body.rules), aliases=aliases)
            named[rule.rule_id] = replace(rule, body=body)
    return named


def _refers(rule: Rule) -> tuple[str, ...]:
    return rule.body.rules if isinstance(rule.body, Correlation) else ()


def _muted(rules: list[Rule]) -> list[Rule]:
    """A rule that a correlation refers to raises no alert of its own, unless the correlation says `generate`.

    Source: Sigma correlation rules specification 2.0, "generate".
    """
    silent = {name for rule in rules for name in _refers(rule) if not _generates(rule)}
    return [muted(rule) if rule.rule_id in silent else rule for rule in rules]


def _generates(rule: Rule) -> bool:
    return isinstance(rule.body, Correlation) and rule.body.generate


def _limited(rules: list[Rule], enabled: frozenset[str]) -> list[Rule]:
    wanted = [rule for rule in rules if rule.rule_id in enabled or rule.alert_as in enabled]
    keep = {rule.rule_id for rule in wanted}
    needed = set(keep)
    for rule in reversed(rules):
        if rule.rule_id in needed:
            needed |= set(_refers(rule))
    return [rule if rule.rule_id in keep else muted(rule) for rule in rules if rule.rule_id in needed]
