"""Fields of a view as the events and raw records that give them: rows of `events`, lines of an audit log."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pyarrow as pa

from seqwatch_tui.detect.fields import FIELDS, RENAMED
from seqwatch_tui.detect.layouts import OF_THE_EVENT
from seqwatch_tui.parse.record_fields import ENCODED
from seqwatch_tui.parse.schema import event_table, record_table

Row = dict[str, Any]
NO_RECORD_GIVES = frozenset({"DestinationHostname", "Protocol"})
"""Fields that audit records do not have: rules on them are tried on rows of the view only."""
_ACTIONS = {"processes": "execute", "files": "create", "connections": "other", "records": "other"}


class Trail:
    """Events and records of one or more cases, each its own event."""

    def __init__(self) -> None:
        self._events: list[Row] = []
        self._lines: list[tuple[int, str, bytes]] = []

    def add(self, view: str, row: Row) -> int:
        """Add a case; return the id of its event."""
        if row.get("ParentImage") or row.get("ParentCommandLine"):
            row = {"ParentProcessId": 9_000_000 + len(self._events), **row}
            parent = {"exe": row.get("ParentImage"), "command_line": _quoted(row.get("ParentCommandLine"))}
            self._event({**parent, "action": "execute", "outcome": "success", "pid": row["ParentProcessId"]})
        event: Row = {name: value for name, value in row.items() if name in FIELDS and view != "records"}
        for name, column in RENAMED.get(view, {}).items():
            if name in row:
                event[column] = _quoted(row[name]) if name == "CommandLine" else row[name]
        if view != "events":
            event.setdefault("action", _ACTIONS[view])
            event.setdefault("outcome", "success")
        event_id = self._event(event | {name: row[name] for name in row if name.startswith("ts.")})
        if "CurrentDirectory" in row and row["CurrentDirectory"] is not None:
            self._line(event_id, "CWD", {"cwd": row["CurrentDirectory"]})
        if view == "connections":
            self._connection(event_id, row)
        if view == "records":
            self._record(event_id, row)
        return event_id

    def tables(self) -> tuple[pa.Table, pa.Table]:
        """EVENT_SCHEMA and RECORD_SCHEMA."""
        names = [name for name in FIELDS if any(name in event for event in self._events)]
        columns: dict[str, Any] = {name: [event.get(name) for event in self._events] for name in names}
        columns["event_id"] = list(range(len(self._events)))
        columns["ts"] = pa.array([_moment(event) for event in self._events], pa.timestamp("us"))
        columns["host"] = [event.get("host") or "host" for event in self._events]
        lines = {"event_id": [i for i, _, _ in self._lines], "type": [k for _, k, _ in self._lines],
                 "raw": [line for _, _, line in self._lines], "seq": [0] * len(self._lines)}  # fmt: skip
        return event_table(columns, len(self._events)), record_table(lines, len(self._lines))

    def _event(self, event: Row) -> int:
        self._events.append(event)
        return len(self._events) - 1

    def _line(self, event_id: int, kind: str, fields: Row) -> None:
        own = "".join(f" {name}={_token(kind, name, value)}" for name, value in fields.items() if not name.isupper())
        added = " ".join(f'{name}="{value}"' for name, value in fields.items() if name.isupper())
        tail = f"\x1d{added}" if added else ""
        line = f"type={kind} msg=audit(1790000000.000:{event_id + 1}):{own}{tail}\n"
        self._lines.append((event_id, kind, line.encode()))

    def _record(self, event_id: int, row: Row) -> None:
        fields = {n: v for n, v in row.items() if v is not None and n not in ("type", "*") and not n.startswith("ts.")}
        kind = str(row.get("type") or "USER_MSG").upper()
        if kind == "SYSCALL":
            self._events[event_id] |= {OF_THE_EVENT[n]: v for n, v in fields.items() if n in OF_THE_EVENT}
        if row.get("*"):
            fields["cmd"] = row["*"]
        self._line(event_id, kind, fields)

    def _connection(self, event_id: int, row: Row) -> None:
        ours = row.get("Initiated") != "false" and row.get("SourceIp") is None and row.get("SourcePort") is None
        side = "Destination" if ours else "Source"
        address, port = ip_address(row.get(f"{side}Ip") or "192.0.2.1"), row.get(f"{side}Port") or 0
        head = f"0200{port:04X}" if address.version == 4 else f"0A00{port:04X}00000000"
        self._events[event_id]["syscall"] = "connect" if ours else "accept4"
        self._line(event_id, "SOCKADDR", {"saddr": f"{head}{address.packed.hex().upper()}00000000"})


def _quoted(command: str | None) -> str | None:
    """A command line as `events` has it: any quote in it is meant."""
    return None if command is None else command.replace("'", "'\"'\"'")


def _token(kind: str, name: str, value: str) -> str:
    if name in ENCODED or (kind == "EXECVE" and name[:1] == "a" and name[1:].isdigit()):
        plain = (
            value.isascii()
            and value.isprintable()
            and not set(value) & set("\" '")
            and not (value in ("?", "") and name != "name")
        )
        return f'"{value}"' if plain else value.encode().hex().upper()
    return f'"{value}"' if set(value) & set(" ,'") else value


def _moment(event: Row) -> Any:
    from datetime import datetime

    part = {name: event.get(f"ts.{name}") for name in ("year", "month", "day", "hour", "minute")}
    defaults = {"year": 2026, "month": 9, "day": 21, "hour": 12, "minute": 0}
    if event.get("ts.week") is not None and part["day"] is None:
        return datetime.fromisocalendar(part["year"] or 2026, event["ts.week"], 1)
    return datetime(**{name: part[name] if part[name] is not None else defaults[name] for name in part})  # type: ignore[arg-type]  # noqa: DTZ001
