"""The built-in sensor joined to the engine: what it is told to watch, where it runs, and what it was heard of last."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from seqwatch_tui.config.settings import SourceSettings
from seqwatch_tui.engine.intake import Intake
from seqwatch_tui.engine.parsers import knowledge_of, make_parser
from seqwatch_tui.model.evidence import SourceState
from seqwatch_tui.parse.sensor import heard_until
from seqwatch_tui.sources.sensor import SensorStream, Times
from seqwatch_tui.sources.sensor_process import Connected, Spawned

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine


def sensor_intake(engine: Engine, source: SourceSettings, known: SourceState | None) -> Intake:
    """Return the intake of a source of type fanotify: a sensor of our own, or with `path` the service's behind it."""
    place = str(source.path) if source.path else "kernel"
    state = known or SourceState(source.name, source.type, place, "waiting")
    start = partial(Connected, source.path) if source.path else Spawned
    heard = heard_until(state.resume)
    stream = SensorStream(
        source.name, start, lambda: [str(dataset.path) for dataset in engine.settings.datasets], engine.state_dir,
        heard, Times(engine.clock.now, engine.clock.monotonic),
    )  # fmt: skip
    knowledge = knowledge_of(source.name, engine.store, engine.clock.now())
    knowledge.last_ts = heard
    engine.sensors.append(stream)
    return Intake(
        stream, make_parser(source.name, source.type, None, knowledge), state, engine.take, engine.clock, engine.trouble
    )
