"""Every table and column that SQL users see, in one place: DDL, comments, Arrow types and docs derive from it."""

from __future__ import annotations

from seqwatch_tui.model.columns import EVENT_COLUMNS, RECORD_COLUMNS
from seqwatch_tui.store.definition import TIME, Field, TableDef, comments, quote, table
from seqwatch_tui.store.state_tables import STATE_TABLES, STATE_VIEWS

__all__ = [
    "ALL_TABLES", "EVENTS_VIEW", "FORMAT", "HOST_TABLES", "RECORDS_VIEW", "STATE_TABLES", "STATE_VIEWS", "Field",
    "TableDef", "comments", "event_select", "quote",
]  # fmt: skip

FORMAT = 2
"""Version of the tables; a store with a higher one is refused, an older one gets the tables and columns it lacks."""

_SOURCE_ID = Field("source_id", "VARCHAR", "The source's own id of the event: EPOCH.MMM:SERIAL for audit events.")
_HIDDEN = {"serial", "source_ref"}
_LAST = ("business_hours", "network_allowed", "bulk_granted", "context")


def _event_view() -> tuple[Field, ...]:
    fields = {c.name: Field(c.name, c.sql, c.doc) for c in EVENT_COLUMNS}
    names = [n for n in fields if n not in _HIDDEN and n not in _LAST]
    names.insert(names.index("source") + 1, "source_id")
    return tuple(_SOURCE_ID if n == "source_id" else fields[n] for n in [*names, *_LAST])


EVENTS_VIEW = TableDef("events", "Every access and login, one row per kernel event, oldest first.", _event_view())
_RAW = Field("raw", "VARCHAR", "The line as read, without its newline; in one that is not UTF-8, odd bytes as \\xNN.")
RECORDS_VIEW = TableDef(
    "records",
    "The raw lines behind the events, from the ledger.",
    tuple(Field(c.name, c.sql, c.doc) if c.name != "raw" else _RAW for c in RECORD_COLUMNS),
)

HOST_TABLES: tuple[TableDef, ...] = (
    table(
        "processes", "Processes of this host, read when queried.", "",
        ("pid", "BIGINT", "Process id."),
        ("ppid", "BIGINT", "Parent process id."),
        ("name", "VARCHAR", "Name of the program."),
        ("exe", "VARCHAR", "Executable path; null = not readable by the engine."),
        ("user_name", "VARCHAR", "User it runs as."),
        ("tty", "VARCHAR", "Terminal; null = none."),
        ("started", TIME, "Start time, UTC."),
        ("command_line", "VARCHAR", "Arguments."),
    ),
    table(
        "connections", "Internet sockets of this host, read when queried.", "",
        ("pid", "BIGINT", "Process id; null = not known to the engine."),
        ("family", "VARCHAR", "inet or inet6."),
        ("kind", "VARCHAR", "tcp or udp."),
        ("local_ip", "VARCHAR", "Local address."),
        ("local_port", "BIGINT", "Local port."),
        ("remote_ip", "VARCHAR", "Remote address; null = none."),
        ("remote_port", "BIGINT", "Remote port; null = none."),
        ("status", "VARCHAR", "ESTABLISHED, LISTEN, ..."),
    ),
    table(
        "mounts", "Mounted file systems of this host, read when queried.", "",
        ("device", "VARCHAR", "Device."),
        ("path", "VARCHAR", "Mount point."),
        ("type", "VARCHAR", "File system type."),
        ("options", "VARCHAR", "Mount options."),
    ),
    table(
        "logins", "Users logged in on this host, read when queried.", "",
        ("user_name", "VARCHAR", "User."),
        ("tty", "VARCHAR", "Terminal."),
        ("host", "VARCHAR", "Address or host logged in from; null = local."),
        ("started", TIME, "Login time, UTC."),
        ("pid", "BIGINT", "Process id; null = not known."),
    ),
)  # fmt: skip

ALL_TABLES: tuple[TableDef, ...] = (
    EVENTS_VIEW, RECORDS_VIEW, *STATE_TABLES, *(view.shape for view in STATE_VIEWS), *HOST_TABLES,
)  # fmt: skip
"""Everything ad-hoc SQL can name."""


def event_select(source: str) -> str:
    """Return the SELECT that makes the view `events` out of rows with EVENT_COLUMNS in `source`.

    An audit event's id is written as the kernel prints it, EPOCH.MMM:SERIAL (auditd's `msg=audit(...)`).
    """
    audit_id = "(epoch_ms(ts) // 1000) || '.' || lpad((epoch_ms(ts) % 1000)::varchar, 3, '0') || ':' || serial"
    columns = [
        f"coalesce(source_ref, {audit_id}) as source_id" if f.name == "source_id" else f.name
        for f in EVENTS_VIEW.fields
    ]
    return f"select {', '.join(columns)} from {source}"  # noqa: S608 - names from this module only
