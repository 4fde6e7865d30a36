"""Ad-hoc SQL from outside: a fresh process per statement, confined, watched and killed in time (see `child`).

The engine never runs such SQL itself: no setting of DuckDB makes that safe, and some statements ignore every limit but
SIGKILL.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import pyarrow as pa
import pyarrow.ipc

from seqwatch_tui.store.host import host_tables
from seqwatch_tui.store.interface import StoreError
from seqwatch_tui.store.rows import epoch, timestamp

Cancelled = Callable[[], bool]
_GRACE = 1.0
_POLL = 0.05
_LARGEST_TRAILER = 1 << 20
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # a thread started at import would escape the sandbox
}


@dataclass(frozen=True, slots=True)
class SqlRequest:
    """One statement and what it may read. `state` are the exported small tables by name (`Store.export_state`)."""

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Values of $name: None, bool, int, float, str, or datetime (UTC)."""
    events: tuple[Path, ...] = ()
    """Parquet files with EVENT_COLUMNS: sealed segments and the slice not sealed yet, oldest first."""
    records: tuple[Path, ...] = ()
    """Parquet files with RECORD_COLUMNS."""
    state: Mapping[str, Path] = field(default_factory=dict)
    limit: int = 10_000
    """Most rows; 0 = all."""
    timeout: float = 30.0
    """Seconds until it is stopped."""
    memory_mb: int = 512


class SqlError(StoreError):
    """There is no answer. `kind` is sql, refused, timeout, memory, cancelled, sandbox, size or died."""

    def __init__(
        self, kind: str, text: str, line: int | None = None, near: str = "", column: int | None = None
    ) -> None:
        """`near` is the line of the statement around the error and `column` (from 1) the place in it."""
        super().__init__(text)
        self.kind, self.line, self.near, self.column = kind, line, near, column

    @property
    def excerpt(self) -> str:
        """The place as two lines, the second a caret; empty when DuckDB did not say where."""
        return f"{self.near}\n{' ' * ((self.column or 1) - 1)}^" if self.line is not None else ""


def stream_sql(request: SqlRequest, cancelled: Cancelled = lambda: False) -> SqlStream:
    """Start one statement: a context manager that yields record batches. Leaving it kills the process."""
    return SqlStream(request, cancelled)


class SqlStream:
    """A running statement. `schema` is known at once, `types`, `cut`, `seconds` and `notes` after the last batch."""

    def __init__(self, request: SqlRequest, cancelled: Cancelled) -> None:
        """Start the process; raises SqlError when the statement fails before its first row."""
        self.types: tuple[str, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.cut, self.seconds = False, 0.0
        self._process = _spawn()
        self._watch = _Watch(self._process, request.timeout, cancelled)
        try:
            _send(self._process, _encoded(request))
            self._reader = pa.ipc.open_stream(_pipe(self._process.stdout))
            self.schema: pa.Schema = self._reader.schema
        except (pa.ArrowInvalid, OSError) as error:
            raise self._why() from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> SqlStream:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill what still runs."""
        self.close()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches, each checked: they come from a process that ran hostile input. Raises SqlError."""
        try:
            for batch in self._reader:
                batch.validate(full=True)
                yield batch
        except (pa.ArrowInvalid, OSError) as error:
            raise self._why() from error
        trailer = self._trailer()
        if trailer is None or "error" in trailer:
            raise self._error(trailer)
        self.types, self.notes = tuple(trailer["types"]), tuple(trailer["notes"])
        self.cut, self.seconds = trailer["cut"], trailer["seconds"]

    def close(self) -> None:
        """End the process if it still runs; without effect afterwards."""
        self._watch.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None and not pipe.closed:
                pipe.close()

    def _why(self) -> SqlError:
        return self._error(self._trailer())

    def _trailer(self) -> dict[str, Any] | None:
        """Read how it ended; None when the process died without a word."""
        said = _pipe(self._process.stderr).read(_LARGEST_TRAILER)
        self._watch.join()
        self.close()
        lines = said.decode("utf-8", "replace").strip().splitlines()
        try:
            found = json.loads(lines[-1]) if lines else None
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    def _error(self, trailer: dict[str, Any] | None) -> SqlError:
        if self._watch.reason is not None:
            return SqlError(*self._watch.reason)
        if trailer is None:
            return SqlError("died", _death(self._process.returncode, self._watch.timeout))
        if "error" not in trailer:
            return SqlError("sql", "the result holds a value that cannot be passed on; cast that column to varchar")
        if trailer["error"]["kind"] == "timeout":
            return SqlError("timeout", _too_long(self._watch.timeout))
        return SqlError(**trailer["error"])


class _Watch(threading.Thread):
    """Kills the process at its deadline or when asked; the one guard that no statement can dodge."""

    def __init__(self, process: subprocess.Popen[bytes], timeout: float, cancelled: Cancelled) -> None:
        super().__init__(name="sql-watch", daemon=True)
        self.reason: tuple[str, str] | None = None
        self.timeout = timeout
        self._process, self._cancelled = process, cancelled
        self._deadline = time.monotonic() + timeout + _GRACE
        self.start()

    def run(self) -> None:
        while True:
            try:
                self._process.wait(_POLL)
            except subprocess.TimeoutExpired:
                if self._cancelled():
                    self._end("cancelled", "the query was cancelled")
                elif time.monotonic() > self._deadline:
                    self._end("timeout", _too_long(self.timeout))
            else:
                return

    def _end(self, kind: str, text: str) -> None:
        self.reason = self.reason or (kind, text)
        self._process.kill()

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self.join()


def _too_long(timeout: float) -> str:
    return f"the query took longer than {timeout:g} s and was stopped; bound it by ts, or give it more time"


def _death(code: int | None, timeout: float) -> str:
    if code in (-24, -14):  # SIGXCPU, SIGALRM
        return _too_long(timeout)
    return f"the query's process ended without an answer (status {code}); it most likely needed too much memory"


def _spawn() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-m", "seqwatch_tui.store.child", str(os.getpid())],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_ENVIRONMENT, cwd=os.sep,
        start_new_session=True,
    )  # fmt: skip


def _encoded(request: SqlRequest) -> bytes:
    return json.dumps(
        {
            "sql": request.sql,
            "parameters": {k: _parameter(v) for k, v in request.parameters.items()},
            "events": [str(p) for p in request.events],
            "records": [str(p) for p in request.records],
            "state": {name: str(p) for name, p in request.state.items()},
            "host": host_tables(request.sql),
            "limit": request.limit, "timeout": request.timeout, "memory_mb": request.memory_mb,
        }
    ).encode()  # fmt: skip


def _parameter(value: Any) -> Any:
    return {"epoch": epoch(timestamp(value))} if isinstance(value, dt.datetime) else value


def _send(process: subprocess.Popen[bytes], request: bytes) -> None:
    pipe = _pipe(process.stdin)
    pipe.write(request)
    pipe.close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "all three are pipes"  # noqa: S101
    return pipe
