from __future__ import annotations

import gzip
import hashlib
import re
import time
from collections import Counter

import pytest

from seqwatch_tui.demo.cast import INTRUDER_ADDRESS
from seqwatch_tui.demo.files import HOSTILE
from seqwatch_tui.demo.incident import LENGTH
from seqwatch_tui.demo.site import Site
from seqwatch_tui.demo.traffic import Traffic
from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.interface import Knowledge

from .conftest import NOW

STAMP = re.compile(rb"msg=audit\((\d+\.\d{3}):(\d+)\): ")


def played(site: Site, seconds: float = LENGTH + 1, **how: float) -> Traffic:
    traffic = Traffic(site, clock=lambda: NOW, **how)  # type: ignore[arg-type]
    for tenth in range(int(seconds * 10)):
        traffic.step(NOW + tenth / 10)
    return traffic


def test_serials_and_times_only_grow(fresh: Site) -> None:
    played(fresh)
    stamps = [(float(ts), int(serial)) for ts, serial in STAMP.findall(fresh.audit_log.read_bytes())]
    assert stamps == sorted(stamps)
    assert [s for _, s in stamps] == sorted(s for _, s in stamps)
    serials = {s for _, s in stamps}
    assert len(serials) == max(serials) - min(serials) + 1


def test_what_is_said_to_be_written_is_in_the_logs(fresh: Site) -> None:
    played(fresh)
    lines = fresh.audit_log.read_bytes().split(b"\n")[:-1]
    truth = fresh.trail.truth
    assert len(lines) == truth["records"]
    assert len({STAMP.search(line)[2] for line in lines}) == truth["events"]  # type: ignore[index]
    assert sum(b"type=LOGIN " in line for line in lines) == truth["sessions"]
    assert sum(b"res=failed" in line for line in lines) == truth["login_failed"] == 6
    assert sum(b"SYSCALL=execve" in line for line in lines) == truth["execute"]
    assert sum(b"SYSCALL=openat" in line and b"success=no exit=-13" in line for line in lines) == truth["read_denied"]
    assert len(fresh.laurel_log.read_bytes().splitlines()) == fresh.laurel.truth["events"]


def test_the_incident_unfolds_in_order(fresh: Site) -> None:
    played(fresh)
    told = [step["what"] for step in fresh.story]
    assert told[:6] == ["failed login"] * 6
    assert told[6:] == ["login", "bulk read", "archive", "tampered", "chmod", "reads refused", "logout"]
    log = fresh.audit_log.read_bytes()
    assert log.count(b'AUID="mkeller"') > 80
    assert f"addr={INTRUDER_ADDRESS}".encode() in log


def test_a_pace_of_four_ends_the_incident_in_a_quarter_of_the_time(fresh: Site) -> None:
    played(fresh, LENGTH / 4 + 1, pace=4.0)
    assert fresh.story[-1]["what"] == "logout"


def test_the_tampering_is_real_and_leaves_a_valid_file(fresh: Site) -> None:
    target = fresh.datasets["wgs-cohort-a"].named(".vcf.gz")[3]
    before, digest = gzip.decompress(target.read_bytes()), hashlib.sha256(target.read_bytes()).hexdigest()
    played(fresh)
    after = gzip.decompress(target.read_bytes())
    assert hashlib.sha256(target.read_bytes()).hexdigest() != digest
    assert after.startswith(before)
    assert after.count(b"\n") == before.count(b"\n") + 1
    assert target.stat().st_mode & 0o777 == 0o666


def test_only_the_incident_changes_data(fresh: Site) -> None:
    files = [path for dataset in fresh.datasets.values() for path in dataset.files]
    before = {path: path.read_bytes() for path in files}
    played(fresh)
    assert [p.name for p in files if p.read_bytes() != before[p]] == ["WGS0012.vcf.gz"]


def test_reads_of_a_shut_dataset_are_refused_in_the_log_and_nothing_is_changed(fresh: Site) -> None:
    dataset = fresh.datasets["wgs-cohort-a"]
    for path in dataset.files:
        path.chmod(0)
    played(fresh)
    assert "tampered" not in [step["what"] for step in fresh.story]
    lines = fresh.audit_log.read_text("utf-8").split("\n")
    bulk = [line for line in lines if 'comm="cp"' in line and "=openat" in line]
    assert len(bulk) == 48
    assert all("success=no exit=-13" in line for line in bulk)


def test_the_rate_is_about_what_was_asked(fresh: Site) -> None:
    before = fresh.trail.truth["events"] + fresh.laurel.truth["events"]
    traffic = Traffic(fresh, rate=10.0, pace=1e-6, clock=lambda: NOW)
    traffic.step(NOW)
    traffic.step(NOW + 200)
    written = fresh.trail.truth["events"] + fresh.laurel.truth["events"] - before
    assert 1700 < written < 2300


def test_the_thread_writes_until_stopped_and_then_no_more(fresh: Site) -> None:
    size = fresh.audit_log.stat().st_size
    traffic = Traffic(fresh, rate=200.0, clock=time.time)
    traffic.start()
    deadline = time.monotonic() + 10
    while fresh.audit_log.stat().st_size == size and time.monotonic() < deadline:
        time.sleep(0.02)
    traffic.stop()
    after = fresh.audit_log.stat().st_size
    assert after > size
    traffic.step(NOW)
    assert fresh.audit_log.stat().st_size == after
    assert traffic.error is None


@pytest.mark.filterwarnings("ignore")
def test_a_site_that_vanishes_stops_the_traffic_with_a_reason(fresh: Site) -> None:
    fresh.audit_log.unlink()
    fresh.audit_log.mkdir()
    traffic = Traffic(fresh, rate=200.0, clock=time.time)
    traffic.start()
    deadline = time.monotonic() + 10
    while traffic.error is None and time.monotonic() < deadline:
        time.sleep(0.02)
    traffic.stop()
    assert traffic.error is not None
    assert "audit.log" in traffic.error


def test_the_parser_sees_exactly_what_happened(fresh: Site) -> None:
    played(fresh)
    parser = AuditdParser("audit", "demo", Knowledge())
    parser.feed(fresh.audit_log.read_bytes(), 0)
    parsed, truth = parser.take(final=True), fresh.trail.truth
    seen = Counter(zip(parsed.events["action"].to_pylist(), parsed.events["outcome"].to_pylist(), strict=True))
    assert (parsed.counts.records, parsed.counts.events) == (truth["records"], truth["events"])
    assert (parsed.counts.unparsed, parsed.gaps, len(parsed.sessions)) == (0, (), truth["sessions"])
    for action in ("read", "write", "chmod", "execute"):
        assert seen[action, "success"] == truth[action]
    assert seen["read", "failure"] == truth["read_denied"]
    assert seen["login_failed", "failure"] == truth["login_failed"]
    assert set(parsed.events["warnings"].to_pylist()) == {None}
    addresses = set(zip(parsed.events["user_name"].to_pylist(), parsed.events["src_ip"].to_pylist(), strict=True))
    assert {("mkeller", INTRUDER_ADDRESS), ("svc_lims", "10.20.0.15")} <= addresses
    assert any(path and HOSTILE in path for path in parsed.events["path"].to_pylist())
