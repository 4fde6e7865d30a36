"""Whatever a user gets wrong: one clear sentence that says what, where and what to do; the right exit status; nothing lost."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.conftest import small_site
from tests.engine.running import (
    ROOT,
    WORKLOAD,
    Running,
    command,
    engine,
    ingest,
    seqwatch,
    take_away,
    without_privileges,
    write_site,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with engine(small_site(tmp_path_factory.mktemp("cli")), "--no-sources") as running:
        ingest(running, WORKLOAD)
        yield running


@pytest.mark.parametrize("wrong", [("--seconds", "-1"), ("--seconds", "0"), ("--rate", "nan"), ("--rate", "fast")])
def test_the_demo_takes_numbers_above_zero(wrong: tuple[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "seqwatch_tui", "demo", "--headless", *wrong], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"{wrong[1]!r} is no number greater than 0" in done.stderr


def said(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """Assert that a command ended with `code`, with one `seqwatch:` sentence that holds `words`, and no traceback."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert [line.startswith("seqwatch: ") for line in done.stderr.splitlines()].count(True) == 1, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


def test_a_typo_in_the_configuration(tmp_path: Path) -> None:
    config = write_site(tmp_path, ["site: typo", "datasts: [{id: a, path: /data}]"])
    said(seqwatch(config, "engine"), 2, f"{config}:3: ", "'datasts'", "did you mean 'datasets'?")
    assert not (tmp_path / "state").exists()


def test_every_mistake_of_a_configuration_is_told_at_once(tmp_path: Path) -> None:
    config = write_site(tmp_path, ["site: s", "timezone: Mars/Phobos", "keys: {max_age_days: soon}"])
    done = seqwatch(config, "events")
    said(done, 2, f"{config}:3: ", f"{config}:4: ", "Mars/Phobos", "max_age_days")


@pytest.mark.parametrize("name", ["nope.yaml", "folder", "binary.yaml", "empty.yaml"])
def test_a_configuration_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary.yaml").write_bytes(b"site: \xff\x00\n")
    (tmp_path / "empty.yaml").write_bytes(b"")
    said(seqwatch(tmp_path / name, "events"), 2, name)


def test_no_configuration_at_all(tmp_path: Path) -> None:
    if Path("/etc/seqwatch/seqwatch.yaml").exists():
        pytest.skip("this host is a site")
    env = {k: v for k, v in os.environ.items() if k != "SEQWATCH_CONFIG"} | {
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-m", "seqwatch_tui", "events"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    said(
        done,
        2,
        "no configuration found",
        "--config",
        "$SEQWATCH_CONFIG",
        str(tmp_path / "seqwatch.yaml"),
        "seqwatch init",
    )


def test_the_name_of_the_program_is_said_once(tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k != "SEQWATCH_CONFIG"} | {
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-m", "seqwatch_tui", "events"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "seqwatch: seqwatch:" not in done.stderr


def test_a_second_engine_names_the_first(site: Running) -> None:
    done = seqwatch(site.config, "engine")
    said(done, 3, f"process {site.process.pid} already runs as the engine", f"kill {site.process.pid}")
    assert site.api.answers()


def _shut_out(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command whose user may not enter the folder above the state folder."""
    closed, config = folder / "closed", folder / "seqwatch.yaml"
    closed.mkdir()
    config.write_text(f"site: s\nstate_dir: {closed / 'state'}\n")
    take_away(closed)
    return subprocess.run(
        [*without_privileges(), *command(config, *words)], capture_output=True, text=True, check=False, timeout=60
    )


def test_an_engine_that_may_not_write_its_state_folder(tmp_path: Path) -> None:
    said(_shut_out(tmp_path, "engine"), 3, str(tmp_path / "closed" / "state"), "ermission denied")


def test_a_command_whose_user_may_not_enter_the_state_folder(tmp_path: Path) -> None:
    said(_shut_out(tmp_path, "events"), 3, str(tmp_path / "closed" / "state"), "ermission denied")


def test_a_file_where_the_state_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    said(seqwatch(write_site(tmp_path, ["site: s"]), "engine"), 3, str(tmp_path / "state"))
    assert (tmp_path / "state").read_text() == "not a folder"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("give one query",)),
        (("select * from nothere",), ("nothere does not exist", "select * from nothere")),
        (("selec 1",), ('syntax error at or near "selec"',)),
        (("select 1; select 2",), ("one statement at a time",)),
        (("drop table events",), ("DROP is not run here",)),
        (("insert into events values (1)",), ("not run here",)),
        (("attach '/etc/passwd' as x",), ("not run here",)),
        (("select * from read_csv('/etc/passwd')",), ()),
        (("copy events to '/nonexistent/x'",), ("not run here",)),
        (("--name", "nosuch"), ("there is no saved query 'nosuch'",)),
        (("--name", "actor_reads"), ("needs $actor",)),
        (("select 1", "--param", "x"), ("--param x has no value",)),
        (("select 1", "--output", "/nonexistent/x.csv", "--format", "csv"), ("/nonexistent/x.csv cannot be written",)),
        (("select 1", "--output", "/", "--format", "csv"), ("/ cannot be written",)),
    ],
    ids=str,
)
def test_sql_that_cannot_be_run(site: Running, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    said(site.cli("sql", *arguments), 2, *words)


def test_the_caret_points_at_the_word(site: Running) -> None:
    lines = site.cli("sql", "select * from nothere").stderr.splitlines()
    assert lines[2].index("^") == lines[1].index("nothere")


def test_a_time_beyond_the_calendar_is_no_traceback(site: Running) -> None:
    assert "Traceback" not in site.cli("sql", "select 'infinity'::timestamp as never").stderr


def test_a_cut_answer_says_so(site: Running) -> None:
    done = site.cli("sql", "select event_id from events", "--limit", "5", "--format", "csv")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 6)
    assert "cut at 5 rows" in done.stderr
    assert "--limit 0" in done.stderr


def _one(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(done.stdout)["files"][0]
    return found


BAD_FILES = {
    "missing": (None, "does not exist"),
    "folder": (None, "is not a regular file"),
    "empty": (b"", "is empty"),
    "binary": (bytes(range(256)) * 40, "which is neither an auditd record"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_file_that_cannot_be_ingested(site: Running, tmp_path: Path, kind: str) -> None:
    path, (content, word) = tmp_path / kind, BAD_FILES[kind]
    if kind == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    done = site.cli("ingest", str(path))
    said(done, 3, str(path), word)
    assert _one(done)["state"] == "failed"


def test_a_bad_file_does_not_keep_the_good_one_out(tmp_path: Path) -> None:
    config = write_site(tmp_path, ["site: s"])
    done = seqwatch(config, "ingest", str(tmp_path / "missing"), str(WORKLOAD))
    said(done, 3, "does not exist")
    assert [f["state"] for f in json.loads(done.stdout)["files"]] == ["failed", "done"]
    assert json.loads(done.stdout)["events"] == 278


def test_a_missing_file_to_ingest_is_not_waited_for(site: Running) -> None:
    assert "when it appears" not in site.cli("ingest", "/nonexistent").stderr


def test_lines_that_are_none_of_the_format_are_said(site: Running, tmp_path: Path) -> None:
    (tmp_path / "other.log").write_text("this is\nno log\n")
    done = site.cli("ingest", "--format", "auditd", str(tmp_path / "other.log"))
    said(done, 3, "other.log: no line is a record of format auditd; all are kept as they are")
    (tmp_path / "some.log").write_bytes(WORKLOAD.read_bytes() + b"this is no record\n")
    done = site.cli("ingest", str(tmp_path / "some.log"))
    said(done, 0, "some.log: 1 of 1 lines are no records of format auditd; they are kept as they are")


def _cut_gz(folder: Path) -> Path:
    path = folder / "audit.log.gz"
    path.write_bytes(gzip.compress(WORKLOAD.read_bytes(), mtime=0)[:9000])
    return path


def test_a_gz_that_breaks_off_is_a_gap_and_what_was_in_it_is_kept(tmp_path: Path) -> None:
    config = write_site(tmp_path, ["site: s"])
    with engine(config, "--no-sources") as running:
        done = running.cli("ingest", str(_cut_gz(tmp_path)))
        summary = json.loads(done.stdout)
        assert (summary["gaps"], summary["unparsed"]) == (1, 0)
        assert summary["events"] > 100
        gap = running.api.get("/v1/gaps").rows[0]
        assert "breaks off at byte 9000" in gap["detail"]
        assert running.api.status()["gaps"] == 1


def test_a_gz_that_breaks_off_is_said(site: Running, tmp_path: Path) -> None:
    done = site.cli("ingest", str(_cut_gz(tmp_path)))
    assert "breaks off" in done.stderr
    assert done.returncode != 0


def test_the_same_broken_gz_again_is_the_same_gap(site: Running, tmp_path: Path) -> None:
    path = _cut_gz(tmp_path)
    site.cli("ingest", str(path))
    before = site.api.status()["gaps"]
    site.cli("ingest", str(path))
    assert site.api.status()["gaps"] == before


Two = tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def bad_line(site: Running) -> Two:
    """`verify` of a dataset whose manifest has one line that is none: as a table and as JSON."""
    manifest = site.config.parent / "small" / "SHA256SUMS"
    content = manifest.read_text()
    manifest.write_text(content + "no checksum here\n")
    try:
        return site.cli("verify", "small"), site.cli("verify", "small", "--format", "json")
    finally:
        manifest.write_text(content)


def test_a_manifest_with_a_bad_line_names_it_and_counts_the_others(bad_line: Two) -> None:
    assert "SHA256SUMS:4: is not a checksum line" in bad_line[0].stdout
    assert "3 ok" in bad_line[0].stdout
    assert json.loads(bad_line[1].stdout)["ok"] == 3


def test_a_manifest_with_a_bad_line_is_no_pass(bad_line: Two) -> None:
    assert bad_line[0].returncode == 1
    assert json.loads(bad_line[1].stdout)["state"] != "pass"


def test_a_manifest_with_a_bad_line_is_told_as_json_too(bad_line: Two) -> None:
    assert "SHA256SUMS:4" in bad_line[1].stdout


def test_a_manifest_with_a_bad_line_is_no_pass_in_any_list(site: Running, bad_line: Two) -> None:
    assert bad_line[0].returncode == 1
    panels = {"datasets": "integrity", "integrity": "state"}
    found = {p: {r["dataset"]: r[c] for r in site.api.get(f"/v1/{p}").rows}["small"] for p, c in panels.items()}
    assert found == {"datasets": "unknown", "integrity": "unknown"}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("quarantine", "nosuch", "--reason", "r"), 2, ("there is no dataset 'nosuch'", "wgs-cohort-a, small")),
        (("quarantine", "small", "--reason", "  "), 1, ("reason",)),
        (("quarantine", "small", "--reason", "r"), 2, ("stdin is not a terminal", "--yes")),
        (("quarantine", "wgs-cohort-a", "--reason", "r", "--yes"), 1, ("/data/seq/wgs-cohort-a does not exist",)),
        (("release", "small", "--reason", "r", "--yes"), 1, ("small is not quarantined",)),
        (("verify", "nosuch"), 2, ("there is no dataset 'nosuch'",)),
        (("datasets", "nosuch"), 2, ("there is no dataset nosuch",)),
        (("alerts", "999"), 2, ("there is no alert 999",)),
        (("alerts", "show", "999"), 2, ("there is no alert 999", "seqwatch alerts --all")),
        (("alerts", "--incident", "999"), 2, ("there is no incident 999", "seqwatch alerts incidents --all")),
        (("alerts", "unsnooze", "999", "--reason", "r"), 2, ("there is no snooze 999", "seqwatch alerts snoozes")),
        (("unusual", "--dataset", "nosuch"), 2, ("there is no dataset 'nosuch'", "wgs-cohort-a, small")),
        (("rules", "disable", "nosuch", "--reason", "r"), 2, ("there is no rule nosuch", "seqwatch rules list")),
        (("sql", "--name", "nosuch"), 2, ("there is no saved query 'nosuch'", "seqwatch sql --name list")),
        (("sql", "--name", "sessions_of_user"), 2, ("needs $actor", "--param NAME=VALUE")),
        (
            ("sources", "test", "/nonexistent.jsonl", "--mapping", "falco"),
            2,
            ("/nonexistent.jsonl does not exist; correct the path",),
        ),
        (("alerts", "1", "--close"), 2, ("--reason",)),
        (("init", "--output", "{config}"), 2, ("exists and is left as it is",)),
        (("init", "--output", "/nonexistent/x.yaml"), 2, ("cannot be written",)),
        ((), 2, ("the console needs a terminal",)),
        (("demo",), 2, ("needs a terminal",)),
    ],
    ids=str,
)
def test_other_mistakes(site: Running, arguments: tuple[str, ...], code: int, words: tuple[str, ...]) -> None:
    said(site.cli(*(a.replace("{config}", str(site.config)) for a in arguments)), code, *words)


@pytest.mark.parametrize(
    "arguments", [("quarantine", "small"), ("verify",), ("nosuch",), ("sql", "--format", "xml"), ("ingest",)]
)
def test_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = seqwatch(tmp_path / "none.yaml", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: seqwatch")


@pytest.mark.parametrize("words", ["bogus=1", "since=xx", '"'])
def test_a_filter_that_does_not_parse(site: Running, words: str) -> None:
    done = site.cli("events", words)
    said(done, 2, words)
    assert "failed" not in done.stderr


def test_a_dataset_s_name_is_a_name_and_not_a_path(site: Running) -> None:
    said(site.cli("datasets", "../alerts/1"), 2, "there is no dataset ../alerts/1")


def test_a_name_with_a_space_reaches_the_engine(site: Running) -> None:
    said(site.cli("datasets", "no such"), 2, "there is no dataset no such")


def test_a_closed_pipe_is_no_error(site: Running) -> None:
    whole = " ".join(command(site.config, "sql", "'select * from records'", "--limit", "0", "--format", "csv"))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {whole} | head -1"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1), done.stderr
    assert "Traceback" not in done.stderr
