"""Recorded logs in, rows out, compared with what was reviewed; and with ausearch(8) where it is installed.

After a deliberate change: SEQWATCH_GOLDEN=write pytest tests/parse/test_golden.py, then read the diff.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from seqwatch_tui.parse.interface import Knowledge
from tests.parse.feeding import ENRICHED, GENERATED, assert_equation, by_serial, parse, rows, strip_enriched

_LOGS = [ENRICHED, GENERATED]


def _lines(log: Path) -> list[str]:
    parsed = parse(log.read_bytes(), Knowledge(host_names={0: "root"}))
    return [json.dumps({k: str(v) if k == "ts" else v for k, v in row.items()}) for row in rows(parsed)]


@pytest.mark.parametrize("log", _LOGS, ids=lambda path: path.name)
def test_rows_are_as_reviewed(log: Path) -> None:
    golden = log.with_suffix(".events.jsonl")
    lines = _lines(log)
    if os.environ.get("SEQWATCH_GOLDEN") == "write":
        golden.write_text("\n".join(lines) + "\n")
    assert lines == golden.read_text().splitlines()


@pytest.mark.parametrize("log", _LOGS, ids=lambda path: path.name)
def test_every_byte_is_kept(log: Path) -> None:
    content = log.read_bytes()
    parsed = parse(content)
    assert_equation([parsed])
    assert (parsed.counts.unparsed, parsed.counts.duplicates) == (0, 0)
    kept = sorted(parsed.records.to_pylist(), key=lambda record: record["position"])
    assert b"".join(record["raw"] for record in kept) == content
    assert all(content[r["position"] :].startswith(r["raw"]) for r in kept)
    assert parsed.counts.bytes == len(content)


@pytest.mark.parametrize("log", _LOGS, ids=lambda path: path.name)
def test_raw_twin_gives_the_same_rows_by_learning(log: Path) -> None:
    known = {0: "root"}
    enriched = by_serial(parse(log.read_bytes(), Knowledge(host_names=known)))
    raw = by_serial(parse(strip_enriched(log.read_bytes()), Knowledge(host_names=known)))
    assert raw == enriched


def _ausearch(log: Path) -> list[dict[str, str]]:
    command = ["ausearch", "-if", str(log), "--format", "csv"]
    text = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.skipif(shutil.which("ausearch") is None, reason="ausearch is not installed")
@pytest.mark.parametrize("log", _LOGS, ids=lambda path: path.name)
def test_every_event_of_ausearch_is_there(log: Path) -> None:
    shown = _ausearch(log)
    ours = parse(log.read_bytes()).events.to_pylist()
    # ausearch shows one line per record kind of some events: compare events, by serial.
    assert {int(line["SERIAL_NUM"]) for line in shown} == {row["serial"] for row in ours}


@pytest.mark.skipif(shutil.which("ausearch") is None, reason="ausearch is not installed")
def test_opens_per_user_and_path_are_those_of_ausearch() -> None:
    opens = [r for r in parse(ENRICHED.read_bytes()).events.to_pylist() if r["syscall"] == "openat"]
    # ausearch joins names relative to any directory descriptor with CWD, which is right only by chance.
    relative = {r["serial"] for r in opens if (r["warnings"] or "").startswith("dirfd")}
    ours = Counter(
        (r["user_name"], r["path"], r["outcome"] == "success")
        for r in opens
        if r["path"].startswith("/data/seq/") and r["user_name"] and r["serial"] not in relative
    )
    theirs = Counter(
        (e["SUBJ_PRIME"], e["OBJ_PRIME"].rstrip("/"), e["RESULT"] == "success")
        for e in _ausearch(ENRICHED)
        if e["ACTION"] == "opened-file"
        and e["OBJ_PRIME"].startswith("/data/seq/")
        and e["SUBJ_PRIME"] != "system"
        and int(e["SERIAL_NUM"]) not in relative
    )
    assert ours == theirs
    assert sum(ours.values()) > 40


def test_names_below_descriptors_are_those_the_same_inodes_have_elsewhere() -> None:
    """tar and rsync opened by descriptor what others opened by absolute name: inode by inode the names must agree."""
    parsed = parse(ENRICHED.read_bytes())
    inodes: dict[int, list[str]] = {}
    for record in parsed.records.to_pylist():
        if record["type"] == "PATH" and (found := re.search(rb" inode=(\d+) ", record["raw"])):
            inodes.setdefault(record["event_id"], []).append(found[1].decode())
    opens = [
        r for r in parsed.events.to_pylist() if r["syscall"] == "openat" and len(inodes.get(r["event_id"], ())) == 1
    ]
    named = {inodes[r["event_id"]][0]: r["path"] for r in opens if r["warnings"] is None}
    below = {inodes[r["event_id"]][0]: r["path"] for r in opens if r["warnings"] == "dirfd-held"}
    both = named.keys() & below.keys()
    assert {inode: below[inode] for inode in both} == {inode: named[inode] for inode in both}
    assert len(both) > 40
    assert not [r for r in parsed.events.to_pylist() if r["warnings"] == "dirfd"]


def test_reads_carry_the_address_of_their_login() -> None:
    reads = [r for r in rows(parse(ENRICHED.read_bytes())) if r["action"] == "read" and "user_name" in r]
    assert {(r["user_name"], r["src_ip"]) for r in reads} == {
        ("alice", "127.0.0.1"),
        ("bob", "127.0.0.2"),
        ("carol", "127.0.9.9"),
    }
