"""A real engine beside a mount that never answers: everything else is looked at, and what is not is said."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from seqwatch_tui.engine.clock import SystemClock
from seqwatch_tui.engine.housekeeping import unenforced
from seqwatch_tui.engine.lookout import Lookout
from seqwatch_tui.model.action import Plan, Verb
from seqwatch_tui.response.carry import carry_out
from seqwatch_tui.response.journal import Journal
from seqwatch_tui.response.planning import Facts, plan
from tests.deadmount import dead_mount
from tests.engine.running import Running, engine, until, write_site

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")]


def _site(folder: Path) -> Path:
    for name in ("dead", "well"):
        (folder / name).mkdir()
    (folder / "keys.yaml").write_text("- {id: c4gh-1, kind: crypt4gh, owner: lab, created: 2026-09-01}\n")
    run = "encryption: none, run: {complete: [done.txt]}"
    return write_site(folder, [
        "site: a",
        "keys: {register: keys.yaml}",
        "datasets:",
        *(f"  - {{id: {name}, path: {folder / name}, {run}}}" for name in ("dead", "well")),
    ])  # fmt: skip


def _complete(running: Running) -> list[str]:
    rows = running.api.sql("select dataset from datasets where run_complete is not null")
    return [str(row["dataset"]) for row in rows]


def test_one_dead_mount_keeps_nothing_else_from_being_looked_at(tmp_path: Path) -> None:
    config = _site(tmp_path)
    with dead_mount(tmp_path / "dead"), engine(config, "--no-sources") as running:
        (tmp_path / "well" / "done.txt").touch()
        until(lambda: _complete(running) == ["well"], "the other run is looked at")
        until(lambda: running.api.sql("select 1 from keys"), "key ages")
        states = {
            row["dataset"]: row["state"]
            for row in running.api.sql("select dataset, state from findings where kind = 'ENC-01'")
        }
        assert states["dead"] == "unknown"
        said = until(lambda: [e for e in running.api.status()["errors"] if "has not answered" in e], "it is said", 30)
        assert len(said) == 1
        assert said[0].startswith(f"dataset dead ({tmp_path / 'dead'}) has not answered since ")
        checks = {c["name"]: c for c in json.loads(running.cli("doctor", "--format", "json").stdout)}
        assert (checks["dataset dead"]["state"], checks["dataset well"]["state"]) == ("unknown", "pass")
        assert "does not answer" in checks["dataset dead"]["seen"]
        refused = running.api.post("/v1/plans", {"verb": "quarantine", "dataset": "dead", "reason": "drill"})
        text = f"the file system of {tmp_path / 'dead'} does not answer; nothing was changed"
        assert (refused.status, refused.value["error"]) == (409, text)
        threads = len(list(Path(f"/proc/{running.process.pid}/task").iterdir()))
        assert running.log.read_text().count("has not answered") == 1
        assert threads < 60
        assert running.stop() == 0


def test_a_quarantine_that_cannot_be_looked_at_is_unknown_until_it_can(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    roots = {name: tmp_path / name for name in ("dead", "well")}
    journal, clock = Journal.of(tmp_path / "state"), SystemClock()
    here = SimpleNamespace(journal=journal, clock=clock, lookout=Lookout(clock))

    def act(verb: Verb, name: str) -> None:
        made = plan(verb, name, roots[name], "drill", "me", clock.now(), Facts(tmp_path / "state"))
        assert isinstance(made, Plan)
        assert carry_out(made, journal, clock.now).state == "done"

    for name, root in roots.items():
        root.mkdir()
        act("quarantine", name)
    assert unenforced(here) == []  # type: ignore[arg-type]
    with dead_mount(roots["dead"]):
        for _ in range(3):
            said = unenforced(here)  # type: ignore[arg-type]
            assert said == [f"quarantine of dead: UNKNOWN: {roots['dead']}: its file system does not answer"]
        assert [t.name for t in threading.enumerate()].count("look") == 1
    until(lambda: unenforced(here) == [], "it answers again")  # type: ignore[arg-type]
    for name in roots:
        act("release", name)
