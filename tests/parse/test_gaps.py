"""What is missing is said: serials, the kernel's losses; and what only looks missing is not."""

from __future__ import annotations

import pytest

from seqwatch_tui.model.evidence import Gap
from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.interface import Knowledge
from seqwatch_tui.parse.serials import loss_in
from tests.parse.feeding import ENRICHED, GENERATED, parse


def lines(*events: tuple[int, float]) -> bytes:
    """Single user-space records: (serial, time)."""
    body = "pid=1 uid=0 auid=7 ses=3 data=6C73"
    return b"".join(f"type=USER_TTY msg=audit({ts:.3f}:{serial}): {body}\n".encode() for serial, ts in events)


def gaps(log: bytes, *, final: bool = True) -> list[tuple[str, int | None, str]]:
    return [(g.kind, g.count, g.certainty) for g in parse(log, final=final).gaps]


def test_skipped_serials_are_a_gap_of_their_number() -> None:
    (gap,) = parse(lines((5, 1000.0), (9, 1001.0))).gaps
    assert gap == Gap(
        "audit", "serial", 1001.0, 1001.0, 3, "at_least",
        "serials 6 to 8 missing: lost, rotated away, or excluded by an audit rule",
    )  # fmt: skip


def test_serials_out_of_order_are_none() -> None:
    assert gaps(lines((5, 1000.0), (8, 1000.1), (7, 1000.2), (6, 1000.3), (9, 1001.0))) == []


def test_hole_filled_in_part_is_what_is_left() -> None:
    assert gaps(lines((5, 1000.0), (10, 1000.1), (7, 1000.2))) == [("serial", 1, "at_least"), ("serial", 2, "at_least")]


def test_gap_is_told_only_when_it_has_settled() -> None:
    parser = AuditdParser("audit", "host")
    first = lines((5, 1000.0), (7, 1000.1))
    parser.feed(first, 0)
    assert parser.take().gaps == ()
    parser.feed(lines((8, 1006.0)), len(first))
    assert [g.count for g in parser.take().gaps] == [1]
    assert parser.take(final=True).gaps == ()


def test_unsettled_hole_survives_a_restart() -> None:
    first = lines((5, 1000.0), (9, 1000.1))
    knowledge = Knowledge()
    parser = AuditdParser("audit", "host", knowledge)
    parser.feed(first, 0)
    resume = parser.take().resume
    again = AuditdParser("audit", "host", knowledge, resume)
    again.feed(lines((7, 1000.2), (10, 1009.0)), len(first))
    assert [g.detail.partition(" missing")[0] for g in again.take().gaps] == ["serial 6", "serial 8"]


def test_serials_continue_over_a_restart_and_a_new_file() -> None:
    knowledge = Knowledge()
    parse(lines((5, 1000.0)), knowledge)
    assert (knowledge.last_serial, knowledge.last_ts) == (5, 1000.0)
    parser = AuditdParser("audit", "host", knowledge)
    parser.feed(lines((8, 1001.0)), 0)
    assert [(g.kind, g.count) for g in parser.take(final=True).gaps] == [("serial", 2)]


def test_boot_is_no_gap() -> None:
    assert gaps(lines((90_000, 1000.0), (1, 1100.0), (2, 1100.1))) == []
    assert gaps(lines((300, 1000.0), (1, 1100.0), (2, 1100.1))) == []


def test_daemon_serials_are_not_the_kernels() -> None:
    daemon = b"type=DAEMON_START msg=audit(1000.000:8175): op=start ver=3 auid=0 pid=1 uid=0 ses=1 res=success\n"
    assert gaps(daemon + lines((5, 1000.0), (6, 1000.1))) == []


def test_nodes_count_for_themselves() -> None:
    a, b = lines((5, 1000.0), (6, 1000.1)), lines((70, 1000.0), (71, 1000.1))
    mixed = [
        node + line
        for pair in zip(a.splitlines(keepends=True), b.splitlines(keepends=True), strict=True)
        for node, line in zip((b"node=a ", b"node=b "), pair, strict=True)
    ]
    assert gaps(b"".join(mixed)) == []


def test_recorded_logs_have_none() -> None:
    assert gaps(ENRICHED.read_bytes()) == []
    assert gaps(GENERATED.read_bytes()) == []


def test_lost_event_of_a_recorded_log_is_seen() -> None:
    log = ENRICHED.read_bytes().splitlines(keepends=True)
    cut = b"".join(line for line in log if b":120)" not in line and b":121)" not in line)
    assert gaps(cut) == [("serial", 2, "at_least")]


def test_many_holes_are_one_gap() -> None:
    (gap,) = parse(lines(*((5 + 3 * i, 1000.0 + i / 1000) for i in range(100)))).gaps
    assert (gap.count, gap.certainty) == (198, "at_least")
    assert gap.detail.startswith("198 serials in 99 places from 6 to 301 missing")


@pytest.mark.parametrize(
    ("kind", "body", "before", "heard"),
    [
        ("CONFIG_CHANGE", b"op=set lost=0 old=12 auid=0 res=1", 0, (12, 0)),
        ("CONFIG_CHANGE", b"op=set lost=0 old=12 auid=0 res=1", 12, (0, 0)),
        ("CONFIG_CHANGE", b"op=set audit_backlog_limit=8192 old=64 res=1", 0, None),
        ("KERNEL", b"audit_lost=7 audit_rate_limit=0 audit_backlog_limit=64", 0, (7, 7)),
        ("KERNEL", b"audit_lost=7 audit_rate_limit=0", 5, (2, 7)),
        ("KERNEL", b"audit: backlog limit exceeded", 3, (None, 3)),
        ("DAEMON_ERR", b"op=dispatch dropping event res=failed", 0, (None, 0)),
        ("SYSCALL", b"lost=9", 0, None),
    ],
)
def test_what_records_say_of_losses(kind: str, body: bytes, before: int, heard: tuple[int | None, int] | None) -> None:
    assert loss_in(kind, body, before) == heard


def test_kernel_losses_are_gaps() -> None:
    log = b"type=CONFIG_CHANGE msg=audit(1000.000:5): op=set lost=0 old=12 auid=0 ses=1 res=1\n"
    assert gaps(log) == [("kernel_lost", 12, "exact")]
