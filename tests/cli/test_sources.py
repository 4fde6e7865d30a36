"""`seqwatch sources`: what maps and what does not, told before anything is stored; the sources of a running engine."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqwatch_tui.cli.main import run
from tests.engine.running import GOLDEN, Running, engine, seqwatch, until, write_site

STREAMS = GOLDEN / "streams"
OWN = "format: json\nfields: {ts: t, path: file, action: what}\nvalues: {action: {look: read}}\n"


class _NoScreen:
    """A command line without a terminal."""

    def paint(self, title: str) -> None:
        raise AssertionError(title)

    def show(self, socket: Path, *, read_only: bool, theme: str | None) -> int:
        raise AssertionError(socket)

    def restore(self) -> None:
        """Nothing was painted."""


def sources(*arguments: str | Path) -> int:
    """Run `seqwatch sources` in this process."""
    return run(["sources", *map(str, arguments)], _NoScreen())


def test_a_file_that_maps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    lines = [{"t": i, "file": "/x", "what": "look", "who": {"name": "a"}, "why": ""} for i in range(1, 4)]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert sources("test", tmp_path / "log.jsonl", "--mapping", tmp_path / "own.yaml", "--limit", "2") == 0
    said = capsys.readouterr().out
    assert "3 lines, 3 records = 3 events + 0 kept without an event + 0 unparsed + 0 duplicates" in said
    assert "      3  who.name\n" in said
    assert "why" not in said
    assert "events (2 of 3):" in said


def test_lines_that_do_not_fit_are_named_with_their_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert sources("test", STREAMS / "s3-access.log", "--mapping", "s3-access", "--format", "json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["lines"], found["records"], found["events"], found["unparsed"]) == (12, 12, 10, 2)
    assert [(r["line"], r["text"]) for r in found["reasons"]] == [(11, "not an access log line"), (12, "")]
    assert {"field": "owner", "records": 10} in found["unmapped"]
    assert found["events_shown"][0]["path"] == "s3://cohort-a/wgs/S 1.cram"


def test_numbers_of_a_long_packed_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Positions beyond the first piece read, in a compressed file whose last line has no end."""
    good = b'{"ts": 5, "op": "read", "filler": "' + b"x" * 1000 + b'"}\n'
    content = good * 6000 + b"bad\n" + good * 10 + b"worse"
    (tmp_path / "log.gz").write_bytes(gzip.compress(content, 1))
    assert sources("test", tmp_path / "log.gz", "--mapping", "generic", "--format", "json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["lines"], found["events"]) == (6012, 6010)
    assert [(r["line"], r["text"]) for r in found["reasons"]] == [(6001, "bad"), (6012, "worse")]


def test_records_of_one_line_are_shown_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert sources("test", STREAMS / "cloudtrail.jsonl", "--mapping", "cloudtrail") == 0
    said = capsys.readouterr().out
    assert "13 lines, 17 records = 13 events + 4 kept without an event + 0 unparsed" in said
    assert "userIdentity.sessionContext.sessionIssuer.userName" in said


def test_gaps_that_a_source_declares_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert sources("test", STREAMS / "falco.jsonl", "--mapping", "falco") == 1
    said = capsys.readouterr().out
    assert "overflow: 12 events dropped by the source itself" in said
    assert "line 11 is not JSON" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["test", "{log}", "--mapping", "{bad}"],
            "bad.yaml:2: fields.pth is no column of events; did you mean 'path'?",
        ),
        (["test", "{log}", "--mapping", "falko"], "did you mean 'falco'?"),
        (["test", "{gone}", "--mapping", "falco"], "does not exist"),
        (["test", "{log}"], "sources test needs a file and a mapping"),
        (["test", "{log}", "--mapping", "falco", "--format", "csv"], "write --format table or json"),
        (["formats", "{log}"], "sources formats takes no file"),
    ],
)
def test_what_cannot_be_done_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    (tmp_path / "bad.yaml").write_text("format: json\nfields: {ts: t, pth: p}\n")
    shutil.copy(STREAMS / "falco.jsonl", tmp_path / "log")
    names = {name: str(tmp_path / file) for name, file in (("log", "log"), ("bad", "bad.yaml"), ("gone", "gone"))}
    assert sources(*(a.format(**names) for a in arguments)) == 2
    assert words in capsys.readouterr().err


def test_formats_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert sources("formats", "--format", "json") == 0
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert found["s3-access"]["form"] == "text"
    assert "path" in found["falco"]["columns"]


# --- with an engine ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("streams")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Running]:
    """A site that follows Falco's sample and a stream of its own, by a mapping beside the configuration."""
    shutil.copy(STREAMS / "falco.jsonl", folder / "falco.jsonl")
    (folder / "own.yaml").write_text(OWN)
    (folder / "own.jsonl").write_text('{"t": 1790000000, "file": "/data/seq/wgs-cohort-a/x", "what": "look"}\n')
    lines = [
        "site: streams",
        "datasets: [{id: wgs-cohort-a, path: /data/seq/wgs-cohort-a, grants: {lab: [read]}}]",
        "roles: {lab: {users: [bioinf1]}}",
        "sources:",
        f"  - {{name: falco, type: jsonl, path: {folder}/falco.jsonl, mapping: falco}}",
        f"  - {{name: own, type: jsonl, path: {folder}/own.jsonl, mapping: own.yaml}}",
    ]
    with engine(write_site(folder, lines)) as running:
        yield running


def test_streams_are_followed_judged_and_listed(running: Running) -> None:
    def read() -> dict[str, tuple[object, ...]]:
        done = running.cli("sources", "--format", "json")
        assert done.returncode == 0, done.stderr
        wanted = ("records", "events", "unparsed", "state")
        return {row["name"]: tuple(row[c] for c in wanted) for row in json.loads(done.stdout)}

    until(
        lambda: read() == {"falco": (11, 10, 1, "live"), "own": (1, 1, 0, "live")}, f"both streams, not {read()}", 60.0
    )
    query = "select user_name, dataset, allowed from events where path = '/data/seq/wgs-cohort-a/S1.bam'"
    done = running.cli("sql", query, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [{"user_name": "bioinf1", "dataset": "wgs-cohort-a", "allowed": True}]


def test_files_of_records_are_ingested_whole_without_a_newline(running: Running, folder: Path) -> None:
    """CloudTrail's files are one line, packed, and end without a newline."""
    first = (STREAMS / "cloudtrail.jsonl").read_bytes().splitlines()[0]
    (folder / "trail.json.gz").write_bytes(gzip.compress(first))

    def ingest(path: Path) -> dict[str, object]:
        found: dict[str, object] = json.loads(running.cli("ingest", str(path)).stdout)
        return found

    summary = ingest(folder / "trail.json.gz")
    assert (summary["events"], summary["records"], summary["unparsed"], summary["notes"]) == (4, 5, 0, [])
    assert ingest(folder / "trail.json.gz")["events"] == 0
    (folder / "cut.json").write_bytes(b" " + first[:-200])
    assert "ends inside a line" in str(ingest(folder / "cut.json")["notes"])


def test_a_mapping_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("format: json\nfields:\n  ts: t\n  pth: p\n")
    source = f"sources: [{{name: own, type: jsonl, path: {tmp_path}/x.jsonl, mapping: own.yaml}}]"
    config = write_site(tmp_path, ["site: bad", source])
    for command in ("engine", "events"):
        done = seqwatch(config, command)
        assert done.returncode == 2
        assert (
            f"seqwatch: source own: {tmp_path}/own.yaml:4: fields.pth is no column of events; did you mean 'path'?"
            in done.stderr
        )
