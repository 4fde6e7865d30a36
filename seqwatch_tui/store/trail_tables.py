"""The tables of the trail: where events come from, how complete they are, and who was behind them."""

from __future__ import annotations

from seqwatch_tui.store.definition import TEXTS, TIME, table

GAPS = table(
    "gaps", "Spans in which evidence is missing, and how much.", "",
    ("gap_id", "BIGINT", "Number of the gap in this store."),
    ("source", "VARCHAR", "Name of the configured source."),
    ("kind", "VARCHAR", "What was missed: kernel_lost, serial, overflow, unparsed, oversize, truncated, rotation, "
     "silence, downtime, clock, sensor, source or retention."),
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
