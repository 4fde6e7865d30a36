"""Records into events: ends, interleaving, order, lateness, duplicates, and lines that are none."""

from __future__ import annotations

import random

from seqwatch_tui.model.evidence import Counts
from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.interface import Knowledge
from tests.parse.feeding import ENRICHED, GENERATED, assert_equation, by_serial, parse, records, rows


def event(serial: int, ts: float = 1000.0, *, title: bool = True, name: bytes = b'"/d/f"') -> list[bytes]:
    """An openat for reading, as the kernel writes it."""
    stamp = b"msg=audit(%.3f:%d):" % (ts, serial)
    lines = [
        b"type=SYSCALL %b arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7f a2=0 a3=0 items=1 ppid=1 pid=9 "
        b'auid=7 uid=7 gid=7 tty=pts0 ses=3 comm="cat" exe="/usr/bin/cat" key="k"\n' % stamp,
        b'type=CWD %b cwd="/home"\n' % stamp,
        b"type=PATH %b item=0 name=%b inode=5 dev=08:01 mode=0100640 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL\n"
        % (stamp, name),
    ]
    return [*lines, b"type=PROCTITLE %b proctitle=636174002F642F66\n" % stamp] if title else lines


def log(*events: list[bytes]) -> bytes:
    return b"".join(line for lines in events for line in lines)


def user_start(serial: int, ts: float) -> bytes:
    return (
        b'type=USER_START msg=audit(%.3f:%d): pid=9 uid=0 auid=7 ses=3 msg=\'op=PAM:session_open acct="ann" '
        b'exe="/usr/sbin/sshd" hostname=h addr=10.0.0.1 terminal=ssh res=success\'\n' % (ts, serial)
    )


def test_raw_record_gives_a_whole_row() -> None:
    (row,) = rows(parse(log(event(5)), Knowledge(host_names={7: "ann"})))
    assert row.pop("ts").timestamp() is not None
    assert row == {
        "serial": 5, "host": "host", "source": "audit", "action": "read", "outcome": "success", "user_name": "ann",
        "uid_name": "ann", "auid": 7, "uid": 7, "session_id": 3, "tty": "pts0", "pid": 9, "ppid": 1, "process": "cat",
        "exe": "/usr/bin/cat", "command_line": "cat /d/f", "path": "/d/f", "rule_key": "k", "syscall": "openat",
        "complete": True,
    }  # fmt: skip


def test_interleaved_events_come_apart() -> None:
    one, two = event(5, name=b'"/d/one"'), event(6, name=b'"/d/two"')
    mixed = [line for pair in zip(one, two, strict=True) for line in pair]
    found = rows(parse(b"".join(mixed)))
    assert [(r["serial"], r["path"], r["complete"]) for r in found] == [(5, "/d/one", True), (6, "/d/two", True)]


def test_any_order_within_two_seconds_gives_the_same_rows() -> None:
    # SOCKADDR is announced by no other record, so nothing can wait for it.
    lines = [x for x in GENERATED.read_bytes().splitlines(keepends=True) if not x.startswith(b"type=SOCKADDR")]
    straight = by_serial(parse(b"".join(lines)))
    dice = random.Random(3)
    groups = [lines[i : i + 12] for i in range(0, len(lines), 12)]
    for group in groups:
        dice.shuffle(group)
    shuffled = by_serial(parse(b"".join(line for group in groups for line in group)))
    assert shuffled.keys() == straight.keys()
    # How late an address was learnt depends on the order; everything an event's own records say does not.
    learnt = {"src_ip", "event_id", "user_name", "uid_name"}
    for serial, row in straight.items():
        assert {k: v for k, v in shuffled[serial].items() if k not in learnt} == {
            k: v for k, v in row.items() if k not in learnt
        }


def test_missing_proctitle_ends_by_event_time_and_is_incomplete() -> None:
    parser = AuditdParser("audit", "host")
    parser.feed(log(event(5, title=False), event(6, 1001.5)), 0)
    first = parser.take()
    assert [r["serial"] for r in rows(first)] == [6]
    offset = first.counts.bytes + sum(map(len, event(5, title=False)))
    parser.feed(log(event(7, 1002.1)), offset)
    assert [(r["serial"], r["complete"]) for r in rows(parser.take())] == [(5, False), (7, True)]


def test_missing_proctitle_ends_by_wall_time_on_a_quiet_host() -> None:
    parser = AuditdParser("audit", "host")
    parser.feed(log(event(5, title=False)), 0)
    assert rows(parser.take(now=50.0)) == []
    assert rows(parser.take(now=54.9)) == []
    assert [r["serial"] for r in rows(parser.take(now=55.0))] == [5]


def test_user_space_records_end_at_once_and_kernel_ones_wait_for_their_syscall() -> None:
    parser = AuditdParser("audit", "host")
    config = b'type=CONFIG_CHANGE msg=audit(1000.000:8): auid=7 ses=3 op=add_rule key="k" list=4 res=1\n'
    parser.feed(user_start(7, 1000.0) + config, 0)
    assert [r["syscall"] for r in rows(parser.take())] == ["USER_START"]
    rest = (
        b"".join(event(8))
        .replace(b"items=1", b"items=0")
        .replace(b"syscall=257", b"syscall=44")
        .splitlines(keepends=True)
    )
    parser.feed(b"".join((rest[0], rest[3])), len(user_start(7, 1000.0) + config))
    (row,) = rows(parser.take())
    assert (row["action"], row["syscall"], row["rule_key"]) == ("config_change", "sendto", "k")


def test_late_record_is_an_event_of_its_own_with_a_warning() -> None:
    late = b"type=OBJ_PID msg=audit(1000.000:5): opid=1 oauid=2\n"
    parsed = parse(log(event(5), event(6)) + late)
    assert [(r["serial"], r.get("warnings"), r["complete"]) for r in rows(parsed)] == [
        (5, None, True),
        (6, None, True),
        (5, "late", False),
    ]
    assert_equation([parsed])


def test_records_fed_twice_are_counted_as_duplicates() -> None:
    once = log(event(5), event(6))
    parsed = parse(once + once)
    assert (parsed.counts.events, parsed.counts.duplicates, parsed.counts.records) == (2, 8, 16)
    assert parsed.counts.bytes == 2 * len(once)
    assert_equation([parsed])


def test_end_marks_are_kept_and_then_waited_for() -> None:
    def eoe(serial: int) -> bytes:
        return b"type=EOE msg=audit(1000.000:%d): \n" % serial

    parsed = parse(log([*event(5), eoe(5)], [*event(6), eoe(6)], [*event(7), eoe(7)]))
    assert [(r["serial"], r["complete"]) for r in rows(parsed)] == [(5, True), (6, True), (7, True)]
    ends = [(r["serial"], r["seq"]) for r in records(parsed) if r["type"] == "EOE"]
    assert ends == [(6, 4), (7, 4), (None, 0)]
    assert parsed.counts == Counts(15, 3, 0, 0, parsed.counts.bytes)


def test_garbage_is_kept_byte_for_byte_and_counted() -> None:
    garbage = [
        b"\n",
        b"garbage\n",
        b"type=SYSCALL\n",
        b"type=SYSCALL msg=audit(x:1): a=b\n",
        b"type= msg=audit(1.000:1): a=b\n",
        b"\x00\xff\xfe\n",
        b"type=PATH msg=audit(1000.000:99999999999999999999): item=0\n",
    ]
    content = b"".join([*garbage[:3], *event(5), *garbage[3:]])
    parsed = parse(content)
    kept = [r["raw"] for r in records(parsed) if r["type"] == "UNPARSED"]
    assert (kept, parsed.counts.unparsed, parsed.counts.events) == (garbage, 7, 1)
    (gap,) = parsed.gaps
    assert (gap.kind, gap.count, gap.certainty) == ("unparsed", 7, "exact")
    assert_equation([parsed])


def test_carriage_returns_and_nodes_change_nothing_else() -> None:
    plain = rows(parse(log(event(5))))
    crlf = parse(log(event(5)).replace(b"\n", b"\r\n"))
    assert rows(crlf) == plain
    assert all(r["raw"].endswith(b"\r\n") for r in records(crlf))
    (node,) = rows(parse(log([b"node=seq07 " + line for line in event(5)])))
    assert node == {**plain[0], "host": "seq07"}


def test_same_serial_of_two_nodes_are_two_events() -> None:
    lines = [prefix + line for line in event(5) for prefix in (b"node=a ", b"node=b ")]
    assert [r["host"] for r in rows(parse(b"".join(lines)))] == ["a", "b"]


def test_half_line_is_held_and_an_unterminated_end_says_so() -> None:
    content = log(event(5))[:-1]
    parser = AuditdParser("audit", "host")
    parser.feed(content, 0)
    assert rows(parser.take()) == []
    parsed = parser.take(final=True)
    (row,) = rows(parsed)
    assert (row["warnings"], row["complete"]) == ("unterminated", False)
    assert b"".join(r["raw"] for r in records(parsed)) == content


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    flood = b"x" * (3 << 20)
    parser = AuditdParser("audit", "host")
    for start in range(0, len(flood), 1 << 18):
        parser.feed(flood[start : start + (1 << 18)], start)
    parser.feed(b"\n" + log(event(5)), len(flood))
    parsed = parser.take(final=True)
    assert b"".join(r["raw"] for r in records(parsed) if r["type"] == "UNPARSED") == flood + b"\n"
    assert [r["serial"] for r in rows(parsed)] == [5]
    assert [g.kind for g in parsed.gaps] == ["oversize"]
    assert_equation([parsed])


def test_clock_set_back_ends_what_is_open() -> None:
    parsed = parse(log(event(5, 9000.0, title=False), event(6, 1000.0)), final=False)
    assert [r["serial"] for r in rows(parsed)] == [5, 6]


def test_rotation_does_not_lose_the_second_half() -> None:
    lines = ENRICHED.read_bytes().splitlines(keepends=True)
    first, second = b"".join(lines[:600]), b"".join(lines[600:])
    parser = AuditdParser("audit", "host")
    parser.feed(first, 0)
    before = parser.take(final=True)
    parser.feed(second, 0)
    after = parser.take(final=True)
    assert before.counts.records + after.counts.records == len(lines)
    assert_equation([before, after])


def test_positions_of_another_file_are_not_taken_for_what_was_read_before() -> None:
    first = log(event(5), event(6, title=False))
    parser = AuditdParser("audit", "host")
    parser.feed(first, 0)
    resume = parser.take().resume
    again = AuditdParser("audit", "host", None, resume)
    again.feed(first[resume.offset :], resume.offset)
    again.take(final=True)
    again.feed(b"garbage\n" + log(event(7)), 0)
    parsed = again.take(final=True)
    assert (parsed.counts.unparsed, [r["serial"] for r in rows(parsed)]) == (1, [7])
    assert_equation([parsed])


def test_open_events_are_bounded() -> None:
    head = b"type=AVC msg=audit(1000.000:%d): avc:  denied\n"
    parsed = parse(b"".join(head % serial for serial in range(20_000)), final=False)
    assert 20_000 - parsed.counts.events <= 16_384
    assert_equation([parsed])
