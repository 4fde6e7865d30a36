"""Alerts through the running engine: why each fired, what operators make of it, and that all of it outlives the store."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqwatch_tui.engine.api.routes import ROUTES
from tests.engine.running import WORKLOAD, WORKLOAD_SITE, Answer, Running, engine, ingest, write_site

DEMO_PAGE = Path(__file__).parents[2] / "docs" / "demo.md"
PARTS = ("snoozes", "alerts", "alert_reasons", "rule_versions", "incidents", "actions")


RULE = """
title: Reads of one person
name: reads-of-bob
logsource: {product: seqwatch, category: dataset_access}
detection: {sel: {user_name: bob, action: read, dataset|exists: true}, condition: sel}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with engine(write_site(tmp_path_factory.mktemp("life"), WORKLOAD_SITE)) as running:
        ingest(running, WORKLOAD)
        yield running


WORKLOAD_ALERTS: list[tuple[str, str, str | None]] = [
    ("bulk-read", "carol", "wgs-cohort-a"),
    ("access-without-grant", "carol", "wgs-cohort-a"),
    ("access-without-grant-refused", "carol", "wgs-cohort-a"),
    ("archive-or-copy-out", "carol", "wgs-cohort-a"),
    ("archive-or-copy-out", "alice", "wgs-cohort-a"),
    ("copied-to-open-place", "carol", "wgs-cohort-a"),
    ("copied-to-open-place", "alice", "wgs-cohort-a"),
    ("raw-data-destroyed", "alice", "wgs-cohort-a"),
    ("write-by-read-only-role", "alice", "wgs-cohort-a"),
    ("permission-change", "alice", "wgs-cohort-a"),
    ("access-without-grant-refused", "bob", "wgs-cohort-a"),
    ("access-without-grant", "unattributed", "wgs-cohort-a"),
    ("audit-trail-attacked", "unattributed", None),
    ("audit-daemon-ended", "root", None),
]
"""What a person who reads the recording would raise; docs/demo.md explains each."""


def one(site: Running, rule: str, actor: str) -> int:
    rows = site.api.get("/v1/alerts", state="all").rows
    return min(int(a["alert_id"]) for a in rows if (a["rule_id"], a["actor"]) == (rule, actor))


def say(site: Running, alert: int, do: str, **more: Any) -> Answer:
    return site.api.post(f"/v1/alerts/{alert}", {"do": do, "reason": "because", **more})


def test_the_recorded_workload_gives_the_alerts_that_a_reader_would_raise_and_no_others(site: Running) -> None:
    found = [(a["rule_id"], a["actor"], a["dataset"]) for a in site.api.get("/v1/alerts", state="all").rows]
    assert sorted(found, key=str) == sorted(WORKLOAD_ALERTS, key=str)
    section = DEMO_PAGE.read_text().partition("## The alerts of the recorded workload")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| ([a-z-]+) \| (\S+) \| (\S+) \| (.+) \|$", section, re.M)
    assert sorted(row[:3] for row in listed if row[0] != "rule") == sorted((r, a, d or "-") for r, a, d in found)


def test_every_alert_says_why_and_its_statement_gives_its_evidence(site: Running) -> None:
    for row in site.api.get("/v1/alerts", state="all").rows:
        full = site.api.get(f"/v1/alerts/{row['alert_id']}").value
        why, rule = full["why"], full["rule"]
        shown = {r["event_id"] for r in site.api.sql(why["sql"])}
        evidence = {r[0] for r in full["events"]["rows"]}
        assert shown == evidence, row["rule_id"]
        assert hashlib.sha256(rule["text"].encode()).hexdigest() == rule["hash"] == why["rule_hash"]
        assert rule["in_force"] is True
        assert row["risk"] > 0
        assert row["incident_id"] is not None


def test_a_correlation_names_measure_threshold_and_facts(site: Running) -> None:
    full = site.api.get(f"/v1/alerts/{one(site, 'bulk-read', 'carol')}").value
    why = full["why"]
    assert (why["threshold"], why["window_seconds"], why["counted"]) == (30, 600, "path")
    assert why["measure"] >= 30
    assert max(r["measure"] or 0 for r in site.api.sql(why["sql"])) == full["alert"]["measure"]
    assert why["facts"]["user_name"] == "carol"
    assert why["facts"]["allowed"] is False
    assert why["facts"]["grants_in_force"] == {"lab": ["read"]}
    assert why["not_seen"] == []


def test_from_new_to_closed_and_back(site: Running) -> None:
    alert = one(site, "bulk-read", "carol")
    for do, more, state in (
        ("acknowledge", {}, "acknowledged"), ("assign", {"owner": "lead"}, "acknowledged"), ("note", {}, "acknowledged"),
        ("contain", {}, "contained"), ("close", {"verdict": "true"}, "closed"), ("reopen", {}, "new"),
    ):  # fmt: skip
        answer = say(site, alert, do, **more)
        assert (answer.status, answer.value["state"]) == (200, state)
    assert answer.value["owner"] == "lead"
    history = site.api.get(f"/v1/alerts/{alert}").value["history"]
    assert [h["detail"] for h in history] == [
        "new -> acknowledged", "owner nobody -> lead", "note", "acknowledged -> contained", "contained -> closed (true)",
        "closed -> new",
    ]  # fmt: skip
    acts = site.api.sql(f"select uid, verb, reason from actions where subject = '{alert}' order by action_id")
    assert {(a["uid"], a["reason"]) for a in acts} == {(os.geteuid(), "because")}


def test_what_does_not_fit_is_refused_and_leaves_nothing(site: Running) -> None:
    alert = one(site, "raw-data-destroyed", "alice")
    before = site.api.sql("select count(*) as n from actions")
    for status, do, more in (
        (409, "reopen", {}), (409, "close", {}), (400, "close", {"verdict": "maybe"}), (400, "burn", {}),
        (400, "note", {"reason": " "}), (400, "assign", {"owner": 7}),
    ):  # fmt: skip
        assert say(site, alert, do, **more).status == status
    assert say(site, 999_999, "acknowledge").status == 404
    assert site.api.sql("select count(*) as n from actions") == [{"n": before[0]["n"] + 1}]  # that question itself


def test_incidents_bring_together_what_one_person_did_to_one_dataset(site: Running) -> None:
    found = {(i["actor"], i["dataset"]): i for i in site.api.get("/v1/incidents", state="all").rows}
    alice = found["alice", "wgs-cohort-a"]
    assert {"raw-data-destroyed", "write-by-read-only-role", "permission-change"} <= set(alice["rules"])
    listed = site.api.get("/v1/alerts", incident=alice["incident_id"]).rows
    assert len(listed) == alice["alerts"] > 2
    assert {(a["actor"], a["dataset"]) for a in listed} == {("alice", "wgs-cohort-a")}
    assert alice["risk"] > max(a["risk"] for a in listed) or alice["risk"] == 100


def test_only_those_who_may_act_change_alerts() -> None:
    roles = {(method, path): role for method, path, role, _ in ROUTES}
    assert roles["POST", "/v1/alerts/{id}"] == "responder"
    assert roles["GET", "/v1/incidents"] == roles["GET", "/v1/alerts/{id}"] == "viewer"
    assert roles["POST", "/v1/snoozes"] == roles["POST", "/v1/snoozes/{id}"] == "responder"


def test_the_command_is_the_same_word(site: Running) -> None:
    alert = str(one(site, "permission-change", "alice"))
    assert site.cli("alerts", "close", alert, "--reason", "r").returncode == 2
    assert site.cli("alerts", "ack", alert).returncode == 2
    assert site.cli("alerts", "burn", alert, "--reason", "r").returncode == 2
    assert site.cli("alerts", "note", alert, "--reason", "seen").returncode == 0
    assert site.cli("alerts", "show", alert).returncode == 1
    assert site.cli("alerts", "reopen", alert, "--reason", "r").returncode == 1, "refused: it is open"
    done = site.cli("alerts", "close", alert, "--verdict", "expected", "--reason", "planned", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["alert"]["verdict"]) == (0, "expected")
    shown = site.cli("alerts", "show", alert)
    assert "new -> closed (expected)" in shown.stdout
    assert "SELECT event_id" in shown.stdout
    listed = site.cli("alerts", "incidents", "--format", "json")
    assert {"incident_id", "rules", "risk"} <= json.loads(listed.stdout)[0].keys()


def test_a_backtest_finds_the_alerts_that_were_raised_and_how_they_were_judged(site: Running) -> None:
    rows = site.api.get("/v1/alerts", state="all").rows
    for rule in {row["rule_id"] for row in rows}:
        (result,) = backtest(site, {"rule": rule}).value["results"]
        raised = [row for row in rows if row["rule_id"] == rule]
        assert result["alerts"] == sum(day["alerts"] for day in result["days"]) == len(raised), rule
        assert {a["actor"]: a["alerts"] for a in result["actors"]} == Counter(row["actor"] for row in raised), rule
        judged = Counter(row["verdict"] if row["state"] == "closed" else "open" for row in raised)
        assert {word: n for word, n in result["judged"].items() if n} == judged, rule


def test_a_rule_that_is_being_written_is_tested_from_its_text(site: Running, tmp_path: Path) -> None:
    (result,) = backtest(site, {"text": RULE}).value["results"]
    (row,) = site.api.sql(
        "select count(*) as n from events where user_name = 'bob' and action = 'read' and dataset is not null"
    )
    assert (result["events"], result["judged"]["none"]) == (row["n"], result["alerts"])
    (tmp_path / "new.yml").write_text(RULE)
    said = site.cli("rules", "backtest", str(tmp_path / "new.yml"), "--since", "365d")
    assert (said.returncode, said.stdout.split()[:2]) == (0, ["day", "alerts"])
    assert site.api.sql("select count(*) as n from rule_versions where rule_id = 'reads-of-bob'") == [{"n": 0}]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400), ({"rule": "a", "text": "b"}, 400), ({"rule": "nosuch"}, 404), ({"text": "title: x"}, 400),
        ({"rule": "bulk-read", "since": -1}, 400), ({"rule": "bulk-read", "timeout": "long"}, 400), ({"rule": 7}, 400),
    ],
)  # fmt: skip
def test_a_backtest_that_cannot_be_made_says_why(site: Running, body: dict[str, Any], status: int) -> None:
    answer = site.api.post("/v1/rules/backtest", body)
    assert answer.status == status
    assert answer.value["error"]


def backtest(site: Running, wanted: dict[str, Any]) -> Answer:
    answer = site.api.post("/v1/rules/backtest", {"since": 3650 * 86400, **wanted})
    assert answer.status == 200, answer.body
    return answer


def test_a_snooze_is_made_listed_counted_and_cancelled(site: Running) -> None:
    done = site.cli("alerts", "snooze", str(one(site, "bulk-read", "carol")), "--for", "4h", "--reason", "restore test")
    assert done.returncode == 0, done.stderr
    assert site.api.status()["snoozes"] == 1
    (listed,) = json.loads(site.cli("alerts", "snoozes", "--format", "json").stdout)
    assert (listed["rule_id"], listed["actor"], listed["dataset"]) == ("bulk-read", "carol", "wgs-cohort-a")
    assert listed["ends"] - listed["begins"] == pytest.approx(4 * 3600, abs=1)
    ended = site.api.post(f"/v1/snoozes/{listed['snooze_id']}", {"do": "cancel", "reason": "done early"})
    assert (ended.status, ended.value["cancelled_by"] is not None) == (200, True)
    assert site.api.post(f"/v1/snoozes/{listed['snooze_id']}", {"do": "cancel", "reason": "again"}).status == 409
    assert site.api.status()["snoozes"] == 0
    verbs = [a["verb"] for a in site.api.sql("select verb from actions where subject = 'snooze 1' order by action_id")]
    assert verbs == ["snooze", "unsnooze"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"seconds": 60, "reason": "r"}, 409), ({"actor": "a", "seconds": 8 * 86400, "reason": "r"}, 409),
        ({"actor": "a", "seconds": 0, "reason": "r"}, 409), ({"actor": "a", "seconds": "4h", "reason": "r"}, 400),
        ({"actor": "a", "seconds": 60}, 400), ({"actor": 7, "seconds": 60, "reason": "r"}, 400),
    ],
)  # fmt: skip
def test_a_snooze_that_is_not_meant_is_refused(site: Running, body: dict[str, Any], status: int) -> None:
    assert site.api.post("/v1/snoozes", body).status == status


def test_what_is_snoozed_is_stored_and_counted_and_not_open(site: Running, tmp_path: Path) -> None:
    """A log that goes on after the snooze was made: its times are moved to now."""
    made = site.api.post("/v1/snoozes", {"actor": "alice", "seconds": 3600, "reason": "r"}).value
    shift = int(made["begins"]) + 5 - 1795344490
    lines = re.sub(rb"audit\((\d{10})", lambda m: b"audit(%d" % (int(m[1]) + shift), WORKLOAD.read_bytes())
    (tmp_path / "later.log").write_bytes(lines)
    ingest(site, tmp_path / "later.log")
    rows = [a for a in site.api.get("/v1/alerts", state="all").rows if a["first_ts"] >= made["begins"]]
    assert {a["state"] for a in rows if a["actor"] == "alice"} == {"suppressed"}
    assert {a["suppressed_by"] for a in rows if a["actor"] == "alice"} == {f"snooze {made['snooze_id']}"}
    assert {a["state"] for a in rows if a["actor"] == "carol"} == {"new"}
    assert not [a for a in site.api.get("/v1/alerts").rows if a["actor"] == "alice" and a["first_ts"] >= made["begins"]]
    (quiet,) = site.api.get("/v1/quiet").rows
    assert quiet["alerts"] == site.api.status()["suppressed"] == len([a for a in rows if a["actor"] == "alice"]) > 2
    for row in rows:
        assert site.api.get(f"/v1/alerts/{row['alert_id']}").value["why"]["sql"]


def test_a_reopened_alert_that_grows_keeps_the_reason_it_fired_for(site: Running, tmp_path: Path) -> None:
    alert = one(site, "permission-change", "alice")
    before = site.api.get(f"/v1/alerts/{alert}").value["why"]
    assert say(site, alert, "reopen").status == 200
    lines = re.sub(rb"audit\((\d{10})", lambda m: b"audit(%d" % (int(m[1]) + 300), WORKLOAD.read_bytes())
    (tmp_path / "again.log").write_bytes(lines)
    ingest(site, tmp_path / "again.log")
    after = site.api.get(f"/v1/alerts/{alert}").value
    assert after["alert"]["count"] == 2
    assert (after["why"], after["alert"]["verdict"]) == (before, None)


def test_all_of_it_is_given_back_by_the_ledger(site: Running) -> None:
    site.api.sql("select 1")

    def state(running: Running) -> dict[str, list[dict[str, Any]]]:
        return {part: running.api.sql(f"select * from {part} where not starts_with(coalesce(verb, ''), 'sql') order by all"
                if part == "actions" else f"select * from {part} order by all") for part in PARTS}  # fmt: skip

    before = state(site)
    assert all(before.values())
    assert site.stop() == 0
    (site.config.parent / "state" / "store.duckdb").unlink()
    with engine(site.config) as again:
        assert state(again) == before
