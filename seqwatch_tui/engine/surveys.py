"""Look at encryption and keys now and then: findings and key ages into the store; operators see their age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqwatch_tui.config.errors import ConfigError
from seqwatch_tui.encryption.custody import check_key_files
from seqwatch_tui.encryption.keys import judge_keys, read_register
from seqwatch_tui.encryption.rows import finding_rows, key_rows
from seqwatch_tui.encryption.survey import survey, survey_host
from seqwatch_tui.model.verdict import Finding
from seqwatch_tui.store.interface import Commit

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

EVERY_SECONDS = 3600.0


def survey_all(engine: Engine) -> None:
    """Survey every dataset and the key register, and store what was found."""
    now = engine.clock.now()
    site = engine.settings
    findings = [f for d in site.datasets for f in survey(d.id, d.path, d.encryption, now, apart=site.inside(d))]
    keys, more = _keys(engine, now)
    more += survey_host(now)
    engine.submit(Commit(tables={"findings": finding_rows([*findings, *more]), "keys": keys}, replace=["keys"]))


def _keys(engine: Engine, now: float) -> tuple[list[dict[str, Any]], list[Finding]]:
    place, limit = engine.settings.keys.register, engine.settings.keys.max_age_days
    if place is None:
        return [], [Finding("KEY-00", "key register", None, "n/a", "none is configured", now)]
    try:
        register = read_register(place)
    except ConfigError as error:
        return [], [Finding("KEY-00", "key register", None, "unknown", str(error), now)]
    read = Finding("KEY-00", "key register", None, "pass", f"{len(register)} keys were read from {place}.", now)
    data = {d.id: d.path for d in engine.settings.datasets}
    return key_rows(judge_keys(register, now, limit)), [read, *check_key_files(register, data, now)]
