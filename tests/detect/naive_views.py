"""The views of detection the slow and obvious way: a batch as plain rows, one mapping of fields each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from seqwatch_tui.detect.condition import Condition
from seqwatch_tui.detect.sockets import end_of
from seqwatch_tui.parse.record_fields import kind_of, record_fields, record_text
from tests.detect.naive import holds

Row = dict[str, Any]


def rows_of(view: str, events: pa.Table, records: pa.Table) -> Iterator[tuple[int, Row]]:
    """Event id and fields of every row of a view."""
    yield from {
        "events": _events, "records": _records, "processes": _processes, "files": _files, "connections": _connections,
    }[view](events.to_pylist(), records.to_pylist())  # fmt: skip


def found(view: str, condition: Condition, events: pa.Table, records: pa.Table) -> list[int]:
    """Ids of the events for which a condition holds."""
    return sorted({event_id for event_id, row in rows_of(view, events, records) if holds(condition, row)})


def _timed(row: Row) -> Row:
    ts = row["ts"]
    parts = {name: getattr(ts, name) for name in ("minute", "hour", "day", "month", "year")}
    return {**row, **{f"ts.{name}": value for name, value in parts.items()}, "ts.week": ts.isocalendar().week}


def _events(events: list[Row], _: list[Row]) -> Iterator[tuple[int, Row]]:
    for row in events:
        yield row["event_id"], _timed(row)


def _records(events: list[Row], records: list[Row]) -> Iterator[tuple[int, Row]]:
    known = {row["event_id"]: _timed(row) for row in events}
    for record in records:
        event = known.get(record["event_id"])
        if event is None:
            continue
        fields: Row = {**record_fields(record["raw"]), "type": kind_of(record["raw"]), "*": record_text(record["raw"])}
        if fields["type"] == "SYSCALL":
            fields |= {
                "SYSCALL": event["syscall"],
                "exe": event["exe"],
                "comm": event["process"],
                "key": event["rule_key"],
            }
        yield event["event_id"], fields | {name: event[name] for name in event if name.startswith("ts.")}


def _named(row: Row) -> Row:
    names = {"Image": "exe", "User": "uid_name", "LogonId": "uid", "ProcessId": "pid", "ParentProcessId": "ppid",
             "TerminalSessionId": "session_id", "TargetFilename": "path"}  # fmt: skip
    return {
        **_timed(row),
        **{name: row[column] for name, column in names.items()},
        "CommandLine": _bare(row["command_line"]),
    }


def _bare(line: str | None) -> str | None:
    return None if line is None else line.replace("'\"'\"'", "\0").replace("'", "").replace("\0", "'")


def _done(row: Row, *actions: str) -> bool:
    return row["action"] in actions and row["outcome"] != "failure"


def _of(records: list[Row], event_id: int, kind: str, name: str) -> str | None:
    raw = [r["raw"] for r in records if r["event_id"] == event_id and kind_of(r["raw"]) == kind]
    return record_fields(raw[0]).get(name) if raw else None


def _processes(events: list[Row], records: list[Row]) -> Iterator[tuple[int, Row]]:
    known: dict[Any, Row] = {}
    for row in events:
        if _done(row, "execute"):
            parent = known.get((row["host"], row["ppid"]), {}) if row["ppid"] is not None else {}
            yield row["event_id"], {
                **_named(row), "ParentImage": parent.get("exe"), "ParentCommandLine": _bare(parent.get("command_line")),
                "CurrentDirectory": _of(records, row["event_id"], "CWD", "cwd"),
            }  # fmt: skip
            known[row["host"], row["pid"]] = row


def _files(events: list[Row], _: list[Row]) -> Iterator[tuple[int, Row]]:
    for row in events:
        if _done(row, "create", "write", "truncate", "rename", "link"):
            yield row["event_id"], _named(row)


def _connections(events: list[Row], records: list[Row]) -> Iterator[tuple[int, Row]]:
    for row in events:
        if row["syscall"] in ("connect", "sendto", "sendmsg", "accept", "accept4"):
            end = end_of(_of(records, row["event_id"], "SOCKADDR", "saddr") or "")
            if end is not None:
                ours = row["syscall"] not in ("accept", "accept4")
                side, other = ("Destination", "Source") if ours else ("Source", "Destination")
                yield row["event_id"], {
                    **_named(row), f"{side}Ip": end.address, f"{side}Port": end.port, f"{other}Ip": None,
                    f"{other}Port": None, "Initiated": "true" if ours else "false", "Protocol": None,
                    "DestinationHostname": None,
                }  # fmt: skip
