"""docs/tables.md from the schema: `python -m seqwatch_tui.store.document > docs/tables.md`. A test holds them equal."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from seqwatch_tui.store.schema import ALL_TABLES, HOST_TABLES, TableDef

_HEAD = """# Tables for SQL

What `seqwatch sql`, the SQL screen and saved queries can name. Times are UTC. The names are stable. Where a table has
a key, a new row replaces the old one with the same key. This page is made from the schema:
`python -m seqwatch_tui.store.document > docs/tables.md`.
"""


def tables_markdown() -> str:
    """Return docs/tables.md."""
    return "\n".join([_HEAD, *(line for table in ALL_TABLES for line in _section(table))])


def _section(table: TableDef) -> Iterator[str]:
    yield f"## {table.name}\n"
    yield table.doc + (f" Key: {', '.join(table.key)}." if table.key else "")
    yield "" if table not in HOST_TABLES else "Host state: as the engine's user sees it at the moment of the query.\n"
    yield "| column | type | meaning |\n|---|---|---|"
    for field in table.fields:
        yield f"| {field.name} | {field.sql} | {field.doc} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(tables_markdown())
