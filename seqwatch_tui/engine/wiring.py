"""Builds the parts of an engine that hang together: what judges events, and what counts them."""

from __future__ import annotations

from collections.abc import Callable

from seqwatch_tui.catalogue.catalogue import Catalogue
from seqwatch_tui.config.settings import Settings
from seqwatch_tui.detect.load import RuleSet
from seqwatch_tui.engine.clock import Clock
from seqwatch_tui.engine.meter import Meter
from seqwatch_tui.engine.opening import Opened
from seqwatch_tui.engine.read_files import ReadFiles
from seqwatch_tui.engine.remembering import memory_for
from seqwatch_tui.engine.rules import book_for, detector_for
from seqwatch_tui.engine.spine import Judge
from seqwatch_tui.store.store import Store


def judge_for(
    opened: Opened, settings: Settings, catalogue: Catalogue, rules: RuleSet, *,
    clock: Clock, fail: Callable[[str, BaseException], None],
) -> Judge:  # fmt: skip
    """Return a judge, not started, that goes on where the last one stopped; `fail` ends the engine."""
    store = opened.store
    detector = detector_for(rules, settings, store, opened.ledger)
    memory, book = memory_for(store), book_for(rules, settings, store)
    judge = Judge(catalogue, detector, memory, book, opened.ledger, store.next_event_id(), clock, fail)
    judge.files = ReadFiles(store.sources())
    return judge


def meter_for(store: Store, clock: Clock) -> Meter:
    """Return a meter that knows how many events are stored."""
    stored = int(store.query_sql("select count(*) from events_stored").rows[0][0])
    return Meter(clock, store.high_water(), stored)
