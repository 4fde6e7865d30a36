"""Events of the engine itself, of the source `seqwatch`: so that what it notices passes the same rules, ledger and store."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seqwatch_tui.config.checks import OWN_SOURCE
from seqwatch_tui.engine.work import Batch
from seqwatch_tui.model.evidence import Counts, Resume, SourceState
from seqwatch_tui.parse.interface import Parsed
from seqwatch_tui.parse.schema import event_table, record_table

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

RECORD_TYPE = "SEQWATCH"


def tell(
    engine: Engine,
    kind: str,
    sentence: str,
    detail: Any,
    *,
    at: float | None = None,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Hand over one event: `rule_key` is `kind`, the sentence is its command line, the raw record has the detail as JSON.

    `at` is when what it tells of was (epoch seconds; now), `about` further columns: whom and what it is about.

    Waits while the spine is full. The row of the source in `sources` counts it like any other.
    """
    with engine.own_turn:
        engine.own = _hand_over(engine, kind, sentence, (detail, at, about or {}), engine.own or _stored(engine))


def _stored(engine: Engine) -> SourceState:
    known = next((s for s in engine.store.sources() if s.name == OWN_SOURCE), None)
    return known or SourceState(OWN_SOURCE, "engine", "", "live")


def _hand_over(
    engine: Engine, kind: str, sentence: str, more: tuple[Any, float | None, Mapping[str, Any]], before: SourceState
) -> SourceState:
    """Return the source's state with the event in it."""
    detail, at, about = more
    now = engine.clock.now()
    raw = json.dumps({"ts": now, "kind": kind, "text": sentence, "detail": detail}, ensure_ascii=False).encode() + b"\n"
    counts = Counts(records=1, events=1, bytes=len(raw), read=1)
    events = event_table(
        {
            "event_id": [0], "ts": [int((now if at is None else at) * 1_000_000)], "host": [socket.gethostname()], "source": [OWN_SOURCE],
            "action": ["other"], "outcome": ["failure"], "pid": [os.getpid()], "uid": [os.geteuid()], "process": ["seqwatch"],
            "command_line": [sentence], "rule_key": [kind], "syscall": [RECORD_TYPE], "complete": [True],
            **{name: [value] for name, value in about.items()},
        }, 1,
    )  # fmt: skip
    records = record_table(
        {
            "event_id": [0],
            "source": [OWN_SOURCE],
            "seq": [0],
            "type": [RECORD_TYPE],
            "raw": [raw],
            "position": [before.counts.bytes],
        },
        1,
    )
    resume = Resume(OWN_SOURCE, before.counts.bytes + len(raw))
    state = replace(before, counts=before.counts + counts, resume=resume, last_ts=now)
    engine.take(Batch(Parsed(events, records, resume, counts), state, engine.clock.monotonic()))
    return state
