"""Names below descriptors: by column where no place is known, through the reference stages where one may be."""

from __future__ import annotations

import pytest

from seqwatch_tui.parse.bulk import BulkAuditdParser
from seqwatch_tui.parse.interface import Knowledge
from tests.parse.feeding import parse, rows
from tests.parse.made_events import CHMOD, DIRECTORY, FILE, OPEN, RENAME, Item, event, plain


def renamed(serial: int) -> bytes:
    above: Item = ("s/", 5, DIRECTORY, "PARENT")
    names: list[Item] = [above, above, ("s/a", 6, FILE, "DELETE"), ("s/b", 6, FILE, "CREATE")]
    return event(serial, RENAME, "ffffff9c 7f 0 0", names, code=0)


def opened(serial: int) -> bytes:
    return event(serial, OPEN, "3 7f 0 0", [("a", 6, FILE, "NORMAL")], code=4)


def changed(serial: int) -> bytes:
    return event(serial, CHMOD, "4 1a4 0 0", [(None, 6, FILE, "NORMAL")], code=0)


def directory(serial: int) -> bytes:
    return event(serial, OPEN, "ffffff9c 7f 90800 0", [("/data/d", 5, DIRECTORY, "NORMAL")])


def written(serial: int) -> bytes:
    return event(serial, OPEN, "ffffff9c 7f 241 1b6", [("/data/a", 6, FILE, "NORMAL")], code=4)


ASKING = {"rename": renamed, "open": opened, "chmod": changed}


def both(log: list[bytes]) -> tuple[list[dict[str, object]], int]:
    """Rows of both parsers, which are equal, and how many events went by column."""
    data = b"".join(log)
    parser = BulkAuditdParser("audit", "host", Knowledge(), piece=len(data))
    parser.feed(data, 0)
    found = rows(parser.take(final=True))
    assert found == rows(parse(data))
    return found, parser.columnar_events


@pytest.mark.parametrize("kind", ASKING)
def test_what_gets_no_answer_goes_by_column(kind: str) -> None:
    found, columnar = both([*plain(1000, 40), *(ASKING[kind](1040 + n) for n in range(20)), *plain(1060, 5)])
    assert columnar == 64  # the last event waits for the next piece
    assert {row["warnings"] for row in found[40:60]} <= {"dirfd", "unnamed"}


@pytest.mark.parametrize(
    ("kind", "teacher", "path"),
    [("rename", directory, "/data/d/b"), ("open", directory, "/data/d/a"), ("open", written, "/data/a"), ("chmod", written, "/data/a")],
)  # fmt: skip
def test_what_the_piece_teaches_is_used(kind: str, teacher: object, path: str) -> None:
    assert callable(teacher)
    found, columnar = both([*plain(1000, 40), teacher(1040), ASKING[kind](1041), *plain(1042, 5)])
    assert found[41]["path"] == path
    assert columnar == 46


def test_what_was_taught_before_the_piece_is_used() -> None:
    parser = BulkAuditdParser("audit", "host", Knowledge(), piece=4_000)
    log = b"".join([*plain(1000, 20), directory(1020), *plain(1021, 20), renamed(1041), *plain(1042, 20)])
    parser.feed(log[:25_000], 0)
    parser.feed(log[25_000:], 25_000)
    found = rows(parser.take(final=True))
    assert found == rows(parse(log))
    assert found[41]["warnings"] == "dirfd-resolved"


def test_a_refused_create_below_a_descriptor_is_not_placed_in_the_working_directory() -> None:
    items: list[Item] = [("/home/a", 5, DIRECTORY, "PARENT")]
    found, _ = both([*plain(1000, 40), event(1040, OPEN, "3 7f 241 1b6", items, code=-13), *plain(1041, 5)])
    assert "path" not in found[40]
    assert found[40]["warnings"] == "dirfd;parent"


def test_after_a_record_of_an_odd_form_that_may_name_a_directory_all_are_asked() -> None:
    odd = directory(1040).replace(b"type=PATH msg=audit(1790", b"type=PATH msg=audit(01790")
    _, columnar = both([*plain(1000, 40), odd, renamed(1041), *plain(1042, 5)])
    assert columnar == 45
