"""The small tables beside `events`: what SQL users see of alerts, gaps, sources, datasets, integrity, keys and acts."""

from __future__ import annotations

from seqwatch_tui.store.definition import TEXTS, TIME, TableDef, ViewDef, table

ALERTS = table(
    "alerts", "What the rules raised; one open alert per rule, actor, dataset and window, folded.", "alert_id",
    ("alert_id", "BIGINT", "Number of the alert in this store."),
    ("rule_id", "VARCHAR", "Id of the rule that raised it."),
    ("rule_title", "VARCHAR", "Title of the rule."),
    ("rule_hash", "VARCHAR", "Hash of the rule's text when it fired."),
    ("level", "VARCHAR", "informational, low, medium, high or critical."),
    ("actor", "VARCHAR", "Login identity, or `unattributed`."),
    ("dataset", "VARCHAR", "Dataset it is about, else null."),
    ("src_ip", "VARCHAR", "Address the actor came from; null = not known."),
    ("first_ts", TIME, "Time of the first event that took part, UTC."),
    ("last_ts", TIME, "Time of the last event so far, UTC."),
    ("count", "BIGINT", "Events that took part so far."),
    ("measure", "BIGINT", "What a correlation compared with its threshold; null for a plain rule."),
    ("summary", "VARCHAR", "One sentence: who did what to which dataset, how much, against what."),
    ("tags", TEXTS, "Tags of the rule, such as attack.t1005."),
    ("state", "VARCHAR", "new, acknowledged, contained, closed or suppressed; who changed it is in actions."),
    ("verdict", "VARCHAR", "Of a closed alert: true, false or expected; else null."),
    ("owner", "VARCHAR", "Operator it is assigned to; null = nobody."),
    ("incident_id", "BIGINT", "Incident it is folded into: the number of its first alert; null = suppressed."),
    ("risk", "INTEGER", "0 to 100; the formula is in docs/alerts.md."),
    ("suppressed_by", "VARCHAR", "Window, job or snooze that keeps it quiet; else null."),
)  # fmt: skip

EVIDENCE = table(
    "alert_evidence", "Which events took part in which alert.", "",
    ("alert_id", "BIGINT", "The alert."),
    ("event_id", "BIGINT", "The event."),
)  # fmt: skip

REASONS = table(
    "alert_reasons", "Why each alert fired, as of that moment.", "alert_id",
    ("alert_id", "BIGINT", "The alert."),
    ("rule_hash", "VARCHAR", "Version of the rule; joins with rule_versions.hash."),
    ("measure", "BIGINT", "What was compared with the threshold; null for a plain rule."),
    ("threshold", "BIGINT", "From which value on the rule fires; null for a plain rule."),
    ("window_seconds", "BIGINT", "Within how many seconds; null for a plain rule."),
    ("counted", "VARCHAR", "What was counted: `events`, or the column of distinct values; null for a plain rule."),
    ("facts", "VARCHAR", "JSON: the newest event that took part, with role, grants, hours and networks in force."),
    ("risk_parts", "VARCHAR", "JSON: what the risk score was made of."),
    ("sql", "VARCHAR", "The statement that shows the alert again in `seqwatch sql`, once {alert_id} is replaced by its number."),
    ("not_seen", "VARCHAR", "JSON: the gaps in the evidence that were known over its window."),
)  # fmt: skip

RULE_VERSIONS = table(
    "rule_versions", "The text of every rule that ever raised an alert, one row per version.", "hash rule_id",
    ("hash", "VARCHAR", "SHA-256 of the rule's file."),
    ("rule_id", "VARCHAR", "Id of the rule."),
    ("title", "VARCHAR", "Its title."),
    ("file", "VARCHAR", "Where it was read from."),
    ("text", "VARCHAR", "The file as read."),
    ("first_used", TIME, "When it first raised an alert, UTC."),
)  # fmt: skip

SNOOZES = table(
    "snoozes", "Alerts an operator asked to keep quiet for a while; each ends by itself.", "snooze_id",
    ("snooze_id", "BIGINT", "Number of the snooze."),
    ("rule_id", "VARCHAR", "Only this rule; null = any."),
    ("actor", "VARCHAR", "Only this actor; null = any."),
    ("dataset", "VARCHAR", "Only this dataset; null = any, empty = events outside every dataset."),
    ("begins", TIME, "Events from then on are kept quiet, UTC."),
    ("ends", TIME, "Events up to then; earlier than asked when it was cancelled, UTC."),
    ("operator", "VARCHAR", "Who asked for it."),
    ("uid", "BIGINT", "Uid of the peer that asked."),
    ("reason", "VARCHAR", "Reason given."),
    ("cancelled_by", "VARCHAR", "Who ended it early; null = nobody."),
)  # fmt: skip

GAPS = table(
    "gaps", "Spans in which evidence is missing, and how much.", "",
    ("gap_id", "BIGINT", "Number of the gap in this store."),
    ("source", "VARCHAR", "Name of the configured source."),
    ("kind", "VARCHAR", "What was missed: kernel_lost, serial, overflow, unparsed, oversize, truncated, rotation, "
     "silence, downtime, clock, sensor or source."),
    ("first_ts", TIME, "Start of the span, UTC."),
    ("last_ts", TIME, "End of the span, UTC."),
    ("count", "BIGINT", "How many records are missing; null = not known."),
    ("certainty", "VARCHAR", "exact, at_least or unknown."),
    ("detail", "VARCHAR", "What was seen, and what to do about it."),
)  # fmt: skip

SOURCES = table(
    "sources", "The sources, how far each has been read, and what became of every line; kernel:audit is the kernel's loss counter.", "name",
    ("name", "VARCHAR", "Name of the configured source."),
    ("type", "VARCHAR", "auditd, laurel, jsonl, fanotify, ..."),
    ("path", "VARCHAR", "File it is read from."),
    ("state", "VARCHAR", "live, waiting, done or failed."),
    ("reason", "VARCHAR", "Why it is not live."),
    ("records", "BIGINT", "Records handed over: stored (unparsed ones too) and duplicates."),
    ("events", "BIGINT", "Events stored."),
    ("unparsed", "BIGINT", "Lines that did not parse; kept verbatim."),
    ("duplicates", "BIGINT", "Records seen before and left out."),
    ("bytes", "BIGINT", "Bytes read."),
    ("read", "BIGINT", "Lines read, counted where they come in; = records - parts + declared + held."),
    ("declared", "BIGINT", "Lines read and given up; each is in gaps."),
    ("parts", "BIGINT", "Records beyond one a line: parts of lines too long for one."),
    ("held", "BIGINT", "Lines read of events that are not complete yet."),
    ("resume_identity", "VARCHAR", "The file that reading resumes in."),
    ("resume_offset", "BIGINT", "Byte from which reading resumes; null = not begun."),
    ("resume_done", TEXTS, "Keys of events after that byte that are stored already."),
    ("size", "BIGINT", "Size of the file when last looked at."),
    ("last_ts", TIME, "Time of the newest event, UTC."),
)  # fmt: skip

READ_FILES = table(
    "read_files", "Files that were followed to their end; ingested afterwards, they add nothing.", "",
    ("source", "VARCHAR", "Source that followed it."),
    ("identity", "VARCHAR", "Device, inode, birth time and digest of the first bytes."),
    ("bytes", "BIGINT", "Bytes of it that are stored."),
    ("finished", TIME, "Time of the newest event when the next file was begun, UTC."),
)  # fmt: skip

RHYTHMS = table(
    "rhythms", "What is normal for each source at each kind of hour: the measure of its silence (docs/gaps.md).", "source slot",
    ("source", "VARCHAR", "Name of the configured source."),
    ("slot", "BIGINT", "Hour of the site's clock, 0-23 on working days, 24-47 on Saturdays and Sundays."),
    ("hours", "BIGINT", "Whole hours of this kind that were watched."),
    ("least", "BIGINT", "Events in the slowest of them."),
    ("longest", "BIGINT", "Seconds of the longest quiet spell that ended in one."),
)  # fmt: skip

SESSIONS = table(
    "sessions", "Logins, from the records that opened and closed them.", "source session_id opened",
    ("source", "VARCHAR", "Name of the configured source."),
    ("session_id", "BIGINT", "Audit session (ses); unique within one boot."),
    ("auid", "BIGINT", "Login uid."),
    ("user_name", "VARCHAR", "Login identity; null = not known."),
    ("src_ip", "VARCHAR", "Address it was opened from; null = local or not known."),
    ("tty", "VARCHAR", "Terminal; null = none."),
    ("opened", TIME, "When it was opened, UTC."),
    ("host", "VARCHAR", "Host it was opened on."),
    ("program", "VARCHAR", "What let the person in: sshd, login, cron, ...; null = not known."),
    ("key_fingerprint", "VARCHAR", "Fingerprint of the key that was used, where sshd logs it (CRYPTO_KEY_USER)."),
    ("ended", TIME, "When it ended, UTC; null = no record says that it did."),
    ("end_reason", "VARCHAR", "logout, closed (PAM), boot, or unknown: its number was given to another login."),
)  # fmt: skip

SWITCHES = table(
    "switches", "Who became whom inside a session, or tried to: sudo, su and their like.", "source ts pid program",
    ("source", "VARCHAR", "Name of the configured source."),
    ("host", "VARCHAR", "Host it happened on."),
    ("session_id", "BIGINT", "Audit session (ses); null = no login stands behind it (unattributed)."),
    ("auid", "BIGINT", "Login uid; null when unset."),
    ("pid", "BIGINT", "Process id of the program."),
    ("ts", TIME, "When, UTC."),
    ("program", "VARCHAR", "sudo, su, runuser, pkexec, ..."),
    ("from_user", "VARCHAR", "Whom the process ran as; null = not known."),
    ("to_user", "VARCHAR", "Whom it was to become; null = no record names one."),
    ("command", "VARCHAR", "Command that was run (sudo); null = a shell or not told."),
    ("tty", "VARCHAR", "Terminal; null = none."),
    ("outcome", "VARCHAR", "success, failure or unknown."),
)  # fmt: skip

ACCOUNTS = table(
    "accounts", "Accounts that are no single person's, as configured.", "user_name",
    ("user_name", "VARCHAR", "Login name."),
    ("kind", "VARCHAR", "service or shared."),
)  # fmt: skip

DIRECTORIES = table(
    "directories", "What the trail has called directories, by inode: names relative to a descriptor are found by it.",
    "source host dev inode",
    ("source", "VARCHAR", "Name of the configured source."),
    ("host", "VARCHAR", "Host that the records came from."),
    ("dev", "VARCHAR", "Device as the records write it (major:minor, hex)."),
    ("inode", "VARCHAR", "Inode."),
    ("path", "VARCHAR", "Name it was opened or made under."),
    ("certain", "BOOLEAN", "False where the number of a descriptor had to be believed."),
    ("several", "BOOLEAN", "It has been called by other names too: alone, it resolves nothing."),
    ("seen", TIME, "When the name was learnt, UTC."),
)  # fmt: skip

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

ACTIVITY = table(
    "activity", "What each person did per hour, from the events; what `seqwatch unusual` compares (docs/baselines.md).",
    "user_name dataset hour",
    ("user_name", "VARCHAR", "Login identity."),
    ("dataset", "VARCHAR", "Dataset id; null = all datasets together."),
    ("hour", TIME, "Beginning of the hour, UTC."),
    ("slot", "INTEGER", "Two-hour band of the site's week: 0 is Monday 00-02 h, 83 Sunday 22-24 h."),
    ("files", "BIGINT", "Distinct files used."),
    ("bytes", "BIGINT", "Bytes moved, where a source tells it."),
    ("datasets", "BIGINT", "Distinct datasets used."),
    ("exes", "BIGINT", "Distinct programs used."),
)  # fmt: skip

STATE_TABLES: tuple[TableDef, ...] = (
    ACTIVITY,
    ALERTS, EVIDENCE, REASONS, RULE_VERSIONS, SNOOZES, GAPS, SOURCES, READ_FILES, RHYTHMS, SESSIONS, SWITCHES, ACCOUNTS, DIRECTORIES,
    DATASETS, GRANTS, FILES, VERIFICATIONS, KEYS, FINDINGS, ACTIONS, CHECKPOINTS,
)  # fmt: skip
"""The tables beside `events`, in the order of the docs."""

_INCIDENT_SELECT = """
select incident_id, arg_min(actor, alert_id) as actor, arg_min(dataset, alert_id) as dataset, min(first_ts) as first_ts,
  max(last_ts) as last_ts, count(*) as alerts, count(*) filter (state <> 'closed') as open, sum(count)::bigint as events,
  arg_max(level, list_position(['informational', 'low', 'medium', 'high', 'critical'], level)) as level,
  least(100, max(risk) + 2 * (count(distinct rule_id) - 1))::integer as risk,
  case when count(*) filter (state = 'new') > 0 then 'new' when count(*) filter (state = 'acknowledged') > 0
    then 'acknowledged' when count(*) filter (state = 'contained') > 0 then 'contained' else 'closed' end as state,
  arg_max(owner, alert_id) as owner, list_sort(list(distinct rule_id)) as rules
from alerts where incident_id is not null group by incident_id
"""
INCIDENTS = ViewDef(table(
    "incidents", "Alerts of one actor on one dataset that lie close together, while one of them is open.", "",
    ("incident_id", "BIGINT", "Number of its first alert."),
    ("actor", "VARCHAR", "Login identity, or `unattributed`."),
    ("dataset", "VARCHAR", "Dataset it is about, else null."),
    ("first_ts", TIME, "Time of its first event, UTC."),
    ("last_ts", TIME, "Time of its last event so far, UTC."),
    ("alerts", "BIGINT", "Alerts in it."),
    ("open", "BIGINT", "Those that are not closed."),
    ("events", "BIGINT", "Events that took part; one that took part in two alerts counts twice."),
    ("level", "VARCHAR", "Highest level of its alerts."),
    ("risk", "INTEGER", "Highest risk of its alerts, and 2 for each further rule; at most 100."),
    ("state", "VARCHAR", "The least settled state of its alerts: new, acknowledged, contained or closed."),
    ("owner", "VARCHAR", "Owner of its newest alert that has one."),
    ("rules", TEXTS, "Rules that raised its alerts."),
), _INCIDENT_SELECT)  # fmt: skip

STATE_VIEWS: tuple[ViewDef, ...] = (INCIDENTS,)
"""What is made of the tables beside `events`; read like them, never written."""
