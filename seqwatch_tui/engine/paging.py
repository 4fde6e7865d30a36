"""Who is told of what: one page per alert and address, whatever folds into it later; and the pages a stop kept back.

Called by the writer after an alert is stored, so a page never speaks of an alert that a crash could take away. Every
outcome is a row in `actions`; an alert without one is told after the next start.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
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
        self._first_new = store.next_alert_id()
        self._told: set[int] = set()
        self._pagers: tuple[Pager, ...] = ()
        self._began = False
        self._settings = settings

    def begin(self) -> None:
        """Start the threads, and tell what the last stop kept back."""
        self._began = True
        self._take_over(self._settings)
        if self._pagers:
            self._offer(self._kept_back())

    def configure(self, settings: Settings) -> None:
        """Take over other addresses; those that are not there any more stop, and new ones are told what nobody was."""
        if not self._began:
            self._settings = settings
            return
        if new := self._take_over(settings):
            for alert in self._kept_back():
                self._offer_to(new, alert)

    def _take_over(self, settings: Settings) -> list[Pager]:
        """Have a thread for every address of `settings` and no other; return those that are new."""
        self._settings = settings
        kept = {pager.notify: pager for pager in self._pagers if pager.notify in settings.notify}
        new = {n: self._started(settings.site, n) for n in settings.notify if n.url != PLACEHOLDER and n not in kept}
        old, self._pagers = self._pagers, (*kept.values(), *new.values())
        for pager in old:
            if pager not in self._pagers:
                pager.stop()
        return list(new.values())

    def _started(self, site: str, notify: Notify) -> Pager:
        pager = Pager(site, notify, channel_of(notify, socket.gethostname()), self._clock, self._keep)
        pager.start()
        return pager

    def stored(self, commit: Commit) -> None:
        """Note stored alerts: new ones are offered to every address that wants their level, once."""
        if self._pagers and commit.alerts:
            self._offer(a for a in commit.alerts if a.alert_id >= self._first_new)

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

    def _offer(self, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            with self._lock:
                known = alert.alert_id in self._told
                self._told.add(alert.alert_id)
            if not known and alert.state == "new":
                self._offer_to(self._pagers, alert)

    def _offer_to(self, pagers: Sequence[Pager], alert: Alert) -> None:
        if dropped := offer_each(pagers, alert):
            why = OSError(f"alert {alert.alert_id} was not told to {dropped} addresses: too many pages wait")
            self._trouble("paging", why)

    def _kept_back(self) -> list[Alert]:
        done = self._store.query_sql(
            "select distinct subject from actions where verb = ? and outcome = 'done'", [VERB]
        ).rows
        told = {subject for (subject,) in done}
        since = self._clock.now() - KEPT_BACK_SECONDS
        return [a for a in self._store.open_alerts() if str(a.alert_id) not in told and a.last_ts >= since]

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
