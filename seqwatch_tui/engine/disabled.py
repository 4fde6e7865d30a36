"""Which rules operators have disabled, and why: one small file in the state directory, which outlives reloads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from seqwatch_tui.detect.rule import RuleSet, muted
from seqwatch_tui.model.safefile import write_durably

_FILE = "disabled-rules.json"


@dataclass(frozen=True, slots=True)
class Disabled:
    """Why a rule is disabled, by whom, and since when (epoch seconds)."""

    reason: str
    operator: str
    ts: float


class DisabledUnreadable(ValueError):
    """The file is there and does not say which rules are disabled; the text says what to do."""


def disabled_rules(state_dir: Path) -> Mapping[str, Disabled]:
    """Return what is disabled by rule id. DisabledUnreadable when the file cannot be read: nothing is guessed."""
    path = Path(state_dir) / _FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Disabled])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        why = f"{path} cannot be read ({error}): correct it, or remove it, which enables every rule"
        raise DisabledUnreadable(why) from error


def write_disabled(state_dir: Path, disabled: Mapping[str, Disabled]) -> None:
    """Store what is disabled. Raises OSError."""
    write_durably(Path(state_dir) / _FILE, msgspec.json.encode(disabled))


def without(rules: RuleSet, disabled: Mapping[str, Disabled]) -> RuleSet:
    """Return the rules with those that are disabled raising nothing."""
    kept = [muted(rule) if rule.rule_id in disabled or rule.alert_as in disabled else rule for rule in rules.rules]
    return replace(rules, rules=tuple(kept))
