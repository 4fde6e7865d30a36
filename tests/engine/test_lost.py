"""The kernel's loss counter followed: every rise a gap with its number, a fall an alarm, nothing told twice."""

from __future__ import annotations

from seqwatch_tui.engine.kernel_audit import AuditStatus, NotTold
from seqwatch_tui.engine.lost import Found, LostCounter
from seqwatch_tui.model.evidence import SourceState

T = 1_795_000_000.0


def status(lost: int, *, enabled: int = 1, pid: int = 7) -> AuditStatus:
    return AuditStatus(enabled, pid, 64, lost, 0)


def counts(found: Found) -> list[tuple[str, int | None, str]]:
    return [(gap.kind, gap.count, gap.certainty) for gap in found.gaps]


def test_what_was_lost_before_the_first_look_is_the_base() -> None:
    counter = LostCounter("audit", None, "boot-1")
    first = counter.look(status(5), T)
    assert (first.gaps, first.alarms) == ((), ())
    assert first.state is not None
    assert (first.state.name, first.state.state, first.state.balance) == ("kernel:audit", "live", 0)
    assert counter.look(status(5), T + 1) == Found()


def test_a_rise_is_the_difference_and_spans_the_time_since_the_last_look() -> None:
    counter = LostCounter("audit", None, "boot-1")
    counter.look(status(5), T)
    counter.look(status(5), T + 1)
    found = counter.look(status(12), T + 2)
    assert counts(found) == [("kernel_lost", 7, "exact")]
    assert (found.gaps[0].source, found.gaps[0].start, found.gaps[0].end) == ("audit", T + 1, T + 2)
    assert [a.kind for a in found.alarms] == ["kernel_lost"]


def test_losses_that_go_on_are_told_every_few_seconds_and_add_up() -> None:
    counter = LostCounter("audit", None, "boot-1")
    counter.look(status(0), T)
    found = [counter.look(status(10 * second), T + second) for second in range(1, 11)]
    told = [gap.count for f in found for gap in f.gaps]
    assert sum(c or 0 for c in told) == 100 - 0
    assert len(told) == 4


def test_a_fall_is_an_alarm_and_what_was_lost_meanwhile_is_not_known() -> None:
    counter = LostCounter("audit", None, "boot-1")
    counter.look(status(500), T)
    found = counter.look(status(0), T + 1)
    assert counts(found) == [("kernel_lost", None, "unknown")]
    assert [a.kind for a in found.alarms] == ["lost_reset"]
    assert counts(counter.look(status(3), T + 2)) == [("kernel_lost", 3, "exact")]


def stored(lost: int, boot: str) -> SourceState:
    counter = LostCounter("audit", None, boot)
    counter.look(status(lost), T)
    return counter.state


def test_what_was_lost_while_no_engine_ran_is_told_at_the_start() -> None:
    assert counts(LostCounter("audit", stored(5, "boot-1"), "boot-1").look(status(9), T + 60)) == [
        ("kernel_lost", 4, "exact")
    ]


def test_after_a_boot_the_counter_began_at_nothing() -> None:
    counter = LostCounter("audit", stored(500, "boot-1"), "boot-2")
    found = counter.look(status(3), T + 60)
    assert (counts(found), found.alarms[0].kind) == ([("kernel_lost", 3, "exact")], "kernel_lost")
    assert counter.look(status(3), T + 61).gaps == ()


def test_not_being_told_is_a_state_with_a_reason_and_no_pass() -> None:
    counter = LostCounter("audit", None, "boot-1")
    found = counter.look(NotTold("needs CAP_AUDIT_CONTROL"), T)
    assert found.state is not None
    assert (found.state.state, found.state.reason) == ("waiting", "needs CAP_AUDIT_CONTROL")
    assert counter.look(NotTold("needs CAP_AUDIT_CONTROL"), T + 1) == Found()


def test_auditing_switched_off_is_an_alarm_once() -> None:
    counter = LostCounter("audit", None, "boot-1")
    counter.look(status(0), T)
    found = counter.look(status(0, enabled=0), T + 1)
    assert [a.kind for a in found.alarms] == ["audit_off"]
    assert counter.look(status(0, enabled=0), T + 2).alarms == ()
