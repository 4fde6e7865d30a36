"""Every shipped mapping against a documented sample, and the mapping language by small examples.

After a deliberate change: SEQWATCH_GOLDEN=write pytest tests/parse/test_streams.py, then read the diff.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqwatch_tui.model.columns import ACTIONS
from seqwatch_tui.parse.elements import cut_records
from seqwatch_tui.parse.interface import Knowledge, Parsed
from seqwatch_tui.parse.json_lines import JsonParser, load_mapping
from seqwatch_tui.parse.mapping_file import shipped_names
from tests.parse.feeding import GOLDEN, assert_equation, feed_all, records, rows

STREAMS = GOLDEN / "streams"
SAMPLES = sorted(path for path in STREAMS.iterdir() if ".events." not in path.name)
HOST = "seq-node-9"
_ids = [path.stem for path in SAMPLES]


def parser_of(mapping: str | Path, **more: Any) -> JsonParser:
    """A parser on a host of its own."""
    knowledge = Knowledge(host_names={0: "root", 2001: "alice"})
    return JsonParser("stream", HOST, load_mapping(mapping), knowledge, **more)


def read(content: bytes, mapping: str | Path, **more: Any) -> Parsed:
    parser = parser_of(mapping, **more)
    parser.feed(content, 0)
    return parser.take(final=True)


def shown(parsed: Parsed) -> list[str]:
    events = [json.dumps({k: str(v) if k == "ts" else v for k, v in row.items()}) for row in rows(parsed)]
    return events + [json.dumps({"gap": g.kind, "count": g.count, "detail": g.detail}) for g in parsed.gaps]


def test_every_shipped_mapping_has_a_sample() -> None:
    assert {path.stem for path in SAMPLES} == set(shipped_names()) - {"generic", "laurel"}
    assert (GOLDEN / "generated.flat.jsonl").exists()
    assert (GOLDEN / "generated.laurel.jsonl").exists()


@pytest.mark.parametrize("sample", SAMPLES, ids=_ids)
def test_rows_are_as_reviewed(sample: Path) -> None:
    golden = sample.with_suffix(".events.jsonl")
    lines = shown(read(sample.read_bytes(), sample.stem))
    if os.environ.get("SEQWATCH_GOLDEN") == "write":
        golden.write_text("\n".join(lines) + "\n")
    assert lines == golden.read_text().splitlines()


def test_the_manual_shows_what_the_samples_give() -> None:
    """Every `-> action outcome user path` of docs/sources.md is a row of that mapping's golden."""
    manual = (GOLDEN.parents[1] / "docs/sources.md").read_text()
    block = manual.partition("<!-- samples -->")[2].split("```")[1]
    shown = re.findall(r"^(\S+) +\S.*\n +-> (\S+) (\S+) (\S+) (.+)$", block, re.M)
    assert {name for name, *_ in shown} == {path.stem for path in SAMPLES}
    for name, *row in shown:
        golden = map(json.loads, (STREAMS / f"{name}.events.jsonl").read_text().splitlines())
        assert row in [
            [g.get(c) or "-" for c in ("action", "outcome", "user_name", "path")] for g in golden if "ts" in g
        ]


def rebuilt(parsed: Parsed) -> bytes:
    """The bytes of the file from the rows of `records`: each goes where its position says."""
    kept = sorted(records(parsed), key=lambda r: (r["position"], r["serial"] is not None))
    out = b""
    for record in kept:
        at = record["position"]
        out = out[:at] + record["raw"] + out[at:] if at < len(out) else out + record["raw"]
    return out


@pytest.mark.parametrize("sample", SAMPLES, ids=_ids)
def test_every_byte_is_kept_where_it_was(sample: Path) -> None:
    content = sample.read_bytes()
    parsed = read(content, sample.stem)
    assert_equation([parsed])
    assert parsed.counts.bytes == len(content)
    assert rebuilt(parsed) == content


@pytest.mark.parametrize("sample", SAMPLES, ids=_ids)
def test_pieces_and_restarts_do_not_matter(sample: Path) -> None:
    content = sample.read_bytes()
    first = parser_of(sample.stem)
    first.feed(content[:1500], 0)
    before = first.take()
    after = feed_all(parser_of(sample.stem, resume=before.resume), content, [1501, 2000, 4000], before.resume.offset)
    assert rows(before, *after) == rows(read(content, sample.stem))


@pytest.mark.parametrize("sample", SAMPLES, ids=_ids)
def test_every_word_of_the_table_is_an_action(sample: Path) -> None:
    events = rows(read(sample.read_bytes(), sample.stem))
    assert {row["action"] for row in events} <= set(ACTIONS)
    assert {row["outcome"] for row in events} <= {"success", "failure", "unknown"}


def test_a_forged_login_is_no_event() -> None:
    """Any user may write 'Accepted publickey' with logger(1): who wrote it is what journald itself noted."""
    told = {"__REALTIME_TIMESTAMP": "1790000000000000", "SYSLOG_IDENTIFIER": "sshd",
            "MESSAGE": "Accepted publickey for alice from 10.0.0.1 port 1 ssh2"}  # fmt: skip
    honest, forged = {**told, "_UID": "0"}, {**told, "_UID": "2001"}
    parsed = read(b"".join(json.dumps(line).encode() + b"\n" for line in (honest, forged)), "journald")
    assert [(row["action"], row["user_name"]) for row in rows(parsed)] == [("login", "alice")]
    assert parsed.counts.records == 2


def test_an_attacker_cannot_choose_the_address_by_his_name() -> None:
    line = {"__REALTIME_TIMESTAMP": "1790000000000000", "SYSLOG_IDENTIFIER": "sshd", "_UID": "0",
            "MESSAGE": "Failed password for invalid user a from 10.0.0.1 port 1 ssh2 from 203.0.113.9 port 9 ssh2"}  # fmt: skip
    (row,) = rows(read(json.dumps(line).encode() + b"\n", "journald"))
    assert row["src_ip"] == "203.0.113.9"


def test_uids_of_another_host_get_no_name_of_this_one() -> None:
    def line(host: str) -> bytes:
        columns = {"operation": "read", "path": "/x", "auid": "2001", "time": "5"}
        return json.dumps({"action": "added", "columns": columns, "hostIdentifier": host}).encode() + b"\n"

    found = rows(read(line(HOST) + line(f"{HOST}.example.org") + line("seq-node-1") + line(f"{HOST}x"), "osquery"))
    assert [row.get("user_name") for row in found] == ["alice", "alice", None, None]


def test_dropped_events_become_a_gap() -> None:
    line = {"time": "2026-09-21T14:13:20Z", "source": "internal", "output_fields": {"n_drops": 12}}
    (gap,) = read(json.dumps(line).encode() + b"\n", "falco").gaps
    assert (gap.kind, gap.count, gap.start, gap.certainty) == ("overflow", 12, 1790000000.0, "exact")


def test_why_a_line_did_not_fit_is_told() -> None:
    heard: list[tuple[int, str]] = []
    read(b'{"x": 1}\n[1]\nno\n', "generic", tell=lambda position, why: heard.append((position, why)))
    assert [position for position, _ in heard] == [9, 13, 0]
    assert [why.split(":")[0] for _, why in heard] == [
        "is JSON, but no object", "is not JSON", "has no time that can be read (fields.ts)",
    ]  # fmt: skip


def test_a_whole_object_without_its_newline_is_known() -> None:
    for text, whole in ((b'{"Records":[]}', True), (b'{"Records":[', False), (b"[]", False), (b"", False)):
        parser = parser_of("cloudtrail")
        parser.feed(text, 0)
        assert parser.ends_whole() is whole


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab\"\\{}[],:é", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Records", "a", "b"]), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(
    before=json_values, elements=st.lists(json_values, max_size=5), after=json_values, indent=st.sampled_from([None, 1])
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_cut_records_can_be_put_together_again(
    before: Any, elements: list[Any], after: Any, indent: int | None
) -> None:
    value = {"a": before, "Records": elements, "b": after}
    line = json.dumps(value, indent=indent).encode()
    cut = cut_records(line, value, [("nothing",), ("Records",)])
    assert cut is not None
    assert [(json.loads(text), found) for _, text, found in cut.elements] == [(e, e) for e in elements]
    together = cut.rest
    for offset, text, _ in cut.elements:
        together = together[:offset] + text + together[offset:]
    assert together == line


# --- the language -----------------------------------------------------------------------------------------------------


def by(tmp_path: Path, mapping: str, *values: Any) -> list[dict[str, Any]]:
    """Rows of objects by a mapping (its fields; ts is always `t`, in seconds)."""
    file = tmp_path / "own.yaml"
    file.write_text("format: json\n" + mapping)
    return rows(read(b"".join(json.dumps({"t": 5, **value}).encode() + b"\n" for value in values), file))


def test_places(tmp_path: Path) -> None:
    mapping = "fields: {ts: t, path: a.b.c, exe: l.0.x, process: l.x, command_line: l.x, tty: l.9.x}\n"
    nested, dotted, half = {"a": {"b": {"c": "/1"}}}, {"a.b.c": "/2"}, {"a": {"b.c": "/3"}}
    found = by(tmp_path, mapping, nested, dotted, half, {"a": 5}, {"l": [{"x": "1 2"}, {"y": 1}, {"x": "3"}]})
    assert [row.get("path") for row in found] == ["/1", "/2", "/3", None, None]
    assert (found[4]["exe"], found[4].get("process"), found[4]["command_line"]) == ("1 2", None, "'1 2' 3")


def test_ways_are_taken_in_order_and_tables_pass_on_what_they_do_not_know(tmp_path: Path) -> None:
    mapping = (
        "fields:\n  ts: t\n  action:\n    - {from: x, table: {A: read}}\n    - y\n    - {is: open, when: {z: true}}\n"
        "  outcome: {from: r, table: {ok: success, '*': failure}}\nvalues: {action: {b: write}}\n"
    )
    found = by(
        tmp_path,
        mapping,
        {"x": "a", "y": "b"},
        {"x": "?", "y": "B", "r": "OK"},
        {"x": "?", "z": True, "r": 5},
        {"z": 1},
    )
    assert [row["action"] for row in found] == ["read", "write", "open", "other"]
    assert [row["outcome"] for row in found] == ["unknown", "success", "failure", "unknown"]
    assert [row.get("warnings") for row in found] == [None, None, None, "action"]


def test_conditions(tmp_path: Path) -> None:
    mapping = (
        "fields:\n  ts: t\n  process:\n    - {is: both, when: {a: [x, Y], b: '*'}}\n    - {is: list, when: {l: z}}\n"
        "    - {is: without, when: {a: null}}\n"
    )
    found = by(tmp_path, mapping, {"a": "y", "b": 0}, {"a": "y"}, {"l": ["w", "Z"]}, {"b": 1}, {"a": "q", "b": ""})
    assert [row.get("process") for row in found] == ["both", None, "list", "without", None]


def test_texts_times_and_what_is_absent(tmp_path: Path) -> None:
    mapping = (
        "absent: ['-', '?']\nfields:\n  ts: [{from: d, time: '%Y %j'}, {from: u, time: us}, {from: n, time: ns}, t]\n"
        "  path: [{text: 's3://{b}/{k}', decode: percent}, {text: 's3://{b}'}]\n  exe: x\n"
    )
    found = by(
        tmp_path, mapping, {"d": "2026 033", "b": "c", "k": "a%20b/../c"}, {"u": "1790000000000001", "b": "c", "k": "-"},
        {"n": 1790000000000000999, "x": "?"}, {"d": "never", "x": "/x/../y"},
    )  # fmt: skip
    assert [str(row["ts"]) for row in found] == [
        "2026-02-02 00:00:00", "2026-09-21 14:13:20.000001", "2026-09-21 14:13:20", "1970-01-01 00:00:05",
    ]  # fmt: skip
    assert [row.get("path") for row in found] == ["s3://c/a b/../c", "s3://c", None, None]
    assert [row.get("exe") for row in found] == [None, None, None, "/x/../y"]


def test_only_some_records_are_events_and_the_others_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("format: json\nonly: [{kind: file, op: '*'}, {kind: login}]\nfields: {ts: t}\n")
    lines = [{"kind": "file", "op": 1, "t": 1}, {"kind": "file"}, {"kind": "login", "t": 2}, {"kind": "login"}, {}]
    parsed = read(b"".join(json.dumps(line).encode() + b"\n" for line in lines), file)
    assert (parsed.counts.records, parsed.counts.events, parsed.counts.unparsed) == (5, 2, 1)
    assert sorted(r["type"] for r in records(parsed)) == ["JSON", "JSON", "JSON", "JSON", "UNPARSED"]


def test_a_hostile_text_costs_linear_time(tmp_path: Path) -> None:
    """A pattern that stalls a backtracking engine for years."""
    mapping = "extract: {a: {from: m, pattern: '^(?P<x>(?:a|aa|a+)+)$'}}\nfields: {ts: t, exe: $a.x}\n"
    (row,) = by(tmp_path, mapping, {"m": "a" * 5000 + "!"})
    assert "exe" not in row


SSHD = {"SYSLOG_IDENTIFIER": "sshd", "_COMM": "sshd", "_UID": "0", "_PID": "70", "_HOSTNAME": HOST}
LOGIND = {
    "SYSLOG_IDENTIFIER": "systemd-logind",
    "_COMM": "systemd-logind",
    "_UID": "0",
    "_PID": "9",
    "LEADER": "70",
    "_HOSTNAME": HOST,
}
IN_SESSION = {"_AUDIT_SESSION": "21", "_AUDIT_LOGINUID": "2001"}
ACCEPTED = {**SSHD, "MESSAGE": "Accepted publickey for alice from 10.20.0.9 port 50122 ssh2: ED25519 SHA256:Zm9v"}
OPENED = {**SSHD, "MESSAGE": "pam_unix(sshd:session): session opened for user alice(uid=2001) by alice(uid=0)"}
BEGUN = {**LOGIND, "MESSAGE": "New session 21 of user alice."}
NEWER = {**LOGIND, "MESSAGE": "New session '21' of user 'alice' with class 'user' and type 'tty'."}
CLOSED = {**SSHD, "MESSAGE": "pam_unix(sshd:session): session closed for user alice"}
REMOVED = {**LOGIND, "MESSAGE": "Removed session 21."}


def journal(*entries: dict[str, str]) -> bytes:
    """Entries a second apart."""
    told = ({"__REALTIME_TIMESTAMP": str((1_790_000_000 + n) * 1_000_000), **each} for n, each in enumerate(entries))
    return b"".join(json.dumps(each).encode() + b"\n" for each in told)


@pytest.mark.parametrize(
    ("entries", "opened"),
    [
        ((ACCEPTED, {**OPENED, **IN_SESSION}), 1),
        ((ACCEPTED, {**OPENED, **IN_SESSION}, BEGUN), 1),
        ((ACCEPTED, {**OPENED, "_AUDIT_SESSION": "4294967295", "_AUDIT_LOGINUID": "4294967295"}, BEGUN), 2),
        ((ACCEPTED, BEGUN, OPENED), 2),
        ((ACCEPTED, OPENED, NEWER), 2),
    ],
    ids=["PAM", "PAM, then logind", "PAM before the number is known", "logind first", "systemd 256"],
)
def test_a_login_in_the_journal_is_a_session(entries: tuple[dict[str, str], ...], opened: int) -> None:
    parsed = read(journal(*entries), "journald")
    session = parsed.sessions[-1]
    assert (session.session_id, session.auid, session.user_name, session.src_ip) == (21, 2001, "alice", "10.20.0.9")
    assert (session.opened, session.host, session.program) == (1_790_000_000 + opened, HOST, "sshd")
    assert (session.key_fingerprint, session.ended, len(parsed.sessions)) == ("SHA256:Zm9v", None, 1)
    assert [row["action"] for row in rows(parsed)] == ["login"], "a session is no second login"


@pytest.mark.parametrize(
    "end", [{**CLOSED, **IN_SESSION}, CLOSED, REMOVED], ids=["by number", "by process", "by logind"]
)
def test_a_session_of_the_journal_ends(end: dict[str, str]) -> None:
    (session,) = read(journal(ACCEPTED, {**OPENED, **IN_SESSION}, end), "journald").sessions
    assert (session.ended, session.end_reason) == (1_790_000_002, "closed")


def test_a_process_number_that_is_used_again_is_another_login() -> None:
    bob = {**SSHD, "MESSAGE": "Accepted password for bob from 10.20.0.77 port 1 ssh2", "_AUDIT_SESSION": "21"}
    parsed = read(journal(ACCEPTED, {**OPENED, **IN_SESSION}, bob, CLOSED), "journald")
    (session,) = parsed.sessions
    assert (session.user_name, session.ended) == ("alice", None), "bob's process opened no session that could end"


def test_a_forged_session_is_none() -> None:
    mine = {"_UID": "2001", "_COMM": "logger", "_AUDIT_SESSION": "7", "_AUDIT_LOGINUID": "2001"}
    parsed = read(journal(*({**each, **mine} for each in (ACCEPTED, OPENED, BEGUN, REMOVED))), "journald")
    assert (parsed.sessions, parsed.counts.events) == ((), 0)


def test_sessions_of_the_journal_are_known_after_a_restart() -> None:
    first = read(journal(ACCEPTED, {**OPENED, **IN_SESSION}), "journald")
    knowledge = Knowledge(sessions={s.session_id: s for s in first.sessions})
    parser = JsonParser("stream", HOST, load_mapping("journald"), knowledge)
    parser.feed(journal(REMOVED), 0)
    (session,) = parser.take(final=True).sessions
    assert (session.src_ip, session.end_reason) == ("10.20.0.9", "closed")
