"""The recorded workload through the whole engine: counts, who read what from where, one bulk alert, exactly once."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.engine.running import WORKLOAD, WORKLOAD_SITE, Running, engine, ingest, write_site

DATASETS = {
    "/data/seq/wgs-cohort-a": "wgs-cohort-a",
    "/data/seq/wes-panel-b": "wes-panel-b",
    "/data/seq/run 240117_A00123": "run-240117",
}
ADDRESSES = {"alice": "127.0.0.1", "bob": "127.0.0.2", "carol": "127.0.9.9"}
LINES = WORKLOAD.read_bytes().count(b"\n")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with engine(write_site(tmp_path_factory.mktemp("workload"), WORKLOAD_SITE)) as running:
        yield running


@pytest.fixture(scope="module")
def summary(site: Running) -> dict[str, Any]:
    """The first ingest, by the command; every test of this module needs it done."""
    done = site.cli("ingest", str(WORKLOAD))
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_record_is_accounted_for(site: Running, summary: dict[str, Any]) -> None:
    assert (summary["records"], summary["unparsed"], summary["duplicates"]) == (LINES, 0, 0)
    assert (summary["gaps"], summary["failures"]) == (0, [])
    stored = site.api.sql("select count(*) as lines, count(distinct position) as positions from records")
    assert stored == [{"lines": LINES, "positions": LINES}]
    counts = site.api.sql("select count(*) as events, count(distinct source_id) as ids from events")
    assert counts == [{"events": summary["events"], "ids": summary["events"]}]


@pytest.mark.usefixtures("summary")
def test_raw_lines_are_the_file(site: Running) -> None:
    lines = site.api.sql("select raw from records order by position")
    shown = "".join(line["raw"].rstrip("\n") + "\n" for line in lines)
    assert shown.replace("\\x1d", "\x1d") == WORKLOAD.read_text()


def _ausearch(*form: str) -> str:
    done = subprocess.run(
        ["ausearch", "-if", str(WORKLOAD), *form], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    return done.stdout


def _opened_for_reading() -> dict[int, bool]:
    """Serial -> whether the name is relative to a directory descriptor, for every open of a file that only reads.

    The csv has neither open flags nor the first argument nor the kind of the inode, so these come from `ausearch -i`:
    `a0=AT_FDCWD` or a number, `a2=O_RDONLY|...`, and `mode=dir,...` in a PATH record.
    """
    found, folders = {}, set()
    for line in _ausearch("-i", "-sc", "openat").splitlines():
        serial = int(re.search(r"audit\([^)]*:(\d+)\)", line)[1]) if line.startswith("type=") else -1  # type: ignore[index]
        if call := re.search(r"^type=SYSCALL .* a0=(\S+) .* a2=(\S*O_RDONLY\S*) ", line):
            found[serial] = call[1] != "AT_FDCWD"
        elif line.startswith("type=PATH") and "mode=dir," in line:
            folders.add(serial)
    return {serial: relative for serial, relative in found.items() if serial not in folders}


def _dataset(path: str) -> str | None:
    return next((d for root, d in DATASETS.items() if path == root or path.startswith(root + "/")), None)


@pytest.mark.usefixtures("summary")
@pytest.mark.skipif(shutil.which("ausearch") is None, reason="ausearch is not installed")
def test_reads_per_user_and_dataset_are_those_of_ausearch(site: Running) -> None:
    """Columns of the csv: SESSION is `ses`; SUBJ_PRIME is the name of `auid` ("system" when it is unset); OBJ_PRIME is the
    object's name. A relative OBJ_PRIME is joined to the CWD record even where the call names a directory descriptor,
    which has nothing to do with the CWD: tar reading a dataset from a home directory is shown as /home/carol/lane1.fastq.gz,
    a file that never was. seqwatch finds the directory that the process had opened under that number and says so
    (`dirfd-held` in warnings); ausearch's own answer counts as a read of the dataset only where the CWD happens to be
    that directory, as it is for rsync. So: names that do not hang on a descriptor must agree per user, dataset and
    session; the others are the same events with the same last component, and ours are all in the dataset.
    """
    reading = _opened_for_reading()
    shown = {
        int(e["SERIAL_NUM"]): e for e in csv.DictReader(io.StringIO(_ausearch("--format", "csv")))
        if e["ACTION"] == "opened-file" and e["RESULT"] == "success" and int(e["SERIAL_NUM"]) in reading
    }  # fmt: skip
    theirs = Counter(
        (None if e["SESSION"] == "unset" else e["SUBJ_PRIME"], dataset, e["SESSION"])
        for serial, e in shown.items()
        if not reading[serial] and (dataset := _dataset(e["OBJ_PRIME"]))
    )
    ours = site.api.sql(
        "select user_name, dataset, coalesce(cast(session_id as varchar), 'unset') as ses, count(*) as n from events "
        "where action = 'read' and outcome = 'success' and dataset is not null and warnings is null group by all"
    )
    assert {(r["user_name"], r["dataset"], r["ses"]): r["n"] for r in ours} == dict(theirs)
    relative = {
        (serial, e["SUBJ_PRIME"], e["OBJ_PRIME"].rsplit("/", 1)[1]) for serial, e in shown.items() if reading[serial]
    }
    loose = site.api.sql(
        "select source_id, user_name, path, dataset from events "
        "where action = 'read' and outcome = 'success' and warnings = 'dirfd-held'"
    )
    assert {
        (int(r["source_id"].rsplit(":")[-1]), r["user_name"], r["path"].rsplit("/", 1)[-1]) for r in loose
    } == relative
    assert {(r["user_name"], r["dataset"]) for r in loose} == {("carol", "wgs-cohort-a"), ("alice", "wgs-cohort-a")}
    assert len(loose) > 40


@pytest.mark.usefixtures("summary")
def test_every_read_has_the_address_of_its_login(site: Running) -> None:
    found = site.api.sql(
        "select distinct user_name, src_ip from events where action = 'read' and dataset is not null and user_name is not null"
    )
    assert {r["user_name"]: r["src_ip"] for r in found} == ADDRESSES


@pytest.mark.usefixtures("summary")
def test_the_copy_of_a_cohort_raises_one_bulk_alert(site: Running) -> None:
    alerts = [a for a in site.api.get("/v1/alerts").rows if a["rule_title"].startswith("Bulk read")]
    reads = site.api.sql(
        "select count(*) as n, count(distinct path) as files from events "
        "where user_name = 'carol' and action = 'read' and outcome = 'success' and dataset = 'wgs-cohort-a'"
    )
    assert [(a["actor"], a["dataset"], a["src_ip"]) for a in alerts] == [("carol", "wgs-cohort-a", "127.0.9.9")]
    assert (alerts[0]["count"], alerts[0]["measure"]) == (reads[0]["n"], reads[0]["files"])
    evidence = site.api.get(f"/v1/alerts/{alerts[0]['alert_id']}").value["events"]
    assert len(evidence["rows"]) == reads[0]["n"] > 40


@pytest.mark.usefixtures("summary")
def test_the_same_content_again_adds_nothing_whatever_it_is_called_or_packed_in(site: Running, tmp_path: Path) -> None:
    content = WORKLOAD.read_bytes()
    (tmp_path / "audit.log.1").write_bytes(content)
    (tmp_path / "audit.log.2.gz").write_bytes(gzip.compress(content))
    (tmp_path / "audit.log.3.zst").write_bytes(zstandard.compress(content))
    (tmp_path / "audit.log.4.bz2").write_bytes(bz2.compress(content))
    before = site.api.sql("select (select count(*) from events) as events, (select count(*) from alerts) as alerts")
    again = ingest(site, WORKLOAD, *sorted(tmp_path.iterdir()))
    assert [f["state"] for f in again["files"]] == ["done"] * 5
    assert {again[k] for k in ("records", "events", "unparsed", "gaps", "alerts")} == {0}
    assert (
        site.api.sql("select (select count(*) from events) as events, (select count(*) from alerts) as alerts")
        == before
    )


def test_a_file_that_grew_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """The first ingest ends inside a line (auditd was writing); the second must not split that event in two."""
    content, log = WORKLOAD.read_bytes(), tmp_path / "audit.log"
    cut = content.index(b"type=PATH", len(content) // 2) + 30
    with engine(write_site(tmp_path, WORKLOAD_SITE), "--no-sources") as running:
        log.write_bytes(content[:cut])
        ingest(running, log)
        log.write_bytes(content)
        ingest(running, log)
        found = running.api.sql("select count(*) as n, count(distinct source_id) as ids from events")
        lines = running.api.sql("select count(*) as n from records where type = 'UNPARSED'")
    assert found == [{"n": 278, "ids": 278}]
    assert lines == [{"n": 0}]


@pytest.mark.usefixtures("summary")
def test_sessions_say_who_from_where_until_when_and_what(site: Running) -> None:
    """Four logins over sshd, each closed, and one sudo that no login stands behind, by root for bob."""
    found = {row["session_id"]: row for row in site.api.get("/v1/sessions", since="1795344000").rows}
    shown = {
        number: (row["user_name"], row["account"], row["src_ip"], row["program"], row["state"], row["reads"])
        for number, row in found.items()
    }
    assert shown == {
        1: ("alice", None, "127.0.0.1", "sshd", "closed", 7), 2: ("bob", "service", "127.0.0.2", "sshd", "closed", 2),
        3: ("carol", None, "127.0.9.9", "sshd", "closed", 87), 4: ("alice", None, "127.0.0.1", "sshd", "closed", 3),
        None: ("unattributed", None, None, None, "no session", 1),
    }  # fmt: skip
    assert all(found[n]["opened"] < found[n]["ended"] < found[n]["opened"] + 2 for n in (1, 2, 3, 4))
    (switch,) = found[None]["switches"]
    command = "cat /data/seq/wgs-cohort-a/vcf/HG002.vcf.gz.tbi"
    assert (switch["program"], switch["from_user"], switch["to_user"], switch["command"]) == (
        "sudo",
        "root",
        "bob",
        command,
    )
    assert (found[3]["datasets"], found[3]["alerts"] > 0, found[3]["denied"] > 0) == (["wgs-cohort-a"], True, True)
    assert [r["user_name"] for r in site.api.get("/v1/sessions", since="1795344000", user="unattributed").rows] == [
        "unattributed"
    ]
    assert site.api.get("/v1/sessions", since="1795344000", open="yes").rows == []
    told = site.cli("sessions", "--since", "2026-11-22T10:00", "--user", "bob")
    assert (told.returncode, told.stderr) == (0, "")
    assert len(told.stdout.splitlines()) == 2
