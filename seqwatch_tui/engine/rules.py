"""Find the rules and bring the detector to where it was: open alerts, and the windows of correlations."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from seqwatch_tui.config.settings import Settings
from seqwatch_tui.detect.ancestry import MAX_PROCESSES
from seqwatch_tui.detect.cache import RuleCache
from seqwatch_tui.detect.detector import Detector
from seqwatch_tui.detect.folding import MAX_OPEN
from seqwatch_tui.detect.load import RuleSet, load_rules, shipped_rules
from seqwatch_tui.detect.quiet import Quiet
from seqwatch_tui.engine.book import AlertBook, Past
from seqwatch_tui.engine.disabled import disabled_rules, without
from seqwatch_tui.ledger.ledger import Ledger
from seqwatch_tui.store.store import Store

LOG = logging.getLogger("seqwatch")
RULE_CACHE = "cache/rules.json"
SITE_RULES = "rules"
"""Folder of the site's own rules, beneath the state directory."""


def rule_folders(settings: Settings) -> list[Path]:
    """The shipped rules and the site's own."""
    site = Path(settings.state_dir) / SITE_RULES
    return [shipped_rules(), *([site] if site.is_dir() else [])]


def read_rules(settings: Settings) -> RuleSet:
    """Read the rules of a site; what they compile to is kept in its state directory for the next start."""
    cache = RuleCache.read(Path(settings.state_dir) / RULE_CACHE)
    rules = load_rules(rule_folders(settings), cache=cache)
    try:
        cache.write()
    except OSError as error:
        LOG.warning("compiled rules cannot be kept, the next start takes longer: %s", error)
    return without(rules, disabled_rules(Path(settings.state_dir)))


def detector_for(rules: RuleSet, settings: Settings, store: Store, ledger: Ledger) -> Detector:
    """Return a detector that goes on where the last one stopped: open alerts, ancestors, windows, what is quiet."""
    quiet = Quiet.of(settings, store.snoozes())
    detector = Detector(rules, store.open_alerts(MAX_OPEN), store.next_alert_id(), quiet)
    if detector.needs_processes:
        detector.learn_processes(store.recent_processes(MAX_PROCESSES))
    events = store.recent_events(detector.longest_window)
    records = None
    if events.num_rows and detector.warm_needs_records:
        records = ledger.records_from(events.column("event_id")[0].as_py())
    detector.warm(events, records)
    return detector


def book_for(rules: RuleSet, settings: Settings, store: Store) -> AlertBook:
    """Return the book that goes on where the last one stopped."""
    alerts = store.open_alerts(MAX_OPEN)
    reasons = store.query_sql(
        "select alert_id, risk_parts, threshold from alert_reasons where alert_id in (select unnest(?::bigint[]))",
        [[alert.alert_id for alert in alerts]],
    )
    fixed = {number: (sum(json.loads(parts or "{}").values()), threshold) for number, parts, threshold in reasons.rows}
    versions = {
        (digest, rule_id) for digest, rule_id in store.query_sql("select hash, rule_id from rule_versions").rows
    }
    return AlertBook(rules, settings, Past(alerts, fixed, versions, store.gaps(1000)))
