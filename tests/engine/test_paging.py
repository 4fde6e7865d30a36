"""A real engine pages a real alert: once per alert, journalled, shown; what a stop kept back is told after the start."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.running import WORKLOAD, WORKLOAD_SITE, engine, ingest, until, write_site
from tests.notify.servers import WebServer, serving


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving(WebServer()) as server:
        yield server


def _site(folder: Path, *addresses: str) -> Path:
    return write_site(folder, [*WORKLOAD_SITE, "notify:", *(f"  - {{{a}}}" for a in addresses)])


def _pages(running) -> list[dict[str, object]]:  # type: ignore[no-untyped-def]
    return running.api.sql("select subject, outcome, detail from actions where verb = 'page' order by subject, detail")  # type: ignore[no-any-return]


def test_every_alert_of_the_workload_is_paged_once_and_the_outcome_is_in_actions(
    tmp_path: Path, web: WebServer
) -> None:
    port, lines = web.server_address[1], tmp_path / "pages.jsonl"
    config = _site(tmp_path, f"url: 'http://127.0.0.1:{port}/hook', min_severity: high",
                   f"url: 'file:{lines}', content: full, min_severity: critical",
                   "url: 'exec:/no/such/program', min_severity: critical")  # fmt: skip
    with engine(config, "--no-sources") as running:
        ingest(running, WORKLOAD)
        alerts = {a["alert_id"]: a["level"] for a in running.api.get("/v1/alerts").rows}
        high = sorted(n for n, level in alerts.items() if level in ("high", "critical"))
        critical = sorted(n for n, level in alerts.items() if level == "critical")
        assert 10 >= len(high) > len(critical) > 0, "more than ten to one address would wait for the next minute"
        until(lambda: len(_pages(running)) >= len(high) + 2 * len(critical), "the pages")
        rows = {
            kind: [r for r in _pages(running) if str(r["detail"]).startswith(kind)] for kind in ("http", "file", "exec")
        }
        told = {kind: sorted(int(str(r["subject"])) for r in found) for kind, found in rows.items()}
        assert told == {"http": high, "file": critical, "exec": critical}
        outcomes = {kind: {r["outcome"] for r in found} for kind, found in rows.items()}
        assert outcomes == {"http": {"done"}, "file": {"done"}, "exec": {"failed"}}
        posted = [web.posts.get(timeout=5)[2] for _ in range(web.posts.qsize())]
        assert sorted(a["alert_id"] for p in posted for a in p["alerts"]) == high
        written = [json.loads(line) for line in lines.read_text().splitlines()]
        assert sorted(a["alert_id"] for p in written for a in p["alerts"]) == critical
        assert all("actor" in a for p in written for a in p["alerts"])
        shown = [(p["label"].partition(":")[0], p["state"], p["failed"]) for p in running.api.status()["paging"]]
    assert shown == [("http", "pass", 0), ("file", "pass", 0), ("exec", "fail", len(critical))]


def _today(folder: Path) -> Path:
    """The workload as if it had ended a minute ago."""
    text = WORKLOAD.read_text()
    shift = int(time.time()) - 60 - max(int(t) for t in re.findall(r"audit\((\d+)\.", text))
    log = folder / "today.log"
    log.write_text(re.sub(r"(audit\()(\d+)\.", lambda m: f"{m[1]}{int(m[2]) + shift}.", text))
    return log


def test_a_page_that_fails_is_journalled_shown_and_told_after_the_next_start(tmp_path: Path) -> None:
    target = tmp_path / "pages"
    target.mkdir()
    config = _site(tmp_path, f"url: 'file:{target}'")
    with engine(config, "--no-sources") as running:
        ingest(running, _today(tmp_path))
        failed = {str(a["alert_id"]) for a in running.api.get("/v1/alerts").rows if a["level"] in ("high", "critical")}
        until(lambda: {r["subject"] for r in _pages(running)} >= failed, "the failed pages")
        assert {r["outcome"] for r in _pages(running)} == {"failed"}
        status = running.api.status()
        assert [p["state"] for p in status["paging"]] == ["fail"]
        assert any("paging" in e and "Is a directory" in e for e in status["errors"])
        doctor = running.cli("doctor", "--format", "json")
        (said,) = [c for c in json.loads(doctor.stdout) if c["name"].startswith("page ")]
        assert (said["state"], doctor.returncode) == ("fail", 1)
    target.rmdir()
    with engine(config, "--no-sources") as running:
        until(
            lambda: {r["subject"] for r in _pages(running) if r["outcome"] == "done"} >= failed, "the pages kept back"
        )
        told = [a["alert_id"] for line in target.read_text().splitlines() for a in json.loads(line)["alerts"]]
    assert sorted(map(str, told)) == sorted(failed)


def test_an_address_that_was_corrected_is_told_what_the_wrong_one_was_not(tmp_path: Path) -> None:
    target = tmp_path / "pages"
    config = _site(tmp_path, f"url: 'file:{tmp_path / 'no' / 'such'}'")
    with engine(config, "--no-sources") as running:
        ingest(running, _today(tmp_path))
        failed = {str(a["alert_id"]) for a in running.api.get("/v1/alerts").rows if a["level"] in ("high", "critical")}
        until(lambda: {r["subject"] for r in _pages(running)} >= failed, "the failed pages")
        config.write_text(config.read_text().replace(str(tmp_path / "no" / "such"), str(target)))
        assert running.api.post("/v1/reload", {}).status == 200
        until(lambda: {r["subject"] for r in _pages(running) if r["outcome"] == "done"} >= failed, "the pages")
