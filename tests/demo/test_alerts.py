"""What a person who reads the demo's logs would raise, and nothing else: every alert is listed, each explained in docs/demo.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqwatch_tui.demo.incident import LENGTH
from seqwatch_tui.demo.site import Site
from seqwatch_tui.demo.traffic import Traffic
from tests.engine.running import Running, engine, until

from .conftest import NOW

PAGE = Path(__file__).parents[2] / "docs" / "demo.md"
EXPECTED: list[tuple[str, str, str | None]] = [
    ("login-failures-then-success", "mkeller", None),
    ("address-not-allowed", "mkeller", None),
    ("address-not-allowed", "mkeller", "wgs-cohort-a"),
    ("address-not-allowed", "mkeller", "clinical-trio-d"),
    ("access-without-grant", "mkeller", "wgs-cohort-a"),
    ("bulk-read", "mkeller", "wgs-cohort-a"),
    ("archive-or-copy-out", "mkeller", "wgs-cohort-a"),
    ("outside-business-hours", "mkeller", "wgs-cohort-a"),
    ("write-by-read-only-role", "mkeller", "wgs-cohort-a"),
    ("raw-data-destroyed", "mkeller", "wgs-cohort-a"),
    ("permissions-widened", "mkeller", "wgs-cohort-a"),
    ("access-without-grant-refused", "mkeller", "clinical-trio-d"),
]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The demo's traffic from the first to the last step of the incident, read by an engine."""
    site = Site.create(tmp_path_factory.mktemp("demo") / "site", NOW, "tester")
    traffic = Traffic(site, clock=lambda: NOW)
    for tenth in range(int((LENGTH + 1) * 10)):
        traffic.step(NOW + tenth / 10)
    wanted = site.headless_summary()["accesses"]["events"]
    with engine(site.config) as running:
        until(lambda: running.api.status()["events"] >= wanted, "all of the traffic", 60)
        yield running


def raised(running: Running) -> list[dict[str, Any]]:
    return running.api.get("/v1/alerts", state="all", limit=1000).rows


def test_the_alerts_are_those_that_a_reader_would_raise_and_no_others(watched: Running) -> None:
    found = [(a["rule_id"], a["actor"], a["dataset"]) for a in raised(watched)]
    assert sorted(found, key=str) == sorted(EXPECTED, key=str)


def test_every_alert_of_the_demo_is_explained_in_the_manual(watched: Running) -> None:
    section = PAGE.read_text().partition("## The alerts of the demo")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| ([a-z-]+) \| (\S+) \| (\S+) \| (.+) \|$", section, re.M)
    found = {(a["rule_id"], a["actor"], a["dataset"] or "-") for a in raised(watched)}
    assert {row[:3] for row in listed if row[0] != "rule"} == found


def test_the_demo_is_three_incidents_and_the_cohort_is_the_worst(watched: Running) -> None:
    rows = watched.api.get("/v1/incidents").rows
    assert {(row["actor"], row["dataset"]) for row in rows} == {
        ("mkeller", None), ("mkeller", "wgs-cohort-a"), ("mkeller", "clinical-trio-d"),
    }  # fmt: skip
    assert (rows[0]["dataset"], rows[0]["level"], rows[0]["risk"]) == ("wgs-cohort-a", "critical", 100)
