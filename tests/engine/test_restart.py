"""What a stop, a lost parent or a damaged store must not lose: events, alerts, windows, an operator's word, modes."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from seqwatch_tui.model.action import Plan
from seqwatch_tui.response.act import Act
from seqwatch_tui.response.carry import carry_out
from seqwatch_tui.response.journal import Journal
from seqwatch_tui.response.planning import Facts, plan
from tests.engine.conftest import small_site
from tests.engine.running import (
    ROOT,
    WORKLOAD,
    WORKLOAD_SITE,
    Running,
    engine,
    ingest,
    seqwatch,
    until,
    without_privileges,
    write_site,
)

COUNTS = (
    "select (select count(*) from events) as events, (select count(distinct source_id) from events) as ids, "
    "(select count(*) from records) as records, (select count(*) from alerts) as alerts, "
    "(select count(*) from alert_evidence) as evidence, (select count(*) from sessions) as sessions"
)
WORDS = ("acknowledge", "close")


def _what_is_known(running: Running) -> dict[str, Any]:
    actions = sorted((a for a in running.api.get("/v1/actions").rows if a["verb"] in WORDS), key=lambda a: a["ts"])
    return {
        "counts": running.api.sql(COUNTS),
        "alerts": sorted(running.api.get("/v1/alerts", state="all").rows, key=lambda a: a["alert_id"]),
        "actions": [{k: a[k] for k in ("verb", "subject", "reason", "outcome", "uid")} for a in actions],
    }


def _bulk(running: Running) -> list[dict[str, Any]]:
    return [a for a in running.api.get("/v1/alerts", state="all").rows if a["rule_title"].startswith("Bulk read")]


def test_a_window_split_by_a_restart_still_gives_one_alert_with_every_read(tmp_path: Path) -> None:
    """The engine is stopped after ten of carol's 87 reads; the log grows on while nobody watches."""
    content, log = WORKLOAD.read_bytes(), tmp_path / "audit.log"
    cut = content.index(b"lane17.fastq.gz", content.index(b'comm="cat"'))
    cut = content.index(b"\n", content.index(b"type=PROCTITLE", cut)) + 1
    log.write_bytes(content[:cut])
    config = write_site(tmp_path, [*WORKLOAD_SITE, f"sources: [{{name: audit, type: auditd, path: {log}}}]"])
    with engine(config) as running:
        until(lambda: running.api.status()["sources"][0]["records"] == content[:cut].count(b"\n"), "the first part")
        first = running.api.sql("select count(*) as n from events where user_name = 'carol' and action = 'read'")[0][
            "n"
        ]
        assert 5 < first < 30, "a part of the window, below the threshold"
        assert _bulk(running) == []
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 5.0, "SIGTERM is answered within five seconds"
    with log.open("ab") as file:
        file.write(content[cut:])
    with engine(config) as running:
        until(lambda: running.api.status()["sources"][0]["records"] == 1195, "the second part")
        assert [(a["actor"], a["count"], a["measure"]) for a in _bulk(running)] == [("carol", 87, 45)]
        assert running.api.sql(COUNTS)[0]["events"] == 278
        assert running.api.sql(COUNTS)[0]["ids"] == 278


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A stopped site with the workload and two words of an operator; and what was known when it stopped."""
    folder = tmp_path_factory.mktemp("filled")
    with engine(write_site(folder, WORKLOAD_SITE), "--no-sources") as running:
        ingest(running, WORKLOAD)
        done = running.cli("alerts", "2", "--acknowledge", "--reason", "a known job")
        assert (done.returncode, done.stderr) == (0, "")
        closed = running.api.post("/v1/alerts/3", {"do": "close", "verdict": "true", "reason": "agreed"})
        assert closed.value["state"] == "closed"
        return folder / "state", _what_is_known(running)


@pytest.mark.parametrize("damage", ["none", "deleted", "overwritten", "cut"])
def test_whatever_became_of_the_store_the_site_is_as_it_was(
    tmp_path: Path, filled: tuple[Path, dict[str, Any]], damage: str
) -> None:
    state, before = filled
    shutil.copytree(state, tmp_path / "state")
    config, store = write_site(tmp_path, WORKLOAD_SITE), tmp_path / "state" / "store.duckdb"
    if damage == "deleted":
        store.unlink()
    elif damage == "overwritten":
        store.write_bytes(b"\xa5" * store.stat().st_size)
    elif damage == "cut":
        os.truncate(store, 5000)
    with engine(config, "--no-sources") as running:
        assert _what_is_known(running) == before
        assert 3 not in {a["alert_id"] for a in running.api.get("/v1/alerts").rows}
        assert [h["reason"] for h in running.api.get("/v1/alerts/2").value["history"]] == ["a known job"]
        notes = " ".join(running.api.status()["errors"])
        assert ingest(running, WORKLOAD)["events"] == 0
    assert ("ledger" in notes) == (damage != "none"), "what had to be done is said"
    aside = [p for p in store.parent.iterdir() if p.name.startswith("store") and p != store]
    assert bool(aside) == (damage in ("overwritten", "cut")), "what did not open is kept"


def test_an_operator_s_words_are_actions(filled: tuple[Path, dict[str, Any]]) -> None:
    _, before = filled
    states = {a["alert_id"]: a["state"] for a in before["alerts"]}
    assert (states[1], states[2], states[3]) == ("new", "acknowledged", "closed")
    assert before["actions"] == [
        {"verb": "acknowledge", "subject": "2", "reason": "a known job", "outcome": "done", "uid": os.geteuid()},
        {"verb": "close", "subject": "3", "reason": "agreed", "outcome": "done", "uid": os.geteuid()},
    ]


PARENT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_a_child_engine_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    config = write_site(tmp_path, ["site: child"])
    engine_command = [
        sys.executable,
        "-m",
        "seqwatch_tui",
        "--config",
        str(config),
        "engine",
        "--child",
        "--no-sources",
    ]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *engine_command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        until((tmp_path / "state" / "engine.sock").exists, "the child listens", 30)
        parent.send_signal(signal.SIGKILL)
        until(lambda: not Path(f"/proc/{child}").exists() or _is_zombie(child), "the child ends", 10)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()  # type: ignore[union-attr]
        parent.stdin.close()  # type: ignore[union-attr]
    assert not (tmp_path / "state" / "engine.sock").exists()
    assert seqwatch(config, "ledger").returncode == 0


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


@pytest.fixture(scope="module")
def acting(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with engine(small_site(tmp_path_factory.mktemp("acting")), "--no-sources") as running:
        yield running


def _job(running: Running, job: str) -> dict[str, Any]:
    found: dict[str, Any] = next(j for j in running.api.get("/v1/jobs").value["jobs"] if j["id"] == job)
    return found


def _ended(running: Running, job: str) -> dict[str, Any]:
    found: dict[str, Any] = until(
        lambda: (j := _job(running, job))["state"] not in ("running", "paused") and j, "the job to end"
    )
    return found


def test_a_verification_tells_what_changed_and_is_an_action(acting: Running) -> None:
    job = acting.api.post("/v1/verify", {"dataset": "small"}).value["job"]
    assert _ended(acting, job)["state"] == "done"
    assert {r["dataset"]: r["state"] for r in acting.api.get("/v1/integrity").rows}["small"] == "pass"
    file = acting.config.parent / "small" / "sub" / "b c.txt"
    content = file.read_bytes()
    file.write_bytes(b"TWO\n")
    try:
        done = acting.cli("verify", "small")
        assert done.returncode == 1
        assert "sub/b c.txt" in done.stdout
        assert "1 changed" in done.stdout
        assert {r["dataset"]: r["state"] for r in acting.api.get("/v1/integrity").rows}["small"] == "fail"
    finally:
        file.write_bytes(content)
    assert acting.cli("verify", "small").returncode == 0
    said = acting.api.sql("select kind from findings where dataset = 'small' and kind like 'INT%' order by 1")
    assert [row["kind"] for row in said] == ["INT-03", "INT-05"]
    verbs = acting.api.sql("select verb, subject, outcome from actions where verb = 'verify'")
    assert [tuple(r.values()) for r in verbs] == [("verify", "small", "done")] * 3


def test_a_verification_is_paused_resumed_and_cancelled(acting: Running) -> None:
    data = acting.config.parent / "small"
    big, manifest = data / "huge.bin", (data / "SHA256SUMS").read_text()
    (data / "SHA256SUMS").write_text(f"{manifest}{'0' * 64}  huge.bin\n")
    with big.open("wb") as file:
        file.truncate(8 << 30)  # holes only; hashing them takes long enough
    try:
        job = acting.api.post("/v1/verify", {"dataset": "small"}).value["job"]
        assert acting.api.post("/v1/verify", {"dataset": "small"}).value["job"] == job, "one at a time"
        for do, state in (("pause", "paused"), ("resume", "running"), ("pause", "paused")):
            assert acting.api.post(f"/v1/jobs/{job}", {"do": do}).value["state"] == state
        done = _job(acting, job)["done_bytes"]
        assert acting.api.post(f"/v1/jobs/{job}", {"do": "cancel"}).status == 200
        assert _ended(acting, job)["state"] == "cancelled"
        assert done < 8 << 30
    finally:
        big.unlink()
        (data / "SHA256SUMS").write_text(manifest)


def _modes(folder: Path) -> dict[str, tuple[int, int, int]]:
    found = {}
    for path in (folder, *folder.rglob("*")):
        stat = path.lstat()
        found[str(path.relative_to(folder))] = (stat.st_mode, stat.st_uid, stat.st_gid)
    return found


def test_a_quarantine_closes_a_release_opens_exactly_as_it_was(acting: Running) -> None:
    data = acting.config.parent / "small"
    before = _modes(data)
    refused = acting.cli("quarantine", "small", "--reason", "drill")
    assert refused.returncode == 2
    assert "stdin is not a terminal" in refused.stderr
    assert _modes(data) == before, "nothing without the typed name"
    assert acting.cli("quarantine", "small", "--reason", "drill", "--dry-run").returncode == 0
    assert _modes(data) == before
    done = acting.cli("quarantine", "small", "--reason", "drill", "--yes")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert acting.api.status()["quarantined"] == ["small"]
    other = [*without_privileges(), "setpriv", "--reuid=61234", "--clear-groups"] if os.geteuid() == 0 else []
    opened = subprocess.run([*other, "cat", str(data / "a.vcf")], capture_output=True, text=True, check=False)
    assert opened.returncode != 0
    assert "ermission denied" in opened.stderr
    again = acting.cli("quarantine", "small", "--reason", "drill", "--yes")
    assert again.returncode == 1
    released = acting.cli("release", "small", "--reason", "over", "--yes")
    assert (released.returncode, released.stderr) == (0, ""), released.stdout
    assert _modes(data) == before
    assert acting.api.status()["quarantined"] == []
    rows = acting.api.sql(
        "select verb, outcome, reason from actions where verb in ('quarantine', 'release') order by ts"
    )
    assert [tuple(r.values()) for r in rows] == [
        ("quarantine", "done", "drill"), ("quarantine", "refused", "drill"), ("release", "done", "over"),
    ]  # fmt: skip


def test_a_wrong_name_changes_nothing(acting: Running) -> None:
    data = acting.config.parent / "small"
    before = _modes(data)
    plan = acting.api.post("/v1/plans", {"verb": "quarantine", "dataset": "small", "reason": "drill"}).value
    answer = acting.api.post(f"/v1/plans/{plan['plan_id']}", {"typed": "smal"})
    assert (answer.status, answer.value["error"]) == (409, "what was typed is not small; nothing was changed")
    assert _modes(data) == before


def test_a_quarantine_that_is_done_marks_the_alerts_of_its_dataset_as_contained(
    acting: Running, tmp_path: Path
) -> None:
    data = str(acting.config.parent / "small")
    (tmp_path / "here.log").write_bytes(WORKLOAD.read_bytes().replace(b"/data/seq/wgs-cohort-a", data.encode()))
    ingest(acting, tmp_path / "here.log")
    alerts = {a["alert_id"] for a in acting.api.get("/v1/alerts").rows if a["dataset"] == "small"}
    assert alerts
    assert acting.cli("quarantine", "small", "--reason", "carol copies", "--yes").returncode == 0
    try:
        states = {a["alert_id"]: a["state"] for a in acting.api.get("/v1/alerts").rows}
        assert {states[alert] for alert in alerts} == {"contained"}
        said = acting.api.get(f"/v1/alerts/{min(alerts)}").value["history"]
        assert [(h["verb"], h["detail"], h["reason"]) for h in said] == [
            ("contain", "new -> contained", "quarantine: carol copies")
        ]
    finally:
        assert acting.cli("release", "small", "--reason", "over", "--yes").returncode == 0


class _Died(BaseException):
    """In place of a kill."""


def _die(_: Act) -> None:
    raise _Died


def test_an_act_that_cannot_be_finished_now_keeps_nobody_from_watching(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, state = tmp_path / "data", tmp_path / "state"
    data.mkdir()
    state.mkdir(mode=0o700)
    config = write_site(tmp_path, ["site: t", f"datasets: [{{id: a, path: {data}}}]"])
    made = plan("quarantine", "a", data, "why", "me", time.time(), Facts(state))
    assert isinstance(made, Plan)
    monkeypatch.setattr(Act, "_shut_all", _die)
    with pytest.raises(_Died):
        carry_out(made, Journal.of(state), time.time)
    (state / "sql-left").mkdir()
    (state / "sql-left" / "answer.arrow").write_bytes(b"rows of a query that was killed with its engine")
    with Journal.of(state).path.open() as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)
        with engine(config, "--no-sources") as running:
            assert any("not finished" in text for text in running.api.status()["errors"])
            assert running.api.post("/v1/plans", {"verb": "release", "dataset": "a", "reason": "x"}).status == 409
            assert not (state / "sql-left").exists()
