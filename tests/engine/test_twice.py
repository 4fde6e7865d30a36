"""One file under two names is stored once: followed after it was ingested, ingested after it was followed."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path
from typing import Any

from tests.engine.running import WORKLOAD, Running, engine, seqwatch, until, write_site

CONTENT = WORKLOAD.read_bytes()
LINES = CONTENT.count(b"\n")
EVENTS = 278


def _site(folder: Path) -> tuple[Path, Path]:
    log = folder / "audit.log"
    source = f"sources: [{{name: audit, type: auditd, path: {log}}}]"
    return write_site(folder, ["site: twice", source]), log


def _ingest(running: Running, path: Path) -> dict[str, Any]:
    done = running.cli("ingest", str(path))
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def _source(running: Running, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next((s for s in running.api.status()["sources"] if s["name"] == name), {})
    return found


def _audit_events(running: Running) -> int:
    rows = running.api.sql("select count(*) as n from events where source <> 'seqwatch'")
    return int(rows[0]["n"])


def test_what_was_followed_and_rotated_is_not_ingested_again(tmp_path: Path) -> None:
    config, log = _site(tmp_path)
    log.write_bytes(CONTENT)
    with engine(config) as running:
        until(lambda: _source(running, "audit").get("read") == LINES, "the log is read")
        live = _ingest(running, log)
        assert (live["events"], live["records"], live["duplicates"], live["read"]) == (0, LINES, LINES, LINES)
        assert "is followed by source audit" in live["notes"][0]
        log.rename(tmp_path / "audit.log.1")
        second = b"".join(
            b"type=USER_ACCT msg=audit(1795350000.%03d:%d): pid=1 uid=0 auid=1000 ses=1\n" % (i, 90_000 + i)
            for i in range(9)
        )
        log.write_bytes(second)
        until(lambda: _source(running, "audit").get("read") == LINES + 9, "the new log is read")
        (tmp_path / "kept.gz").write_bytes(gzip.compress(CONTENT))
        for path in (tmp_path / "audit.log.1", tmp_path / "kept.gz"):
            again = _ingest(running, path)
            assert again["events"] == 0
        assert _audit_events(running) == EVENTS + 9
        assert all(s["balance"] == 0 for s in running.api.status()["sources"])


def test_what_came_after_it_was_followed_is_added(tmp_path: Path) -> None:
    config, log = _site(tmp_path)
    cut = CONTENT.index(b"\n", len(CONTENT) // 2) + 1
    cut = CONTENT.index(b"type=SYSCALL", cut)
    log.write_bytes(CONTENT[:cut])
    with engine(config) as running:
        until(lambda: _source(running, "audit").get("read") == CONTENT[:cut].count(b"\n"), "the log is read")
        log.rename(tmp_path / "audit.log.1")
        log.write_bytes(b"type=USER_ACCT msg=audit(1795350000.000:90000): pid=1 uid=0 auid=1000 ses=1\n")
        until(lambda: _source(running, "audit").get("read", 0) > CONTENT[:cut].count(b"\n"), "the new log is read")
        (tmp_path / "whole.log").write_bytes(CONTENT)
        added = _ingest(running, tmp_path / "whole.log")
        assert added["duplicates"] == CONTENT[:cut].count(b"\n")
        assert added["records"] == LINES
        assert running.api.sql(
            "select count(*) as n, count(distinct position) as p from records where source like 'ingest%'"
        ) == [{"n": LINES - added["duplicates"], "p": LINES - added["duplicates"]}]
        assert all(s["balance"] == 0 for s in running.api.status()["sources"])


def test_a_log_that_was_ingested_is_followed_from_there(tmp_path: Path) -> None:
    config, log = _site(tmp_path)
    cut = CONTENT.index(b"type=SYSCALL", len(CONTENT) // 2)
    log.write_bytes(CONTENT[:cut])
    done = seqwatch(config, "ingest", str(log))
    assert done.returncode == 0, done.stderr
    log.write_bytes(CONTENT)
    with engine(config) as running:
        until(lambda: _source(running, "audit").get("offset") == len(CONTENT), "the rest is read")
        assert _audit_events(running) == EVENTS
        stored = running.api.sql(
            "select count(*) as n, count(distinct position) as p from records where source <> 'seqwatch'"
        )
        assert stored == [{"n": LINES, "p": LINES}]
        assert all(s["balance"] == 0 for s in running.api.status()["sources"])
        nameless = running.api.sql(
            "select count(*) as n from events where source = 'audit' and user_name is null and auid is not null"
        )
        assert nameless == [{"n": 0}]


def test_two_back_fills_of_one_file_at_once_store_it_once(tmp_path: Path) -> None:
    config, log = _site(tmp_path)
    copy = tmp_path / "kept.log"
    copy.write_bytes(CONTENT * 40)
    with engine(config, "--no-sources") as running:
        answers: list[dict[str, Any]] = []

        def back_fill() -> None:
            body = running.api.post("/v1/ingest", {"paths": [str(copy)]}).body
            answers.append(json.loads(body.splitlines()[-1])["summary"])

        both = [threading.Thread(target=back_fill) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert _audit_events(running) == EVENTS
        refused = [a for a in answers if a["failures"]]
        assert all("another back-fill" in a["failures"][0] for a in refused)
        assert _ingest(running, copy)["events"] == 0
    assert not log.exists()
