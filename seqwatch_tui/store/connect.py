"""Opening the database file: what must hold before DuckDB may see it, and the settings that keep it from reaching out.

Before the connect is the only moment at which this process may read the file itself (see `lock`).
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from seqwatch_tui.store.interface import StoreError
from seqwatch_tui.store.schema import quote

STORE_NAME = "store.duckdb"
ROW_GROUP = 40_960
"""Rows of a row group: larger commits are written straight to their place; a checkpoint rewrites at most this many."""
_MAGIC = b"DUCK"  # bytes 8..12 of the first block (DuckDB storage format)
CLOSED: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
    "threads": 1,  # a second one only makes small commits wait for it; readers run on their callers' threads
    "async_threads": 1,
}
"""Settings of every database here: it loads nothing, keeps no secrets, sees no variable of Python, and stays on one thread."""
MEMORY = "96MB"
_CONFIG: dict[str, Any] = {
    **CLOSED,
    "memory_limit": MEMORY,
    "block_allocator_memory": "64MB",  # of these, kept: else all that is freed goes back to the kernel once the limit is reached
    "checkpoint_threshold": "4MB",  # some 500 small commits; larger ones stall the next commit for longer
    "enable_object_cache": False,
}


@dataclass(frozen=True, slots=True)
class Identity:
    """The file as opened, so that `stat` can tell when it was deleted or replaced underneath."""

    device: int
    inode: int


def store_path(state_dir: Path) -> Path:
    """Return where the database file of a state directory is."""
    return state_dir / STORE_NAME


def wal_path(path: Path) -> Path:
    """Return the write-ahead log of a database file."""
    return path.with_name(path.name + ".wal")


def spill_path(path: Path) -> Path:
    """Return the folder for what a query cannot hold in memory: beside the database, not in the working directory."""
    return path.with_name("store.spill")


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open or create the database at `path` as `store`; raises StoreError when it is not one or is damaged."""
    check_before_open(path)
    con = duckdb.connect(config={**_CONFIG, "temp_directory": str(spill_path(path))})
    try:
        con.execute(f"attach {quote(str(path))} as store (row_group_size {ROW_GROUP})")
        con.execute("use store")
        con.execute("set allowed_configs = ['max_execution_time', 'memory_limit']")
        con.execute("set enable_external_access = false")
        con.execute(
            "pragma disable_optimizer"
        )  # the writer's own statements have nothing to optimise; readers keep theirs
        con.execute("set lock_configuration = true")
    except duckdb.Error as error:
        con.close()
        raise does_not_open(path, first_line(error)) from error
    return con


def give_back(con: duckdb.DuckDBPyConnection) -> None:
    """Return to the system what DuckDB's allocator keeps of freed blocks: it does so when the limit is set, also to the same."""
    con.execute(f"set memory_limit = '{MEMORY}'")


def check_before_open(path: Path) -> None:
    """Refuse what is not a DuckDB file, and a write-ahead log without its database. Only before DuckDB opens it."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        if wal_path(path).exists():
            raise does_not_open(path, "the file is gone but its write-ahead log is there") from None
        return
    except OSError as error:
        raise does_not_open(path, error.strerror or "cannot be read") from error
    try:
        regular = stat.S_ISREG(os.fstat(fd).st_mode)
        head = os.pread(fd, 12, 0) if regular else b""
    finally:
        os.close(fd)
    if not regular:
        raise does_not_open(path, "it is not a regular file")
    if head[8:12] != _MAGIC:
        raise does_not_open(path, "it is empty" if not head else "it is not a DuckDB file")


def does_not_open(path: Path, why: str) -> StoreError:
    """Return the one error for a store that does not open: what, where, and what to do (nothing was deleted)."""
    return StoreError(
        f"the store {path} does not open: {why}; nothing was changed. "
        "move it and its .wal to another folder and start the engine, which builds it anew from the ledger"
    )


def identity(path: Path) -> Identity | None:
    """Return device and inode of the file by stat, never by opening it; None when there is none."""
    try:
        found = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return Identity(found.st_dev, found.st_ino)


def first_line(error: Exception) -> str:
    """Return the first line of a DuckDB error, without the name of its class."""
    line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    kind, colon, rest = line.partition(": ")
    return rest if colon and kind.endswith("Error") else line
