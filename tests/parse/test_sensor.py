"""Lines of the sensor into rows; anything else, and any hole in their numbers, is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwatch_tui.model.evidence import Resume
from seqwatch_tui.parse.interface import Knowledge, Parsed
from seqwatch_tui.parse.sensor import SensorParser, heard_until

EVENT: dict[str, Any] = {
    "k": "event", "n": 1, "ts": 1790000000.25, "from": 1790000000.0, "action": "read", "path": "/data/a/reads.bam",
    "counts": {"open": 1, "read": 40, "close_nowrite": 1}, "bytes": 4096, "warnings": "bytes-est:procio", "pid": 12, "ppid": 11,
    "auid": 2001, "uid": 2001, "session": 9, "tty": "pts3", "comm": "cat", "exe": "/usr/bin/cat", "command": "cat reads.bam",
    "address": "::ffff:10.20.1.5", "cgroup": "/user.slice", "parents": [[11, "/usr/bin/bash"], [10, "/usr/sbin/sshd"]],
}  # fmt: skip
RUN = Resume("1790000000.000-77", 0)


def parser(resume: Resume = RUN) -> SensorParser:
    return SensorParser("kernel", "seq-1", Knowledge(host_names={2001: "ana"}), resume)


def line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def parsed(*values: dict[str, Any] | bytes) -> Parsed:
    p = parser()
    p.feed(b"".join(v if isinstance(v, bytes) else line(v) for v in values), 0)
    return p.take()


def test_a_line_is_a_row() -> None:
    found = parsed(EVENT)
    row = found.events.to_pylist()[0]
    assert {c: row[c] for c in ("action", "outcome", "user_name", "uid_name", "auid", "session_id", "src_ip", "tty", "pid")} == {
        "action": "read", "outcome": "success", "user_name": "ana", "uid_name": "ana", "auid": 2001, "session_id": 9,
        "src_ip": "10.20.1.5", "tty": "pts3", "pid": 12,
    }  # fmt: skip
    assert (row["path"], row["bytes"], row["warnings"]) == ("/data/a/reads.bam", 4096, "bytes-est:procio")
    assert (row["source_ref"], row["host"], row["source"]) == ("1790000000.000-77:1", "seq-1", "kernel")
    assert row["syscall"] == "fanotify:open+read+close_nowrite"
    assert row["ts"].timestamp() == pytest.approx(1790000000.25, abs=90_000)  # naive UTC
    assert found.records.to_pylist()[0]["raw"] == line(EVENT)
    assert found.records.to_pylist()[0]["type"] == "FANOTIFY"
    assert found.counts.records == found.counts.events == 1


def test_what_nobody_knows_is_null() -> None:
    bare = {k: EVENT[k] for k in ("k", "n", "ts", "action", "path", "pid")} | {"warnings": "gone"}
    row = parsed(bare).events.to_pylist()[0]
    assert [row[c] for c in ("user_name", "auid", "uid", "session_id", "src_ip", "exe", "command_line", "bytes")] == [
        None
    ] * 8
    assert row["warnings"] == "gone"


def test_a_trace_of_a_time_nobody_watched_is_no_access_that_was_seen() -> None:
    row = parsed(
        {k: EVENT[k] for k in ("k", "n", "ts", "action", "path")} | {"pid": 0, "warnings": "rescan"}
    ).events.to_pylist()[0]
    assert (row["outcome"], row["pid"], row["warnings"]) == ("unknown", None, "rescan")


def test_beats_are_heard_and_are_no_records() -> None:
    found = parsed({"k": "beat", "n": 0, "ts": 1790000005.0, "seen": 3, "outside": 1, "uses": 0})
    assert found.counts.records == 0
    assert heard_until(found.resume) == 1790000005.0
    assert found.gaps == ()


def test_an_overflow_is_a_gap_without_a_number() -> None:
    (gap,) = parsed({"k": "overflow", "n": 0, "ts": 1790000005.0, "start": 1790000003.0, "end": 1790000005.0}).gaps
    assert (gap.kind, gap.start, gap.end, gap.count, gap.certainty) == (
        "overflow",
        1790000003.0,
        1790000005.0,
        None,
        "unknown",
    )


def test_an_unwatched_dataset_is_a_gap() -> None:
    said = {
        "k": "unwatched",
        "n": 0,
        "ts": 1790000005.0,
        "path": "/data/a",
        "start": 1.0,
        "end": 2.0,
        "why": "No such file",
    }
    (gap,) = parsed(said).gaps
    assert (gap.kind, gap.start, gap.end) == ("sensor", 1.0, 2.0)
    assert "/data/a" in gap.detail


def test_a_hole_in_the_numbers_is_a_gap_with_the_exact_count() -> None:
    (gap,) = parsed(EVENT, EVENT | {"n": 5}).gaps
    assert (gap.kind, gap.count, gap.certainty) == ("sensor", 3, "exact")


def test_a_number_that_goes_back_is_said() -> None:
    (gap,) = parsed(EVENT | {"n": 9}, EVENT | {"n": 3}).gaps
    assert (gap.kind, gap.count) == ("sensor", None)


@pytest.mark.parametrize(
    "bad",
    [
        b"not json\n", b"{}\n", b"[]\n", b'{"k":"event"}\n', b'{"k":"root","n":1,"ts":1}\n', b"\xff\xfe\n", b"[" * 5000 + b"\n",
        line(EVENT | {"path": "relative"}), line(EVENT | {"action": "login"}), line(EVENT | {"auid": -1}),
        line(EVENT | {"auid": 4294967295}), line(EVENT | {"pid": "12"}), line(EVENT | {"ts": 1e300}), line(EVENT | {"bytes": 1 << 63}),
        line(EVENT | {"warnings": "a b"}), line(EVENT | {"counts": {"rm": 1}}), line(EVENT | {"path": "/" + "x" * 30_000}),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_kept_and_counted(bad: bytes) -> None:
    found = parsed(EVENT, bad, EVENT | {"n": 2})
    assert (found.counts.records, found.counts.events, found.counts.unparsed) == (3, 2, 1)
    assert bad in [r["raw"] for r in found.records.to_pylist()]
    assert [g.kind for g in found.gaps] == ["unparsed"]


def test_a_line_without_end_is_cut_and_counted() -> None:
    p = parser()
    p.feed(line(EVENT), 0)
    p.feed(b"x" * 200_000, len(line(EVENT)))
    found = p.take(final=True)
    assert found.counts.events == 1
    assert found.counts.unparsed >= 1
    assert sum(len(r["raw"]) for r in found.records.to_pylist()) == len(line(EVENT)) + 200_000


@given(st.lists(st.integers(1, 400), max_size=8))
def test_however_the_bytes_are_cut_the_rows_are_the_same(cuts: list[int]) -> None:
    data = b"".join(line(EVENT | {"n": n, "path": f"/data/a/{n}"}) for n in range(3))
    p, at = parser(), 0
    for cut in (*cuts, len(data)):
        p.feed(data[at : at + cut], at)
        at = min(at + cut, len(data))
    assert [row["path"] for row in p.take().events.to_pylist()] == ["/data/a/0", "/data/a/1", "/data/a/2"]


@given(st.binary(max_size=300))
def test_no_bytes_stop_it_and_every_byte_is_accounted_for(noise: bytes) -> None:
    p = parser()
    p.feed(noise, 0)
    found = p.take(final=True)
    assert sum(len(r["raw"]) for r in found.records.to_pylist()) + (0 if found.counts.records else len(noise)) == len(
        noise
    )


def test_the_position_of_a_stream_says_until_when_it_was_heard() -> None:
    assert heard_until(None) is None
    assert heard_until(Resume("x", 7)) is None
    assert heard_until(Resume("x", 7, ("mark:3 - 0 0 ",))) is None
    found = parsed(EVENT)
    assert heard_until(found.resume) == 1790000000.25
    assert found.resume.offset == len(line(EVENT))


def test_a_new_run_keeps_what_the_last_one_heard() -> None:
    knowledge = Knowledge()
    first = SensorParser("kernel", "h", knowledge, RUN)
    first.feed(line(EVENT), 0)
    first.take(final=True)
    second = SensorParser("kernel", "h", knowledge, Resume("other-run", 0))
    assert heard_until(second.take().resume) == 1790000000.25
