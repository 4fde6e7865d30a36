"""One of everything that a commit can hold."""

from __future__ import annotations

from seqwatch_tui.model.alert import Alert, Evidence
from seqwatch_tui.model.evidence import Counts, Gap, Resume, Session, SourceState
from seqwatch_tui.store.interface import Commit, LedgerMark, SegmentRow
from tests.store.samples import START, Site

DATASET = "EGAD00000001000"
ALERT = Alert(
    1,
    "r1",
    "Bulk read",
    "hash",
    "high",
    "user00",
    DATASET,
    "10.20.0.0",
    START,
    START + 1.5,
    2,
    120,
    "read much",
    ("a", "b"),
    incident_id=1,
    risk=70,
)
SOURCE = SourceState(
    "audit",
    "auditd",
    "/var/log/audit/audit.log",
    "live",
    "",
    Counts(5, 3, 1, 1, 900, 9, 2, 1),
    Resume("x", 900, ("k",)),
    901,
    START,
)
SESSION = Session("audit", 1, 2000, "user00", "10.20.0.0", "pts0", START)
GAP = Gap("audit", "serial", START, START + 1, 4, "exact", "4 serials missing")
SEGMENT = SegmentRow(1, 3, 12, 1, 3, "aa", "bb", START)
TABLES = {
    "actions": [{"ts": START, "operator": "lead", "uid": 0, "verb": "acknowledged", "subject": "1", "reason": "seen"}],
    "datasets": [{"dataset": DATASET, "path": "/data/d1", "frameworks": ["gdpr"], "irb_expires": "2027-03-01"}],
    "grants": [{"dataset": DATASET, "role": "analyst", "operations": ["read"], "users": ["user00"], "groups": []}],
    "files": [
        {"dataset": DATASET, "path": "a.bam", "verdict": "ok", "checked": START},
        {"dataset": DATASET, "path": "b.bam", "verdict": "changed", "checked": START},
    ],
    "verifications": [{"verification_id": "v1", "dataset": DATASET, "state": "running", "started": START}],
    "alert_reasons": [{"alert_id": 1, "rule_hash": "hash", "threshold": 30, "facts": "{}", "sql": "select 1"}],
    "rule_versions": [{"hash": "hash", "rule_id": "r1", "title": "Bulk read", "text": "title: Bulk read"}],
    "snoozes": [{"snooze_id": 1, "rule_id": "r1", "begins": START, "ends": START + 600, "reason": "known"}],
    "keys": [{"key_id": "k1", "state": "fail", "age_days": 400, "max_age_days": 365, "datasets": [DATASET]}],
    "findings": [
        {"kind": "ENC-01", "subject": DATASET, "dataset": DATASET, "state": "pass", "detail": "luks", "checked": START}
    ],
}  # fmt: skip


def filled(site: Site, n: int = 10) -> Commit:
    """Return a commit of `n` events and one or two rows for every table."""
    return Commit(
        events=site.events(n), gaps=[GAP], alerts=[ALERT], evidence=[Evidence(1, 1), Evidence(1, 3)], sources=[SOURCE],
        sessions=[SESSION], ledger=LedgerMark(1, 4), segments=[SEGMENT], tables=TABLES,
    )  # fmt: skip
