"""The drill against a real engine. The test plays the kernel: it finds the reading program and writes its audit records."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqwatch_tui.config.alarm import Drill
from seqwatch_tui.engine import drill
from seqwatch_tui.engine.clock import SystemClock
from seqwatch_tui.engine.witness import Witness
from tests.engine.running import Running, engine, seqwatch, until, write_site

_serial = iter(range(1, 1 << 20))


def _record(log: Path, path: Path, pid: int, *, call: str = "257", name: str = "python3") -> None:
    """Append the records of one open of a file, as auditd writes them."""
    stamp = f"audit({time.time():.3f}:{next(_serial)})"
    who = f"a3=0 items=1 ppid=1 pid={pid} auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=4294967295"
    lines = [
        f'type=SYSCALL msg={stamp}: arch=c000003e syscall={call} success=yes exit=3 a0=ffffff9c a1=7f a2=0 {who} comm="{name}" '
        f'exe="/usr/bin/{name}" subj=unconfined key="seqwatch"',
        f'type=CWD msg={stamp}: cwd="/"',
        f'type=PATH msg={stamp}: item=0 name="{path}" inode=12 dev=08:01 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL',
        f"type=EOE msg={stamp}: ",
    ]
    with log.open("a") as out:
        out.write("".join(line + "\n" for line in lines))


def _readers(canary: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if str(canary).encode() in words and any(w.endswith(b"drill_reader.py") for w in words):
                found.append(int(entry.name))
    return found


@contextlib.contextmanager
def kernel(log: Path, canary: Path) -> Iterator[None]:
    """Record what the next reading program does, once."""

    def play() -> None:
        (pid,) = until(lambda: _readers(canary), "the reading program")
        until(lambda: "wchar: 0\n" not in Path(f"/proc/{pid}/io").read_text(), "it to have read and said so")
        _record(log, canary, pid)

    player = threading.Thread(target=play, daemon=True)
    player.start()
    yield
    player.join(30)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drill")
    (folder / "data").mkdir()
    (folder / "data" / "NA00000.bam").write_bytes(b"BAM\1" * 100)
    (folder / "audit.log").touch()
    return folder


@pytest.fixture(scope="module")
def running(place: Path) -> Iterator[Running]:
    config = write_site(place, [
        "site: drilled", f"sources: [{{name: audit, type: auditd, path: {place / 'audit.log'}}}]",
        f"datasets: [{{id: cohort, path: {place / 'data'}, grants: {{}}}}]",
        'business_hours: {days: [mon], start: "00:00", end: "00:01"}',
        f"drill: {{canary: {place / 'data/NA00000.bam'}, within: 20s}}",
            f"notify: [{{url: 'file:{place / 'pages'}', min_severity: critical}}]",
    ])  # fmt: skip
    with engine(config) as found:
        yield found


def _alerts(running: Running, which: str = "open") -> list[tuple[str, str]]:
    return sorted((a["level"], a["rule_title"]) for a in running.api.get("/v1/alerts", state=which).rows)


def test_a_drill_proves_every_link_and_leaves_nothing_open(running: Running, place: Path) -> None:
    canary = place / "data/NA00000.bam"
    with kernel(place / "audit.log", canary):
        done = running.cli("doctor", "--drill", "--format", "json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["passed"]) == (0, True), done.stdout
    assert [leg["name"] for leg in report["legs"]] == [
        "read",
        "source audit",
        "alert",
        "store",
        f"page file:{place / 'pages'}",
    ]
    assert {leg["state"] for leg in report["legs"]} == {"pass"}
    after = [leg["after"] for leg in report["legs"]]
    assert after == sorted(after)
    assert 0 < after[-1] < 20
    assert _alerts(running) == []
    assert _alerts(running, "all") == [("informational", "Drill, not an incident")]
    (page,) = [json.loads(line) for line in (place / "pages").read_text().splitlines()]
    assert (page["kind"], page["alerts"][0]["rule"]) == ("drill", "canary-drill")
    events = running.api.sql(f"select allowed, reason, business_hours from events where path = '{canary}'")
    assert [(e["allowed"], e["business_hours"], str(e["reason"])[:16]) for e in events] == [
        (True, None, "[canary] drill 1")
    ]
    actions = running.api.sql("select verb, outcome, subject, plan from actions where verb = 'drill'")
    assert [(a["verb"], a["outcome"], a["subject"]) for a in actions] == [("drill", "done", str(canary))]
    assert len(json.loads(str(actions[0]["plan"]))) == 5
    assert running.api.status()["drill"]["outcome"] == "done"
    metrics = running.api.get("/metrics").body.decode()
    assert f'seqwatch_page_up{{address="file:{place / "pages"}"}} 1\n' in metrics
    assert "seqwatch_drill_passed 1\n" in metrics
    assert not _readers(canary)


def test_the_table_shows_each_leg_with_its_time(running: Running, place: Path) -> None:
    with kernel(place / "audit.log", place / "data/NA00000.bam"):
        done = running.cli("doctor", "--drill")
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:-1]] == [
        ["pass", "read"],
        ["pass", "source"],
        ["pass", "alert"],
        ["pass", "store"],
        ["pass", "page"],
    ]
    assert all(" ms  (+" in line for line in lines[1:-1])
    assert lines[-1].startswith("passed: all 5 links hold")


@pytest.mark.parametrize("pid", [1, 4_000_000])
def test_anybody_else_on_the_canary_is_critical_whatever_they_call_themselves(
    running: Running, place: Path, pid: int
) -> None:
    canary = place / "data/NA00000.bam"
    _record(place / "audit.log", canary, pid, name="drill_reader.py")
    until(lambda: ("critical", "A canary was touched") in _alerts(running), "the alert")
    events = running.api.sql(f"select allowed, reason from events where pid = {pid}")
    assert [(e["allowed"], str(e["reason"]).partition(";")[0]) for e in events] == [(False, "[canary] touched")]


def test_a_read_by_the_engine_itself_is_told_apart(running: Running, place: Path) -> None:
    _record(place / "audit.log", place / "data/NA00000.bam", running.process.pid)
    events = until(
        lambda: running.api.sql(
            f"select allowed, reason from events where pid = {running.process.pid} and process = 'python3'"
        ),
        "it",
    )
    assert [(e["allowed"], "[seqwatch] read by seqwatch itself" in str(e["reason"])) for e in events] == [(True, True)]


def test_the_engine_s_own_source_is_not_to_be_configured(place: Path, tmp_path: Path) -> None:
    config = write_site(
        tmp_path, ["site: x", f"sources: [{{name: seqwatch, type: auditd, path: {place / 'audit.log'}}}]"]
    )
    done = seqwatch(config, "doctor")
    assert (done.returncode, "sources[0].name 'seqwatch'" in done.stderr) == (2, True)


@contextlib.contextmanager
def _broken(folder: Path, *lines: str, make: bool = True) -> Iterator[Running]:
    (folder / "data").mkdir()
    if make:
        (folder / "data" / "canary").write_bytes(b"x" * 64)
    (folder / "audit.log").touch()
    with engine(
        write_site(folder, ["site: broken", f"datasets: [{{id: cohort, path: {folder / 'data'}}}]", *lines])
    ) as running:
        yield running


def _legs(running: Running) -> dict[str, tuple[str, str]]:
    answer = running.api.post("/v1/drill", {})
    assert (answer.status, answer.value["passed"]) == (200, False)
    return {leg["name"]: (leg["state"], leg["seen"]) for leg in answer.value["legs"]}


def test_a_source_that_shows_nothing_fails_the_drill_which_is_an_alert_and_a_page(tmp_path: Path) -> None:
    log, canary, pages = tmp_path / "audit.log", tmp_path / "data/canary", tmp_path / "pages"
    sources = f"sources: [{{name: audit, type: auditd, path: {log}}}, {{name: dead, type: auditd, path: {tmp_path / 'none.log'}}}]"
    with _broken(
        tmp_path, sources, f"drill: {{canary: {canary}, within: 3s}}", f"notify: [{{url: 'file:{pages}'}}]"
    ) as running:
        with kernel(log, canary):
            legs = _legs(running)
        assert legs["source audit"][0] == "pass"
        assert legs["source dead"] == ("fail", "nothing came within 3 s")
        assert {legs[name][0] for name in ("alert", "store", f"page file:{pages}")} == {"pass"}
        alerts = until(lambda: [a for a in running.api.get("/v1/alerts").rows if a["level"] == "high"], "the alert")
        assert [(a["rule_title"], "source dead: nothing came within 3 s" in a["summary"]) for a in alerts] == [
            ("The drill failed", True)
        ]
        until(lambda: any(json.loads(line)["kind"] == "alerts" for line in pages.read_text().splitlines()), "its page")
        own = running.api.sql("select source, rule_key, outcome from events where source = 'seqwatch'")
        assert own == [{"source": "seqwatch", "rule_key": "drill_failed", "outcome": "failure"}]
        (account,) = [s for s in running.api.status()["sources"] if s["name"] == "seqwatch"]
        assert [account[k] for k in ("type", "state", "read", "stored", "events", "balance")] == [
            "engine",
            "live",
            1,
            1,
            1,
            0,
        ]
        records = running.api.sql("select raw from records where source = 'seqwatch'")
        assert json.loads(str(records[0]["raw"]))["detail"][0]["name"] == "read"
        (doctor,) = [
            c for c in json.loads(running.cli("doctor", "--format", "json").stdout) if c["name"] == "last drill"
        ]
        assert doctor["state"] == "fail"


def test_a_canary_that_is_not_there_nobody_to_tell_and_nothing_to_read_are_each_said(tmp_path: Path) -> None:
    canary = tmp_path / "data/canary"
    with _broken(tmp_path, f"drill: {{canary: {canary}, within: 2s}}", make=False) as running:
        done = running.cli("doctor", "--drill")
        assert (
            done.returncode,
            f"fail     read {' ' * 52} {canary}: No such file or directory; make it" in done.stdout,
        ) == (1, True)
        canary.write_bytes(b"")
        assert "is empty" in _legs(running)["read"][1]
        canary.write_bytes(b"x")
        assert _legs(running)["source"] == ("fail", "no source of this site reads what the kernel tells")
        assert _legs(running)["page"] == ("n/a", "not reached")


def test_without_a_drill_in_the_configuration_it_says_what_to_write(tmp_path: Path) -> None:
    done = seqwatch(write_site(tmp_path, ["site: x"]), "doctor", "--drill")
    assert (done.returncode, "no drill is configured" in done.stderr) == (2, True)
    assert "drill: {canary: " in done.stderr


def test_a_canary_on_a_file_system_that_does_not_answer_is_a_drill_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the drill would run for ever, none would follow, and the last good one would be shown for years."""
    stuck = tmp_path / "stuck.py"
    stuck.write_text("import sys, time\nsys.stdin.readline()\ntime.sleep(600)\n")
    monkeypatch.setattr(drill, "READER", stuck)
    clock = SystemClock()
    stage = drill.Stage([], Witness(clock, clock.now()), clock, lambda _: {}, lambda *_: False)
    report = drill.run_drill(Drill(canary=tmp_path / "canary", within=1), 1, stage)
    assert not report.passed
    assert "was not read within 1 s" in report.said
