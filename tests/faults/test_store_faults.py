"""A store that is killed, locked, foreign, damaged or taken away: nothing half done, nothing deleted, a clear word."""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from seqwatch_tui.model.alert import Evidence
from seqwatch_tui.store import connect
from seqwatch_tui.store.interface import Commit, LedgerMark, StoreError, StoreFatal, StoreLocked
from seqwatch_tui.store.lock import EngineLock, holder
from seqwatch_tui.store.store import Store
from tests.store.samples import Site
from tests.store.values import SOURCE, filled

WRITER = """
import sys
from pathlib import Path
from seqwatch_tui.model.alert import Evidence
from seqwatch_tui.store.interface import Commit, LedgerMark
from seqwatch_tui.store.store import Store
from tests.store.samples import Site
store, site, sizes = Store.open(Path(sys.argv[1])), Site(), (1, 10, 500, 25_000)
site.next_id, n = store.next_event_id(), (store.mark().batch if store.mark() else 0)
while True:
    n += 1
    events = site.events(sizes[n % 4])
    last = site.next_id - 1
    store.commit(Commit(events=events, evidence=[Evidence(n, last)], ledger=LedgerMark(1, n)))
    print(n, last, flush=True)
"""


def killed(folder: Path, seconds: float) -> tuple[int, int]:
    """Run the writer, kill it after a while; return the last batch and event it was told are stored."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 20)[0], "the writer stores within 20 s"
        select.select([], [], [], seconds)
        process.send_signal(signal.SIGKILL)
        said = process.stdout.read().split(b"\n")[:-1]
    return (int(said[-1].split()[0]), int(said[-1].split()[1])) if said else (0, 0)


def test_after_kill_9_every_commit_is_whole_or_absent(tmp_path: Path) -> None:
    moments = random.Random(7)
    for _ in range(5):
        batch, event = killed(tmp_path, moments.uniform(0.02, 0.6))
        store = Store.open(tmp_path)
        ((count, highest, distinct),) = store.query_sql(
            "select count(*), max(event_id), count(distinct event_id) from events"
        ).rows
        mark = store.mark()
        (evidence,) = store.query_sql("select max(alert_id), max(event_id), count(*) from alert_evidence").rows
        store.close()
        assert mark is not None
        assert mark.batch in (batch, batch + 1)
        assert highest >= event
        assert count == distinct == highest
        assert evidence == (mark.batch, highest, mark.batch)


def test_a_second_engine_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    assert holder(tmp_path) == os.getpid()
    with pytest.raises(StoreLocked, match=f"process {os.getpid()} already runs"):
        Store.open(tmp_path)
    store.close()
    assert holder(tmp_path) is None
    lock = EngineLock.take(tmp_path)
    Store.open(tmp_path, lock).close()
    assert holder(tmp_path) == os.getpid()
    lock.release()


def test_the_lock_outlives_a_close_of_the_database_file(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    (tmp_path / "store.duckdb").open("rb").close()
    code = "import sys; from pathlib import Path; from seqwatch_tui.store.store import Store; Store.open(Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    store.close()
    assert f"StoreLocked: process {os.getpid()} already runs" in done.stderr


def test_everything_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    store = Store.open(folder)
    store.commit(filled(Site()))
    modes = {p.name: p.stat().st_mode & 0o777 for p in folder.iterdir() if p.is_file()}
    store.close()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert set(modes.values()) == {0o600}
    assert {"store.duckdb", "engine.lock"} <= modes.keys()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def foreign(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + bytes(4096))


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    duckdb.connect(str(path.with_name("real"))).close()
    path.symlink_to(path.with_name("real"))


def orphan(path: Path) -> None:
    connect.wal_path(path).write_bytes(b"log")


def headless(path: Path) -> None:
    made(path.parent)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(8192))


def cut(path: Path) -> None:
    made(path.parent)
    os.truncate(path, path.stat().st_size // 2)


def made(state: Path) -> None:
    store = Store.open(state)
    store.commit(filled(Site(), 1000))
    store.close()


@pytest.mark.parametrize("damage", [empty, foreign, folder, pipe, link, orphan, headless, cut])
def test_a_store_that_does_not_open_is_left_and_named(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = tmp_path / "store.duckdb"
    damage(path)
    before = sorted(
        (p.name, p.lstat().st_size, p.lstat().st_mtime_ns) for p in tmp_path.iterdir() if "lock" not in p.name
    )
    with pytest.raises(
        StoreError, match=r"store\.duckdb does not open: .*nothing was changed.*anew from the ledger"
    ) as caught:
        Store.open(tmp_path)
    assert "\n" not in str(caught.value)
    after = sorted(
        (p.name, p.lstat().st_size, p.lstat().st_mtime_ns) for p in tmp_path.iterdir() if "lock" not in p.name
    )
    assert after == before
    assert holder(tmp_path) is None
    aside = Store.move_aside(tmp_path, 1_795_000_000.0)
    assert aside.name == "store.duckdb.20261118T110640Z"
    fresh = Store.open(tmp_path)
    assert fresh.high_water() == 0
    fresh.close()


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    con = duckdb.connect(str(tmp_path / "store.duckdb"))
    con.execute("create table mine (a int)")
    con.close()
    with pytest.raises(StoreError, match="seqwatch did not write"):
        Store.open(tmp_path)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    made(tmp_path)
    con = duckdb.connect(str(tmp_path / "store.duckdb"))
    con.execute("update store_meta set value = 99 where name = 'format'")
    con.close()
    with pytest.raises(StoreError, match="format 99 and this version of seqwatch reads format 2"):
        Store.open(tmp_path)


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_a_store_taken_away_is_noticed(tmp_path: Path, how: str) -> None:
    store = Store.open(tmp_path)
    store.commit(filled(Site()))
    store.check_alive()
    path = tmp_path / "store.duckdb"
    shutil.copy(path, tmp_path / "copy")
    path.unlink()
    if how == "replaced":
        (tmp_path / "copy").rename(path)
    with pytest.raises(StoreFatal, match="deleted or replaced"):
        store.check_alive()
    store.close()


def test_move_aside_takes_the_log_along_and_overwrites_nothing(tmp_path: Path) -> None:
    for name in ("store.duckdb", "store.duckdb.wal"):
        (tmp_path / name).write_text(name)
    aside = Store.move_aside(tmp_path, 0.0)
    assert [p.name for p in sorted(tmp_path.iterdir())] == [aside.name, aside.name + ".wal"]
    with pytest.raises(StoreError, match="no store"):
        Store.move_aside(tmp_path, 1.0)
    (tmp_path / "store.duckdb").write_text("again")
    with pytest.raises(StoreError, match="exists already"):
        Store.move_aside(tmp_path, 0.0)


def test_readers_cannot_write_and_do_not_stop_the_writer(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.commit(filled(Site()))
    for sql in (
        "with x as (delete from alerts returning *) select * from x",
        "drop table alerts",
        "select * from nope",
    ):
        with pytest.raises(StoreError, match="a query failed"):
            store.query_sql(sql)
    assert store.query_sql("select count(*) from alerts").rows == [(1,)]
    with pytest.raises(StoreError, match="disabled"):
        store.query_sql("select * from read_text('/etc/hostname')")
    store.close()


def test_many_readers_and_one_writer_see_whole_commits(tmp_path: Path) -> None:
    store, site = Store.open(tmp_path), Site()
    store.commit(Commit(events=site.events(10), evidence=[Evidence(1, 10)]))
    stop, wrong = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            ((events, last),) = store.query_sql(
                "select (select count(*) from events), (select max(event_id) from alert_evidence)"
            ).rows
            if events != last:
                wrong.append((events, last))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for n in range(40):
        store.commit(
            Commit(
                events=site.events(10),
                evidence=[Evidence(1, site.next_id - 1)],
                ledger=LedgerMark(0, n),
                sources=[SOURCE],
            )
        )
    stop.set()
    for reader in readers:
        reader.join()
    store.close()
    assert wrong == []


def test_a_read_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store._readers._milliseconds = 200
    with pytest.raises(StoreError, match=r"longer than 0\.2 s"):
        store.query_sql("select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 3")
    assert store.query_sql("select 1").rows == [(1,)]
    store.close()


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="needs root and mount")
def test_a_full_disk_loses_nothing_that_was_stored(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m,mode=700", "tmpfs", str(disk)], check=True)
    try:
        store, site, stored = Store.open(disk), Site(), 0
        with pytest.raises(StoreError):  # noqa: PT012 - StoreFatal when it is a checkpoint that fails
            while True:
                store.commit(Commit(events=site.events(2_000)))
                stored = site.next_id - 1
        store.close()
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        store = Store.open(disk)
        assert store.high_water() == stored > 0
        assert store.query_sql("select count(*) from events").rows == [(stored,)]
        store.commit(Commit(events=Site(seed=8).events(10).set_column(0, "event_id", [range(stored + 1, stored + 11)])))
        store.close()
    finally:
        subprocess.run(["umount", str(disk)], check=True)
