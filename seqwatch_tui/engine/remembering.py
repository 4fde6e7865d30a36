"""What the judge remembers of the past, brought back from the store at the start: bounded, and from small answers."""

from __future__ import annotations

import logging
from typing import Any

from seqwatch_tui.detect.memory import DAY, FORGET, Memory, Restored
from seqwatch_tui.detect.memory_rows import KEYS
from seqwatch_tui.store.interface import StoreError
from seqwatch_tui.store.store import Store

LOG = logging.getLogger("seqwatch")

_TOUCHES = """
    select user_name, dataset, epoch_us(min(ts)), epoch_us(max(ts)) from events_stored
    where ts >= make_timestamp(?) and dataset is not null and user_name is not null and outcome = 'success'
      and bulk_granted is distinct from true
    group by all order by 4 limit 200000"""
_LOGINS = """
    select user_name, src_ip, epoch_us(opened) from sessions
    where opened >= make_timestamp(?) and user_name is not null and src_ip is not null order by opened"""
_READS = """
    select host, session_id, user_name, arg_max(dataset, ts), epoch_us(max(ts)) from events_stored
    where ts >= make_timestamp(?) and action = 'read' and outcome = 'success' and dataset is not null
      and session_id is not null
    group by all order by 5"""
_KEYS = """
    select host, session_id, user_name, epoch_us(max(ts)) from events_stored
    where ts >= make_timestamp(?) and action in ('read', 'open') and outcome = 'success' and rule_key = ?
      and session_id is not null
    group by all order by 4"""


def memory_for(store: Store) -> Memory:
    """Return a memory that goes on where the last one stopped. What the store cannot answer in time is learnt anew."""
    newest = store.query_sql("select epoch_us(max(ts)) from events_stored").rows[0][0]
    if newest is None:
        return Memory()
    return Memory(
        Restored(
            touches=_asked(store, _TOUCHES, newest - FORGET),
            logins=_asked(store, _LOGINS, newest - FORGET),
            reads=_asked(store, _READS, newest - DAY),
            keys=_asked(store, _KEYS, newest - DAY, KEYS),
        )
    )


def _asked(store: Store, sql: str, *values: object) -> list[Any]:
    try:
        return store.query_sql(sql, list(values)).rows
    except StoreError as error:
        LOG.warning("what is new about an event is learnt anew from here on: %s", error)
        return []
