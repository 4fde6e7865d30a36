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
    config = _site(tmp_path, f"url: 'http://127.0.0.1:{port}/hook', min_severity: medium", f"url: 'file:{lines}', content: full",
                   "url: 'exec:/no/such/program', min_severity: low")  # fmt: skip
    with engine(config, "--no-sources") as running:
        ingest(running, WORKLOAD)
        alerts = {a["alert_id"]: a["level"] for a in running.api.get("/v1/alerts").rows}
        wanted = {n for n, level in alerts.items() if level in ("medium", "high", "critical")}
        high = {n for n in wanted if alerts[n] != "medium"}
        assert high
        low = {n for n, level in alerts.items() if level != "informational"}
        until(lambda: len(_pages(running)) >= len(wanted) + len(high) + len(low), "the pages")
        rows = {
            scheme: [r for r in _pages(running) if str(r["detail"]).startswith(scheme)]
            for scheme in ("http", "file", "exec")
        }
        assert {scheme: sorted(int(str(r["subject"])) for r in found) for scheme, found in rows.items()} == {
            "http": sorted(wanted), "file": sorted(high), "exec": sorted(low)}  # fmt: skip
        assert {scheme: {r["outcome"] for r in found} for scheme, found in rows.items()} == {
            "http": {"done"}, "file": {"done"}, "exec": {"failed"}}  # fmt: skip
        posted = [web.posts.get(timeout=5)[2] for _ in range(web.posts.qsize())]
        assert sorted(a["alert_id"] for p in posted for a in p["alerts"]) == sorted(wanted)
        written = [json.loads(line) for line in lines.read_text().splitlines()]
        assert sorted(a["alert_id"] for p in written for a in p["alerts"]) == sorted(high)
        assert all("actor" in a for p in written for a in p["alerts"])
        shown = {p["label"]: (p["state"], p["failed"]) for p in running.api.status()["paging"]}
    assert shown == {
        f"http://127.0.0.1:{port}": ("pass", 0),
        f"file:{lines}": ("pass", 0),
        "exec:/no/such/program": ("fail", len(low)),
    }


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
    with engine(config, "--no-sources"):
        told = [a["alert_id"] for line in target.read_text().splitlines() for a in json.loads(line)["alerts"]]
    assert sorted(map(str, told)) == sorted(failed)
