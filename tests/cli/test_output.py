"""What commands print: data on stdout in the form asked for, hostile text made visible, numbers that add up."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest

from tests.engine.conftest import small_site
from tests.engine.running import WORKLOAD, Running, engine, ingest

NAME = "/data/seq/wgs-cohort-a/\x1b[31m\u202e=cmd\n.bam"
HOSTILE = (
    "type=SYSCALL msg=audit(1795344700.000:9001): arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=0 a2=0 a3=0 items=1 ppid=1 "
    'pid=2 auid=1001 uid=1001 gid=1001 euid=1001 suid=1001 fsuid=1001 egid=1001 sgid=1001 fsgid=1001 tty=pts0 ses=1 comm="cat" '
    'exe="/usr/bin/cat" key="seqwatch"\n'
    'type=CWD msg=audit(1795344700.000:9001): cwd="/"\n'
    f"type=PATH msg=audit(1795344700.000:9001): item=0 name={NAME.encode().hex().upper()} "
    "inode=1 dev=fe:00 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL\n"
    "type=EOE msg=audit(1795344700.000:9001): \n"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("output")
    with engine(small_site(folder), "--no-sources") as running:
        ingest(running, WORKLOAD)
        (folder / "hostile.log").write_text(HOSTILE)
        assert ingest(running, folder / "hostile.log")["events"] == 1
        yield running


def test_nothing_a_log_says_reaches_the_terminal_but_as_text(site: Running) -> None:
    for arguments in (
        ("events",),
        ("sql", "select path, command_line from events"),
        ("sql", "select raw from records"),
        ("alerts",),
    ):
        done = site.cli(*arguments)
        assert done.returncode in (0, 1)
        assert not set(done.stdout + done.stderr) & {"\x1b", "\u202e", "\x00", "\x1d"}, arguments
    shown = site.cli("events", "path~cmd").stdout
    assert "\\x1b[31m\\u202e=cmd\\x0a.bam" in shown
    assert len(shown.splitlines()) == 2


def test_json_has_the_text_as_it_is(site: Running) -> None:
    text = site.cli("events", "path~cmd", "--format", "json").stdout
    assert text.isascii()
    rows = json.loads(text)
    assert [r["path"] for r in rows] == [NAME]


@pytest.mark.parametrize("command", ["events", "alerts", "datasets", "keys", "rules"])
def test_lists_agree_in_every_form(site: Running, command: str) -> None:
    as_json = json.loads(site.cli(command, "--format", "json").stdout)
    as_csv = list(csv.DictReader(io.StringIO(site.cli(command, "--format", "csv").stdout)))
    as_table = site.cli(command).stdout.splitlines()
    assert len(as_json) == len(as_csv) == len(as_table) - 1 > 0
    assert [list(r) for r in as_json] == [list(r) for r in as_csv]


def test_exit_status_tells_open_alerts(site: Running) -> None:
    assert site.cli("alerts").returncode == 1
    assert site.cli("alerts", "--all", "--format", "json").returncode == 1
    assert site.cli("events").returncode == 0


def test_sql_limit_zero_is_every_row_on_stdout_alone(site: Running) -> None:
    done = site.cli("sql", "select event_id, seq from records order by all", "--limit", "0", "--format", "csv")
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 1195 + 4 + 1)


def test_saved_queries_run_by_name(site: Running) -> None:
    done = site.cli("sql", "--name", "actor_reads", "--param", "actor=carol", "--param", "since=0", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "wgs-cohort-a" in {row["dataset"] for row in json.loads(done.stdout)}


def test_the_ledger_is_reported_in_words(site: Running) -> None:
    assert "VerifyReport(" not in site.cli("ledger").stdout


def test_the_ledger_counts_what_is_not_sealed_yet(site: Running) -> None:
    assert json.loads(site.cli("ledger", "--format", "json").stdout)["events"] == 279


def test_events_has_no_limit_zero(site: Running) -> None:
    done = site.cli("events", "--limit", "0", "--format", "json")
    assert done.returncode == 2
    assert "from 1 on" in done.stderr


def test_a_negative_limit_is_refused(site: Running) -> None:
    assert site.cli("sql", "select 1", "--limit", "-4").returncode == 2
