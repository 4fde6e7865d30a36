"""When a drill runs, and what is kept of it: a row in `actions`; a drill that failed is an event, and so an alert."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from seqwatch_tui.detect.life import Said
from seqwatch_tui.engine.acts import action_row
from seqwatch_tui.engine.alerts import change_alert
from seqwatch_tui.engine.drill import DrillReport, Stage, run_drill
from seqwatch_tui.engine.own_events import tell
from seqwatch_tui.engine.peers import Peer
from seqwatch_tui.model.text import safe_text
from seqwatch_tui.store.interface import Commit

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

VERB = "drill"
FAILED = "drill_failed"
KERNEL_SOURCES = ("auditd", "laurel", "fanotify")
"""Types of sources that must show a read of the canary."""
_SETTLE_SECONDS = 60.0
"""After a start, so that sources have begun to be read; the first drill of a site comes then."""
NO_DRILL = "no drill is configured; write e.g. drill: {canary: /data/seq/wgs-cohort-a/NA00000.bam, every: 1d}"


class Drills:
    """The drills of one engine, one at a time. `look` is called now and then and never waits."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._running = engine, threading.Lock()
        self._thread: threading.Thread | None = None
        self._last: dict[str, Any] | None = None
        self._looked = False

    def run(self, peer: Peer) -> DrillReport | None:
        """Run a drill now and keep its outcome; null when one is running already. ValueError: none is configured."""
        drill = self._engine.settings.drill
        if drill is None:
            raise ValueError(NO_DRILL)
        if not self._running.acquire(blocking=False):
            return None
        try:
            report = run_drill(drill, self._number(), self._stage())
            self._keep(report, peer)
            return report
        finally:
            self._running.release()

    def look(self) -> None:
        """Start a drill in a thread of its own when one is due."""
        drill, now = self._engine.settings.drill, self._engine.clock.now()
        if drill is None or drill.every is None or (self._thread is not None and self._thread.is_alive()):
            return
        last = self.view()
        if (
            now - max(float(last["ts"]) if last else 0.0, self._engine.started - drill.every + _SETTLE_SECONDS)
            >= drill.every
        ):
            self._thread = threading.Thread(target=self._scheduled, name="drill", daemon=True)
            self._thread.start()

    def view(self) -> dict[str, Any] | None:
        """The last drill as the status shows it: ts, outcome, detail; null: never."""
        if not self._looked:
            self._looked = True
            sql = "select epoch(ts) as ts, outcome, detail from actions where verb = ? order by action_id desc limit 1"
            found = self._engine.store.query_sql(sql, [VERB])
            self._last = dict(zip(found.columns, found.rows[0], strict=True)) if found.rows else None
        return self._last

    def _scheduled(self) -> None:
        try:
            self.run(Peer(os.geteuid(), "seqwatch", "approver"))
        except Exception as error:  # noqa: BLE001 - root of a thread: operators see it, the next drill tries again
            self._engine.trouble("the drill", error)

    def _number(self) -> int:
        sql = "select count(*) from actions where verb = ?"
        return int(self._engine.store.query_sql(sql, [VERB]).rows[0][0]) + 1

    def _stage(self) -> Stage:
        engine = self._engine
        sources = [s.name for s in engine.settings.sources if s.type in KERNEL_SOURCES]
        return Stage(sources, engine.judge.witness, engine.clock, engine.paging.drill, self._is_stored)

    def _is_stored(self, alert_id: int, event_id: int) -> bool:
        sql = (
            "select (select count(*) from alert_evidence where alert_id = ? and event_id = ?), "
            "(select count(*) from events_stored where event_id = ?), (select count(*) from alerts where alert_id = ?)"
        )
        return self._engine.store.query_sql(sql, [alert_id, event_id, event_id, alert_id]).rows == [(1, 1, 1)]

    def _keep(self, report: DrillReport, peer: Peer) -> None:
        engine, outcome = self._engine, "done" if report.passed else "failed"
        said = safe_text(f"drill {report.number}: {report.said}", 1000)
        row = action_row(engine, peer, VERB, report.canary, "", outcome=outcome, detail=said,
                         plan=json.dumps([asdict(leg) for leg in report.legs], ensure_ascii=False))  # fmt: skip
        self._last, self._looked = {"ts": row["ts"], "outcome": outcome, "detail": said}, True
        engine.submit(Commit(tables={"actions": [row]}))
        if not report.passed:
            tell(engine, FAILED, said, [asdict(leg) for leg in report.legs])
        elif report.alert_id is not None:
            change_alert(engine, report.alert_id, Said("close", "expected"), said, peer)
