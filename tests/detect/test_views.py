"""Log sources: on recorded trails, rules find the same rows live, in SQL and by the plain reference."""

from __future__ import annotations

import functools
from pathlib import Path

import pyarrow as pa
import pytest

from seqwatch_tui.detect import Detector, RuleSet, history_sql, load_rules
from seqwatch_tui.detect.condition import And, Condition, Match, Not
from seqwatch_tui.detect.fields import LOG_SOURCES
from seqwatch_tui.detect.hits import Batch
from seqwatch_tui.detect.matching import Matching
from seqwatch_tui.detect.rule import Correlation, Rule
from seqwatch_tui.detect.shown import ALERT_ID, alert_sql, rule_sql
from seqwatch_tui.detect.views import Past
from seqwatch_tui.parse.auditd import AuditdParser
from tests.detect import history, naive_views

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
OWN = load_rules([HERE / "rules"])
LOGS = ("generated.audit.log", "sshd-workload-enriched.log")
BROAD: tuple[tuple[str, Condition], ...] = (
    ("records", Match("type", "eq", "path")),
    ("records", And((Match("type", "eq", "syscall"), Match("euid", "gt", 0), Not(Match("EUID", "eq", "root"))))),
    ("records", And((Match("type", "eq", "syscall"), Match("SYSCALL", "endswith", "at"), Match("exe", "contains", "bin")))),
    ("records", Match("a1", "contains", "/")),
    ("records", Match("name", "endswith", ".bam")),
    ("records", Match("*", "contains", "samtools view")),
    ("records", Match("*", "contains", "pam:session_open grantors")),
    ("records", Match("acct", "eq", "alice")),
    ("records", Match("proctitle", "wildcard", "*/data/*")),
    ("records", And((Match("pid", "same", "ppid"), Match("ts.hour", "gte", 0)))),
    ("records", Match("ses", "null")),
    ("processes", Match("ParentImage", "endswith", "sh")),
    ("processes", Not(Match("ParentCommandLine", "null"))),
    ("processes", Match("CommandLine", "contains", "-c ")),
    ("processes", Match("CurrentDirectory", "startswith", "/")),
    ("processes", Match("Image", "same", "ParentImage")),
    ("files", Match("TargetFilename", "contains", "/")),
    ("connections", Match("DestinationPort", "gt", 0)),
    ("connections", Match("DestinationIp", "cidr", "93.184.0.0/16")),
    ("connections", Match("Initiated", "eq", "true")),
    ("events", Match("ts.minute", "gte", 10)),
    ("events", Match("ts.week", "eq", 39)),
)  # fmt: skip


@functools.cache
def trail(log: str) -> tuple[pa.Table, pa.Table]:
    parser = AuditdParser("audit", "host")
    parser.feed((GOLDEN / log).read_bytes(), 0)
    parsed = parser.take(final=True)
    return parsed.events, parsed.records


def matched(rules: list[Rule], events: pa.Table, records: pa.Table, size: int) -> dict[str, list[int]]:
    """Event ids by rule, with the trail cut into batches of `size` events."""
    matching, past = Matching(rules), Past()
    found: dict[str, set[int]] = {}
    owners = records.column("event_id")
    for at in range(0, events.num_rows, size):
        some = events.slice(at, size)
        mine = records.filter(pa.compute.is_in(owners, some.column("event_id").combine_chunks()))
        batch = Batch(some)
        for rule_id, hits in matching.match(matching.views(some, mine, batch.columns, past)).items():
            found.setdefault(rule_id, set()).update(batch.event_ids[hits.rows].tolist())
    return {rule_id: sorted(ids) for rule_id, ids in found.items()}


def _rule(number: int, view: str, body: Condition) -> Rule:
    return Rule(str(number), str(number), "low", body, "", 3600, view=view)


def test_own_rules_load() -> None:
    assert OWN.failures == ()
    assert {rule.view for rule in OWN.rules} == {"records", "processes", "files", "connections", "events"}


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("size", [7, 1 << 20])
def test_live_is_the_reference(log: str, size: int) -> None:
    events, records = trail(log)
    rules = [*(_rule(n, *each) for n, each in enumerate(BROAD)), *_plain(OWN)]
    live = matched(rules, events, records, size)
    for rule in rules:
        assert not isinstance(rule.body, Correlation)
        assert live.get(rule.rule_id, []) == naive_views.found(rule.view, rule.body, events, records), rule
    assert len(live) > len(BROAD) // 2


@pytest.mark.parametrize("log", LOGS)
def test_sql_is_the_reference(log: str) -> None:
    events, records = trail(log)
    connection = history.history(events, records)
    hits = 0
    for rule in [_rule(n, *each) for n, each in enumerate(BROAD)]:
        assert not isinstance(rule.body, Correlation)
        wanted = naive_views.found(rule.view, rule.body, events, records)
        assert history.found(connection, rule) == wanted, rule
        hits += len(wanted)
    assert hits > 500


def _plain(rules: RuleSet) -> list[Rule]:
    return [rule for rule in rules.rules if not isinstance(rule.body, Correlation)]


def test_a_laurel_object_gives_the_records_it_holds() -> None:
    line = (
        b'{"ID":"1790000000.001:7","SYSCALL":{"arch":"0xc000003e","syscall":59,"SYSCALL":"execve","exe":"/bin/x",'
        b'"euid":33,"ARGV":["0x1"]},"EXECVE":{"argc":2,"ARGV":["chmod","a%20b"]},"PATH":[{"name":"/bin/x"},{"name":"/l"}]}\n'
    )
    events, records = trail(LOGS[0])
    events = events.slice(0, 1)
    row = {"event_id": 0, "seq": 0, "type": "JSON", "raw": line}
    records = pa.Table.from_pylist([{**row, "source": "a", "position": 0}], records.schema)
    tests = [
        Match("a1", "eq", "a b"), Match("name", "eq", "/l"), Match("euid", "eq", "33"), Match("*", "contains", "chmod"),
        Match("name", "eq", "/none"),
    ]  # fmt: skip
    rules = [_rule(n, "records", test) for n, test in enumerate(tests)]
    assert matched(rules, events, records, 9) == {"0": [0], "1": [0], "2": [0], "3": [0]}


def test_every_log_source_says_what_it_lacks() -> None:
    assert not LOG_SOURCES["linux", None, "auditd"].missing
    assert "no source delivers this" in LOG_SOURCES["linux", None, "clamav"].missing


def test_an_alias_joins_a_process_and_a_record() -> None:
    events, records = trail(LOGS[1])
    detector = Detector(OWN, [], 1)
    found = detector.feed(events, records)
    assert detector.faults == ()
    joined = [alert for alert in found.alerts if alert.rule_id == "one-account"]
    assert joined
    rows = {row["event_id"]: row for row in events.to_pylist()}
    taken = [rows[each.event_id] for each in found.evidence if each.alert_id in {alert.alert_id for alert in joined}]
    assert {row["syscall"] for row in taken} >= {"USER_START", "execve"}
    rule = OWN.by_id["one-account"]
    query = history_sql(rule, OWN.by_id)
    groups = history.history(events, records).execute(query.sql, query.params).fetchall()
    accounts = {row[0] for row in groups}
    assert accounts == {row["uid_name"] for row in taken if row["action"] == "execute"}


def test_what_is_shown_is_what_runs() -> None:
    """Rules written out with their values, and the statement of an alert over its span, find the same events."""
    events, records = trail(LOGS[1])
    connection = history.history(events, records)
    span = "min(ts) AS first_ts, max(ts) AS last_ts, NULL AS actor, NULL AS dataset"
    connection.execute(f"CREATE VIEW alerts AS SELECT 1 AS alert_id, {span} FROM events")
    everyone = "user_name IS NULL AND dataset IS NULL"
    for rule in [_rule(n, *each) for n, each in enumerate(BROAD)][::4] + _plain(OWN)[-3:]:
        found = history.found(connection, rule)
        assert [row[0] for row in connection.execute(rule_sql(rule, {})).fetchall()] == found
        alone = connection.execute(f"SELECT event_id FROM events WHERE {everyone}").fetchall()
        shown = [row[0] for row in connection.execute(alert_sql([rule], {}).replace(ALERT_ID, "1")).fetchall()]
        assert shown == [event_id for event_id in found if (event_id,) in alone]
