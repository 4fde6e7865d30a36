"""The watch over the evidence in a running engine: absences, sources that fail, accounts that do not add up."""

from __future__ import annotations

import os
import queue
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from seqwatch_tui.config.settings import loads
from seqwatch_tui.engine import evidence
from seqwatch_tui.engine.clock import SystemClock
from seqwatch_tui.engine.kernel_audit import NotTold
from tests.engine.running import WORKLOAD, Running, engine, until, write_site


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "audit.log").write_bytes(WORKLOAD.read_bytes())
    sources = [
        f"{{name: {name}, type: auditd, path: {tmp_path / file}}}"
        for name, file in (("audit", "audit.log"), ("dir", "d"))
    ]
    return write_site(tmp_path, ["site: watched", f"sources: [{', '.join(sources)}]"])


def _source(running: Running, name: str) -> dict[str, Any]:
    return next((s for s in running.api.status()["sources"] if s["name"] == name), {})


def _alerts(running: Running, rule: str) -> list[str]:
    return [row["summary"] for row in running.api.sql(f"select summary from alerts where rule_id = '{rule}'")]


def _evidence(running: Running) -> tuple[str, str]:
    found = next(v for v in running.api.status()["verdicts"] if v["name"] == "evidence")
    return found["state"], found["text"]


def test_what_the_watch_finds_reaches_gaps_alerts_and_the_header(config: Path, tmp_path: Path) -> None:
    with engine(config) as running:
        lines = until(lambda: _source(running, "audit").get("read"), "the log is read")
        until((tmp_path / "state" / "alive").exists, "the engine says that it runs")
        (tmp_path / "d").symlink_to("/etc/shadow")
        said = until(lambda: _alerts(running, "evidence-lost"), "the alert of the source")
        assert "source dir cannot be read" in said[0]
        assert "symbolic link" in said[0]
        assert _evidence(running)[0] == "fail"
        (tmp_path / "d").unlink()
        assert not [g for g in running.api.get("/v1/gaps").rows if g["kind"] == "downtime"]
    hour_ago = time.time() - 3600
    os.utime(tmp_path / "state" / "alive", (hour_ago, hour_ago))
    con = duckdb.connect(str(tmp_path / "state" / "store.duckdb"))
    con.execute("update sources set read = read + 3 where name = 'audit'")
    con.close()
    with engine(config) as running:
        told = until(lambda: _alerts(running, "accounts-do-not-add-up"), "the alert of the sums")
        assert told == ["source audit: 3 lines read are accounted for nowhere; this is a fault of seqwatch: report it"]
        assert _evidence(running) == ("fail", "1 !! sums")
        assert _source(running, "audit")["balance"] == 3
        assert _source(running, "audit")["read"] == lines + 3
        down = [g for g in running.api.get("/v1/gaps").rows if g["kind"] == "downtime"]
        assert [(g["source"], g["count"], round((g["last_ts"] - g["first_ts"]) / 60)) for g in sorted(down, key=lambda g: g["source"])] == [
            ("audit", 0, 60), ("dir", 0, 60),
        ]  # fmt: skip
        assert _source(running, "audit")["gaps"] == 0
        shown = running.cli("sources", "list")
        assert (shown.returncode, "!!" in shown.stdout) == (1, True)
        doctor = running.cli("doctor")
        assert "account audit" in doctor.stdout
        assert "off by 3" in doctor.stdout
        assert 'seqwatch_source_balance{source="audit"} 3' in running.api.get("/metrics").body.decode()


def test_what_auditd_complains_of_is_a_gap_of_the_audit_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the audit log, whatever source comes first in the configuration."""
    changes: queue.Queue[Any] = queue.Queue()
    found = loads(
        f"site: s\nstate_dir: {tmp_path}\nsources:\n"
        "  - {name: falco, type: jsonl, path: /f, mapping: falco}\n  - {name: audit, type: auditd, path: /a}\n",
        "x.yaml",
    )
    store = SimpleNamespace(sources=list, query_sql=lambda _: SimpleNamespace(rows=[]))
    fake = SimpleNamespace(
        settings=found, store=store, clock=SystemClock(), demo=False, intakes=[], state_dir=tmp_path,
        judge=SimpleNamespace(inbox=changes),
    )  # fmt: skip
    monkeypatch.setattr(evidence, "ask_kernel", lambda: NotTold("not allowed"))
    monkeypatch.setattr(evidence, "auditd_complaints", lambda: ("logging suspended",))
    evidence.EvidenceWatch(fake).round()  # type: ignore[arg-type]
    gaps = [gap for change in changes.queue for gap in change.commit.gaps]
    assert [(gap.source, gap.kind, "logging suspended" in gap.detail) for gap in gaps] == [
        ("audit", "kernel_lost", True)
    ]
