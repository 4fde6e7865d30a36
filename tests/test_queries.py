"""Every saved query loads, says what it answers, and runs on an empty and on a filled store."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from seqwatch_tui.model.assets import asset_dir
from seqwatch_tui.store.interface import Commit, StoreError
from seqwatch_tui.store.saved import SavedQuery, load_queries, read_query
from seqwatch_tui.store.store import Store
from tests.store.samples import START, Site
from tests.store.values import ALERT, DATASET, filled

PANELS = load_queries(asset_dir("queries") / "panels")
INVESTIGATE = load_queries(asset_dir("queries") / "investigate")
GIVEN = {
    "first": 1,
    "last": 50,
    "before": 40,
    "event_id": 3,
    "alert_id": 1,
    "incident": 1,
    "hash": "hash",
    "rule_id": "r1",
    "dataset": DATASET,
    "actor": "user00",
}
API = {
    "events_newest": "event_id ts action outcome user_name src_ip process path dataset role allowed reason severity",
    "events_window": "event_id ts action outcome user_name src_ip process path dataset role allowed reason severity",
    "alerts_open": "alert_id level state last_ts first_ts rule_title actor dataset src_ip count measure summary "
    "risk incident_id owner verdict suppressed_by rule_id",
    "encryption": "kind id state detail age_days max_age_days checked",
    "integrity": "dataset state ok changed missing extra unreadable not_checked checked job",
}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Store]]:
    opened = {name: Store.open(tmp_path_factory.mktemp(name)) for name in ("empty", "filled")}
    opened["filled"].commit(filled(Site(), 100))
    quiet = replace(ALERT, alert_id=2, state="suppressed", suppressed_by="snooze 1", incident_id=None)
    opened["filled"].commit(Commit(alerts=[quiet]))
    hour = dt.datetime.fromtimestamp(START, dt.UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0)
    busy = {
        "user_name": "user00",
        "dataset": DATASET,
        "hour": hour,
        "slot": 1,
        "files": 90,
        "bytes": 0,
        "datasets": 1,
        "exes": 1,
    }
    opened["filled"].activity.put(pa.Table.from_pylist([busy]), hour, hour + dt.timedelta(hours=1))
    yield opened
    for store in opened.values():
        store.close()


def given(query: SavedQuery) -> dict[str, object]:
    return {p.name: GIVEN[p.name] for p in query.parameters if p.required and p.name != "newest"}


@pytest.mark.parametrize("kind", ["empty", "filled"])
@pytest.mark.parametrize("name", [*PANELS, *(n for n in INVESTIGATE if n != "raw_lines")])
def test_every_query_runs(stores: dict[str, Store], name: str, kind: str) -> None:
    rows = stores[kind].query(name, given(stores[kind].saved(name)), now=START + 60)
    assert len(set(rows.columns)) == len(rows.columns) > 0
    if kind == "filled":
        assert rows.rows


@pytest.mark.parametrize("name", API)
def test_panels_have_the_columns_of_the_api(stores: dict[str, Store], name: str) -> None:
    query = stores["filled"].saved(name)
    assert " ".join(stores["filled"].query(name, given(query), now=START).columns) == API[name]


@pytest.mark.parametrize("query", [*PANELS.values(), *INVESTIGATE.values()], ids=lambda q: q.name)
def test_header_and_statement_name_the_same_parameters(query: SavedQuery) -> None:
    assert query.question.endswith(("?", "."))
    assert {p.name for p in query.parameters} == set(re.findall(r"\$([a-z_]+)", query.sql))
    assert not query.sql.endswith(";")


def test_names_are_unique_over_both_folders() -> None:
    assert not PANELS.keys() & INVESTIGATE.keys()
    assert len(INVESTIGATE) >= 10


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("select 1\n", 1, "lacks question and title"),
        ("-- title: T\n-- question: Q?\n-- colour: red\nselect 1\n", 3, "not 'colour'"),
        ("-- title: T\n-- question: Q?\n-- parameters: limit integer rows\nselect 1\n", 3, r"\$name type meaning"),
        ("-- title: T\n-- question: Q?\n-- parameters: $n integer = many rows\nselect 1\n", 3, r"default of \$n"),
    ],
)
def test_a_bad_header_is_named_with_its_line(tmp_path: Path, text: str, line: int, why: str) -> None:
    path = tmp_path / "bad.sql"
    path.write_text(text)
    with pytest.raises(StoreError, match=f"bad.sql:{line}: .*{why}"):
        read_query(path)


def test_values_are_converted_or_refused_by_name() -> None:
    query = INVESTIGATE["actor_reads"]
    bound = query.bind({"actor": "anna", "since": "2026-11-18T00:00:00+01:00"}, now=START)
    assert bound["since"].isoformat() == "2026-11-17T23:00:00"
    assert bound["until"].timestamp() is not None
    for values, why in (
        ({}, r"needs \$actor"),
        ({"actor": "a", "who": 1}, "no parameter who"),
        ({"actor": "a", "since": "soon"}, r"\$since"),
    ):
        with pytest.raises(StoreError, match=why):
            query.bind(values, now=START)
    with pytest.raises(StoreError, match="back from now"):
        query.bind({"actor": "a"})
