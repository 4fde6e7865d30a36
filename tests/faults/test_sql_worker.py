"""What a person with SQL may try: read or write files, reach out, change things, never end. All refused in time."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seqwatch_tui.model.assets import asset_dir
from seqwatch_tui.parse.schema import record_table
from seqwatch_tui.store import child
from seqwatch_tui.store.result import values_of
from seqwatch_tui.store.sandbox import landlock_abi
from seqwatch_tui.store.saved import load_queries
from seqwatch_tui.store.store import Store
from seqwatch_tui.store.worker import Cancelled, SqlError, SqlRequest, stream_sql
from tests.store.samples import START, Site
from tests.store.values import DATASET, filled

LINE = b'type=PATH msg=audit(1795000000.000:1000): name="\xff\xc3\xbc"\n'


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """Give a store's tables and a ledger's segment as files, private to their owner as in a real state directory."""
    folder = tmp_path_factory.mktemp("state")
    store = Store.open(folder)
    store.commit(filled(Site(), 500))
    segments = folder / "segments"
    segments.mkdir(mode=0o700)
    events = segments / "events.parquet"
    pq.write_table(store.arrow("select * from events_stored order by event_id"), events)
    records = segments / "records.parquet"
    rows = record_table({"event_id": [1, None], "seq": [0, 0], "type": ["PATH", "UNPARSED"], "raw": [LINE, b"?"]}, 2)
    pq.write_table(rows, records)
    state = store.export_state(folder / "export")
    (folder / "secret.txt").write_text("plain text of a neighbour")
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    yield {"events": (events,), "records": (records,), "state": state, "folder": folder}
    store.close()


@dataclass(frozen=True)
class SqlAnswer:
    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[object, ...]]
    cut: bool
    notes: tuple[str, ...]


def run_sql(request: SqlRequest, cancelled: Cancelled = lambda: False) -> SqlAnswer:
    """The whole answer at once."""
    with stream_sql(request, cancelled) as stream:
        rows = [row for batch in stream for row in zip(*map(values_of, batch.columns), strict=True)]
        return SqlAnswer(tuple(stream.schema.names), stream.types, rows, stream.cut, stream.notes)


def ask(data: dict[str, object], sql: str, **more: object) -> SqlRequest:
    given = {k: v for k, v in data.items() if k != "folder"}
    return SqlRequest(sql, **{"timeout": 10.0, **given, **more})  # type: ignore[arg-type]


def digest(folder: Path) -> dict[str, str]:
    names = sorted(p for p in folder.rglob("*") if p.is_file() and "store.duckdb" not in p.name)
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in names}


OUTSIDE = [
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/etc/hostname')",
    "select * from read_csv('/etc/passwd')",
    "select * from '/etc/passwd'",
    "select * from glob('/etc/*')",
    "select * from sniff_csv('/etc/passwd')",
    "select * from read_text('{folder}/secret.txt')",
    "select * from read_text('{folder}/segments/../secret.txt')",
    "select * from read_blob('{folder}/store.duckdb')",
    "select * from read_text('/proc/self/environ')",
    "select * from json_execute_serialized_sql(json_serialize_sql('select * from read_text(''/etc/passwd'')'))",
    "select * from read_parquet('https://example.org/x.parquet')",
]
CHANGES = [
    "copy (select 1) to '{folder}/out.csv'",
    "copy (select 1 as a) to '{folder}/segments/events.parquet' (format parquet)",
    "export database '{folder}/dump'",
    "attach '{folder}/store.duckdb' as s",
    "attach ':memory:' as m",
    "install httpfs",
    "load '{folder}/secret.txt'",
    "set memory_limit = '64GB'",
    "set lock_configuration = false",
    "pragma enable_profiling",
    "call enable_logging(storage = 'file')",
    "create table t (a int)",
    "create temp table t as select 1",
    "drop view events",
    "create or replace view alerts as select 1",
    "delete from alerts",
    "with gone as (delete from alerts returning *) select * from gone",
    "select 1; select 2",
    "begin",
    "checkpoint",
    "prepare p as select 1",
    "create secret s (type http, bearer_token 'x')",
    "",
    "-- nothing",
]
ENDLESS = [
    "select levenshtein(repeat('a', 200000), repeat('b', 200000))",
    "select length(lpad('a', 2000000000, 'b'))",
    "select sum(length(repeat('x', 100000000))) from range(1000)",
    "select count(*) from (select unnest(range(1000000000)))",
    "select length(printf('%2000000000d', 1))",
    "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 3",
    "with recursive r as (select 1 as n union all select n + 1 from r) select max(n) from r",
    "select " + "(" * 20000 + "1" + ")" * 20000,
]


@pytest.fixture(scope="module")
def answers(data: dict[str, object]) -> dict[str, SqlAnswer | SqlError]:
    """Try every attack once, a few at a time; the files must be the same afterwards."""
    folder = data["folder"]
    assert isinstance(folder, Path)

    def attempt(sql: str) -> SqlAnswer | SqlError:
        try:
            return run_sql(ask(data, sql.replace("{folder}", str(folder))))
        except SqlError as error:
            return error

    before = digest(folder)
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip([*OUTSIDE, *CHANGES], pool.map(attempt, [*OUTSIDE, *CHANGES]), strict=True))
    assert digest(folder) == before
    return found


@pytest.mark.parametrize("sql", [*OUTSIDE, *CHANGES])
def test_reaching_out_or_changing_anything_is_refused(answers: dict[str, SqlAnswer | SqlError], sql: str) -> None:
    error = answers[sql]
    assert isinstance(error, SqlError), error
    assert error.kind in ("sql", "refused")
    assert "Traceback" not in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize("sql", ENDLESS, ids=range(len(ENDLESS)))
def test_what_does_not_end_is_ended_in_time(data: dict[str, object], sql: str) -> None:
    began = time.monotonic()
    with pytest.raises(SqlError) as caught:
        run_sql(ask(data, sql, timeout=0.5, memory_mb=256))
    assert caught.value.kind in ("timeout", "memory", "died", "sql")
    assert time.monotonic() - began < 4.0


def test_cancel_kills_the_process(data: dict[str, object]) -> None:
    asked = threading.Event()
    timer = threading.Timer(0.5, asked.set)
    timer.start()
    began = time.monotonic()
    with pytest.raises(SqlError, match="cancelled"):
        run_sql(ask(data, ENDLESS[0], timeout=30.0), asked.is_set)
    timer.join()
    assert time.monotonic() - began < 3.0


def test_leaving_a_stream_kills_the_process(data: dict[str, object]) -> None:
    with stream_sql(ask(data, "select * from range(1000000000)", limit=0)) as stream:
        assert next(iter(stream)).num_rows > 0
    assert stream._process.returncode is not None


_WRITE = "copy (select 1) to '{}' (format csv, use_tmp_file false)"


@pytest.mark.parametrize(
    "sql",
    [
        _WRITE, f"explain analyze {_WRITE}", f"explain {_WRITE}", f"with a as ({_WRITE}) select 1",
        f"explain analyze with a as ({_WRITE}) select 1", f"with a as (CoPy\u00a0{_WRITE[4:]}), b as (select 2) from b",
        f"with a as ({_WRITE}) pivot (select 1 a, 2 b) on a using sum(b)", f"explain (format json) {_WRITE}",
        f"/* /* */ explain select $q$ */ explain analyze {_WRITE} -- $q$", f"explain (analyze) {_WRITE}",
        f"explain (format json /* ) select 1 -- */ ) {_WRITE}", "explain analyze load json", "explain analyze vacuum",
        f"from query($q$with a as ({_WRITE}) select 1$q$)", f"select * from (with a as ({_WRITE}) select 1)",
    ],
)  # fmt: skip
def test_nothing_is_written_even_where_only_duckdb_stands_in_the_way(tmp_path: Path, sql: str) -> None:
    """As on a kernel without Landlock: what may be read is the ledger, and its files are this user's."""
    segment = tmp_path / "events.parquet"
    pq.write_table(pa.table({"a": [1]}), segment)
    before = segment.read_bytes()
    request = {"memory_mb": 256, "timeout": 5, "events": [], "records": [], "state": {}, "host": {}}
    con = child._open(request, [segment])
    with pytest.raises((child.Refused, duckdb.Error)):
        child._check_statement(con, sql.replace("{}", str(segment)), None)
    assert segment.read_bytes() == before
    assert list(tmp_path.iterdir()) == [segment]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("select count(*), max(event_id) from events", [(500, 500)]),
        ("select source_id from events where event_id = 1", None),
        (
            "select raw from records where event_id = 1",
            [(r'type=PATH msg=audit(1795000000.000:1000): name="\xFF\xC3\xBC"',)],
        ),
        ("select alert_id, tags from alerts", [(1, ["a", "b"])]),
        ("select count(*) > 1 from processes", [(True,)]),
        ("select count(*) > 0 from mounts", [(True,)]),
        ("pivot (select dataset, verdict from files) on verdict using count(*)", [(DATASET, 1, 1)]),
        ("explain select 1", None),
        ("explain analyze select * from events", None),
        ("explain (format json) with a as (select 1) from a", None),
        ("select 'copy' as copy", [("copy",)]),
        ("with copied as (select 'a copy' as x) select x from copied where x like '%copy'", [("a copy",)]),
        ("describe events", None),
        ("summarize select 1 as a", None),
        ("show tables", None),
        ("select 1 as a, 2 as a", [(1, 2)]),
        ("select comment from duckdb_columns() where table_name = 'alerts' and column_name = 'level'", None),
    ],
)
def test_reading_works(data: dict[str, object], sql: str, rows: list[tuple[object, ...]] | None) -> None:
    answer = run_sql(ask(data, sql))
    assert answer.rows == rows if rows is not None else answer.rows
    assert len(answer.types) == len(answer.columns)


@pytest.mark.parametrize(
    ("limit", "rows", "cut"), [(0, 10_000, False), (10_000, 10_000, False), (9_999, 9_999, True), (1, 1, True)]
)
def test_a_cut_result_says_so(limit: int, rows: int, cut: bool) -> None:
    answer = run_sql(SqlRequest("select * from range(10000)", limit=limit))
    assert (len(answer.rows), answer.cut) == (rows, cut)


@pytest.mark.parametrize("table", ["events", "records", "alerts", "processes", "checkpoints"])
def test_an_empty_store_has_every_table(table: str) -> None:
    answer = run_sql(SqlRequest(f"select * from {table} where 1 = 0"))
    assert len(answer.columns) > 2
    assert answer.rows == []


def test_parameters_are_values(data: dict[str, object]) -> None:
    saved = load_queries(asset_dir("queries") / "investigate")
    query = saved["actor_reads"]
    bound = query.bind({"actor": "user00"}, now=START + 60)
    assert run_sql(ask(data, query.sql, parameters=bound)).rows
    nobody = query.bind({"actor": "x' or 1=1 --"}, now=START + 60)
    assert run_sql(ask(data, query.sql, parameters=nobody)).rows == []
    raw = run_sql(ask(data, saved["raw_lines"].sql, parameters={"event_id": 1}))
    assert raw.columns == ("seq", "type", "raw", "position")


@pytest.mark.parametrize(
    ("sql", "line", "excerpt"),
    [
        ("selec 1", 1, "selec 1\n^"),
        ("select *\nfrom nope", 2, "from nope\n     ^"),
        ("select\n  colour from events", 2, "  colour from events\n  ^"),
    ],
)
def test_an_error_is_one_sentence_and_a_place(data: dict[str, object], sql: str, line: int, excerpt: str) -> None:
    with pytest.raises(SqlError) as caught:
        run_sql(ask(data, sql))
    assert (caught.value.line, caught.value.excerpt) == (line, excerpt)
    assert str(data["folder"]) not in str(caught.value)


def test_a_damaged_segment_is_an_error_without_our_folders(data: dict[str, object], tmp_path: Path) -> None:
    broken = tmp_path / "segment.parquet"
    broken.write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(SqlError) as caught:
        run_sql(SqlRequest("select count(path) from events", events=(broken,)))
    assert "segment.parquet" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


CONFINED = """
import json, os, socket, sys
from pathlib import Path
from seqwatch_tui.store import sandbox
allowed, other = sys.argv[1:]
sandbox.enter([Path(allowed)], sandbox.Limits(2 << 30, 5, 5))
def refused(what):
    try:
        what()
    except OSError as error:
        return error.errno in (1, 13, 27)
    return False
tried = {
    "read": lambda: open(other), "list": lambda: os.listdir("/"), "append": lambda: open(allowed, "a"),
    "create": lambda: open("/dev/shm/x", "w"), "unlink": lambda: os.unlink(allowed),
    "connect": lambda: socket.create_connection(("127.0.0.1", 9), 1),
    "signal": lambda: os.kill(os.getppid(), 0), "chmod": lambda: os.chmod(other, 0o777),
}
print(json.dumps([[n for n, t in tried.items() if refused(t)], open(allowed).read(), os.geteuid() != 0]))
"""


@pytest.mark.skipif(not landlock_abi(), reason="this kernel has no Landlock")
def test_the_kernel_confines_the_process(tmp_path: Path) -> None:
    allowed, other = tmp_path / "allowed", tmp_path / "other"
    for path in (allowed, other):
        path.write_text("text")
        path.chmod(0o600)
    done = subprocess.run(
        [sys.executable, "-I", "-c", CONFINED, str(allowed), str(other)],
        capture_output=True, text=True, check=False, env={"JE_ARROW_MALLOC_CONF": "background_thread:false"},
    )  # fmt: skip
    refused, content, not_root = json.loads(done.stdout)
    root, abi = os.geteuid() == 0, landlock_abi()
    expected = {"read", "list", "append", "create", "unlink"}
    expected |= {"connect"} if abi >= 4 else set()
    expected |= {"signal"} if abi >= 6 or root else set()
    expected |= {"chmod"} if root else set()  # Landlock does not cover it; another user's files are safe
    assert (set(refused), content, not_root) == (expected, "text", True)


def test_a_sandbox_is_not_entered_with_threads() -> None:
    code = (
        "import threading, time; threading.Thread(target=time.sleep, args=(5,), daemon=True).start()\n"
        "from seqwatch_tui.store import sandbox; sandbox.enter([], sandbox.Limits(1 << 30, 5, 5))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert "threads run already" in done.stderr


def test_a_batch_from_the_process_is_checked() -> None:
    stream = stream_sql(SqlRequest("select 'a' as a"))
    assert [b.num_rows for b in stream] == [1]
    assert pa.types.is_string(stream.schema.field("a").type)
    stream.close()
