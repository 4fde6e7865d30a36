"""What an operator can say about an alert: each asks what is needed and a reason, then the engine; the answer is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from seqwatch_tui.console.widgets.prompt import Question

if TYPE_CHECKING:
    from seqwatch_tui.console.acts import Acts
    from seqwatch_tui.console.app import Console

_VERDICTS = {"t": "true", "f": "false", "e": "expected"}
_UNITS = {"m": 60, "h": 3600, "d": 86400}
_LONGEST = 7 * 86400
"""Seconds a snooze may last (docs/alerts.md)."""


class AlertActs:
    """Words on the alert under the cursor."""

    def __init__(self, app: Console, acts: Acts) -> None:
        self._app, self._acts = app, acts

    def say(self, word: str) -> None:
        """Ask for a reason and say `word` (acknowledge, contain, reopen, note)."""
        number = self._alert(word)
        if number is not None:
            what = "text" if word == "note" else "reason"
            self._ask(f"{word} alert {number}, {what}:", number, {"do": word})

    def close(self) -> None:
        """Ask for the verdict with one key, then for a reason."""
        number = self._alert("closing")
        if number is None:
            return

        def heard(key: str) -> None:
            if not key:
                self._app.close_prompt()
                self._app.say("nothing was done")
                return
            verdict = _VERDICTS[key]
            self._ask(f"close alert {number} as {verdict}, reason:", number, {"do": "close", "verdict": verdict})

        label = f"close alert {number}? t = true, f = false alarm, e = expected, any other key = no"
        self._app.ask(Question(label, heard, keys="tfe"))

    def assign(self) -> None:
        """Ask for the owner (empty = nobody), then for a reason."""
        number = self._alert("assigning")
        if number is None:
            return

        def heard(owner: str) -> None:
            body = {"do": "assign", "owner": owner.strip() or None}
            self._ask(f"assign alert {number} to {owner.strip() or 'nobody'}, reason:", number, body)

        user = self._app.desk.hello.user if self._app.desk.hello else ""
        self._app.ask(Question(f"owner of alert {number} (empty = nobody):", heard, value=user, proposed=True))

    def snooze(self) -> None:
        """Ask how long, then for a reason; rule, actor and dataset are those of the alert."""
        row = self._app.view.alert_row()
        number = self._alert("snoozing")
        if number is None:
            return
        parts = {"rule_id": row.get("rule_id"), "actor": row.get("actor"), "dataset": row.get("dataset") or ""}

        def heard(span: str) -> None:
            found = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", span.strip())
            seconds = int(found[1]) * _UNITS[found[2]] if found else 0
            if not 0 < seconds <= _LONGEST:
                self._app.refuse("30m, 4h or 2d, at most 7d (Esc = no):")
                return
            body = {**parts, "seconds": seconds}
            shown = ", ".join(str(value or "no dataset") for value in parts.values())
            self._acts.ask_reason(
                f"snooze {shown} for {span.strip()}, reason:", lambda reason: self._snooze(body, reason)
            )

        self._app.ask(Question(f"snooze alert {number} for how long (30m, 4h, 2d):", heard, value="4h", proposed=True))

    def unsnooze(self) -> None:
        """Ask for a reason and end the snooze under the cursor."""
        number = self._app.view.snooze_id()
        if self._acts.may("cancelling") and not self._acts.none(number, "snooze"):
            self._acts.ask_reason(f"end snooze {number}, reason:", lambda reason: self._unsnooze(number, reason))

    def _alert(self, what: str) -> int | None:
        number = self._app.view.alert_id()
        return None if not self._acts.may(what) or self._acts.none(number, "alert") else number

    def _ask(self, label: str, number: int, body: dict[str, Any]) -> None:
        self._acts.ask_reason(label, lambda reason: self._post(number, {**body, "reason": reason}))

    def _post(self, number: int, body: dict[str, Any]) -> None:
        def done(alert: dict[str, Any]) -> None:
            said = {"note": "noted", "assign": f"owned by {alert.get('owner') or 'nobody'}"}.get(
                body["do"], alert.get("state")
            )
            self._app.say(f"alert {number} {said}: {body['reason']}")
            self._app.refresh_now()

        self._app.errand(lambda client: client.post(f"/v1/alerts/{number}", body, dict), done)

    def _snooze(self, body: dict[str, Any], reason: str) -> None:
        def done(made: dict[str, Any]) -> None:
            self._app.say(
                f"snooze {made['snooze_id']}: what comes is kept quiet and counted; :snoozes lists and ends it"
            )
            self._app.refresh_now()

        self._app.errand(lambda client: client.post("/v1/snoozes", {**body, "reason": reason}, dict), done)

    def _unsnooze(self, number: int | None, reason: str) -> None:
        def done(_made: dict[str, Any]) -> None:
            self._app.say(f"snooze {number} has ended: {reason}")
            self._app.refresh_now()

        body = {"do": "cancel", "reason": reason}
        self._app.errand(lambda client: client.post(f"/v1/snoozes/{number}", body, dict), done)
