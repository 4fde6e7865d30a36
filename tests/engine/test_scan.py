"""Scanning logs: what is found is what parsing every event and asking every rule gives, however the work is cut up."""

from __future__ import annotations

import gzip
import os
import signal
from pathlib import Path

import pytest

from seqwatch_tui.detect import load_rules
from seqwatch_tui.detect.condition import And, Match, Not
from seqwatch_tui.detect.finding import Finder, only_on_records, without_policy
from seqwatch_tui.detect.load import shipped_rules
from seqwatch_tui.detect.pieces import PieceSieve
from seqwatch_tui.detect.rule import Correlation, Rule, RuleSet
from seqwatch_tui.engine import scan_reading
from seqwatch_tui.engine.scan import Scan
from seqwatch_tui.engine.scan_workers import Piece, ScanFailed, Workers
from seqwatch_tui.parse.auditd import AuditdParser

TESTS = Path(__file__).parent.parent
GOLDEN = TESTS / "golden"
LOGS = ("generated.audit.log", "sshd-workload-enriched.log", "descriptors-enriched.log")


def _rule(name: str, body: And | Match | Not, view: str = "records") -> Rule:
    return Rule(name, name, "low", body, "", 3600, view=view)


OWN = tuple(
    rule for rule in load_rules([TESTS / "detect" / "rules"]).rules
    if not isinstance(rule.body, Correlation) and rule.view == "records"
)  # fmt: skip
MORE = (
    _rule("call", And((Match("type", "eq", "syscall"), Match("SYSCALL", "endswith", "at"), Match("exe", "contains", "bin")))),
    _rule("bam", And((Match("name", "endswith", ".bam"), Match("nametype", "eq", "normal")))),
    _rule("words", Match("*", "contains", "samtools view")),
    _rule("argument", And((Match("type", "eq", "execve"), Match("a1", "contains", "/")))),
    _rule("who", And((Match("EUID", "eq", "root"), Match("success", "eq", "no")))),
    _rule("account", Match("acct", "contains", "a")),
    _rule("minute", And((Match("type", "eq", "cwd"), Match("ts.minute", "gte", 30)))),
)  # fmt: skip
PAIR = Rule(
    "pair", "pair", "high", Correlation("event_count", ("words",), ("user_name",), 600, 2, generate=True), "", 3600
)
RULES = RuleSet((*OWN, *MORE, PAIR))
Found = set[tuple[str, int | None, str | None, object, int]]


def _reference(log: bytes, rules: RuleSet = RULES) -> Found:
    """By parsing it as a whole."""
    parser, finder = AuditdParser("scan", ""), Finder(rules)
    parser.feed(log, 0)
    parsed = parser.take(final=True)
    return {_plain(finding) for finding in finder.find(parsed.events, parsed.records)}


def _plain(finding: object) -> tuple[str, int | None, str | None, object, int]:
    event = finding.event  # type: ignore[attr-defined]
    who = (event["ts"], event["user_name"], event["src_ip"], event["exe"], event["command_line"])
    rule, kind = finding.rule.rule_id, finding.kind  # type: ignore[attr-defined]
    return rule, finding.position, kind, who, finding.count  # type: ignore[attr-defined]


def _scanned(path: Path, rules: RuleSet = RULES, **how: int) -> tuple[Found, Scan]:
    scan = Scan(rules, [path], "auto", **how)
    found = [_plain(finding) for _, finding in scan.findings()]
    assert len(found) == len(set(found)) == sum(scan.hits.values())
    assert not scan.faults
    return set(found), scan


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize(("processes", "piece"), [(1, 8 << 20), (1, 20_000), (2, 20_000), (3, 70_000)])
def test_however_it_is_cut_up(log: str, processes: int, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_reading, "WINDOW", 8_000)
    found, scan = _scanned(GOLDEN / log, processes=processes, piece=piece)
    assert found == _reference((GOLDEN / log).read_bytes())
    assert scan.files[0].lines == (GOLDEN / log).read_bytes().count(b"\n")
    assert scan.files[0].bytes == (GOLDEN / log).stat().st_size


def test_the_logs_hold_something_for_most_rules() -> None:
    names = {each[0] for log in LOGS for each in _reference((GOLDEN / log).read_bytes())}
    assert names >= {"call", "bam", "argument", "who", "account", "pair", "words", "minute"}


def test_what_is_packed_is_found_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_reading, "WINDOW", 8_000)
    data = (GOLDEN / LOGS[0]).read_bytes()
    path = tmp_path / "audit.log.2.gz"
    path.write_bytes(gzip.compress(data))
    found, scan = _scanned(path, processes=2, piece=30_000)
    assert found == _reference(data)
    assert scan.files[0].bytes == len(data)
    path.write_bytes(gzip.compress(data)[:-2000])
    _, scan = _scanned(path, processes=1, piece=30_000)
    assert "what could be read was looked at" in scan.files[0].problem


def test_rules_on_events_are_found_with_every_event(tmp_path: Path) -> None:
    data = (GOLDEN / LOGS[0]).read_bytes()
    rules = RuleSet((*RULES.rules, _rule("read", Match("action", "eq", "read"), "events")))
    assert not only_on_records(rules)
    found, _ = _scanned(GOLDEN / LOGS[0], rules, processes=2, piece=20_000)
    assert found == _reference(data, rules)


ODD = [
    b"no record at all\n",
    b'node=other type=EXECVE msg=audit(1790000900.000:900001): argc=3 a0="samtools" a1="view" a2="/x"\n',
    b"type=USER_MSG msg=audit(1790000901.000:900002): pid=1 uid=0 msg='op=x acct=\"\xc3\xa4nna\" res=success'\n",
    b'type=EXECVE msg=audit(1790000902.000:900003): argc=3 a0="samtools" a1="view" a2="/x"\r\n',
    b'type=EXECVE msg=audit(179000x903.000:900004): argc=3 a0="samtools" a1="view" a2="/x"\n',
    b'type=EXECVE msg=audit(1790000904.000:900005): argc=3 a0="samtools" a1="view" a2="/' + b"x" * (1 << 20) + b'"\n',
    b'type=EXECVE msg=audit(1790000905.000:900006): argc=3 a0="samtools" a1="view" a2="/unterminated"',
]


def test_lines_of_another_form_are_found_or_told_of(tmp_path: Path) -> None:
    data = (GOLDEN / LOGS[1]).read_bytes() + b"".join(ODD)
    path = tmp_path / "audit.log"
    path.write_bytes(data)
    found, scan = _scanned(path, processes=1)
    assert found == _reference(data)
    starts = [data.find(odd) for odd in ODD]
    assert {each[1] for each in found if each[0] == "words"} >= {starts[1], starts[3], starts[6]}
    parser = AuditdParser("scan", "")
    parser.feed(data, 0)
    parsed = parser.take(final=True)
    assert scan.files[0].unparsed == parsed.counts.unparsed > 0
    assert {gap.kind for gap in scan.gaps} == {gap.kind for gap in parsed.gaps} >= {"unparsed", "serial", "oversize"}


def test_missing_serials_are_gaps_though_their_neighbours_are_not_kept(tmp_path: Path) -> None:
    lines = (GOLDEN / LOGS[0]).read_bytes().splitlines(keepends=True)
    serials = sorted({line.split(b":")[1].split(b")")[0] for line in lines}, key=int)
    gone = {serials[len(serials) // 2], serials[len(serials) // 2 + 1], serials[len(serials) // 3]}
    data = b"".join(line for line in lines if line.split(b":")[1].split(b")")[0] not in gone)
    path = tmp_path / "audit.log"
    path.write_bytes(data)
    parser = AuditdParser("scan", "")
    parser.feed(data, 0)
    wanted = [(gap.count, gap.detail) for gap in parser.take(final=True).gaps if gap.kind == "serial"]
    for how in ({"processes": 1}, {"processes": 2, "piece": 50_000}):
        _, scan = _scanned(path, **how)
        assert [(gap.count, gap.detail) for gap in scan.gaps if gap.kind == "serial"] == wanted
    assert wanted


def test_rotated_logs_are_read_oldest_first_and_names_carry_over(tmp_path: Path) -> None:
    lines = (GOLDEN / LOGS[0]).read_bytes().splitlines(keepends=True)
    half = next(n for n in range(len(lines) // 2, len(lines)) if lines[n].startswith(b"type=SYSCALL"))
    old, new = tmp_path / "audit.log.1", tmp_path / "audit.log"
    old.write_bytes(b"".join(lines[:half]))
    new.write_bytes(b"".join(lines[half:]))
    scan = Scan(RULES, [new, old])
    found = [(file.path, *_plain(finding)) for file, finding in scan.findings()]
    assert [Path(file.path).name for file in scan.files] == ["audit.log.1", "audit.log"]
    whole = {(each[0], each[2], each[3]) for each in _reference(b"".join(lines)) if each[0] != "pair"}
    assert {(each[1], each[3], each[4]) for each in found if each[1] != "pair"} == whole


def test_a_rotation_meanwhile_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_reading, "WINDOW", 8_000)
    monkeypatch.chdir(tmp_path)
    data, path = (GOLDEN / LOGS[0]).read_bytes(), Path("audit.log")
    path.write_bytes(data)
    scan = Scan(RULES, [path], processes=2, piece=20_000)
    found = set()
    for number, (_, finding) in enumerate(scan.findings()):
        found.add(_plain(finding))
        if not number:
            path.rename("audit.log.1")
            path.write_bytes(b"type=X\n")
    assert found == _reference(data)


def test_hosts_teach_nothing_about_each_other(tmp_path: Path) -> None:
    login = (
        b'type=USER_LOGIN msg=audit(1790000000.000:%d): pid=1 uid=0 auid=1001 ses=9 msg=\'op=login acct="%s" exe="/usr/sbin/sshd" '
        b'hostname=? addr=%s terminal=ssh res=success\'\x1dUID="root" AUID="%s"\n'
    )
    call = b'type=EXECVE msg=audit(1790000009.000:%d): argc=2 a0="samtools" a1="view"\n'
    shown = (
        b"type=SYSCALL msg=audit(1790000009.000:%d): arch=c000003e syscall=59 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=0 ppid=1 "
        b'pid=2 auid=1001 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=9 comm="x" exe="/x" key=(null)\n'
    )
    title = b"type=PROCTITLE msg=audit(1790000009.000:%d): proctitle=78\n"
    (tmp_path / "a.log.1").write_bytes(login % (100, b"anna", b"192.0.2.1", b"anna"))
    (tmp_path / "a.log").write_bytes((shown + call + title) % (101, 101, 101))
    (tmp_path / "b.log").write_bytes((shown + call + title) % (500, 500, 500))
    scan = Scan(RuleSet(MORE), [tmp_path / "b.log", tmp_path / "a.log", tmp_path / "a.log.1"])
    who = {
        Path(file.path).name: finding.event["user_name"]
        for file, finding in scan.findings()
        if finding.rule.rule_id == "words"
    }
    assert who == {"a.log": "anna", "b.log": None}
    assert not scan.gaps


def test_a_file_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "empty.log").write_bytes(b"")
    scan = Scan(RULES, [tmp_path / "empty.log", GOLDEN / LOGS[0]])
    assert sum(1 for _ in scan.findings()) == sum(scan.hits.values()) > 0
    assert [bool(file.problem) for file in scan.files] == [True, False]


def test_rules_that_ask_for_a_configuration_are_left_out_by_name() -> None:
    rules = load_rules([shipped_rules()])
    kept, left_out = without_policy(rules)
    assert {rule.rule_id for rule in left_out} >= {"access-without-grant", "bulk-read", "canary-opened"} & {
        rule.rule_id for rule in rules.rules
    }
    assert {"root-login", "audit-trail-attacked"} <= {rule.rule_id for rule in kept.rules}
    assert len(kept.rules) + len(left_out) == len(rules.rules)


def test_a_process_that_dies_is_told_of() -> None:
    workers = Workers(PieceSieve(list(MORE)), 1)
    try:
        pid = workers.processes[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        workers.processes[0].join(30)
        with pytest.raises(ScanFailed, match="ended early"):
            list(workers.keep([Piece("x", 0, 0, 4, b"a=b\n")] * 3))
    finally:
        workers.close()


def test_a_file_that_shrinks_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes((GOLDEN / LOGS[0]).read_bytes()[:5000])
    for count in (0, 1):
        workers = Workers(PieceSieve(list(MORE)), count)
        try:
            with path.open("rb") as file:
                pieces = [Piece(str(path), file.fileno(), 0, 4000), Piece(str(path), file.fileno(), 4000, 9000)]
                with pytest.raises(ScanFailed, match="became shorter"):
                    list(workers.keep(pieces))
        finally:
            workers.close()


@pytest.mark.parametrize("count", [0, 1])
def test_a_fault_in_a_process_is_told_of(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(PieceSieve, "keep", faulty)
    workers = Workers(PieceSieve(list(MORE)), count)
    try:
        with pytest.raises(ScanFailed, match="bytes 0 to 4 could not be looked at: KeyError"):
            list(workers.keep([Piece("x", 0, 0, 4, b"a=b\n")]))
    finally:
        workers.close()


def test_a_sieve_takes_no_rules_on_events() -> None:
    with pytest.raises(ValueError, match="raw records"):
        PieceSieve([_rule("read", Match("action", "eq", "read"), "events")])
