"""SQL over tables in memory, touching no file: to try a statement on rows that are in no store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

_CONFIG: dict[str, Any] = {
    "threads": 1, "memory_limit": "512MB", "temp_directory": "", "autoinstall_known_extensions": False,
    "autoload_known_extensions": False, "python_enable_replacements": False,
}  # fmt: skip


def query_tables(tables: Mapping[str, pa.Table], sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of one statement over `tables` by name. duckdb.Error when it cannot be run."""
    with duckdb.connect(config=_CONFIG) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        connection.execute("set enable_external_access = false")
        return connection.execute(sql, params or None).fetchall()
