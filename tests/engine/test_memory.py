"""What the engine remembers of the past survives a restart: it comes back from the store."""

from __future__ import annotations

from pathlib import Path

from seqwatch_tui.detect.memory import Memory
from seqwatch_tui.engine.remembering import memory_for
from seqwatch_tui.store.interface import Commit
from seqwatch_tui.store.store import Store
from tests.detect.batches import batch

DAY = 86_400


def _row(ts: float, user: str, **more: object) -> dict[str, object]:
    return {"ts": ts, "user_name": user, "dataset": "a", "action": "read", "outcome": "success", "session_id": 5,
            "host": "seq01", "path": "/d/x", "source": "audit", **more}  # fmt: skip


BEFORE = [_row(0, "anna"), _row(15 * DAY, "ben"), _row(15 * DAY + 1, "ben", dataset=None, rule_key="seqwatch_keys")]
AFTER = [
    _row(15 * DAY + 60, "ben"),
    _row(15 * DAY + 61, "ben", dataset=None, action="execute"),
    _row(16 * DAY, "eve", session_id=6),
]


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    through = Memory()
    through.mark(batch(BEFORE, 1))
    expected = through.mark(batch(AFTER, 4)).column("context").to_pylist()
    assert expected == ["session-key", "session-read=a", "first-touch"]

    store = Store.open(tmp_path)
    store.commit(Commit(events=batch(BEFORE, 1)))
    assert memory_for(store).mark(batch(AFTER, 4)).column("context").to_pylist() == expected
    store.close()


def test_a_new_store_remembers_nothing(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    assert memory_for(store).mark(batch(AFTER, 1)).column("context").to_pylist() == [None, "session-read=a", None]
    store.close()
