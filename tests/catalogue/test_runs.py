"""A sequencing run: the instrument writes until it is complete, nobody after, and a minute is left to settle."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from seqwatch_tui.catalogue.catalogue import Catalogue
from seqwatch_tui.catalogue.runs import SETTLE_SECONDS
from seqwatch_tui.config.settings import Settings, loads
from seqwatch_tui.engine.clock import SystemClock
from seqwatch_tui.engine.lookout import Lookout
from seqwatch_tui.engine.runs import completed, look
from tests.detect.batches import START, batch

TEXT = """
site: s
state_dir: /var/lib/x
datasets:
  - id: run-1
    path: {path}
    grants: {{lab: [read, write]}}
    run: {{complete: [RTAComplete.txt, CopyComplete.txt], instrument: [svc_nova]}}
  - {{id: wgs-a, path: /data/a, grants: {{lab: [read, write]}}}}
roles: {{lab: {{users: [anna]}}}}
"""


def site(path: str = "/data/run-1") -> Settings:
    return loads(TEXT.format(path=path), "seqwatch.yaml")


def verdict(
    catalogue: Catalogue, user: str | None, action: str, ts: float = 0.0, path: str = "/data/run-1/x.cbcl"
) -> Any:
    row = {"event_id": 1, "ts": ts, "action": action, "outcome": "success", "user_name": user, "path": path}
    judged = catalogue.judge(batch([row]))
    return judged.column("allowed")[0].as_py(), judged.column("reason")[0].as_py()


def test_the_instrument_may_write_while_the_run_is_not_complete() -> None:
    catalogue = Catalogue(site(), {})
    assert verdict(catalogue, "svc_nova", "write") == (True, "the run is not complete: its instrument may write")
    assert verdict(catalogue, "svc_nova", "read")[0] is False
    assert verdict(catalogue, "anna", "write") == (True, "role lab has write")
    assert verdict(catalogue, "mallory", "write")[0] is False
    assert verdict(catalogue, None, "write")[0] is False


def test_a_grant_that_ended_does_not_matter_to_what_the_run_decides() -> None:
    text = """
site: s
state_dir: /s
datasets:
  - {id: r, path: /r, grants: {a: [write]}, grants_until: {a: 2020-01-01}, run: {complete: [x], instrument: [nova]}}
roles: {a: {users: [nova]}}
"""
    row = {"event_id": 1, "ts": START, "action": "write", "outcome": "success", "user_name": "nova", "path": "/r/x"}
    judged = Catalogue(loads(text, "x"), {}).judge(batch([row]))
    assert (judged.column("allowed")[0].as_py(), judged.column("context")[0].as_py()) == (True, None)


@pytest.mark.parametrize("user", ["svc_nova", "anna", "mallory", None])
def test_nobody_may_write_once_it_is_complete(user: str | None) -> None:
    catalogue = Catalogue(site(), {})
    catalogue.run_complete("run-1", START)
    before, after = (
        verdict(catalogue, user, "delete", SETTLE_SECONDS),
        verdict(catalogue, user, "delete", SETTLE_SECONDS + 1),
    )
    assert before[0] is (user in ("svc_nova", "anna"))
    assert after[0] is False
    assert after[1].startswith("the run is complete since 20")
    assert verdict(catalogue, "anna", "read", 1e6) == (True, "role lab has read")
    assert verdict(catalogue, "anna", "write", 1e6, "/data/a/x")[0] is True


def test_the_earliest_time_of_completion_holds() -> None:
    catalogue = Catalogue(site(), {})
    catalogue.run_complete("run-1", START + 1000)
    catalogue.run_complete("run-1", START)
    catalogue.run_complete("run-1", START + 2000)
    assert verdict(catalogue, "anna", "write", SETTLE_SECONDS + 1)[0] is False


def test_a_run_is_complete_when_every_marker_is_there(tmp_path: Path) -> None:
    (dataset, _) = site(str(tmp_path)).datasets
    assert completed(dataset, 5000.0) is None
    for name, mtime in (("RTAComplete.txt", 1000), ("CopyComplete.txt", 900)):
        assert completed(dataset, 5000.0) is None
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (mtime, mtime))
    assert completed(dataset, 5000.0) == 1000.0
    assert completed(dataset, 950.0) == 950.0, "a marker from the future counts as now"
    lookout = Lookout(SystemClock())
    assert look(lookout, [dataset], {}, 5000.0) == {"run-1": 1000.0}
    assert look(lookout, [dataset], {"run-1": 10.0}, 5000.0) == {}
    (tmp_path / "CopyComplete.txt").unlink()
    (tmp_path / "CopyComplete.txt").symlink_to("RTAComplete.txt")
    assert completed(dataset, 5000.0) is None
