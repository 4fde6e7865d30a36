"""What the past says: first touches, datasets woken, sessions that read, logins from elsewhere; the same in any batches."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from seqwatch_tui.detect.memory import Memory, Restored
from tests.detect.batches import START, batch

DAY = 86_400
Row = Mapping[str, Any]


def _read(ts: float, user: str, dataset: str | None = "a", **more: Any) -> dict[str, Any]:
    return {"ts": ts, "user_name": user, "dataset": dataset, "action": "read", "outcome": "success", "session_id": 5,
            "host": "seq01", "path": "/d/x", **more}  # fmt: skip


def _contexts(memory: Memory, rows: Sequence[Row], size: int = 1000) -> list[str | None]:
    parts = [memory.mark(batch(rows[at : at + size], at)) for at in range(0, len(rows), size)]
    return [value for part in parts for value in part.column("context").to_pylist()]


def test_a_first_touch_needs_a_dataset_that_is_known_for_two_weeks() -> None:
    rows = [
        _read(0, "anna"),
        _read(DAY, "ben"),
        _read(15 * DAY, "ben"),
        _read(16 * DAY, "eve"),
        _read(16 * DAY + 5, "eve"),
    ]
    assert _contexts(Memory(), rows) == [None, None, None, "first-touch", None]


@pytest.mark.parametrize(
    "more",
    [{"outcome": "failure"}, {"user_name": None}, {"dataset": None}, {"bulk_granted": True}],
    ids=["refused", "nobody", "outside", "bulk"],
)
def test_what_is_no_touch(more: dict[str, Any]) -> None:
    rows = [_read(0, "anna"), _read(15 * DAY, "anna"), {**_read(16 * DAY, "eve", session_id=9), **more}]
    assert _contexts(Memory(), rows)[2] is None


@pytest.mark.parametrize(
    ("days", "said"),
    [(29, None), (31, "idle-30d"), (91, "idle-30d; idle-90d"), (399, "idle-30d; idle-365d; idle-90d"),
     (401, "first-touch; idle-30d; idle-365d; idle-90d")],
)  # fmt: skip
def test_a_dataset_woken(days: int, said: str | None) -> None:
    rows = [_read(0, "anna"), _read(20 * DAY, "anna"), _read((20 + days) * DAY, "anna")]
    assert _contexts(Memory(), rows) == [None, None, said]


def test_backups_keep_nothing_awake() -> None:
    nightly = [_read(day * DAY, "svc", bulk_granted=True) for day in range(1, 100)]
    rows = [_read(0, "anna"), *nightly, _read(100 * DAY, "anna")]
    assert _contexts(Memory(), rows)[-1] == "idle-30d; idle-90d"


def test_a_session_that_read_is_told_from_others() -> None:
    run: dict[str, Any] = {"action": "execute", "dataset": None, "path": "/usr/bin/scp"}
    rows = [
        {**_read(0, "anna"), **run},
        _read(1, "anna"),
        _read(1, "anna", "b"),
        {**_read(2, "anna"), **run},
        {**_read(2, "anna"), **run, "session_id": 6},
        {**_read(2, "ben"), **run},
        {**_read(2, "anna"), **run, "host": "seq02"},
        {**_read(2 + DAY, "anna"), **run},
    ]
    assert _contexts(Memory(), rows, 1000) == [
        None, None, None, "session-read=b", None, None, None, None,
    ]  # fmt: skip


def test_a_key_file_and_data_in_one_session_in_either_order() -> None:
    key = {**_read(5, "anna", None, path="/etc/keys/a.key"), "rule_key": "seqwatch_keys"}
    assert _contexts(Memory(), [_read(0, "anna"), key, _read(9, "anna")]) == [None, "session-read=a", "session-key"]


def _login(ts: float, address: str, user: str = "anna") -> dict[str, Any]:
    return {"ts": ts, "user_name": user, "action": "login", "outcome": "success", "src_ip": address, "session_id": 5}


def test_a_new_network_needs_a_person_who_is_known() -> None:
    home = [_login(day * DAY, "10.1.2.3") for day in (0, 3, 8)]
    rows = [*home, _login(9 * DAY, "10.1.2.77"), _login(10 * DAY, "10.1.3.3"), _login(11 * DAY, "10.1.3.4")]
    assert _contexts(Memory(), rows) == [None, None, None, None, "new-network", None]
    assert _contexts(Memory(), [_login(0, "10.1.2.3"), _login(9 * DAY, "10.9.9.9")]) == [None, None]


@pytest.mark.parametrize(
    ("first", "second", "after", "said"),
    [
        ("10.1.2.3", "203.0.113.9", 600, "far-networks"),
        ("203.0.113.9", "198.51.100.1", 600, "far-networks"),
        ("203.0.113.9", "203.0.7.1", 600, None),
        ("10.1.2.3", "10.2.2.3", 600, None),
        ("10.1.2.3", "203.0.113.9", 3700, None),
        ("2001:db8::1", "2a00:1450::1", 600, "far-networks"),
        ("10.1.2.3", "not an address", 600, None),
    ],
)
def test_two_networks_at_once(first: str, second: str, after: int, said: str | None) -> None:
    assert _contexts(Memory(), [_login(0, first), _login(after, second)])[1] == said


def _stream(seed: int) -> list[dict[str, Any]]:
    random_ = random.Random(seed)
    rows, ts = [], 0.0
    for _ in range(400):
        ts += random_.choice((1, 60, 3600, 2 * DAY))
        user, dataset = random_.choice(("anna", "ben", "eve")), random_.choice(("a", "b", None))
        row = _read(ts, user, dataset, session_id=random_.randrange(3))
        row["action"] = random_.choice(("read", "execute", "login"))
        row["src_ip"] = random_.choice(("10.1.2.3", "10.1.9.3", "203.0.113.9"))
        row["rule_key"] = random_.choice((None, None, "seqwatch_keys"))
        rows.append(row)
    return rows


@pytest.mark.parametrize("seed", range(5))
def test_batches_of_any_size_say_the_same(seed: int) -> None:
    rows = _stream(seed)
    whole = _contexts(Memory(), rows)
    assert _contexts(Memory(), rows, 1) == _contexts(Memory(), rows, 7) == whole
    assert any(whole)


def test_what_is_restored_counts() -> None:
    start = int(START * 1e6)
    restored = Restored(
        touches=[("anna", "a", start - 30 * DAY * 1_000_000, start - 1_000_000)],
        logins=[("anna", "10.1.2.3", start - days * DAY * 1_000_000) for days in (20, 10, 5)],
        reads=[("seq01", 5, "anna", "a", start - 60_000_000)],
        keys=[("seq01", 5, "anna", start - 60_000_000)],
    )
    rows = [
        _read(0, "anna"), _read(1, "ben", session_id=7), _login(2, "10.7.7.7"),
        {**_read(3, "anna", None), "action": "execute"},
    ]  # fmt: skip
    assert _contexts(Memory(restored), rows) == ["session-key", "first-touch", "new-network", "session-read=a"]
