"""Opening: a ledger that is not the one the store knows is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqwatch_tui.engine.opening import open_state
from seqwatch_tui.ledger.layout import Layout
from seqwatch_tui.ledger.values import LedgerDamaged
from seqwatch_tui.ledger.verify import verify
from seqwatch_tui.store.interface import Commit
from tests.ledger.world import NOW, batch


def sealed(state: Path, events: int) -> None:
    """A store and a ledger of two sealed segments."""
    opened = open_state(state, NOW)
    for first in (1, 101):
        opened.ledger.append(*batch(first, events), b"")
        row = opened.ledger.seal(NOW)
        assert row is not None
        opened.store.commit(Commit(segments=[row], ledger=opened.ledger.mark))
        opened.ledger.committed(opened.ledger.mark)
    opened.ledger.close()
    opened.store.close()
    opened.lock.release()


def test_a_ledger_that_was_rewritten_is_refused(tmp_path: Path) -> None:
    state, other = tmp_path / "state", tmp_path / "other"
    sealed(state, 5)
    sealed(other, 4)
    opened = open_state(state, NOW)
    opened.ledger.close()
    opened.store.close()
    opened.lock.release()
    Layout.of(state).root.rename(tmp_path / "aside")
    Layout.of(other).root.rename(Layout.of(state).root)
    assert verify(state).ok
    with pytest.raises(LedgerDamaged, match="segment 2 has not the chain value that the store recorded"):
        open_state(state, NOW)
