"""The life of an alert: which word of an operator leads from which state to which. Pure; who may say it is the API's.

    new -> acknowledged -> contained -> closed (true, false or expected) -> reopened as new

A suppressed alert is closed or reopened like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from seqwatch_tui.model.action import Refused
from seqwatch_tui.model.alert import Alert, AlertState, AlertVerdict

AlertWord = Literal["acknowledge", "contain", "close", "reopen", "assign", "note"]
WORDS: tuple[AlertWord, ...] = get_args(AlertWord)
VERDICTS: tuple[AlertVerdict, ...] = get_args(AlertVerdict)

_FROM: Mapping[AlertWord, frozenset[AlertState]] = {
    "acknowledge": frozenset({"new"}),
    "contain": frozenset({"new", "acknowledged"}),
    "close": frozenset({"new", "acknowledged", "contained", "suppressed"}),
    "reopen": frozenset({"closed", "suppressed"}),
}
_TO: Mapping[AlertWord, AlertState] = {
    "acknowledge": "acknowledged", "contain": "contained", "close": "closed", "reopen": "new",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """An operator's word on an alert; `verdict` goes with close, `owner` with assign (null = nobody)."""

    word: AlertWord
    verdict: AlertVerdict | None = None
    owner: str | None = None


def changed(alert: Alert, said: Said) -> Alert | Refused:
    """Return the alert as it stands after the word, or why the word does not fit its state."""
    if said.word == "assign":
        return replace(alert, owner=said.owner)
    if said.word == "note":
        return alert
    if alert.state not in _FROM[said.word]:
        states = " or ".join(sorted(_FROM[said.word]))
        return Refused(f"alert {alert.alert_id} is {alert.state}", f"{said.word} is for an alert that is {states}")
    if said.word == "close" and said.verdict is None:
        return Refused(f"alert {alert.alert_id} was not closed: no verdict", "give one of: true, false, expected")
    verdict = said.verdict if said.word == "close" else None
    quiet = None if said.word == "reopen" else alert.suppressed_by
    return replace(alert, state=_TO[said.word], verdict=verdict, suppressed_by=quiet)


def transition(before: Alert, after: Alert, said: Said) -> str:
    """Say in a few words what changed: `new -> closed (false)`, `owner nobody -> lead`, `note`."""
    if said.word == "assign":
        return f"owner {before.owner or 'nobody'} -> {after.owner or 'nobody'}"
    if said.word == "note":
        return "note"
    return f"{before.state} -> {after.state}" + (f" ({after.verdict})" if after.verdict else "")
