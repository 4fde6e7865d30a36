"""An older store gets what it lacks and keeps what it has; a newer one is refused."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from seqwatch_tui.model.alert import Alert
from seqwatch_tui.store.connect import store_path
from seqwatch_tui.store.interface import Commit, StoreError
from seqwatch_tui.store.schema import EVENTS_VIEW, FORMAT, STATE_TABLES
from seqwatch_tui.store.store import Store
from tests.store.samples import Site
from tests.store.values import ALERT, filled

NEW_TABLES = ("alert_reasons", "rule_versions", "snoozes")
NEW_COLUMNS = {
    "alerts": ("verdict", "owner", "incident_id", "risk", "suppressed_by"),
    "datasets": ("run_complete",),
}


def _as_format_1(folder: Path) -> None:
    """Take away what format 2 brought, as the version before would have left it."""
    con = duckdb.connect(str(store_path(folder)))
    con.execute("drop view incidents")
    for table in NEW_TABLES:
        con.execute(f"drop table {table}")
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            con.execute(f"alter table {table} drop column {column}")
    con.execute("update store_meta set value = 1 where name = 'format'")
    con.close()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    store = Store.open(tmp_path)
    store.commit(filled(Site(), 10))
    store.close()
    _as_format_1(tmp_path)
    return tmp_path


def test_an_older_store_keeps_its_rows_and_takes_new_ones(old: Path) -> None:
    store = Store.open(old)
    assert store.query_sql("select value from store_meta where name = 'format'").rows == [(FORMAT,)]
    assert [(a.alert_id, a.summary, a.incident_id, a.verdict) for a in store.open_alerts()] == [
        (1, ALERT.summary, None, None)
    ]
    new = Alert(
        2, "r2", "T", "h", "low", "bob", None, None, 1.0, 2.0, 1, None, "s", (), "closed", "false", "lead", 2, 40
    )
    store.commit(Commit(alerts=[new], tables={"snoozes": [{"snooze_id": 1, "reason": "why"}]}))
    assert store.query_sql("select verdict, owner, risk, tags from alerts where alert_id = 2").rows == [
        ("false", "lead", 40, [])
    ]
    assert store.query_sql("select incident_id, state, risk from incidents").rows == [(2, "closed", 40)]
    store.close()


def test_every_table_has_its_columns_and_their_sentences_afterwards(old: Path) -> None:
    store = Store.open(old)
    found = store.query_sql(
        "select table_name, column_name, comment from duckdb_columns() where database_name = 'store'"
    )
    store.close()
    for table in (EVENTS_VIEW, *STATE_TABLES):
        assert {row[1:] for row in found.rows if row[0] == table.name} == {(f.name, f.doc) for f in table.fields}


def test_event_columns_that_came_later_are_null_in_older_events(old: Path) -> None:
    con = duckdb.connect(str(store_path(old)))
    (bucket,) = [
        n for (n,) in con.execute("select table_name from duckdb_tables()").fetchall() if n.startswith("events_2")
    ]
    con.execute("drop view events")
    con.execute("drop view events_stored")
    con.execute(f"alter table {bucket} drop column bulk_granted")
    con.close()
    store = Store.open(old)
    site = Site()
    site.events(10)
    store.commit(Commit(events=site.events(5)))
    assert store.query_sql("select count(*), count(*) filter (bulk_granted is null) from events").rows[0][0] == 15
    store.close()


def test_opening_again_changes_nothing(old: Path) -> None:
    for _ in range(2):
        store = Store.open(old)
        store.close()
    assert not list(old.glob("*.2*"))


def test_a_newer_store_is_refused_and_left_alone(old: Path) -> None:
    con = duckdb.connect(str(store_path(old)))
    con.execute(f"update store_meta set value = {FORMAT + 1} where name = 'format'")
    con.close()
    with pytest.raises(StoreError, match=f"has format {FORMAT + 1} and this version"):
        Store.open(old)
