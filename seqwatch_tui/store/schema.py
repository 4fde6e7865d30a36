"""Every table and column that SQL users see, in one place: DDL, comments, Arrow types and docs derive from it."""

from __future__ import annotations

from dataclasses import dataclass

from seqwatch_tui.model.columns import EVENT_COLUMNS, RECORD_COLUMNS

FORMAT = 1
"""Version of the tables; a store with a higher one is refused."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column: name, SQL type, the sentence of `COMMENT ON`."""

    name: str
    sql: str
    doc: str


@dataclass(frozen=True, slots=True)
class TableDef:
    """One table. `key` names the columns by which a new row replaces an old one; no key = rows are only added."""

    name: str
    doc: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()

    @property
    def ddl(self) -> str:
        """The CREATE TABLE statement."""
        columns = ", ".join(f'"{f.name}" {f.sql}' for f in self.fields)
        return f"create table {self.name} ({columns})"


def _table(name: str, doc: str, key: str, *fields: tuple[str, str, str]) -> TableDef:
    return TableDef(name, doc, tuple(Field(*f) for f in fields), tuple(key.split()))


_TIME = "TIMESTAMP"
_TEXTS = "VARCHAR[]"

ALERTS = _table(
    "alerts", "What the rules raised; one open alert per rule, actor, dataset and window, folded.", "alert_id",
    ("alert_id", "BIGINT", "Number of the alert in this store."),
    ("rule_id", "VARCHAR", "Id of the rule that raised it."),
    ("rule_title", "VARCHAR", "Title of the rule."),
    ("rule_hash", "VARCHAR", "Hash of the rule's text when it fired."),
    ("level", "VARCHAR", "informational, low, medium, high or critical."),
    ("actor", "VARCHAR", "Login identity, or `unattributed`."),
    ("dataset", "VARCHAR", "Dataset it is about, else null."),
    ("src_ip", "VARCHAR", "Address the actor came from; null = not known."),
    ("first_ts", _TIME, "Time of the first event that took part, UTC."),
    ("last_ts", _TIME, "Time of the last event so far, UTC."),
    ("count", "BIGINT", "Events that took part so far."),
    ("measure", "BIGINT", "What a correlation compared with its threshold; null for a plain rule."),
    ("summary", "VARCHAR", "One sentence: who did what to which dataset, how much, against what."),
    ("tags", _TEXTS, "Tags of the rule, such as attack.t1005."),
    ("state", "VARCHAR", "new, acknowledged, contained or closed; who changed it is in actions."),
)  # fmt: skip

EVIDENCE = _table(
    "alert_evidence", "Which events took part in which alert.", "",
    ("alert_id", "BIGINT", "The alert."),
    ("event_id", "BIGINT", "The event."),
)  # fmt: skip

GAPS = _table(
    "gaps", "Spans in which evidence is missing, and how much.", "",
    ("gap_id", "BIGINT", "Number of the gap in this store."),
    ("source", "VARCHAR", "Name of the configured source."),
    ("kind", "VARCHAR", "What was missed: kernel_lost, serial, overflow, unparsed, oversize, truncated, rotation, "
     "silence, downtime, clock, sensor or source."),
    ("first_ts", _TIME, "Start of the span, UTC."),
    ("last_ts", _TIME, "End of the span, UTC."),
    ("count", "BIGINT", "How many records are missing; null = not known."),
    ("certainty", "VARCHAR", "exact, at_least or unknown."),
    ("detail", "VARCHAR", "What was seen, and what to do about it."),
)  # fmt: skip

SOURCES = _table(
    "sources", "The configured sources and how far each has been read.", "name",
    ("name", "VARCHAR", "Name of the configured source."),
    ("type", "VARCHAR", "auditd, laurel, jsonl, fanotify, ..."),
    ("path", "VARCHAR", "File it is read from."),
    ("state", "VARCHAR", "live, waiting, done or failed."),
    ("reason", "VARCHAR", "Why it is not live."),
    ("records", "BIGINT", "Records read; = stored + duplicates + unparsed."),
    ("events", "BIGINT", "Events stored."),
    ("unparsed", "BIGINT", "Lines that did not parse; kept verbatim."),
    ("duplicates", "BIGINT", "Records seen before and left out."),
    ("bytes", "BIGINT", "Bytes read."),
    ("resume_identity", "VARCHAR", "The file that reading resumes in."),
    ("resume_offset", "BIGINT", "Byte from which reading resumes; null = not begun."),
    ("resume_done", _TEXTS, "Keys of events after that byte that are stored already."),
    ("size", "BIGINT", "Size of the file when last looked at."),
    ("last_ts", _TIME, "Time of the newest event, UTC."),
)  # fmt: skip

SESSIONS = _table(
    "sessions", "Logins, from the records that opened them.", "source session_id opened",
    ("source", "VARCHAR", "Name of the configured source."),
    ("session_id", "BIGINT", "Audit session (ses); unique within one boot."),
    ("auid", "BIGINT", "Login uid."),
    ("user_name", "VARCHAR", "Login identity; null = not known."),
    ("src_ip", "VARCHAR", "Address it was opened from; null = local or not known."),
    ("tty", "VARCHAR", "Terminal; null = none."),
    ("opened", _TIME, "When it was opened, UTC."),
)  # fmt: skip

DATASETS = _table(
    "datasets", "The guarded datasets, as configured.", "dataset",
    ("dataset", "VARCHAR", "Dataset id; joins with events.dataset."),
    ("path", "VARCHAR", "Folder."),
    ("kind", "VARCHAR", "wgs, wes, panel, rna or other."),
    ("frameworks", _TEXTS, "Legal frameworks that apply: hipaa, gdpr, gina, ..."),
    ("purpose", "VARCHAR", "clinical, research or commercial."),
    ("irb_id", "VARCHAR", "Approval of the ethics board."),
    ("irb_expires", "DATE", "Last day of that approval."),
    ("owner", "VARCHAR", "Who answers for it."),
    ("manifest", "VARCHAR", "Manifest file, relative to path."),
    ("encryption", "VARCHAR", "Required: crypt4gh, fscrypt, luks, any or none."),
    ("duo", _TEXTS, "Consent as DUO terms."),
    ("partners", _TEXTS, "Partners the consent names."),
    ("consent_expires", "DATE", "Last day of the consent."),
    ("quarantined", "BOOLEAN", "A quarantine is in force; null = not known."),
)  # fmt: skip

GRANTS = _table(
    "grants", "Which role may do what to which dataset.", "dataset role",
    ("dataset", "VARCHAR", "Dataset id."),
    ("role", "VARCHAR", "Role."),
    ("operations", _TEXTS, "read, write, bulk, ..."),
    ("users", _TEXTS, "Users who hold the role."),
    ("groups", _TEXTS, "Groups that hold the role."),
)  # fmt: skip

FILES = _table(
    "files", "The last integrity verdict on every file of every dataset.", "dataset path",
    ("dataset", "VARCHAR", "Dataset id."),
    ("path", "VARCHAR", "File, relative to the dataset, as visible text."),
    ("verdict", "VARCHAR", "ok, changed, missing, extra, unreadable, changed during read or not checked."),
    ("size", "BIGINT", "Size in bytes; null = not known."),
    ("algorithm", "VARCHAR", "md5, sha256, ..."),
    ("expected", "VARCHAR", "Digest in the manifest."),
    ("actual", "VARCHAR", "Digest of what was read."),
    ("checked", _TIME, "When it was last read, UTC; null = never."),
    ("detail", "VARCHAR", "What was seen."),
    ("current", "BOOLEAN", "Still in the folder or the manifest; false = kept as history."),
    ("mtime_ns", "BIGINT", "Time of the last write when it was checked, nanoseconds since 1970."),
    ("ctime_ns", "BIGINT", "Time of the last change of the inode, nanoseconds since 1970."),
    ("inode", "BIGINT", "Inode when it was checked (above 2^63 it wraps)."),
    ("dev", "BIGINT", "Device when it was checked."),
)  # fmt: skip

VERIFICATIONS = _table(
    "verifications", "Runs of the integrity check.", "verification_id",
    ("verification_id", "VARCHAR", "Id of the run (the job)."),
    ("dataset", "VARCHAR", "Dataset id."),
    ("kind", "VARCHAR", "full or quick."),
    ("state", "VARCHAR", "running, paused, done, cancelled or failed."),
    ("started", _TIME, "When it began, UTC."),
    ("finished", _TIME, "When it ended, UTC; null = not yet."),
    ("ok", "BIGINT", "Files as the manifest says."),
    ("changed", "BIGINT", "Files with another content."),
    ("missing", "BIGINT", "Files of the manifest that are not there."),
    ("extra", "BIGINT", "Files that are not in the manifest."),
    ("unreadable", "BIGINT", "Files that could not be read."),
    ("changed_during_read", "BIGINT", "Files that were written to while read."),
    ("not_checked", "BIGINT", "Files not looked at."),
    ("bytes", "BIGINT", "Bytes read."),
    ("manifest", "VARCHAR", "Manifest it was held against."),
    ("operator", "VARCHAR", "Who asked for it; null = the schedule."),
    ("detail", "VARCHAR", "What went wrong, if anything."),
)  # fmt: skip

KEYS = _table(
    "keys", "The key register, each key's age judged against policy.", "key_id",
    ("key_id", "VARCHAR", "Id in the register."),
    ("kind", "VARCHAR", "crypt4gh, fscrypt, luks, tls, ..."),
    ("owner", "VARCHAR", "Who answers for it."),
    ("datasets", _TEXTS, "Datasets it opens."),
    ("created", _TIME, "When it was made, UTC; null = not known."),
    ("rotated", _TIME, "When it was last replaced, UTC; null = never or not known."),
    ("age_days", "INTEGER", "Days since the later of the two; null = not known."),
    ("age_is_at_least", "BOOLEAN", "The age is a lower bound."),
    ("max_age_days", "INTEGER", "Allowed by policy."),
    ("state", "VARCHAR", "pass, warn, fail, unknown or n/a."),
    ("detail", "VARCHAR", "What was seen, and what to do."),
)  # fmt: skip

FINDINGS = _table(
    "findings", "Results of checks on encryption, keys, TLS, consent and the like.", "kind subject",
    ("kind", "VARCHAR", "Id of the check (ENC-01, KEY-02, ...)."),
    ("subject", "VARCHAR", "Dataset, key or path that was checked."),
    ("dataset", "VARCHAR", "Dataset it bears on, else null."),
    ("state", "VARCHAR", "pass, warn, fail, unknown or n/a."),
    ("detail", "VARCHAR", "What was seen and, when not a pass, what to do."),
    ("checked", _TIME, "When, UTC."),
)  # fmt: skip

ACTIONS = _table(
    "actions", "What operators did, with reason and outcome.", "action_id",
    ("action_id", "BIGINT", "Number of the action in this store."),
    ("ts", _TIME, "When, UTC."),
    ("operator", "VARCHAR", "Who did it."),
    ("uid", "BIGINT", "Uid of the peer that asked."),
    ("verb", "VARCHAR", "acknowledge, close, quarantine, release, verify, sql, ..."),
    ("subject", "VARCHAR", "Alert, dataset, key or query it acted on."),
    ("reason", "VARCHAR", "Reason given."),
    ("detail", "VARCHAR", "What was done."),
    ("outcome", "VARCHAR", "done, failed, partial, refused, ..."),
    ("plan", "VARCHAR", "The plan as JSON, for acts that had one."),
)  # fmt: skip

CHECKPOINTS = _table(
    "checkpoints", "Sealed segments of the ledger.", "segment",
    ("segment", "BIGINT", "Number of the segment."),
    ("events", "BIGINT", "Events in it."),
    ("records", "BIGINT", "Raw records in it."),
    ("first_event_id", "BIGINT", "First event; null = none."),
    ("last_event_id", "BIGINT", "Last event; null = none."),
    ("sha256", "VARCHAR", "Digest of the sealed segment."),
    ("chain", "VARCHAR", "Chain hash after this segment."),
    ("sealed", _TIME, "When it was sealed, UTC."),
)  # fmt: skip

STATE_TABLES: tuple[TableDef, ...] = (
    ALERTS, EVIDENCE, GAPS, SOURCES, SESSIONS, DATASETS, GRANTS, FILES, VERIFICATIONS, KEYS, FINDINGS, ACTIONS,
    CHECKPOINTS,
)  # fmt: skip
"""The tables beside `events`, in the order of the docs."""

_SOURCE_ID = Field("source_id", "VARCHAR", "The source's own id of the event: EPOCH.MMM:SERIAL for audit events.")
_HIDDEN = {"serial", "source_ref"}
_LAST = ("business_hours", "network_allowed", "bulk_granted")


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
    _table(
        "processes", "Processes of this host, read when queried.", "",
        ("pid", "BIGINT", "Process id."),
        ("ppid", "BIGINT", "Parent process id."),
        ("name", "VARCHAR", "Name of the program."),
        ("exe", "VARCHAR", "Executable path; null = not readable by the engine."),
        ("user_name", "VARCHAR", "User it runs as."),
        ("tty", "VARCHAR", "Terminal; null = none."),
        ("started", _TIME, "Start time, UTC."),
        ("command_line", "VARCHAR", "Arguments."),
    ),
    _table(
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
    _table(
        "mounts", "Mounted file systems of this host, read when queried.", "",
        ("device", "VARCHAR", "Device."),
        ("path", "VARCHAR", "Mount point."),
        ("type", "VARCHAR", "File system type."),
        ("options", "VARCHAR", "Mount options."),
    ),
    _table(
        "logins", "Users logged in on this host, read when queried.", "",
        ("user_name", "VARCHAR", "User."),
        ("tty", "VARCHAR", "Terminal."),
        ("host", "VARCHAR", "Address or host logged in from; null = local."),
        ("started", _TIME, "Login time, UTC."),
        ("pid", "BIGINT", "Process id; null = not known."),
    ),
)  # fmt: skip

ALL_TABLES: tuple[TableDef, ...] = (EVENTS_VIEW, RECORDS_VIEW, *STATE_TABLES, *HOST_TABLES)
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


def quote(text: str) -> str:
    """Return `text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def comments(table: TableDef, kind: str) -> list[str]:
    """Return the COMMENT ON statements of a table or view (`kind`)."""
    columns = [f'comment on column {table.name}."{f.name}" is {quote(f.doc)}' for f in table.fields]
    return [f"comment on {kind} {table.name} is {quote(table.doc)}", *columns]
