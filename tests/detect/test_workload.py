"""The shipped rules on a real trail: four ssh sessions of three people over three datasets, and auditd shut down."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from seqwatch_tui.catalogue.catalogue import Catalogue
from seqwatch_tui.config.settings import loads
from seqwatch_tui.detect import Detector, load_rules, shipped_rules
from seqwatch_tui.detect.memory import Memory
from seqwatch_tui.model.alert import Alert
from seqwatch_tui.parse.auditd import AuditdParser
from tests.detect.batches import last

LOG = Path(__file__).resolve().parents[1] / "golden" / "sshd-workload-enriched.log"
SITE = """
site: workload
state_dir: /var/lib/seqwatch
datasets:
  - {id: wgs-cohort-a, path: /data/seq/wgs-cohort-a,
     grants: {bioinformatician: [read], pipeline: [read, write], auditor: [read]}}
  - {id: wes-panel-b, path: /data/seq/wes-panel-b, grants: {bioinformatician: [read, write]}}
  - {id: run-240117, path: "/data/seq/run 240117_A00123", grants: {pipeline: [read, write]}}
roles:
  bioinformatician: {users: [alice]}
  pipeline: {users: [bob]}
  auditor: {users: [carol]}
networks: {allowed: [127.0.0.0/8]}
"""
RULES = load_rules([shipped_rules()])


@pytest.fixture(scope="module")
def events() -> pa.Table:
    parser = AuditdParser("audit", "seq01")
    parser.feed(LOG.read_bytes(), 0)
    return Memory().mark(Catalogue(loads(SITE, "site.yaml"), {}).judge(parser.take(final=True).events))


def _alerts(events: pa.Table, size: int) -> list[Alert]:
    detector = Detector(RULES, [], 1)
    found = last([detector.feed(events.slice(at, size)) for at in range(0, events.num_rows, size)])
    assert detector.faults == ()
    return list(found.values())


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_each_thing_that_happened_is_one_alert(events: pa.Table, size: int) -> None:
    assert sorted((alert.rule_id, alert.actor, alert.dataset, alert.count) for alert in _alerts(events, size)) == [
        ("access-without-grant", "unattributed", "wgs-cohort-a", 1),
        ("archive-or-copy-out", "alice", "wgs-cohort-a", 3),
        ("archive-or-copy-out", "carol", "wgs-cohort-a", 45),
        ("audit-daemon-ended", "root", None, 1),
        ("audit-trail-attacked", "unattributed", None, 5),
        ("bulk-read", "carol", "wgs-cohort-a", 87),
        ("copied-to-open-place", "alice", "wgs-cohort-a", 3),
        ("copied-to-open-place", "carol", "wgs-cohort-a", 45),
        ("permission-change", "alice", "wgs-cohort-a", 1),
        ("raw-data-destroyed", "alice", "wgs-cohort-a", 2),
        ("write-by-read-only-role", "alice", "wgs-cohort-a", 6),
    ]  # fmt: skip


def test_the_auditors_bulk_read_says_who_how_much_and_from_where(events: pa.Table) -> None:
    (alert,) = [alert for alert in _alerts(events, 10) if alert.rule_id == "bulk-read"]
    assert alert.src_ip == "127.0.9.9"
    assert alert.summary == (
        "carol (auditor) read 45 distinct files of wgs-cohort-a in 10 min from 127.0.9.9; "
        "threshold 30, role has no bulk grant"
    )
