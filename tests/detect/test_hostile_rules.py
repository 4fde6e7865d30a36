"""Rules that are wrong or meant to do harm: named, contained, the others unaffected, and never a second late."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from seqwatch_tui.detect import Detector, history_sql, load_rules
from seqwatch_tui.detect.documents import documents
from tests.detect import history
from tests.detect.batches import batch
from tests.detect.synthetic_trail import Trail

HEAD = "title: {0}\nname: {0}\nlogsource: {{product: seqwatch, category: dataset_access}}\ndetection:\n  s: {{{1}}}\n  condition: s\n"
GOOD = HEAD.format("good", "path|endswith: .bam")
REDOS = (
    r"path|re: '(a+)+$'", r"path|re: '(a|a)*b'", r"path|re: '^(([a-z])+.)+[A-Z]([a-z])+$'", r"path|re: '(x+x+)+y'",
    "path: '" + "*a" * 40 + "*b'",
)  # fmt: skip
INJECTED = "'); DROP TABLE events; --"


def _folder(tmp_path: Path, *rules: str) -> Path:
    for number, text in enumerate(rules):
        (tmp_path / f"{number}.yml").write_text(text)
    return tmp_path


def test_what_is_wrong_is_named_and_the_others_are_watched(tmp_path: Path) -> None:
    huge = HEAD.format("huge", "path: [" + ", ".join(f"'{n:06d}'" for n in range(300_000)) + "]")
    wrong = (huge, HEAD.format("ahead", "path|re: '(?=a)b'"), HEAD.format("no-field", "nothing: x"), "title: [")
    began = time.monotonic()
    rules = load_rules([_folder(tmp_path, GOOD, *wrong)])
    assert time.monotonic() - began < 20.0
    assert [rule.rule_id for rule in rules.rules] == ["good"]
    assert sorted(Path(failure.file).name for failure in rules.failures) == ["1.yml", "2.yml", "3.yml", "4.yml"]
    assert "larger than" in next(f.why for f in rules.failures if f.file.endswith("1.yml"))
    alerts = Detector(rules, [], 1).feed(batch([{"path": "/d/a.bam"}])).alerts
    assert [alert.rule_id for alert in alerts] == ["good"]


@pytest.mark.parametrize("others", [10, 5000])
def test_a_pattern_that_quotes_to_its_end_swallows_no_other(tmp_path: Path, others: int) -> None:
    rules = load_rules(
        [_folder(tmp_path, HEAD.format("quoting", r"path|re: '\Q/d/a.bam'"), HEAD.format("equal", "path: /d/7.vcf"))]
    )
    rows = [{"path": f"/d/{number}.vcf", "event_id": number + 1} for number in range(others)]
    detector = Detector(rules, [], 1)
    found = detector.feed(batch([*rows, {"path": "/d/a.bam", "event_id": others + 1}])).alerts
    assert {alert.rule_id for alert in found} == {"quoting", "equal"}
    assert detector.faults == ()


def test_a_wrong_pattern_is_a_failure_and_nothing_on_standard_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rules = load_rules([_folder(tmp_path, HEAD.format("wrong", '"path|re": "([\\e[31m"'))])
    assert "is invalid" in rules.failures[0].why
    assert capfd.readouterr().err == ""


def test_a_file_of_many_documents_costs_no_memory() -> None:
    tracemalloc.start()
    good, bad = documents(b"a\n---\n" * 43_000, "many.yml")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (good, len(bad), peak < 32 << 20) == ([], 1, True)


@pytest.mark.parametrize(
    ("saddr", "held"),
    [
        ("020000500A0000010000", True), ("020000500a000001", True), ("02000050ZZZZZZZZ00000000", False),
        ("0200005X0A0000010000", False), ("02000050+1+2+3+4", False), ("02000050-1-2-3-4", False), ("020000500A0000011", False),
        ("0A00005000000000ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ", False), ("02", False),
    ],
)  # fmt: skip
def test_a_forged_address_stops_no_history(tmp_path: Path, saddr: str, held: bool) -> None:
    text = HEAD.format("any", "DestinationPort|gte: 0, DestinationIp|cidr: 0.0.0.0/0")
    text = text.replace("product: seqwatch, category: dataset_access", "product: linux, category: network_connection")
    rules = load_rules([_folder(tmp_path, text)])
    trail = Trail()
    trail._line(trail._event({"syscall": "connect", "action": "other"}), "SOCKADDR", {"saddr": saddr})
    events, records = trail.tables()
    assert bool(Detector(rules, [], 1).feed(events, records).alerts) is held
    assert history.found(history.history(events, records), rules.rules[0]) == ([0] if held else [])


@pytest.mark.parametrize("size", [1, 500])
def test_a_pattern_made_to_backtrack_costs_no_second(tmp_path: Path, size: int) -> None:
    rules = load_rules([_folder(tmp_path, GOOD, *(HEAD.format(f"redos-{n}", each) for n, each in enumerate(REDOS)))])
    assert rules.failures == ()
    detector = Detector(rules, [], 1)
    detector.feed(batch([{"path": "/warm"}]))
    rows = [{"path": "/" + "a" * 4000 + f"!{n}.bam"} for n in range(size)]
    began = time.monotonic()
    alerts = detector.feed(batch(rows)).alerts
    assert time.monotonic() - began < (1.0 if size == 1 else 10.0)
    assert "good" in {alert.rule_id for alert in alerts}


def test_a_long_list_costs_no_second_a_batch(tmp_path: Path) -> None:
    """As long as a file may be: its values are looked up, not tried one by one."""
    names = [f"{n:x}" for n in range(30_000)]
    rules = load_rules(
        [_folder(tmp_path, GOOD, HEAD.format("list", f"process: [{', '.join(repr(n) for n in names)}]"))]
    )
    assert rules.failures == ()
    detector = Detector(rules, [], 1)
    detector.feed(batch([{"process": "warm"}]))
    began = time.monotonic()
    alerts = detector.feed(batch([{"process": names[-1], "path": "/d/a.bam"}] * 1000)).alerts
    assert time.monotonic() - began < 1.0
    assert {alert.rule_id for alert in alerts} == {"good", "list"}


def test_a_fragment_of_sql_is_a_value_and_a_field_of_sql_is_refused(tmp_path: Path) -> None:
    quoted = INJECTED.replace("'", "''")
    field = HEAD.format("field", "'a\"; DROP TABLE events; --': x")
    auditd = f"title: r\nname: r\nlogsource: {{product: linux, service: auditd}}\ndetection:\n  s: {{cmd: '{quoted}'}}\n  condition: s\n"
    rules = load_rules([_folder(tmp_path, HEAD.format("value", f"path|contains: '{quoted}'"), field, auditd)])
    assert [rule.rule_id for rule in rules.rules] == ["value", "r"]
    assert len(rules.failures) == 1
    trail = Trail()
    trail.add("events", {"path": f"/a{INJECTED}b"})
    trail.add("records", {"type": "USER_CMD", "cmd": INJECTED})
    events, records = trail.tables()
    connection = history.history(events, records)
    for rule, wanted in zip(rules.rules, ([0], [1]), strict=True):
        assert INJECTED.lower() in map(str, history_sql(rule).params)
        assert history.found(connection, rule) == wanted
    assert connection.execute("SELECT count(*) FROM events").fetchall() == [(2,)]
