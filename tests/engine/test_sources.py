"""Sources and datasets that cannot be read: shown, survived, picked up again; unknown and never a pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.conftest import make_dataset
from tests.engine.running import (
    WORKLOAD,
    WORKLOAD_SITE,
    Running,
    engine,
    take_away,
    until,
    without_privileges,
    write_site,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Running]:
    """Two sources: a log that is not there yet, and a folder where a log should be."""
    (folder / "a-folder").mkdir()
    sources = (
        "sources:",
        f"  - {{name: audit, type: auditd, path: {folder / 'audit.log'}}}",
        f"  - {{name: odd, type: auditd, path: {folder / 'a-folder'}}}",
    )
    with engine(write_site(folder, [*WORKLOAD_SITE, *sources])) as running:
        yield running


def _source(running: Running, name: str) -> dict[str, object]:
    found: dict[str, object] = next(s for s in running.api.status()["sources"] if s["name"] == name)
    return found


def test_a_log_that_is_not_there_is_shown_as_waiting(running: Running, folder: Path) -> None:
    shown = until(lambda: (s := _source(running, "audit")) and s["reason"] and s, "a reason")
    assert (shown["state"], shown["lag"], shown["events"]) == ("waiting", None, 0)
    assert shown["reason"] == f"{folder / 'audit.log'} does not exist; reading starts when it appears"
    assert b'seqwatch_source_up{source="audit"} 0\n' in running.api.get("/metrics").body


def test_a_folder_instead_of_a_log_is_a_failed_source_and_a_failed_verdict(running: Running) -> None:
    shown = until(lambda: (s := _source(running, "odd"))["state"] == "failed" and s, "the source to fail")
    assert "is not a regular file" in str(shown["reason"])
    status = running.api.status()
    assert status["verdicts"][0] == {"name": "evidence", "state": "fail", "text": "1 source failed"}
    assert status["lag"] is None
    assert b'seqwatch_source_up{source="odd"} 0\n' in running.api.get("/metrics").body


def test_the_log_is_read_when_it_appears(running: Running, folder: Path) -> None:
    (folder / "audit.log.new").write_bytes(WORKLOAD.read_bytes())
    (folder / "audit.log.new").rename(folder / "audit.log")
    shown = until(lambda: (s := _source(running, "audit"))["records"] == 1195 and s, "1195 records")
    assert (shown["state"], shown["reason"], shown["events"], shown["unparsed"]) == ("live", "", 278, 0)
    assert b'seqwatch_source_up{source="audit"} 1\n' in running.api.get("/metrics").body
    assert running.process.poll() is None


def test_what_may_not_be_read_is_unknown_and_never_a_pass(tmp_path: Path) -> None:
    data, log = make_dataset(tmp_path / "closed"), tmp_path / "audit.log"
    log.write_bytes(WORKLOAD.read_bytes())
    config = write_site(tmp_path, [
        "site: closed", f"datasets: [{{id: closed, path: {data}, manifest: SHA256SUMS}}]",
        f"sources: [{{name: audit, type: auditd, path: {log}}}]",
    ])  # fmt: skip
    take_away(data)
    take_away(log)
    with engine(config, prefix=without_privileges()) as running:
        surveyed = until(lambda: [r for r in running.api.get("/v1/encryption").rows if r["checked"]], "a survey")
        assert [(r["id"], r["state"]) for r in surveyed if r["kind"] == "dataset"] == [("closed", "unknown")]
        verify = running.cli("verify", "closed")
        status = running.api.status()
    assert verify.returncode == 1
    assert f"{data} cannot be opened: Permission denied" in verify.stdout
    verdicts = {v["name"]: v["state"] for v in status["verdicts"]}
    assert verdicts["encryption"] == "unknown"
    assert verdicts["integrity"] in ("unknown", "fail")
    assert verdicts["evidence"] == "fail"
    assert "Permission denied" in status["sources"][0]["reason"]
