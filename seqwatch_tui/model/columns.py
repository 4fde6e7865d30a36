"""The columns of the `events` table: one list that the parser, the store, the docs and the tests are held to.

The order is the order on disk and in `SELECT *`. `arrow` is the Arrow type of a batch column: `dict` means
dictionary<int32, string>, so that policy and rules look at distinct values only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `events`: its name, Arrow type, SQL type and the sentence shown by `COMMENT ON`."""

    name: str
    arrow: str
    sql: str
    doc: str


EVENT_COLUMNS: tuple[Column, ...] = (
    Column("event_id", "int64", "BIGINT", "Number of the event in this store; grows in order of arrival."),
    Column("ts", "timestamp[us]", "TIMESTAMP", "When the kernel recorded it, UTC."),
    Column("serial", "int64", "BIGINT", "Audit serial (auditd sources), else null; the view shows source_id."),
    Column("source_ref", "string", "VARCHAR", "The source's own event id where it is not an audit serial."),
    Column("host", "dict", "VARCHAR", "Host that produced the record (node= or this host)."),
    Column("source", "dict", "VARCHAR", "Name of the configured source."),
    Column("action", "dict", "VARCHAR", "What was done; one of ACTIONS."),
    Column("outcome", "dict", "VARCHAR", "success, failure or unknown."),
    Column("errno", "int32", "INTEGER", "Positive errno of a failed call, else null."),
    Column("user_name", "dict", "VARCHAR", "Login identity (auid) as of the event; null = unattributed."),
    Column("uid_name", "dict", "VARCHAR", "Name of uid as of the event."),
    Column("auid", "int64", "BIGINT", "Login uid (audit uid); null when unset."),
    Column("uid", "int64", "BIGINT", "Real user id of the process."),
    Column("session_id", "int64", "BIGINT", "Audit session (ses); null when unset."),
    Column("src_ip", "dict", "VARCHAR", "Address the session was opened from, joined by ses; null = not known."),
    Column("tty", "dict", "VARCHAR", "Controlling terminal; null when none."),
    Column("pid", "int64", "BIGINT", "Process id."),
    Column("ppid", "int64", "BIGINT", "Parent process id."),
    Column("process", "dict", "VARCHAR", "comm of the process."),
    Column("exe", "dict", "VARCHAR", "Executable path."),
    Column("command_line", "dict", "VARCHAR", "Arguments from EXECVE, else PROCTITLE (the kernel cuts it at 128)."),
    Column("path", "dict", "VARCHAR", "Absolute path acted on; unresolved names are in warnings."),
    Column("old_path", "dict", "VARCHAR", "Previous path of a rename, target of a link."),
    Column("dataset", "dict", "VARCHAR", "Dataset id the path belongs to, else null."),
    Column("role", "dict", "VARCHAR", "Role of the login identity for that dataset as of the event."),
    Column("allowed", "bool", "BOOLEAN", "true, false, or null when no policy applies."),
    Column("reason", "dict", "VARCHAR", "Why allowed or not, one sentence."),
    Column("business_hours", "bool", "BOOLEAN", "Inside the site's business hours; null when none are configured."),
    Column("network_allowed", "bool", "BOOLEAN", "src_ip inside networks.allowed; null when either is unknown."),
    Column("bulk_granted", "bool", "BOOLEAN", "The role holds the `bulk` operation on the dataset; null = no policy."),
    Column(
        "context",
        "dict",
        "VARCHAR",
        "What the configuration and the past add; semicolon-separated codes (docs/rules/context.md), else null.",
    ),
    Column("bytes", "int64", "BIGINT", "Bytes moved, where the source tells it."),
    Column("rule_key", "dict", "VARCHAR", "Audit rule key (key=)."),
    Column("syscall", "dict", "VARCHAR", "System call name, or the record type of a user-space record."),
    Column("complete", "bool", "BOOLEAN", "All records of the event were seen."),
    Column("warnings", "dict", "VARCHAR", "What could not be resolved; semicolon-separated codes, else null."),
)
"""`events` as stored. The SQL view replaces serial and source_ref by `source_id`."""

POLICY_COLUMNS: tuple[str, ...] = (
    "dataset", "role", "allowed", "reason", "business_hours", "network_allowed", "bulk_granted", "context",
)  # fmt: skip
"""Filled by `catalogue` (`context` also by `detect.memory`); null in what `parse` hands over."""

ACTIONS: tuple[str, ...] = (
    "open", "read", "write", "create", "delete", "rename", "link", "chmod", "chown", "truncate", "setattr",
    "getattr", "execute", "close", "login", "login_failed", "logout", "su", "config_change", "other",
)  # fmt: skip

RECORD_COLUMNS: tuple[Column, ...] = (
    Column("event_id", "int64", "BIGINT", "Event the record belongs to; null for a line that did not parse."),
    Column("source", "dict", "VARCHAR", "Name of the configured source."),
    Column("seq", "int32", "INTEGER", "Position of the record within its event, from 0."),
    Column("type", "dict", "VARCHAR", "Record type (SYSCALL, PATH, ...), UNPARSED for a line that did not parse."),
    Column("raw", "binary", "BLOB", "The line as read, byte for byte, with its newline."),
    Column("position", "int64", "BIGINT", "Byte offset of the line in its file (uncompressed)."),
)
"""`records`, kept in ledger segments; the SQL view shows raw as text."""
