"""Rules on raw records and on ancestors, through the engine: also over a stop in the middle of what they count."""

from __future__ import annotations

from pathlib import Path

from tests.engine.running import WORKLOAD, WORKLOAD_SITE, Running, engine, until, write_site

RULES = """
title: A PATH record of a guarded dataset
name: path-record
logsource: {product: linux, service: auditd}
detection: {s: {type: PATH, name|startswith: /data/seq/}, condition: s}
---
title: Many of those
name: path-records
correlation:
  type: event_count
  rules: [path-record]
  group-by: [nametype]
  timespan: 1h
  condition: {gte: 40}
---
title: Started by a shell
name: of-a-shell
logsource: {product: linux, category: process_creation}
detection: {s: {ParentImage|endswith: /bash}, condition: s}
"""
TITLES = ("Many of those", "Started by a shell")


def _counts(folder: Path, cut: int | None) -> dict[str, int]:
    """Hits by rule: the log in one go, or with the engine stopped after `cut` lines."""
    folder.mkdir()
    lines, log = WORKLOAD.read_bytes().splitlines(keepends=True), folder / "audit.log"
    config = write_site(folder, [*WORKLOAD_SITE, f"sources: [{{name: audit, type: auditd, path: {log}}}]"])
    rules = folder / "state" / "rules"
    rules.mkdir(parents=True)
    rules.joinpath("own.yml").write_text(RULES)
    log.touch()
    for upto in [cut, len(lines)] if cut else [len(lines)]:
        with log.open("ab") as file:
            file.write(b"".join(lines[log.read_bytes().count(b"\n") : upto]))
        with engine(config) as running:
            until(lambda upto=upto: running.api.status()["sources"][0]["records"] == upto, "all of it")  # type: ignore[misc]
            if upto == len(lines):
                until(lambda: all(_hits(running).values()), "alerts of both rules")
                return _hits(running)
    raise AssertionError(cut)


def _hits(running: Running) -> dict[str, int]:
    alerts = running.api.get("/v1/alerts", state="all").rows
    return {title: sum(a["count"] for a in alerts if a["rule_title"] == title) for title in TITLES}


def test_a_stop_loses_nothing_that_rules_need(tmp_path: Path) -> None:
    whole = _counts(tmp_path / "whole", None)
    assert min(whole.values()) > 10
    assert _counts(tmp_path / "cut", 600) == whole
