"""Read configuration and rules again while running: all of it takes effect, or nothing does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqwatch_tui.catalogue.catalogue import Catalogue
from seqwatch_tui.config.errors import ConfigError
from seqwatch_tui.config.settings import load
from seqwatch_tui.engine.disabled import DisabledUnreadable
from seqwatch_tui.engine.people import known_groups
from seqwatch_tui.engine.rules import book_for, detector_for, read_rules
from seqwatch_tui.engine.runs import stored_runs, tell
from seqwatch_tui.engine.work import Swap

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine


def reload_engine(engine: Engine) -> list[str]:
    """Take over the configuration file as it is now; return why not, when it cannot be.

    Sources and the state folder need a restart; a change in them is refused rather than half done.
    """
    with engine.changing:
        return _reload(engine)


def _reload(engine: Engine) -> list[str]:
    try:
        settings = load(engine.config)
    except ConfigError as error:
        return [str(p) for p in error.problems]
    if (settings.state_dir, settings.sources) != (engine.settings.state_dir, engine.settings.sources):
        return ["state_dir or sources changed: restart the engine for that"]
    try:
        rules = read_rules(settings)
    except DisabledUnreadable as error:
        return [str(error)]
    catalogue = Catalogue(settings, known_groups(settings))
    runs = stored_runs(engine.store, settings.datasets)
    tell(catalogue, runs)
    swap = Swap(
        catalogue,
        lambda: detector_for(rules, settings, engine.store, engine.ledger),
        lambda: book_for(rules, settings, engine.store),
    )
    engine.judge.inbox.put(swap)
    swap.done.result(60.0)
    engine.settings, engine.catalogue, engine.rules, engine.runs = settings, catalogue, rules, runs
    engine.paging.configure(settings)
    engine.declare()
    for sensor in engine.sensors:
        sensor.renew()
    return []
