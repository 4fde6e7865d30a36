"""Which fields a rule may name, by type, and which log source gives them: the allow-list of detection.

A *view* is a set of rows with named fields. `events` has a row per event, `records` one per raw audit record with the
fields that stand in it, `processes`, `files` and `connections` are the events of programs started, files made or
changed, and sockets connected, under the names of Sigma's taxonomy (and those of `events` beside them). A log source of
Sigma is a view and, where it is a part of it, a condition. No other identifier ever reaches SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from seqwatch_tui.detect.condition import Condition, Match, Not, Or
from seqwatch_tui.model.columns import EVENT_COLUMNS

FieldType = Literal["text", "number", "bool"]
View = Literal["events", "records", "processes", "files", "connections"]

_TYPES: Mapping[str, FieldType] = {"dict": "text", "int64": "number", "int32": "number", "bool": "bool"}
_NOT_TESTABLE = ("event_id", "serial")  # event_id is ours, serial is not in the view

FIELDS: Mapping[str, FieldType] = {
    column.name: _TYPES[column.arrow]
    for column in EVENT_COLUMNS
    if column.arrow in _TYPES and column.name not in _NOT_TESTABLE
}
"""Fields of `events`. `ts` and `source_ref` are not testable as they are: see `TIME_PARTS`."""

TIME_PARTS: tuple[str, ...] = ("minute", "hour", "day", "week", "month", "year")
"""Parts of `ts` (UTC) that a rule may test as numbers: `ts|hour|gte: 22`. week is the ISO week."""
TIME = "ts"

KEYWORDS = "*"
"""The field of `records` that keywords without a field are searched in: `parse.record_fields.record_text`."""

_PROCESS: Mapping[str, str] = {
    "Image": "exe", "CommandLine": "command_line", "User": "uid_name", "LogonId": "uid", "ProcessId": "pid",
    "ParentProcessId": "ppid", "TerminalSessionId": "session_id",
}  # fmt: skip
RENAMED: Mapping[str, Mapping[str, str]] = {
    "processes": _PROCESS,
    "files": {**_PROCESS, "TargetFilename": "path"},
    "connections": _PROCESS,
}
"""Sigma's name to the column of `events` it is, by view. CommandLine is without the quotes that `events` puts in."""

_OWN: Mapping[str, Mapping[str, FieldType]] = {
    "processes": {"ParentImage": "text", "ParentCommandLine": "text", "CurrentDirectory": "text"},
    "files": {},
    "connections": {"DestinationIp": "text", "DestinationPort": "number", "SourceIp": "text", "SourcePort": "number",
                    "DestinationHostname": "text", "Protocol": "text", "Initiated": "text"},
}  # fmt: skip
"""Fields that are in no column of `events`. DestinationHostname and Protocol are in no audit record: always null."""

TYPED: Mapping[str, Mapping[str, FieldType]] = {
    "events": FIELDS,
    **{
        view: {**FIELDS, **{name: FIELDS[column] for name, column in RENAMED[view].items()}, **_OWN[view]}
        for view in ("processes", "files", "connections")
    },
}
_RECORD_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


def field_type(view: str, name: str) -> FieldType | None:
    """Return the type of a view's field, null when it has none of that name. Fields of records are text."""
    if name.startswith(TIME + "."):
        return "number" if name.removeprefix(TIME + ".") in TIME_PARTS else None
    if view == "records":
        return "text" if name == KEYWORDS or _RECORD_FIELD.fullmatch(name) else None
    return TYPED[view].get(name)


def types_of(view: str) -> Callable[[str], FieldType]:
    """Return the types of a view's fields as a function; KeyError for a name that the view does not have."""

    def known(name: str) -> FieldType:
        found = field_type(view, name)
        if found is None:
            raise KeyError(f"'{name}' is not a field of {view}")
        return found

    return known


@dataclass(frozen=True, slots=True)
class LogSource:
    """A log source of Sigma here: its view, the part of it that is meant, and what of it no source delivers."""

    view: View
    scope: Condition | None = None
    missing: str = ""
    """Why rules of this log source see less than their author meant, or nothing; empty = all of it is delivered."""


_KERNEL = (
    "SYSCALL",
    "PATH",
    "CWD",
    "SOCKADDR",
    "SOCKETCALL",
    "OPENAT2",
    "BPRM_FCAPS",
    "MMAP",
    "EOE",
    "FD_PAIR",
    "UNPARSED",
)
_MESSAGES = Not(Or(tuple(Match("type", "eq", kind.lower()) for kind in _KERNEL)))
_SYSLOG = "no source delivers this: system logs are not followed; messages in the audit trail are searched"


def _service(*programs: str) -> LogSource:
    """A program's own log, of which the trail has at most what the program told the audit system."""
    said = f"no source delivers this: the log of {programs[0]} is not followed; its messages in the audit trail are searched"
    return LogSource("records", Or(tuple(Match("exe", "endswith", f"/{program}") for program in programs)), said)


LOG_SOURCES: Mapping[tuple[str | None, str | None, str | None], LogSource] = {
    ("seqwatch", "dataset_access", None): LogSource("events"),
    ("linux", None, "auditd"): LogSource("records"),
    ("linux", "process_creation", None): LogSource("processes"),
    ("linux", "process_creation", "auditd"): LogSource("processes"),
    ("linux", "file_event", None): LogSource("files"),
    ("linux", "network_connection", None): LogSource(
        "connections", missing="host names and protocols are in no audit record"
    ),
    ("linux", None, None): LogSource("records", _MESSAGES, _SYSLOG),
    ("linux", None, "syslog"): LogSource("records", _MESSAGES, _SYSLOG),
    ("linux", None, "auth"): LogSource("records", _MESSAGES, _SYSLOG),
    ("linux", None, "sshd"): _service("sshd", "sshd-session", "sshd-auth"),
    ("linux", None, "sudo"): _service("sudo"),
    ("linux", None, "cron"): _service("cron", "crond", "anacron", "crontab"),
    ("linux", None, "clamav"): _service("clamd", "clamscan", "freshclam"),
    ("linux", None, "guacamole"): _service("guacd"),
    ("linux", None, "vsftpd"): _service("vsftpd"),
    ("linux", None, "modsecurity"): _service("apache2", "httpd", "nginx"),
    ("linux", None, "apache"): _service("apache2", "httpd"),
    ("linux", None, "nginx"): _service("nginx"),
    ("linux", None, "su"): _service("su"),
    ("linux", None, "systemd"): _service("systemd"),
}
"""(product, category, service) to what it is here. A source that is not here is refused."""
