"""The API as docs/api.md promises it: every route, every documented key, errors that say what to do, garbage survived."""

from __future__ import annotations

import json
import re
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from seqwatch_tui.engine.api.read import _events_request
from seqwatch_tui.engine.api.routes import ROUTES
from tests.engine.running import ROOT, Answer, Running

DOC = (ROOT / "docs" / "api.md").read_text()


def _documented() -> dict[tuple[str, str], str]:
    """(method, path with {id}) -> the role column, from the table of routes."""
    found = {}
    for line in DOC.splitlines():
        if not re.match(r"\| (GET|POST) ", line):
            continue
        places, role = (cell.strip() for cell in line.split("|")[1:3])
        method, _, rest = places.partition(" ")
        for path in re.findall(r"/[\w/]+", re.sub(r"`[^`]*`|\?\S+", "", rest)):
            found[method, path.replace("/ID", "/{id}")] = role
    return found


def test_routes_and_documentation_name_the_same() -> None:
    assert {(method, path) for method, path, _, _ in ROUTES} == set(_documented())


def test_roles_are_as_documented() -> None:
    """`auditor, responder` means: from auditor on, and responder includes that."""
    said = {key: role.split(",")[0].replace("-", "") or None for key, role in _documented().items()}
    assert {(m, p): role for m, p, role, _ in ROUTES if (m, p) in said} == said


def _panels() -> dict[str, list[str]]:
    """Panel -> its columns, from the table in docs/api.md."""
    rows = re.findall(r"^\| (events|alerts|encryption|integrity) \| (.+) \|$", DOC, re.M)
    return {name: re.sub(r"\([^)]*\)", "", columns).replace(" ", "").split(",") for name, columns in rows}


def test_snapshot_has_the_documented_panels_and_columns(site: Running) -> None:
    said = site.api.get("/v1/snapshot", events=5).value
    assert {name: panel["columns"] for name, panel in said["panels"].items()} == _panels()
    assert len(said["panels"]["events"]["rows"]) == 5
    assert set(said["status"]) == set(_status_example())


def _status_example() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(re.search(r"```json\n(.*?)```", DOC, re.S)[1])  # type: ignore[index]
    return found


def test_status_has_the_documented_keys(site: Running) -> None:
    said, example = site.api.status(), _status_example()
    assert set(said) == set(example)
    assert [v["name"] for v in said["verdicts"]] == [v["name"] for v in example["verdicts"]]
    assert set(said["verdicts"][0]) == set(example["verdicts"][0])
    assert set(said["sources"][0]) == set(example["sources"][0])
    assert (said["events"], said["newest"], said["lost"], said["unparsed"]) == (278, 278, 0, 0)


PANEL = {"columns", "rows", "total", "cut"}
KEYS = {
    "/v1/hello": {"version", "site", "host", "pid", "uid", "role", "user", "timezone", "demo", "read_only"},
    "/v1/events": PANEL | {"newest", "matched", "looked_at", "begins"},
    "/v1/events/90": {"event", "records", "alerts", "gaps"},
    "/v1/alerts/1": {"alert", "rule", "why", "events", "gaps", "incident", "history"},
    "/v1/incidents": PANEL,
    "/v1/snoozes": PANEL,
    "/v1/quiet": PANEL,
    "/v1/jobs": {"jobs"},
    "/v1/datasets/small": {"dataset", "grants", "findings", "integrity", "alerts", "quarantined"},
    "/v1/unusual": {"columns", "rows", "cut"},
    "/v1/datasets/small/coverage": {
        "dataset", "since", "until", "complete", "verdict", "unseen_seconds", "unseen", "known_lost", "possibly_lost",
        "uncounted_losses", "not_understood", "unresolved", "sources", "gaps",
    },
    "/v1/ledger": {"segments", "folder"},
    "/v1/rules": PANEL | {"failed"},
    "/v1/integrity/small/files": PANEL,
    **{f"/v1/{name}": PANEL for name in ("alerts", "datasets", "encryption", "keys", "integrity", "gaps", "sources", "actions",
                                         "sessions")},
}  # fmt: skip
RULE = {"id", "title", "description", "level", "tags", "text", "hash", "sql", "false_positives"}


@pytest.mark.parametrize("path", KEYS)
def test_every_get_answers_with_its_keys(site: Running, path: str) -> None:
    answer = site.api.get(path)
    assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (200, "application/json")
    assert set(answer.value) == KEYS[path]


def test_every_get_route_is_asked_here() -> None:
    asked = {re.sub(r"/(90|1|small)\b", "/{id}", path) for path in KEYS} | {
        "/v1/status",
        "/v1/snapshot",
        "/v1/saved",
        "/metrics",
    }
    assert asked == {path for method, path, _, _ in ROUTES if method == "GET"}


def test_one_event_has_its_lines_and_one_alert_its_rule(site: Running) -> None:
    event = site.api.get("/v1/events/90").value
    assert set(event["records"][0]) == {"seq", "type", "raw", "position"}
    assert [r["type"] for r in event["records"]] == ["SYSCALL", "CWD", "PATH", "PROCTITLE"]
    alert = site.api.get("/v1/alerts/1").value
    assert set(alert["rule"]) >= RULE
    assert "select" in alert["rule"]["sql"].lower()


def test_saved_queries_and_metrics(site: Running) -> None:
    saved = site.api.get("/v1/saved").value
    assert {"name", "title", "question", "sql", "parameters"} <= set(saved[0])
    metrics = site.api.get("/metrics")
    assert metrics.headers["Content-Type"].startswith("text/plain")
    assert b"\nseqwatch_events 278\n" in metrics.body
    assert re.fullmatch(rb"(# (HELP|TYPE) .+\n|seqwatch_\w+(\{\w+=\"[^\n]*\"\})? -?[\d.]+\n)+", metrics.body)


def test_windows_of_events_meet_without_gap_or_overlap(site: Running) -> None:
    newest = site.api.get("/v1/events", limit=10).rows
    older = site.api.get("/v1/events", limit=10, before=newest[0]["event_id"]).rows
    assert [e["event_id"] for e in older + newest] == list(range(259, 279))
    after = site.api.get("/v1/events", limit=10, after=268).rows
    assert [e["event_id"] for e in after] == list(range(269, 279))


def test_filter_by_words_and_by_parameters_agree(site: Running) -> None:
    words = site.api.get("/v1/events", filter="user=carol dataset=wgs-cohort-a action=read", limit=100).rows
    named = site.api.get("/v1/events", actor="carol", dataset="wgs-cohort-a", filter="action=read", limit=100).rows
    assert len(words) == 88
    assert named == words


def _is_error(answer: Answer, status: int) -> bool:
    return answer.status == status and set(answer.value) == {"error", "hint"} and bool(answer.value["error"])


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/v1/nothing", 404), ("/v1/events/x", 400), ("/v1/events/-1", 400), ("/v1/events/" + "9" * 40, 404),
        ("/v1/events/999999999", 404), ("/v1/alerts/999999999", 404), ("/v1/datasets/nosuch", 404),
        ("/v1/datasets/nosuch/coverage", 404), ("/v1/datasets/small/coverage?since=soon", 400),
        ("/v1/datasets/small/coverage?since=1h&until=2h", 400), ("/v1/datasets/small/coverage?since=1e999", 400),
        ("/v1/datasets/%00", 404), ("/v1/datasets/..%2f..%2fetc", 404), ("/v1/events?limit=ten", 400),
        ("/v1/events?before=1e3", 400),
        pytest.param("/v1/events/%C2%B2", 400), pytest.param("/v1/events?before=%C2%B2", 400),
        pytest.param("/v1/events?before=--5", 400),
        pytest.param("/v1/events?filter=bogus%3D1", 400), pytest.param("/v1/events?since=nonsense", 400),
        pytest.param("/v1/events?dataset=a%22b%20c", 400), pytest.param("/v1/snapshot?filter=%22", 400),
        pytest.param("/v1/integrity/nosuch/files", 404),
        pytest.param("/v1/integrity/small/files?verdict=zzz", 400),
        pytest.param("/v1/alerts?state=zzz", 400),
    ],
)  # fmt: skip
def test_a_wrong_get_is_refused_with_a_reason(site: Running, target: str, status: int) -> None:
    assert _is_error(answer := site.api.send("GET", target), status), answer


HUGE = b'{"query": "' + b"a" * (2 << 20) + b'"}'


@pytest.mark.parametrize(
    ("target", "body", "status"),
    [
        ("/v1/sql", b"not json", 400), ("/v1/sql", b"", 400), ("/v1/sql", b"[]", 400), ("/v1/sql", b"{}", 400),
        ("/v1/sql", b"\xff\xfe{}", 400), ("/v1/sql", b'{"query": "\\ud800"}', 400), ("/v1/sql", HUGE, 413),
        pytest.param("/v1/sql", b"[" * 100_000, 400),
        ("/v1/sql", b'{"query": 5}', 400), ("/v1/sql", b'{"query": "select 1", "limit": "x"}', 400),
        ("/v1/sql", b'{"query": "select 1", "parameters": [1]}', 400), ("/v1/sql", b'{"query": "select \\u0000"}', 400),
        ("/v1/sql", b'{"name": "../../etc/passwd"}', 400), ("/v1/sql", b'{"query": "drop table events"}', 400),
        ("/v1/sql", b'{"query": "select * from read_text(\'/etc/passwd\')"}', 400),
        ("/v1/verify", b'{"dataset": "nosuch"}', 404), ("/v1/verify", b'{"dataset": 5}', 400), ("/v1/verify", b'{"dataset": "../x"}', 404),
        ("/v1/plans", b'{"verb": "zap", "dataset": "small"}', 400), ("/v1/plans", b'{"verb": ["x"], "dataset": "small"}', 400),
        ("/v1/plans", b'{"verb": "quarantine", "dataset": "small"}', 409),
        ("/v1/plans", b'{"verb": "release", "dataset": "small", "reason": "r"}', 409),
        ("/v1/plans/zz", b'{"typed": "small"}', 404), ("/v1/jobs/zz", b'{"do": "pause"}', 404),
        ("/v1/alerts/1", b'{"state": "closed"}', 400), ("/v1/alerts/1", b'{"state": ["closed"], "reason": "r"}', 400),
        ("/v1/alerts/" + "9" * 40, b'{"state": "closed", "reason": "r"}', 404),
        ("/v1/alerts/999999", b'{"state": "closed", "reason": "r"}', 404),
        ("/v1/ingest", b'{"paths": []}', 400), ("/v1/ingest", b'{"paths": ["relative"]}', 400), ("/v1/ingest", b'{"paths": "x"}', 400),
        ("/v1/status", b"{}", 405), ("/v1/nothing", b"{}", 404),
    ],
    ids=lambda value: repr(value)[:60],
)  # fmt: skip
def test_a_wrong_post_is_refused_with_a_reason(site: Running, target: str, body: bytes, status: int) -> None:
    assert _is_error(answer := site.api.send("POST", target, body), status), answer


@pytest.mark.parametrize(
    "body",
    [b'{"query": "select 1", "limit": 1e30}', b'{"query": "select 1", "timeout": "nan"}',
     b'{"query": "select $a", "parameters": {"a": {"x": 1}}}'],
)  # fmt: skip
def test_values_that_sql_cannot_take_are_named(site: Running, body: bytes) -> None:
    answer = site.api.send("POST", "/v1/sql", body)
    assert _is_error(answer, 400), answer
    assert "memory" not in answer.value["error"]


@pytest.mark.parametrize(
    "query",
    [
        "select [1, 2], {a: 1}, '\\x00'::blob, 1.5::decimal(4, 1), 'nan'::double, time '10:00', uuid(), interval 1 day, null",
        pytest.param("select 'infinity'::timestamp"),
        pytest.param("select '20000-01-01'::date"),
    ],
)  # fmt: skip
def test_values_of_every_type_have_a_json_form(site: Running, query: str) -> None:
    answer = site.api.post("/v1/sql", {"query": query})
    assert answer.status == 200, answer.body
    assert len(answer.value["rows"]) == 1


def test_an_error_while_rows_are_made_is_the_query_s(site: Running) -> None:
    answer = site.api.post("/v1/sql", {"query": "select 170141183460469231731687303715884105727::hugeint"})
    assert answer.status in (200, 400), answer.body


def test_bytes_that_are_no_http_are_survived(site: Running) -> None:
    for noise in (
        b"\x00" * 4096,
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/sql HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"\r\n",
    ):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.connect(str(site.api.path))
            sock.sendall(noise)
    assert site.api.status()["events"] == 278


def test_other_methods_are_refused(site: Running) -> None:
    for method in ("DELETE", "PUT", "PATCH", "OPTIONS"):
        assert _is_error(site.api.send(method, "/v1/alerts/1"), 405)


def test_nothing_of_this_module_became_an_error_of_the_engine(site: Running) -> None:
    assert site.process.poll() is None
    assert site.api.status()["errors"] == []


def test_a_filter_is_taken_as_it_was_written(site: Running) -> None:
    """`actor` is a parameter's name; in a value it is what somebody looks for."""
    assert site.api.get("/v1/events", filter="path~actor=").value["matched"] == 0
    assert site.api.get("/v1/events", actor="alice").value["matched"] > 0
    request = SimpleNamespace(query={"filter": "path~actor=5", "actor": "al ice"})
    assert _events_request(request, 5).words == 'path~actor=5 user="al ice"'  # type: ignore[arg-type]
