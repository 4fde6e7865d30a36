from __future__ import annotations

from pathlib import Path

import pytest

from seqwatch_tui.store.interface import Commit, LedgerMark, StoreError
from seqwatch_tui.store.store import Store
from tests.store.samples import START, Site
from tests.store.values import SESSION, SOURCE, filled


def test_everything_of_a_commit_survives_a_restart(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.commit(filled(Site()))
    store.close()
    store = Store.open(tmp_path)
    assert store.query_sql("select count(*), min(event_id), max(event_id) from events").rows == [(10, 1, 10)]
    assert store.sources() == [SOURCE]
    assert store.sessions() == [SESSION]
    assert (store.mark(), store.next_event_id(), store.next_alert_id(), store.next_action_id()) == (
        LedgerMark(1, 4),
        11,
        2,
        2,
    )
    assert store.query_sql("select tags, epoch(last_ts), measure from alerts").rows == [(["a", "b"], START + 1.5, 120)]
    assert store.query_sql("select kind, count, gap_id from gaps").rows == [("serial", 4, 1)]
    assert store.query_sql("select segment, chain from checkpoints").rows == [(1, "bb")]
    store.close()


def test_a_failed_commit_leaves_nothing_and_the_store_goes_on(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    with pytest.raises(StoreError, match="no column colour"):
        store.commit(Commit(events=Site().events(5), tables={"keys": [{"key_id": "k", "colour": "red"}]}))
    assert store.query_sql("select count(*) from events").rows == [(0,)]
    assert store.next_event_id() == 1
    store.commit(filled(Site()))
    assert store.query_sql("select count(*) from events").rows == [(10,)]
    store.close()
