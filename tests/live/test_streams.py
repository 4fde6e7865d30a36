"""One workload of real programs, three captures: auditd ENRICHED, auditd RAW, and the built-in sensor. Do they agree?

Who (person and address), what (read, wrote, removed, renamed, attributes) and which file; process by process, for both
streams give the kernel's own pid. Every difference that is allowed stands in this file and in docs/evidence.md.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from seqwatch_tui.config.settings import load
from seqwatch_tui.engine.audit_host import wanted_here
from seqwatch_tui.engine.audit_rules import rules_text
from tests.engine.running import Running, engine, until
from tests.live.host import auditd, auditd_is_busy, missing_tools, people, ssh, sshd
from tests.live.workload import (
    ANA,
    BOB,
    CANARY,
    CAST,
    EVE,
    READS,
    can_mount,
    give_private,
    missing_programs,
    mounted,
    parts,
    sudo_for_eve,
)

MISSING = [*missing_tools(), *missing_programs()]
pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}"),
]
Format = Literal["ENRICHED", "RAW"]
Fact = tuple[int, str, str]
"""Process, kind of act, file relative to the dataset."""
KINDS = {
    "read": "read", "write": "wrote", "create": "wrote", "truncate": "wrote", "delete": "removed", "rename": "renamed",
    "chmod": "attributes", "chown": "attributes", "setattr": "attributes", "link": "linked",
}  # fmt: skip
ACTS = {
    (ANA, "read", "lane1.bam"), (ANA, "read", "lane1.bam.bai"), (ANA, "read", "calls.vcf.gz"), (ANA, "wrote", "drop/notes.txt"),
    (ANA, "read", "run/mapped.fastq"), (BOB, "read", "run/a.fastq"), (BOB, "read", "run/b.fastq"), (BOB, "read", "run/mapped.fastq"),
    (BOB, "wrote", "drop/copy.fastq"), (BOB, "renamed", "drop/moved.fastq"), (BOB, "attributes", "drop/moved.fastq"),
    (EVE, "read", "private.txt"), (EVE, "read", "run/b.fastq"), (EVE, "wrote", "drop/b.fastq"), (EVE, "removed", "drop/b.fastq"),
}  # fmt: skip
"""What was done, as the script says it; both streams must say the same."""
LINK = "drop/b2.fastq"
"""A hard link: auditd names the act (link), the sensor sees a name appear (create)."""
AT_WORK = {
    ("samtools", "lane1.bam"),
    ("bcftools", "calls.vcf.gz"),
    ("rsync", "run/a.fastq"),
    ("python3", "drop/notes.txt"),
}
"""Programs at work for long enough that the sensor must know whose they are."""


@dataclass(frozen=True, slots=True)
class Capture:
    """One run of the workload: rows of both sources, what was printed, the drill, the rules before and after a hole."""

    rows: list[dict[str, Any]]
    said: dict[str, str]
    drill: dict[str, Any]
    rules: tuple[int, dict[str, Any]]
    shadowed: tuple[int, dict[str, Any]]
    lost: int
    balances: dict[str, int]

    def of(self, source: str) -> list[dict[str, Any]]:
        """The rows of one source, of the people and of processes that the source could not name."""
        mine = {r["pid"] for r in self.rows if r["user_name"] in CAST}
        return [r for r in self.rows if r["source"] == source and r["pid"] in mine and r["kind"]]


def _site(folder: Path, data: Path) -> Path:
    config = folder / "seqwatch.yaml"
    config.write_text(
        f"site: streams\nstate_dir: {folder / 'state'}\nsources:\n  - {{name: audit, type: auditd, path: {folder / 'audit/audit.log'}}}\n"
        f"  - {{name: kernel, type: fanotify}}\ndatasets: [{{id: cohort, path: {data}}}]\n"
        f"drill: {{canary: {data / CANARY}}}\nnotify: [{{url: 'file:{folder / 'pages'}'}}]\n"
    )
    for name in ("state", "audit"):
        (folder / name).mkdir(mode=0o700)
    return config


def _rules(config: Path) -> str:
    settings = load(config)
    text = rules_text(settings, wanted_here(settings, config))
    return "\n".join(line for line in text.splitlines() if not line.startswith("--")) + "\n"


def _checked(running: Running) -> tuple[int, dict[str, Any]]:
    done = running.cli("audit-rules", "--check", "--format", "json")
    return done.returncode, json.loads(done.stdout)


def _work(running: Running, port: int, key: Path, data: Path) -> dict[str, str]:
    give_private(data)
    until(lambda: {s["state"] for s in running.api.status()["sources"]} == {"live"}, "both sources live", 30)
    return {part.person: ssh(port, key, part.person, CAST[part.person], part.script) for part in parts(data)}


def _rows(running: Running, data: Path) -> list[dict[str, Any]]:
    rows = running.api.sql(
        "select source, user_name, src_ip, action, outcome, path, pid, process, warnings, reason from events "
        "where dataset = 'cohort' order by event_id"
    )
    return [
        {**r, "file": str(r["path"]).removeprefix(f"{data}/"), "kind": KINDS.get(str(r["action"]), "")} for r in rows
    ]


def _capture(folder: Path, log_format: Format) -> Capture:
    folder.chmod(0o700)
    cast = tuple(CAST)
    with mounted(Path("/srv") / f"sqw-streams-{os.getpid()}") as data, people(cast), sudo_for_eve():
        config = _site(folder, data)
        with sshd(folder, cast) as (port, key), auditd(folder, _rules(config), log_format), engine(config) as running:
            rules = _checked(running)
            said = _work(running, port, key, data)
            drill = json.loads(running.cli("doctor", "--drill", "--format", "json").stdout)
            until(
                lambda: {r["source"] for r in _rows(running, data) if r["file"] == CANARY} == {"audit", "kernel"},
                "the last rows",
            )
            os.spawnlp(os.P_WAIT, "auditctl", "auditctl", "-A", "never,exit", "-F", f"dir={data / 'run'}")
            shadowed = _checked(running)
            status = running.api.status()
            balances = {s["name"]: s["balance"] for s in status["sources"]}
            return Capture(_rows(running, data), said, drill, rules, shadowed, status["lost"], balances)


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> dict[Format, Capture]:
    if auditd_is_busy():
        pytest.skip("another auditd owns the kernel's audit socket")
    if not can_mount(tmp_path_factory.mktemp("mount")):
        pytest.skip("needs the right to mount")
    formats: tuple[Format, ...] = ("ENRICHED", "RAW")
    return {kind: _capture(tmp_path_factory.mktemp(kind.lower()), kind) for kind in formats}


BOTH = pytest.mark.parametrize("kind", ["ENRICHED", "RAW"])


def _acts(rows: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(r["user_name"], r["kind"], r["file"]) for r in rows if r["outcome"] == "success"}


def _facts(rows: list[dict[str, Any]]) -> set[Fact]:
    return {(r["pid"], r["kind"], r["file"]) for r in rows if r["outcome"] == "success"}


@BOTH
def test_the_workload_did_what_it_says(captures: dict[Format, Capture], kind: Format) -> None:
    assert captures[kind].said == {
        ANA: f"{READS}\n100000\n60000\n{captures[kind].said[ANA].splitlines()[-1]}\n",
        BOB: "done\n",
        EVE: "subject\ndone\n",
    }
    assert captures[kind].lost == 0
    assert set(captures[kind].balances.values()) == {0}


@BOTH
def test_auditd_names_every_act_its_person_and_their_address(captures: dict[Format, Capture], kind: Format) -> None:
    rows = captures[kind].of("audit")
    assert _acts(rows) == ACTS | {(EVE, "linked", LINK)}
    assert {(r["user_name"], r["src_ip"]) for r in rows} == set(CAST.items())
    assert {(r["user_name"], r["kind"], r["file"]) for r in rows if r["outcome"] != "success"} == {
        (EVE, "read", "private.txt")
    }


def test_enriched_and_raw_tell_the_same(captures: dict[Format, Capture]) -> None:
    def told(kind: Format) -> set[tuple[object, ...]]:
        return {
            (r["user_name"], r["src_ip"], r["action"], r["outcome"], r["file"], r["process"], r["warnings"])
            for r in captures[kind].of("audit")
        }

    assert told("ENRICHED") == told("RAW")


@BOTH
def test_the_sensor_tells_the_same_acts_of_the_same_processes(captures: dict[Format, Capture], kind: Format) -> None:
    """But for the hard link, which it sees as a name that appeared, and the refused read, which it cannot see."""
    audit, kernel = captures[kind].of("audit"), captures[kind].of("kernel")
    linked = {fact for fact in _facts(audit) if fact[1] == "linked"}
    assert len(linked) == 1
    assert _facts(kernel) - _facts(audit) == {(pid, "wrote", file) for pid, _, file in linked}
    assert _facts(audit) - _facts(kernel) == linked
    assert {r["outcome"] for r in kernel} == {"success"}


@BOTH
def test_whoever_the_sensor_names_is_whom_auditd_names(captures: dict[Format, Capture], kind: Format) -> None:
    """A program gone before the sensor could look is unattributed and says `gone`; it is never somebody else."""
    owner = {r["pid"]: (r["user_name"], r["src_ip"]) for r in captures[kind].of("audit")}
    kernel = captures[kind].of("kernel")
    named_rows = [r for r in kernel if r["user_name"]]
    others = [
        r for r in named_rows if (r["user_name"], r["src_ip"]) not in (owner[r["pid"]], (owner[r["pid"]][0], None))
    ]
    assert others == []
    assert [r for r in named_rows if r["src_ip"] is None and "gone" not in str(r["warnings"])] == []
    unnamed = [r for r in kernel if not r["user_name"]]
    assert [r for r in unnamed if "gone" not in str(r["warnings"]).split(";")] == []
    assert [r for r in unnamed if r["src_ip"] not in (None, owner[r["pid"]][1])] == []
    named = {(r["process"], r["file"]) for r in kernel if r["user_name"]}
    assert named >= AT_WORK


@BOTH
def test_a_read_through_a_memory_map_is_seen_as_the_open_it_is(captures: dict[Format, Capture], kind: Format) -> None:
    mapped = {
        r["user_name"]: r
        for r in captures[kind].of("kernel")
        if r["file"] == "run/mapped.fastq" and "no-read-seen" in r["warnings"]
    }
    assert set(mapped) <= {ANA, None}
    assert len(mapped) == 1


@BOTH
def test_the_drill_holds_on_the_real_kernel_over_both_streams(captures: dict[Format, Capture], kind: Format) -> None:
    drill = captures[kind].drill
    assert drill["passed"], drill
    names = [leg["name"] for leg in drill["legs"]]
    assert names[:5] == ["read", "source audit", "source kernel", "alert", "store"]
    assert names[5].startswith("page file:")
    touched = [r for r in captures[kind].rows if r["file"] == CANARY and r["action"] == "read"]
    assert {r["source"] for r in touched} == {"audit", "kernel"}


@BOTH
def test_what_seqwatch_reads_itself_is_known_as_its_own(captures: dict[Format, Capture], kind: Format) -> None:
    own = [r for r in captures[kind].rows if r["source"] == "audit" and str(r["reason"]).startswith("[seqwatch]")]
    assert {"run/a.fastq", "lane1.bam"} <= {r["file"] for r in own}, "the survey of encryption looks into every file"
    assert {r["user_name"] for r in own} == {None}


@BOTH
def test_the_kernel_has_the_rules_and_a_hole_made_in_them_is_found(
    captures: dict[Format, Capture], kind: Format
) -> None:
    code, report = captures[kind].rules
    assert (code, report["complete"], report["extra"]) == (0, True, []), report
    assert {r["standing"] for r in report["rules"]} <= {"loaded", "cannot be loaded"}
    code, report = captures[kind].shadowed
    assert (code, [r["about"] for r in report["rules"] if r["standing"] == "shadowed"]) == (1, ["dataset cohort"])
