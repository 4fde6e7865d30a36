"""Who became whom inside a session: sudo, su and their like, from the records they send.

sudo tells the command first (USER_CMD) and the target after (USER_START of the same process): one `Switch`, told again
when it is complete. su has no command; a refused attempt is USER_AUTH with res=failed. Pure; knows no sessions' ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from seqwatch_tui.model.evidence import Switch
from seqwatch_tui.parse.fields import login_name, number, plain_value, text_value
from seqwatch_tui.parse.normalise import SWITCHERS, TERMINALS, outcome_of, program_of

_KINDS = frozenset({"USER_CMD", "USER_START", "USER_AUTH"})
_SECONDS, _LIMIT = 60.0, 1024
"""How long after its command a target still belongs to it, and how many commands wait for one."""

Where = tuple[int | None, int | None, float, str]
"""Session, login uid, time (epoch seconds), host."""


class Switching:
    """Collects switches of one source; `name_of` gives the name of a uid."""

    def __init__(self, source: str, name_of: Callable[[int | None], str | None]) -> None:
        self._source, self._name_of = source, name_of
        self._waiting: dict[int, Switch] = {}
        self._found: list[Switch] = []

    def take(self) -> tuple[Switch, ...]:
        """What was found since the last call."""
        found, self._found = tuple(self._found), []
        return found

    def hear(self, kind: str, fields: Mapping[str, bytes], names: Mapping[str, str], where: Where) -> None:
        """Take a user-space record; those that are about no switch are passed over."""
        if kind not in _KINDS or (program := program_of(text_value(fields.get("exe")))) not in SWITCHERS:
            return
        outcome = outcome_of(plain_value(fields.get("res")))
        if kind == "USER_AUTH" and outcome != "failure":
            return
        switch = self._switch(kind, fields, names, where, program, outcome)
        if kind == "USER_CMD" and switch.pid is not None:
            if len(self._waiting) >= _LIMIT:
                del self._waiting[next(iter(self._waiting))]
            self._waiting[switch.pid] = switch
        elif kind == "USER_START" and switch.pid is not None:
            begun = self._waiting.pop(switch.pid, None)
            if begun is not None and begun.program == program and 0 <= switch.ts - begun.ts <= _SECONDS:
                switch = replace(begun, to_user=switch.to_user, outcome=outcome)
        self._found.append(switch)

    def _switch(  # noqa: PLR0917 - a record, where it belongs, and what is known of it already
        self, kind: str, fields: Mapping[str, bytes], names: Mapping[str, str], where: Where, program: str, outcome: str
    ) -> Switch:
        session, auid, ts, host = where
        terminal = plain_value(fields.get("terminal")) or ""
        return Switch(
            self._source, host, session, auid, number(fields.get("pid")), ts, program,
            login_name(names.get("UID")) or self._name_of(number(fields.get("uid"))),
            text_value(fields.get("acct")) if kind != "USER_CMD" else None,
            text_value(fields.get("cmd")) if kind == "USER_CMD" else None,
            terminal if terminal.startswith(TERMINALS) else None, outcome,
        )  # fmt: skip
