from __future__ import annotations

from pathlib import Path

import pytest

from seqwatch_tui.store.document import tables_markdown
from seqwatch_tui.store.schema import EVENTS_VIEW, STATE_TABLES, TableDef
from seqwatch_tui.store.store import Store
from tests.store.samples import Site
from tests.store.values import filled


def test_the_page_of_tables_equals_the_schema() -> None:
    page = Path(__file__).parents[2] / "docs" / "tables.md"
    assert page.read_text("utf-8") == tables_markdown()


@pytest.mark.parametrize("buckets", ["none yet", "one"])
def test_every_table_and_column_is_commented(tmp_path: Path, buckets: str) -> None:
    store = Store.open(tmp_path)
    if buckets == "one":
        store.commit(filled(Site()))
    found = store.query_sql(
        "select table_name, column_name, data_type, comment from duckdb_columns() where database_name = 'store'"
    ).rows
    tables = dict(store.query_sql(
        "select table_name, comment from duckdb_tables() union all select view_name, comment from duckdb_views()"
    ).rows)  # fmt: skip
    store.close()
    for table in (EVENTS_VIEW, *STATE_TABLES):
        assert tables[table.name] == table.doc
        assert [row[1:] for row in found if row[0] == table.name] == [(f.name, f.sql, f.doc) for f in table.fields]


def test_events_begin_with_the_promised_columns_and_end_with_the_facts_of_policy() -> None:
    promised = (
        "event_id ts host source source_id action outcome errno user_name uid_name auid uid session_id src_ip tty pid "
        "ppid process exe command_line path old_path dataset role allowed reason bytes rule_key syscall complete "
        "warnings business_hours network_allowed bulk_granted context"
    )
    assert [f.name for f in EVENTS_VIEW.fields] == promised.split()


def test_source_id_is_written_as_the_kernel_does(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.commit(filled(Site(), 3))
    ((source_id, millis),) = store.query_sql("select source_id, epoch_ms(ts) from events where event_id = 1").rows
    store.close()
    assert source_id == f"{millis // 1000}.{millis % 1000:03}:1000"


def test_keys_name_columns() -> None:
    def names(table: TableDef) -> set[str]:
        return {f.name for f in table.fields}

    assert all(set(t.key) <= names(t) for t in STATE_TABLES)
