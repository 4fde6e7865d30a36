"""The process that runs one ad-hoc statement and dies: `python -I -m seqwatch_tui.store.child`.

A JSON request comes on standard input; the rows leave as an Arrow IPC stream on standard output, then one JSON line on
standard error says how it ended. It reads sealed segments and exported tables, never the store.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa

from seqwatch_tui.model.columns import EVENT_COLUMNS, RECORD_COLUMNS, Column
from seqwatch_tui.store import sandbox
from seqwatch_tui.store.connect import CLOSED
from seqwatch_tui.store.rows import timestamp, to_arrow
from seqwatch_tui.store.schema import (
    EVENTS_VIEW,
    HOST_TABLES,
    RECORDS_VIEW,
    STATE_TABLES,
    STATE_VIEWS,
    TableDef,
    comments,
    event_select,
    quote,
)

_BATCH = 2048
_SPARE_MEMORY = 1536 << 20
"""Address space beside DuckDB's own limit: Python, Arrow and their libraries."""
_ODD_BYTES = r"""
    replace(replace(replace(regexp_replace(raw::varchar, '[\\]x0A$', ''), '\x22', '"'), '\x27', ''''), '\x5C', '\')
"""
"""A line that is not UTF-8: its odd bytes are written as \\xNN; DuckDB writes quotes and backslashes so, undone here."""
_READING = frozenset({"SELECT", "EXPLAIN", "MULTI"})
_COPY = re.compile("copy", re.IGNORECASE)
_WORD_COPY = re.compile(r"\bcopy\b", re.IGNORECASE)
_EXPLAIN = re.compile(r"\s*explain\s+(?:analyze\s+)?(?:\(\s*(?:analyze|format)\b[\w\s,]*\)\s*)?", re.IGNORECASE)
"""Words only: with a comment or a quote in it, DuckDB and this might take different texts for the statement."""


class Refused(Exception):
    """The request is not one reading statement."""


def main() -> None:
    """Run the request on standard input; every outcome becomes the JSON line, never a traceback."""
    sandbox.die_with_parent()
    if len(sys.argv) > 1 and os.getppid() != int(sys.argv[1]):
        os._exit(1)  # the parent was gone before that took hold
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library may print is no part of the stream
    request = json.load(sys.stdin)
    try:
        trailer = _run(request, out)
    except Refused as error:
        trailer = {"error": {"kind": "refused", "text": str(error)}}
    except sandbox.SandboxError as error:
        trailer = {"error": {"kind": "sandbox", "text": str(error)}}
    except MemoryError:
        trailer = {"error": {"kind": "memory", "text": "the query needs more memory than it may use"}}
    except duckdb.Error as error:
        trailer = {"error": _explain(error, request)}
    except BrokenPipeError:
        trailer = {"error": {"kind": "cancelled", "text": "nobody reads the result any more"}}
    sys.stderr.write("\n" + json.dumps(trailer) + "\n")
    sys.stderr.flush()
    os._exit(0)  # nothing to tidy up; a destructor must not hold the answer back


def _run(request: Mapping[str, Any], out: BinaryIO) -> dict[str, Any]:
    began = time.monotonic()
    files = [Path(p) for p in (*request["events"], *request["records"], *request["state"].values())]
    seconds = int(request["timeout"]) + 2
    limits = sandbox.Limits((request["memory_mb"] << 20) + _SPARE_MEMORY, seconds, seconds)
    notes = sandbox.enter(_readable(files), limits)
    con = _open(request, files)
    sql, values = request["sql"], _values(request["parameters"]) or None
    _check_statement(con, sql, values)
    result = _query(con, sql, values)
    if result is None:
        raise Refused("the statement gives no rows; only SELECT, EXPLAIN, DESCRIBE, SUMMARIZE, SHOW and PIVOT are run")
    types = [str(column[1]) for column in result.description]
    rows, cut = _send(result.to_arrow_reader(_BATCH), out, request["limit"])
    seconds_used = round(time.monotonic() - began, 3)
    return {"rows": rows, "cut": cut, "types": types, "seconds": seconds_used, "notes": notes}


def _readable(files: Sequence[Path]) -> list[Path]:
    """Every file by itself, or their folders when they are so many that the rules would take longer than the query."""
    return list(files) if len(files) <= 512 else sorted({p.parent for p in files})


def _open(request: Mapping[str, Any], files: Sequence[Path]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={**CLOSED, "memory_limit": f"{request['memory_mb']}MB", "temp_directory": ""})
    con.execute(f"set allowed_paths = [{', '.join(quote(str(p)) for p in files)}]")
    con.execute("set enable_external_access = false")
    con.execute(f"set max_execution_time = {int(request['timeout'] * 1000)}")
    _views(con, request)
    con.execute("set lock_configuration = true")
    return con


def _views(con: duckdb.DuckDBPyConnection, request: Mapping[str, Any]) -> None:
    events = _scan(con, request["events"], EVENT_COLUMNS)
    _view(con, EVENTS_VIEW, event_select(f"({events})"))
    raw = f"coalesce(try(rtrim(decode(raw), chr(10))), {_ODD_BYTES}) as raw"
    records = [raw if f.name == "raw" else f.name for f in RECORDS_VIEW.fields]
    _view(con, RECORDS_VIEW, f"select {', '.join(records)} from ({_scan(con, request['records'], RECORD_COLUMNS)})")  # noqa: S608
    for table in (*STATE_TABLES, *(view.shape for view in STATE_VIEWS)):
        path = request["state"].get(table.name)
        _view(con, table, f"from read_parquet({quote(path)})" if path else _nothing(table))
    for table in HOST_TABLES:
        rows = request["host"].get(table.name)
        if rows is not None:
            con.register(table.name, to_arrow(table, rows))
        else:
            _view(con, table, _nothing(table))


def _view(con: duckdb.DuckDBPyConnection, table: TableDef, select: str) -> None:
    con.execute(f"create view {table.name} as {select}")
    for statement in comments(table, "view"):
        con.execute(statement)


def _scan(con: duckdb.DuckDBPyConnection, paths: Sequence[str], columns: Sequence[Column]) -> str:
    """SELECT of the columns from all files, oldest first; those of an earlier version lack columns, which are null."""
    names = ", ".join(c.name for c in columns)
    empty = f"select {', '.join(f'null::{c.sql} as {c.name}' for c in columns)} where false"
    if not paths:
        return empty
    files = f"[{', '.join(map(quote, paths))}]"
    has = {row[0] for row in con.execute(f"select name from parquet_schema({quote(paths[0])})").fetchall()}  # noqa: S608
    if all(c.name in has for c in columns):
        return f"select {names} from read_parquet({files})"  # noqa: S608
    return f"{empty} union all by name select * from read_parquet({files}, union_by_name = true)"  # noqa: S608


def _nothing(table: TableDef) -> str:
    columns = ", ".join(f'null::{f.sql} as "{f.name}"' for f in table.fields)
    return f"select {columns} where false"


def _check_statement(con: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any] | None) -> None:
    """Refuse what is not one statement that only reads."""
    found = con.extract_statements(sql)
    if len(found) != 1:
        raise Refused(f"one statement at a time: this is {len(found)}" if found else "there is no statement")
    kind = found[0].type.name
    if kind not in _READING:
        raise _not_run(kind)
    if kind == "EXPLAIN":
        _check_plan(con, _explained(con, sql), values)
    elif kind == "SELECT":
        _check_plan(con, sql, values)
    elif _WORD_COPY.search(sql):  # parts of a PIVOT run before the whole can be planned
        raise Refused("a PIVOT with the word copy in it is not run; name the values it is on: ON column IN (...)")


def _not_run(kind: str) -> Refused:
    return Refused(f"{kind} is not run here: SQL only reads (SELECT, EXPLAIN, DESCRIBE, SUMMARIZE, SHOW, PIVOT)")


def _explained(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Return what an EXPLAIN is about, which must be a SELECT: EXPLAIN ANALYZE runs it."""
    match = _EXPLAIN.match(sql)
    if match is None:
        raise Refused("write EXPLAIN first, without a comment before or in it")
    inner = sql[match.end() :]
    kinds = [statement.type.name for statement in con.extract_statements(inner)]
    if kinds != ["SELECT"]:
        raise _not_run(f"EXPLAIN of {', '.join(kinds) or 'nothing'}")
    return inner


def _check_plan(con: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any] | None) -> None:
    """Refuse a SELECT that writes a file: a WITH clause may hold a COPY, which its type does not tell.

    DuckDB lets it write to every file that it may read; Landlock does not, but not every kernel has it.
    """
    if not _COPY.search(sql):
        return
    pending = json.loads(con.execute(f"explain (format json)\n{sql}", values).fetchall()[0][1])
    while pending:
        operator = pending.pop()
        if "COPY" in operator["name"].upper():
            raise _not_run("COPY")
        pending += operator["children"]


def _query(con: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any] | None) -> duckdb.DuckDBPyRelation | None:
    con.execute("begin transaction read only")
    try:
        return con.sql(sql, params=values)
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        con.execute("rollback")
        raise _located(con, sql, values) or error from error


def _located(con: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any] | None) -> duckdb.Error | None:
    """Return the same error with its place in the statement, which a streamed query does not tell; else None."""
    try:
        con.execute(_ASK_PLACE + sql, values)
    except duckdb.Error as error:
        return error if _CARET.search(str(error)) else None
    return None


def _values(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {k: timestamp(v["epoch"]) if isinstance(v, dict) else v for k, v in parameters.items()}


def _send(reader: pa.RecordBatchReader, out: BinaryIO, limit: int) -> tuple[int, bool]:
    """Write at most `limit` rows (0 = all); return how many, and whether there were more."""
    sent, cut = 0, False
    with pa.ipc.new_stream(out, reader.schema) as stream:
        for batch in reader:
            part = batch.slice(0, limit - sent) if limit else batch
            cut = part.num_rows < batch.num_rows
            if part.num_rows:
                stream.write_batch(part)
            sent += part.num_rows
            if cut:
                break
    out.flush()
    out.close()
    return sent, cut


_ASK_PLACE = "explain\n"  # a line of its own: it is taken off the line number again
_CARET = re.compile(r"^LINE (\d+): (.*)\n( *)\^", re.MULTILINE)
_CLASS = re.compile(r"^[A-Z][A-Za-z ]*? Error: ")


def _explain(error: duckdb.Error, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a DuckDB error as one sentence without folders of ours, and where in the statement it is."""
    text = str(error).strip()
    place = _CARET.search(text)
    sentence = " ".join(text[: place.start()].split() if place else text.split())
    for path in (*request["events"], *request["records"], *request["state"].values()):
        sentence = sentence.replace(path, Path(path).name)
    answer: dict[str, Any] = {"kind": _kind(error), "text": _CLASS.sub("", sentence)[:2000]}
    if place:
        line = int(place[1]) - (0 if isinstance(error, duckdb.ParserException) else 1)
        answer |= {"line": line, "near": place[2], "column": len(place[3]) - len(f"LINE {place[1]}: ") + 1}
    return answer


def _kind(error: duckdb.Error) -> str:
    if isinstance(error, duckdb.InterruptException):
        return "timeout"
    return "memory" if isinstance(error, duckdb.OutOfMemoryException) else "sql"


if __name__ == "__main__":
    main()
