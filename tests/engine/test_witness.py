"""Whose read it was: known by a process that lives now and by the time, never by what somebody calls themselves."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest

from seqwatch_tui.engine.clock import SystemClock
from seqwatch_tui.engine.witness import Watched, Witness
from seqwatch_tui.model.alert import Alert
from seqwatch_tui.parse.schema import event_table
from tests.notify.servers import alert

START = 1_795_000_000.0
CANARY = "/d/NA00000.bam"


def _marked(witness: Witness, **event: Any) -> dict[str, Any]:
    row = {
        "event_id": 5, "ts": int((START + 10) * 1e6), "source": "audit", "action": "read", "path": CANARY, "dataset": "cohort", "pid": 77,
        "reason": "[canary] touched", "allowed": False, "business_hours": False, "network_allowed": None, "bulk_granted": False,
    } | event  # fmt: skip
    other = row | {"event_id": 6, "pid": 1}
    table = event_table({name: [row[name], other[name]] for name in row}, 2)
    first, second = witness.mark(table, {"audit": 1.5}).to_pylist()
    assert (second["reason"], second["allowed"]) == (row["reason"], row["allowed"])
    return {name: first[name] for name in ("reason", "allowed", "business_hours", "network_allowed", "bulk_granted")}


def _drilling() -> tuple[Witness, Watched]:
    witness, watched = Witness(SystemClock(), START), Watched(3, CANARY, 77, START + 5)
    witness.watch(watched)
    return witness, watched


def test_the_read_of_the_drill_is_allowed_and_nothing_is_held_against_it() -> None:
    witness, watched = _drilling()
    assert _marked(witness) == {
        "reason": "[canary] drill 3: read on purpose by pid 77", "allowed": True, "business_hours": None, "network_allowed": None,
        "bulk_granted": True,
    }  # fmt: skip
    assert (watched.sources, watched.event_ids, watched.moved.is_set()) == ({"audit": 1.5}, [5], True)


@pytest.mark.parametrize(
    "event",
    [
        {"pid": 78},
        {"pid": None},
        {"path": "/d/other.bam", "reason": "no"},
        {"action": "write"},
        {"action": "delete"},
        {"ts": int((START + 3) * 1e6)},
        {"dataset": None},
        {"host": "another-host.example"},
        {"source": "ingest:0123456789ab"},
    ],
)
def test_what_is_not_exactly_that_read_stays_what_it_was(event: dict[str, Any]) -> None:
    witness, watched = _drilling()
    said = _marked(witness, **event)
    assert (said["reason"], said["allowed"]) == (event.get("reason", "[canary] touched"), False)
    assert watched.sources == {}


def test_after_the_drill_its_process_is_nobody_again() -> None:
    witness, _ = _drilling()
    witness.forget()
    assert _marked(witness)["allowed"] is False


@pytest.mark.parametrize(
    ("event", "own"),
    [
        ({"pid": os.getpid()}, True),
        ({"pid": os.getpid(), "action": "open", "path": "/d"}, True),
        ({"pid": 4000}, True),
        ({"pid": os.getpid(), "action": "chmod"}, False),
        ({"pid": os.getpid(), "ts": int((START - 1) * 1e6)}, False),
        ({"pid": 4001}, False),
    ],
)
def test_seqwatch_s_own_reads_are_known_by_its_processes_since_it_began(event: dict[str, Any], own: bool) -> None:
    witness = Witness(SystemClock(), START)
    witness.own_pids = lambda: {os.getpid(), 4000}
    said = _marked(witness, **event)
    assert (said["reason"].startswith("[seqwatch] read by seqwatch itself"), said["allowed"]) == (own, own)


def test_its_reads_below_a_descriptor_are_named_and_not_judged() -> None:
    witness = Witness(SystemClock(), START)
    unnamed = {"dataset": None, "path": "NA1.bam", "reason": None, "allowed": None, "bulk_granted": None}
    said = _marked(witness, pid=os.getpid(), **unnamed)
    assert said == {
        "reason": f"[seqwatch] read by seqwatch itself (pid {os.getpid()})", "allowed": None, "business_hours": False,
        "network_allowed": None, "bulk_granted": None,
    }  # fmt: skip


def test_the_alert_of_the_drill_is_noted_when_raised_and_when_stored() -> None:
    witness, watched = _drilling()

    def canary(number: int, rule: str, last: float) -> Alert:
        return alert(number, rule_id=rule, last_ts=last)

    ours = canary(9, "canary-drill", START + 10)
    witness.raised([ours])
    assert watched.raised is None, "no event of it has been seen"
    _marked(witness)
    witness.raised([canary(7, "canary-touched", START + 10), canary(8, "canary-drill", START - 100)])
    assert watched.alert is None
    witness.raised([ours])
    assert (watched.alert, watched.stored) == (ours, None)
    witness.stored([canary(7, "bulk-read", START)])
    assert watched.stored is None
    witness.stored([ours])
    assert watched.stored is not None


@pytest.mark.parametrize(
    "host", [socket.gethostname(), f"{socket.gethostname().partition('.')[0]}.example", "10.0.0.7"]
)
def test_this_host_is_known_by_name_with_or_without_its_domain(host: str) -> None:
    witness, _ = _drilling()
    assert _marked(witness, host=host)["allowed"] is True
