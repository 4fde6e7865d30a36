"""Look at encryption and keys now and then: findings and key ages into the store; operators see their age.

Each part is stored by itself, so that a dataset that gives no answer keeps back nothing of the others.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from seqwatch_tui.config.errors import ConfigError
from seqwatch_tui.config.settings import Dataset
from seqwatch_tui.encryption.custody import check_key_files
from seqwatch_tui.encryption.keys import judge_keys, read_register
from seqwatch_tui.encryption.rows import finding_rows, key_rows
from seqwatch_tui.encryption.survey import survey, survey_host, unseen
from seqwatch_tui.engine.lookout import NoAnswer, subject
from seqwatch_tui.model.verdict import Finding
from seqwatch_tui.store.interface import Commit

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

EVERY_SECONDS = 3600.0
_PART_SECONDS = 600.0
"""How long one part may hold up the others; it is stored all the same when it ends later."""


def survey_all(engine: Engine) -> None:
    """Survey the keys, this host and every dataset that answers, and store what was found."""
    answering = [d for d in engine.settings.datasets if _answers(engine, d)]
    _survey_keys(engine, {d.id: d.path for d in answering})
    _store(engine, survey_host(engine.clock.now()))
    for dataset in answering:
        work = partial(_survey_dataset, engine, dataset)
        engine.lookout.look(f"the survey of {subject(dataset.id, dataset.path)}", work, _PART_SECONDS)


def _answers(engine: Engine, dataset: Dataset) -> bool:
    """Whether the file system of a dataset answers, with whatever; when not, nothing is known of it from now on."""
    seen = engine.lookout.look(subject(dataset.id, dataset.path), partial(os.path.lexists, dataset.path))
    if isinstance(seen, NoAnswer):
        _store(engine, unseen(dataset.id, f"{seen}.", engine.clock.now()))
        return False
    return True


def _survey_dataset(engine: Engine, dataset: Dataset) -> None:
    apart = engine.settings.inside(dataset)
    _store(engine, survey(dataset.id, dataset.path, dataset.encryption, engine.clock.now(), apart=apart))


def _survey_keys(engine: Engine, data: Mapping[str, Path]) -> None:
    place = engine.settings.keys.register
    if place is None:
        said = Finding("KEY-00", "key register", None, "n/a", "none is configured", engine.clock.now())
        engine.submit(Commit(tables={"findings": finding_rows([said]), "keys": []}, replace=["keys"]))
        return
    about = f"the key register {place}"
    seen = engine.lookout.look(about, partial(_read_keys, engine, place, data), _PART_SECONDS)
    if isinstance(seen, NoAnswer):
        _store(engine, [Finding("KEY-00", "key register", None, "unknown", f"{seen}.", engine.clock.now())])


def _read_keys(engine: Engine, place: Path, data: Mapping[str, Path]) -> None:
    """Ages first: what stands in the register is known even when a key's own file does not answer."""
    now, limit = engine.clock.now(), engine.settings.keys.max_age_days
    try:
        register = read_register(place)
    except ConfigError as error:
        unread = finding_rows([Finding("KEY-00", "key register", None, "unknown", str(error), now)])
        engine.submit(Commit(tables={"findings": unread, "keys": []}, replace=["keys"]))
        return
    read = Finding("KEY-00", "key register", None, "pass", f"{len(register)} keys were read from {place}.", now)
    rows = {"findings": finding_rows([read]), "keys": key_rows(judge_keys(register, now, limit))}
    engine.submit(Commit(tables=rows, replace=["keys"]))
    _store(engine, check_key_files(register, data, now))


def _store(engine: Engine, findings: list[Finding]) -> None:
    engine.submit(Commit(tables={"findings": finding_rows(findings)}))
