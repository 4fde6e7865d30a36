"""A process to be killed: works through the plan of `world` on a real disk, with the store as a file of commits."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from seqwatch_tui.ledger.disk import Disk
from seqwatch_tui.store.interface import LedgerMark, SegmentRow
from tests.ledger.world import FakeStore, run


@dataclass
class FileStore(FakeStore):
    """Each commit is one line written by one call, so a killed process has made it or not."""

    path: Path = Path("store")

    def commit(self, events: Sequence[int], mark: LedgerMark, position: int, rows: Sequence[SegmentRow]) -> None:
        line = {"events": list(events), "mark": asdict(mark), "position": position, "rows": [asdict(r) for r in rows]}
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(fd, json.dumps(line).encode() + b"\n")
        finally:
            os.close(fd)
        super().commit(events, mark, position, rows)


def read_store(path: Path) -> FileStore:
    """Return the store as its file tells it."""
    store = FileStore(path=path)
    for text in path.read_text().splitlines() if path.exists() else ():
        line = json.loads(text)
        rows = [SegmentRow(**row) for row in line["rows"]]
        FakeStore.commit(store, line["events"], LedgerMark(**line["mark"]), line["position"], rows)
    return store


if __name__ == "__main__":
    run(Path(sys.argv[1]), read_store(Path(sys.argv[1]) / "store"), Disk())
