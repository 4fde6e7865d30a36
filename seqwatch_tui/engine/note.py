"""The note that goes with a batch into the ledger: everything of a transaction that is not an event, as JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from seqwatch_tui.model.alert import Alert, Evidence
from seqwatch_tui.model.evidence import Gap, Session, SourceState
from seqwatch_tui.store.interface import Commit


class _Small(msgspec.Struct, omit_defaults=True):
    gaps: list[Gap] = []
    alerts: list[Alert] = []
    evidence: list[Evidence] = []
    sources: list[SourceState] = []
    sessions: list[Session] = []
    tables: dict[str, list[dict[str, Any]]] = {}
    replace: list[str] = []


def encode(commit: Commit) -> bytes:
    """Return the note of a transaction; empty when it holds nothing but events."""
    small = _Small(
        list(commit.gaps), list(commit.alerts), list(commit.evidence), list(commit.sources), list(commit.sessions),
        {name: [dict(row) for row in rows] for name, rows in commit.tables.items()}, list(commit.replace),
    )  # fmt: skip
    return msgspec.json.encode(small, enc_hook=str)


def decode(note: bytes) -> Commit:
    """Return the transaction of a note, without events, segments and mark. Raises msgspec.DecodeError."""
    small = msgspec.json.decode(note, type=_Small)
    return Commit(
        gaps=small.gaps, alerts=small.alerts, evidence=small.evidence, sources=small.sources, sessions=small.sessions,
        tables=small.tables, replace=small.replace,
    )  # fmt: skip
