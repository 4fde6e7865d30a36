"""What events that go by column teach of places is what the reference parser learns of them."""

from __future__ import annotations

from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.bulk import BulkAuditdParser
from seqwatch_tui.parse.interface import Knowledge
from tests.parse.feeding import rows
from tests.parse.made_events import DIRECTORY, FILE, OPEN, RENAME, Item, event, plain

MKDIR, RMDIR, CLOSE, EXIT = ("mkdir", 83), ("unlinkat", 263), ("close", 3), ("exit_group", 231)


def opened(serial: int, path: str, inode: int, *, fd: int = 3, pid: int = 40) -> bytes:
    return event(serial, OPEN, "ffffff9c 7f 90800 0", [(path, inode, DIRECTORY, "NORMAL")], pid=pid, code=fd)


def below(path: str, inode: int, nametype: str) -> list[Item]:
    return [("/data", 1, DIRECTORY, "PARENT"), (path, inode, DIRECTORY, nametype)]


def learnt(log: list[bytes]) -> tuple[Knowledge, int]:
    """What both parsers know in the end, which is equal, and how many events went by column."""
    data = b"".join(log)
    known, expected = Knowledge(), Knowledge()
    parser, reference = BulkAuditdParser("a", "host", known, piece=len(data)), AuditdParser("a", "host", expected)
    parser.feed(data, 0)
    reference.feed(data, 0)
    assert rows(parser.take(final=True)) == rows(reference.take(final=True))
    for name in ("directories", "files", "held"):
        assert list(getattr(known.places, name).items()) == list(getattr(expected.places, name).items())
    return known, parser.columnar_events


def test_directories_opened_made_and_removed() -> None:
    log = [*plain(1000, 40), opened(1040, "/data/a", 5), opened(1041, "/data/b", 6, fd=4), opened(1042, "c", 7, fd=5)]
    log += [event(1043, MKDIR, "7f 1ed 0 0", below("/data/d", 6, "CREATE"), code=0)]  # the inode of /data/b
    log += [event(1044, RMDIR, "ffffff9c 7f 200 0", below("/data/a", 5, "DELETE"), code=0)]
    known, columnar = learnt([*log, *plain(1045, 5)])
    assert columnar == 49
    assert {key[1]: named.path for key, named in known.places.directories.items()} == {
        "08:01 6": "/data/d", "08:01 7": "/home/a/c",
    }  # fmt: skip


def test_descriptors_of_directories_until_they_are_something_else() -> None:
    log = [*plain(1000, 40), opened(1040, "/data/a", 5, pid=51), opened(1041, "/data/b", 6, fd=4, pid=51)]
    log += [opened(1042, "/data/a", 5, pid=52), event(1043, CLOSE, "4 0 0 0", [], pid=51, code=0)]
    log += [opened(1044, "/data/b", 6, fd=5, pid=51), opened(1045, "/d", 8, pid=53)]
    log += [event(1046, EXIT, "0 0 0 0", [], pid=53, code=0)]
    log += [event(1047, OPEN, "ffffff9c 7f 0 0", [("/data/f", 9, FILE, "NORMAL")], pid=52, code=3)]
    known, columnar = learnt([*log, *plain(1048, 5)])
    assert columnar == 52
    held = {process.pid: sorted(fds) for process, (_, fds) in known.places.held.items()}
    assert held == {51: [3, 5], 52: []}


def test_a_directory_that_is_renamed_goes_to_the_reference() -> None:
    items: list[Item] = [
        *below("/data", 1, "PARENT"),
        ("/data/a", 5, DIRECTORY, "DELETE"),
        ("/data/z", 5, DIRECTORY, "CREATE"),
    ]
    log = [*plain(1000, 40), opened(1040, "/data/a", 5), event(1041, RENAME, "ffffff9c 7f ffffff9c 7f", items, code=0)]
    known, columnar = learnt([*log, *plain(1042, 5)])
    assert columnar == 45
    assert [named.path for named in known.places.directories.values()] == ["/data/z"]
