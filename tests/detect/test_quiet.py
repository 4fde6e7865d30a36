"""Quiet by plan: windows, jobs, snoozes; what is quiet is an alert of its own, and nothing else becomes quiet with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from seqwatch_tui.config.errors import ConfigError
from seqwatch_tui.config.settings import Settings, loads
from seqwatch_tui.detect import Detector, RuleSet, load_rules, shipped_rules
from seqwatch_tui.detect.quiet import Quiet
from seqwatch_tui.model.alert import Alert
from seqwatch_tui.model.snooze import Snooze
from tests.detect.batches import START, batch, last

BASE = """
site: s
state_dir: /var/lib/x
timezone: Europe/Berlin
datasets: [{id: wgs-a, path: /data/a}, {id: wgs-b, path: /data/b}]
"""
BULK = load_rules([shipped_rules()], ["bulk-read"])
CHANGE = load_rules([shipped_rules()], ["permission-change"])
JOB = 'expected: [{name: qc, account: svc_qc, exe: [/usr/bin/samtools, "/opt/qc/*"], datasets: ["wgs-*"], reason: all}]'


def settings(more: str) -> Settings:
    return loads(BASE + more, "seqwatch.yaml")


def read(number: int, ts: float, **more: Any) -> dict[str, Any]:
    return {
        "event_id": number, "ts": ts, "action": "read", "outcome": "success", "dataset": "wgs-a", "user_name": "svc_qc",
        "role": "qc", "bulk_granted": False, "path": f"/d/{number}.bam", "exe": "/usr/bin/samtools", **more,
    }  # fmt: skip


def chmod(number: int, ts: float, **more: Any) -> dict[str, Any]:
    return read(number, ts, **{"action": "chmod", "user_name": "anna", "exe": "/usr/bin/chmod", **more})


def alerts(rules: RuleSet, quiet: Quiet, rows: list[dict[str, Any]], size: int = 7) -> list[Alert]:
    detector = Detector(rules, [], 1, quiet)
    found = [detector.feed(batch(rows[at : at + size])) for at in range(0, len(rows), size)]
    return list(last(found).values())


def seen(found: list[Alert]) -> list[tuple[str, str | None, int]]:
    return [(a.state, a.suppressed_by, a.count) for a in found]


@pytest.mark.parametrize("size", [1, 7, 100])
def test_an_expected_job_is_quiet_and_its_account_is_not(size: int) -> None:
    quiet = Quiet.of(settings(JOB), [])
    rows = [read(n, n) for n in range(40)]
    assert seen(alerts(BULK, quiet, rows, size)) == [("suppressed", "expected qc", 40)]
    other = [read(n, n, exe="/usr/bin/rsync") for n in range(40)]
    assert seen(alerts(BULK, quiet, other, size)) == [("new", None, 40)]
    elsewhere = [read(n, n, user_name="anna") for n in range(40)]
    assert seen(alerts(BULK, quiet, elsewhere, size)) == [("new", None, 40)]


def test_one_foreign_read_among_those_of_the_job_raises_the_alert() -> None:
    rows = [read(n, n, **({"exe": "/usr/bin/cat"} if n == 3 else {})) for n in range(30)]
    assert [a.state for a in alerts(BULK, Quiet.of(settings(JOB), []), rows)] == ["new"]


def test_a_job_without_a_login_identity_is_known_by_the_user_it_runs_as() -> None:
    rows = [read(n, n, user_name=None, uid_name="svc_qc", exe="/opt/qc/run") for n in range(31)]
    assert [a.suppressed_by for a in alerts(BULK, Quiet.of(settings(JOB), []), rows)] == ["expected qc"]


def test_a_window_ends_and_the_next_hit_is_an_alert_of_its_own() -> None:
    """The window is written in the site's zone."""
    local = datetime.fromtimestamp(START, ZoneInfo("Europe/Berlin")).replace(second=0, tzinfo=None)
    text = (
        f'maintenance: [{{name: move, datasets: [wgs-a], begins: "{local:%Y-%m-%d %H:%M}", '
        f'ends: "{local + timedelta(minutes=10):%Y-%m-%d %H:%M}", reason: r}}]'
    )
    rows = [chmod(1, 60), chmod(2, 120), chmod(3, 700), chmod(4, 800), chmod(5, 90, dataset="wgs-b")]
    found = alerts(CHANGE, Quiet.of(settings(text), []), sorted(rows, key=lambda r: r["ts"]), 100)
    assert sorted(seen(found), key=str) == [("new", None, 1), ("new", None, 2), ("suppressed", "maintenance move", 2)]


def test_a_weekly_window_over_midnight_follows_its_days() -> None:
    quiet = Quiet.of(
        settings(
            'maintenance: [{name: w, rules: ["permission-*"], when: {days: sat, start: "23:00", end: "01:00"}, reason: r}]'
        ),
        [],
    )

    def at(text: str) -> float:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() - START

    times = ["2026-11-21T21:59", "2026-11-21T22:00", "2026-11-21T23:59", "2026-11-22T00:00", "2026-11-22T22:30"]
    for n, (moment, state) in enumerate(zip(times, ["new", "suppressed", "suppressed", "new", "new"], strict=True)):
        assert [a.state for a in alerts(CHANGE, quiet, [chmod(n, at(moment))])] == [state], moment


def test_a_snooze_is_about_what_it_names_while_it_lasts() -> None:
    snooze = Snooze(3, "permission-change", "anna", "wgs-a", START + 100, START + 200, "lead", 0, "r")
    quiet = Quiet.of(settings(""), [snooze])
    rows = [chmod(1, 99), chmod(2, 100), chmod(3, 199), chmod(4, 200), chmod(5, 201, user_name="bob")]
    rows[4]["ts"] = 150
    rows.sort(key=lambda r: r["ts"])
    assert sorted(seen(alerts(CHANGE, quiet, rows)), key=str) == [
        ("new", None, 1), ("new", None, 2), ("suppressed", "snooze 3", 2),
    ]  # fmt: skip


def test_a_name_with_pattern_characters_is_taken_as_it_is() -> None:
    snooze = Snooze(1, None, "a*[b]", None, START, START + 1000, "lead", 0, "r")
    quiet = Quiet.of(settings(""), [snooze])
    states = [alerts(CHANGE, quiet, [chmod(1, 10) | {"user_name": name}])[0].state for name in ("a*[b]", "axb", "anna")]
    assert states == ["suppressed", "new", "new"]


def test_only_a_star_is_more_than_itself_in_a_plan() -> None:
    settings = loads(f"site: s\nstate_dir: /s\n{JOB}".replace("/opt/qc/*", "/opt/q?c/[*"), "x")
    (scope,) = Quiet.of(settings, [])._scopes
    about = [
        scope.about(("svc_qc", "wgs-a", exe, None))
        for exe in ("/opt/q?c/[x", "/opt/q?c/[", "/opt/qxc/[x", "/opt/q?c/x")
    ]
    assert about == [True, True, False, False]


def test_a_snooze_without_a_dataset_does_not_reach_into_datasets() -> None:
    outside = Snooze(1, None, "anna", "", START, START + 1000, "lead", 0, "r")
    scope = Quiet.of(settings(""), [outside])._scopes[0]
    assert scope.about(("anna", None, None, None))
    assert not scope.about(("anna", "wgs-a", None, None))
    everywhere = Quiet.of(settings(JOB), [])._scopes[0]
    assert not everywhere.about(("svc_qc", None, "/usr/bin/samtools", None))


def test_a_reopened_alert_is_open_and_the_snooze_goes_on() -> None:
    quiet = Quiet.of(settings(""), [Snooze(1, "permission-change", None, None, START, START + 1000, "lead", 0, "r")])
    detector = Detector(CHANGE, [], 1, quiet)
    (first,) = detector.feed(batch([chmod(1, 10)])).alerts
    detector.keep(replace(first, state="new", suppressed_by=None))
    (second,) = detector.feed(batch([chmod(2, 20)])).alerts
    assert (second.alert_id, second.state) == (2, "suppressed")
    detector.quiet = Quiet()
    (third,) = detector.feed(batch([chmod(3, 30)])).alerts
    assert (third.alert_id, third.state, third.count) == (1, "new", 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('maintenance: [{name: a, when: {start: "02:00", end: "04:00"}, reason: r}]', "would keep every alert quiet"),
        ("maintenance: [{name: a, rules: [x], reason: r}]", "needs either when, or begins and ends"),
        ('maintenance: [{name: a, rules: [x], begins: "2026-01-02 10:00", ends: "2026-01-02 09:00", reason: r}]', "not after"),
        ('maintenance: [{name: a, rules: [x], begins: "tomorrow", ends: "2026-01-02 09:00", reason: r}]', "is not a moment"),
        ('maintenance: [{name: a, datasets: [wgs-c], when: {start: "02:00", end: "04:00"}, reason: r}]', "names dataset 'wgs-c'"),
        ("expected: [{name: a, account: b, exe: [/x], reason: r}, {name: a, account: b, exe: [/x], reason: r}]", "is the same as"),
        ('expected: [{name: a, account: b, exe: [/x], when: {start: "02:00", end: "02:00"}, reason: r}]', "end equals start"),
        ("expected: [{name: a, account: b, exe: [/x]}]", "needs key 'reason'"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_meant_is_an_error(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings(text)
