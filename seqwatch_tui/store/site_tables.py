"""The tables of the site: its datasets and grants, what checks found on them, and what operators did."""

from __future__ import annotations

from seqwatch_tui.store.definition import TEXTS, TIME, table

DATASETS = table(
    "datasets", "The guarded datasets, as configured.", "dataset",
    ("dataset", "VARCHAR", "Dataset id; joins with events.dataset."),
    ("path", "VARCHAR", "Folder."),
    ("kind", "VARCHAR", "wgs, wes, panel, rna or other."),
    ("frameworks", TEXTS, "Legal frameworks that apply: hipaa, gdpr, gina, ..."),
    ("purpose", "VARCHAR", "clinical, research or commercial."),
    ("irb_id", "VARCHAR", "Approval of the ethics board."),
    ("irb_expires", "DATE", "Last day of that approval."),
    ("owner", "VARCHAR", "Who answers for it."),
    ("manifest", "VARCHAR", "Manifest file, relative to path."),
    ("encryption", "VARCHAR", "Required: crypt4gh, fscrypt, luks, any or none."),
    ("duo", TEXTS, "Consent as DUO terms."),
    ("partners", TEXTS, "Partners the consent names."),
    ("consent_expires", "DATE", "Last day of the consent."),
    ("quarantined", "BOOLEAN", "A quarantine is in force; null = not known."),
    ("run_complete", TIME, "When the run was complete (its last marker was written), UTC; null = not, or no run."),
)  # fmt: skip

GRANTS = table(
    "grants", "Which role may do what to which dataset.", "dataset role",
    ("dataset", "VARCHAR", "Dataset id."),
    ("role", "VARCHAR", "Role."),
    ("operations", TEXTS, "read, write, bulk, ..."),
    ("users", TEXTS, "Users who hold the role."),
    ("groups", TEXTS, "Groups that hold the role."),
    ("until", "DATE", "Last day of the grant, in the site's time zone; null = without end."),
)  # fmt: skip

FILES = table(
    "files", "The last integrity verdict on every file of every dataset.", "dataset path",
    ("dataset", "VARCHAR", "Dataset id."),
    ("path", "VARCHAR", "File, relative to the dataset, as visible text."),
    ("verdict", "VARCHAR", "ok, changed, missing, extra, unreadable, changed during read or not checked."),
    ("size", "BIGINT", "Size in bytes; null = not known."),
    ("algorithm", "VARCHAR", "md5, sha256, ..."),
    ("expected", "VARCHAR", "Digest in the manifest."),
    ("actual", "VARCHAR", "Digest of what was read."),
    ("checked", TIME, "When it was last read, UTC; null = never."),
    ("detail", "VARCHAR", "What was seen."),
    ("current", "BOOLEAN", "Still in the folder or the manifest; false = kept as history."),
    ("mtime_ns", "BIGINT", "Time of the last write when it was checked, nanoseconds since 1970."),
    ("ctime_ns", "BIGINT", "Time of the last change of the inode, nanoseconds since 1970."),
    ("inode", "BIGINT", "Inode when it was checked (above 2^63 it wraps)."),
    ("dev", "BIGINT", "Device when it was checked."),
)  # fmt: skip

VERIFICATIONS = table(
    "verifications", "Runs of the integrity check.", "verification_id",
    ("verification_id", "VARCHAR", "Id of the run (the job)."),
    ("dataset", "VARCHAR", "Dataset id."),
    ("kind", "VARCHAR", "full or quick."),
    ("state", "VARCHAR", "running, paused, done, cancelled or failed."),
    ("started", TIME, "When it began, UTC."),
    ("finished", TIME, "When it ended, UTC; null = not yet."),
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

KEYS = table(
    "keys", "The key register, each key's age judged against policy.", "key_id",
    ("key_id", "VARCHAR", "Id in the register."),
    ("kind", "VARCHAR", "crypt4gh, fscrypt, luks, tls, ..."),
    ("owner", "VARCHAR", "Who answers for it."),
    ("datasets", TEXTS, "Datasets it opens."),
    ("created", TIME, "When it was made, UTC; null = not known."),
    ("rotated", TIME, "When it was last replaced, UTC; null = never or not known."),
    ("age_days", "INTEGER", "Days since the later of the two; null = not known."),
    ("age_is_at_least", "BOOLEAN", "The age is a lower bound."),
    ("max_age_days", "INTEGER", "Allowed by policy."),
    ("state", "VARCHAR", "pass, warn, fail, unknown or n/a."),
    ("detail", "VARCHAR", "What was seen, and what to do."),
)  # fmt: skip

FINDINGS = table(
    "findings", "Results of checks on encryption, keys, TLS, consent and the like.", "kind subject",
    ("kind", "VARCHAR", "Id of the check (ENC-01, KEY-02, ...)."),
    ("subject", "VARCHAR", "Dataset, key or path that was checked."),
    ("dataset", "VARCHAR", "Dataset it bears on, else null."),
    ("state", "VARCHAR", "pass, warn, fail, unknown or n/a."),
    ("detail", "VARCHAR", "What was seen and, when not a pass, what to do."),
    ("checked", TIME, "When, UTC."),
)  # fmt: skip

ACTIONS = table(
    "actions", "What operators did, with reason and outcome.", "action_id",
    ("action_id", "BIGINT", "Number of the action in this store."),
    ("ts", TIME, "When, UTC."),
    ("operator", "VARCHAR", "Who did it."),
    ("uid", "BIGINT", "Uid of the peer that asked."),
    ("verb", "VARCHAR", "acknowledge, close, quarantine, release, verify, sql, ..."),
    ("subject", "VARCHAR", "Alert, dataset, key or query it acted on."),
    ("reason", "VARCHAR", "Reason given."),
    ("detail", "VARCHAR", "What was done."),
    ("outcome", "VARCHAR", "done, failed, partial, refused, ..."),
    ("plan", "VARCHAR", "The plan as JSON, for acts that had one."),
)  # fmt: skip

CHECKPOINTS = table(
    "checkpoints", "Sealed segments of the ledger.", "segment",
    ("segment", "BIGINT", "Number of the segment."),
    ("events", "BIGINT", "Events in it."),
    ("records", "BIGINT", "Raw records in it."),
    ("first_event_id", "BIGINT", "First event; null = none."),
    ("last_event_id", "BIGINT", "Last event; null = none."),
    ("sha256", "VARCHAR", "Digest of the sealed segment."),
    ("chain", "VARCHAR", "Chain hash after this segment."),
    ("sealed", TIME, "When it was sealed, UTC."),
)  # fmt: skip
