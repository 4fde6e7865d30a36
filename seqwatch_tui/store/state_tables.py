"""Every small table beside `events`, in the order of the docs; each is defined with those of its subject."""

from __future__ import annotations

from seqwatch_tui.store.alert_tables import ALERTS, EVIDENCE, INCIDENTS, REASONS, RULE_VERSIONS, SNOOZES
from seqwatch_tui.store.definition import TableDef, ViewDef
from seqwatch_tui.store.site_tables import (
    ACTIONS,
    CHECKPOINTS,
    DATASETS,
    FILES,
    FINDINGS,
    GRANTS,
    KEYS,
    VERIFICATIONS,
)
from seqwatch_tui.store.trail_tables import (
    ACCOUNTS,
    ACTIVITY,
    DIRECTORIES,
    GAPS,
    READ_FILES,
    RHYTHMS,
    SESSIONS,
    SOURCES,
    SWITCHES,
)

STATE_TABLES: tuple[TableDef, ...] = (
    ACTIVITY,
    ALERTS, EVIDENCE, REASONS, RULE_VERSIONS, SNOOZES, GAPS, SOURCES, READ_FILES, RHYTHMS, SESSIONS, SWITCHES, ACCOUNTS, DIRECTORIES,
    DATASETS, GRANTS, FILES, VERIFICATIONS, KEYS, FINDINGS, ACTIONS, CHECKPOINTS,
)  # fmt: skip

STATE_VIEWS: tuple[ViewDef, ...] = (INCIDENTS,)
"""What is made of the tables beside `events`; read like them, never written."""
