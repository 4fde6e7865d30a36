"""Who is told of what: one page per alert and address, whatever folds into it later; and the pages a stop kept back.

Called by the writer after an alert is stored, so a page never speaks of an alert that a crash could take away. Every
outcome is a row in `actions`; an alert without one is told after the next start.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any

from seqwatch_tui.config.alarm import Notify
from seqwatch_tui.config.schema import Settings
from seqwatch_tui.config.telling import PLACEHOLDER
from seqwatch_tui.engine.clock import Clock
from seqwatch_tui.engine.pager import Pager, Told, offer_each
from seqwatch_tui.model.alert import Alert
from seqwatch_tui.notify.channels import channel_of
from seqwatch_tui.store.interface import Commit
from seqwatch_tui.store.store import Store

VERB = "page"
KEPT_BACK_SECONDS = 86_400.0
"""Age up to which an alert that was not told before a stop is told after it."""
Submit = Callable[[Commit], None]


class Paging:
    """All addresses. `stored` may be called from the writer; it never waits."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        submit: Submit,
        trouble: Callable[[str, BaseException], None],
    ) -> None:
        """`submit` stores rows; `trouble` tells operators."""
        self._store, self._clock, self._submit, self._trouble = store, clock, submit, trouble
        self._lock = threading.Lock()
        """Held while `_newest` or `_pagers` change: an alert is offered by `stored` or as one kept back, never by both."""
        self._newest = store.next_alert_id() - 1
        """The highest alert that `stored` has seen. Numbers only rise, so it stands for all that were offered."""
        self._pagers: tuple[Pager, ...] = ()
        self._began = False
        self._settings = settings

    def begin(self) -> None:
        """Start the threads, and tell what the last stop kept back."""
        self._began = True
        self.configure(self._settings)

    def configure(self, settings: Settings) -> None:
        """Take over other addresses; those that are not there any more stop, and new ones are told what nobody was."""
        if not self._began:
            self._settings = settings
            return
        new, newest = self._take_over(settings)
        if new:
            for alert in self._kept_back(newest):
                self._offer_to(new, alert)

    def _take_over(self, settings: Settings) -> tuple[list[Pager], int]:
        """Have a thread for every address of `settings` and no other; return the new ones and the alert they begin after."""
        self._settings = settings
        kept = {pager.notify: pager for pager in self._pagers if pager.notify in settings.notify}
        new = {n: self._started(settings.site, n) for n in settings.notify if n.url != PLACEHOLDER and n not in kept}
        with self._lock:
            old, self._pagers, newest = self._pagers, (*kept.values(), *new.values()), self._newest
        for pager in old:
            if pager not in self._pagers:
                pager.stop()
        return list(new.values()), newest

    def _started(self, site: str, notify: Notify) -> Pager:
        pager = Pager(site, notify, channel_of(notify, socket.gethostname()), self._clock, self._keep)
        pager.start()
        return pager

    def stored(self, commit: Commit) -> None:
        """Note stored alerts: new ones are offered to every address that wants their level, once."""
        with self._lock:
            pagers, fresh = self._pagers, self._fresh(commit.alerts)
        for alert in fresh:
            if alert.state == "new":
                self._offer_to(pagers, alert)

    def drill(self, alert: Alert) -> dict[str, Future[Told]]:
        """Page every address for a drill; outcomes by label."""
        return {pager.label: pager.drill(alert) for pager in self._pagers}

    def views(self) -> list[dict[str, Any]]:
        """The addresses as the status shows them."""
        return [asdict(pager.view()) for pager in self._pagers]

    def stop(self) -> None:
        """Stop all addresses; what waits is told after the next start."""
        for pager in self._pagers:
            pager.stop()

    def _fresh(self, alerts: Iterable[Alert]) -> Collection[Alert]:
        """The alerts that were never stored before, each once, as they were first."""
        fresh: dict[int, Alert] = {}
        for alert in alerts:
            if alert.alert_id > self._newest:
                fresh.setdefault(alert.alert_id, alert)
        self._newest = max(fresh, default=self._newest)
        return fresh.values()

    def _offer_to(self, pagers: Sequence[Pager], alert: Alert) -> None:
        if dropped := offer_each(pagers, alert):
            why = OSError(f"alert {alert.alert_id} was not told to {dropped} addresses: too many pages wait")
            self._trouble("paging", why)

    def _kept_back(self, newest: int) -> list[Alert]:
        """Open alerts up to `newest` that nobody was told of; later ones come by `stored`."""
        done = self._store.query_sql(
            "select distinct subject from actions where verb = ? and outcome = 'done'", [VERB]
        ).rows
        told = {subject for (subject,) in done}
        since = self._clock.now() - KEPT_BACK_SECONDS
        waiting = [a for a in self._store.open_alerts() if a.alert_id <= newest and a.last_ts >= since]
        return [a for a in waiting if a.state == "new" and str(a.alert_id) not in told]

    def _keep(self, told: Told) -> None:
        """Journal an outcome: one row per alert, so that an alert's history shows who was told."""
        row = {
            "ts": self._clock.now(), "operator": "seqwatch", "uid": os.geteuid(), "verb": VERB, "detail": told.said,
            "reason": "drill" if told.kind == "drill" else "", "outcome": "done" if told.sent else "failed",
        }  # fmt: skip
        if not told.sent:
            self._trouble("paging", OSError(told.said))
        try:
            self._submit(Commit(tables={"actions": [{**row, "subject": str(a.alert_id)} for a in told.alerts]}))
        except TimeoutError as error:
            self._trouble("keeping the outcome of a page", error)
