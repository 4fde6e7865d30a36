"""An engine that notes when each commit was durable: `python -m tests.bench.probe CONFIG LOG`. The product knows nothing of it."""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path

from seqwatch_tui.config.settings import load
from seqwatch_tui.engine.main import run_engine
from seqwatch_tui.engine.meter import Meter
from seqwatch_tui.store.interface import Commit


def main(config: Path, log: Path) -> int:
    """Run the engine; LOG gets one line a commit: monotonic seconds, serials of the events that became evidence."""
    stored = Meter.stored
    out = log.open("w", buffering=1)

    def noting(self: Meter, commit: Commit, oldest: float | None) -> None:
        at = time.monotonic()
        stored(self, commit, oldest)
        if commit.events is not None:
            ids = {e.event_id for e in commit.evidence}
            rows = zip(commit.events["event_id"].to_pylist(), commit.events["serial"].to_pylist(), strict=True)
            out.write(json.dumps({"at": at, "evidence_serials": [s for i, s in rows if i in ids]}) + "\n")

    gc.set_threshold(50_000, 20, 50)  # as `seqwatch engine` does
    Meter.stored = noting  # type: ignore[method-assign]
    return run_engine(load(config), config, sources=True, child=False)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
