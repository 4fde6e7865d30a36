"""JSON lines: LAUREL gives the rows auditd gives, flat objects what the mapping says, and the rest is kept."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from seqwatch_tui.parse.flat import time_us
from seqwatch_tui.parse.interface import Knowledge, Parsed
from seqwatch_tui.parse.json_lines import JsonParser, load_mapping
from tests.parse.feeding import GENERATED, GOLDEN, assert_equation, by_serial, feed_all, parse, records, rows

LAUREL = GOLDEN / "generated.laurel.jsonl"
FLAT = GOLDEN / "generated.flat.jsonl"


def read(content: bytes, mapping: str = "generic") -> Parsed:
    parser = JsonParser("audit", "host", load_mapping(mapping))
    parser.feed(content, 0)
    return parser.take(final=True)


def one(value: dict[str, Any], mapping: str = "generic") -> dict[str, Any]:
    (row,) = rows(read(json.dumps(value).encode() + b"\n", mapping))
    return row


def test_laurel_gives_the_rows_of_auditd() -> None:
    laurel, auditd = by_serial(read(LAUREL.read_bytes(), "laurel")), by_serial(parse(GENERATED.read_bytes()))
    assert laurel.keys() == auditd.keys()
    for serial, row in auditd.items():
        # A LOGIN record waits for its system call, and meanwhile its session's address comes; a LAUREL line does not.
        learnt_later = {"event_id"} | ({"src_ip"} if row["syscall"] == "LOGIN" else set())
        assert {k: v for k, v in laurel[serial].items() if k not in learnt_later} == {
            k: v for k, v in row.items() if k not in learnt_later
        }


def test_flat_rows_are_the_accesses_of_auditd() -> None:
    flat = read(FLAT.read_bytes()).events.to_pylist()
    accesses = {"read", "write", "create", "delete", "rename", "chmod"}
    found = sorted((r for r in by_serial(parse(GENERATED.read_bytes())).values() if r["action"] in accesses),
                   key=lambda r: r["serial"])  # fmt: skip
    assert len(flat) == len(found) > 60
    for theirs, ours in zip(flat, found, strict=True):
        same = ("ts", "outcome", "user_name", "auid", "uid", "session_id", "src_ip", "pid", "exe")
        assert [theirs[c] for c in same] == [ours[c] for c in same]
        # The flat form names the file a rename took away, and calls a creation a write.
        assert theirs["path"] == (ours["old_path"] if ours["action"] == "rename" else ours["path"])
        assert theirs["action"] == ("write" if ours["action"] == "create" else ours["action"])


def test_lines_are_kept_and_what_is_no_event_is_counted() -> None:
    good = b'{"ts": 5, "op": "read", "path": "/x"}\n'
    bad = [
        b"not json\n",
        b"[1]\n",
        b'{"op": "read"}\n',
        b'{"ts": "noon"}\n',
        b"\xff\xfe\n",
        b'{"ts": "\\ud800"}\n',
        b"\n",
    ]
    content = b"".join([good, *bad, good[:-1]])
    parsed = read(content)
    assert (parsed.counts.events, parsed.counts.unparsed) == (2, len(bad))
    assert b"".join(r["raw"] for r in sorted(records(parsed), key=lambda r: r["position"])) == content
    assert {r["type"] for r in records(parsed)} == {"JSON", "UNPARSED"}
    assert_equation([parsed])


def test_depth_bomb_is_a_line_that_does_not_parse() -> None:
    assert read(b'{"ts":' + b"[" * 100_000 + b"\n").counts.unparsed == 1


@pytest.mark.parametrize("name", ["laurel", "generic"])
def test_pieces_and_restarts_do_not_matter(name: str) -> None:
    content = (LAUREL if name == "laurel" else FLAT).read_bytes()
    whole = read(content, name)
    knowledge = Knowledge()
    parser = JsonParser("audit", "host", load_mapping(name), knowledge)
    parser.feed(content[:7000], 0)
    first = parser.take()
    again = JsonParser("audit", "host", load_mapping(name), knowledge, first.resume)
    rest = feed_all(again, content, [9000, 9001, 15_000], first.resume.offset)
    assert rows(first, *rest) == rows(whole)


def test_laurel_line_fed_twice_is_a_duplicate_and_a_second_part_is_late() -> None:
    line = LAUREL.read_bytes().splitlines(keepends=True)[-1]
    other = line.replace(b'"PROCTITLE"', b'"PROCTITLE_"')
    parsed = read(line + line + other, "laurel")
    assert (parsed.counts.events, parsed.counts.duplicates, parsed.counts.records) == (2, 1, 3)
    assert [(r.get("warnings"), r["complete"]) for r in rows(parsed)] == [(None, True), ("late", False)]
    assert_equation([parsed])


def test_laurel_bytes_are_percent_decoded() -> None:
    event = {
        "ID": "1000.000:5",
        "NODE": "seq07",
        "SYSCALL": {"arch": "0xc000003e", "syscall": 257, "success": "yes", "exit": 3, "items": 1, "auid": 7, "uid": 7,
                    "ses": 3, "pid": 1, "ppid": 1, "comm": "x", "exe": "/x", "key": None,
                    "ARGV": ["0xffffff9c", "0x7f", "0x0", "0x0"]},
        "CWD": {"cwd": "/d"},
        "PATH": [{"item": 0, "name": "a%FFb%25", "mode": "0o100640", "nametype": "NORMAL"}],
        "PROCTITLE": {"ARGV": ["cat", "a%FFb%25"]},
    }  # fmt: skip
    row = one(event, "laurel")
    assert (row["path"], row["host"], row["command_line"], row["complete"]) == (
        "/d/a\\xffb%",
        "seq07",
        "cat a\\xffb%",
        True,
    )


def test_values_that_do_not_fit_stay_null() -> None:
    row = one(
        {"ts": 5, "op": "read", "pid": "x", "uid": 1 << 70, "src_ip": "ws-4", "user": 7, "path": "", "bytes": True}
    )
    assert row.keys() == {"ts", "host", "source", "action", "outcome", "complete"}


def test_unknown_words_are_other_and_unknown() -> None:
    row = one({"ts": 5, "op": "frobnicate", "result": "maybe", "path": "rel/x"})
    assert (row["action"], row["outcome"], row["warnings"], row["path"]) == (
        "other",
        "unknown",
        "action;nocwd",
        "rel/x",
    )


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        ("2026-09-21T14:13:20.023Z", 1790000000023000), ("2026-09-21T16:13:20.023+02:00", 1790000000023000),
        ("2026-09-21 14:13:20.023", 1790000000023000), (1790000000.023, 1790000000023000),
        (1790000000023, 1790000000023000), (1790000000023000, 1790000000023000), (1790000000023000000, 1790000000023000),
        ("noon", None), (True, None), (None, None), (-1, None), (float("inf"), None), ([], None),
    ],
)  # fmt: skip
def test_times(value: Any, micros: int | None) -> None:
    assert time_us(value) == micros


def test_nested_fields_and_own_words(tmp_path: Path) -> None:
    file = tmp_path / "falco.yaml"
    file.write_text(
        "format: json\n"
        "fields: {ts: time, path: [a.b, c.d], action: evt.type, host: hostname}\n"
        "values: {action: {openat: read}}\n"
    )
    parser = JsonParser("audit", "host", load_mapping(file))
    parser.feed(b'{"time": "2026-09-21T14:13:20Z", "c": {"d": "/x"}, "evt": {"type": "openat"}}\n', 0)
    (row,) = rows(parser.take())
    assert (row["ts"], row["path"], row["action"]) == (datetime(2026, 9, 21, 14, 13, 20), "/x", "read")  # noqa: DTZ001
