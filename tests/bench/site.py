"""What the measures share: corpora, a site over them, and running a command with its figures."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

GENERATOR = Path(__file__).with_name("gen_auditd.py")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    measure: str
    ours: str
    peer: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ended: wall and CPU seconds, largest resident size in MiB, what it wrote."""

    wall: float
    cpu: float
    stdout: bytes
    stderr: bytes
    status: int


@dataclass(frozen=True, slots=True)
class Bench:
    """Where corpora live, how big the big one is, how many rounds."""

    folder: Path
    events: int
    rounds: int

    def corpus(self, events: int, seed: int = 7, t0: float = 1_790_000_000.0) -> Path:
        """Return the stem of a corpus (STEM.audit.log, STEM.flat.jsonl), made when it is not there yet."""
        stem = self.folder / f"corpus-{events}-{seed}"
        if not stem.with_name(stem.name + ".audit.log").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            print(f"making {stem.name}", file=sys.stderr)
            subprocess.run(
                [sys.executable, str(GENERATOR), "--events", str(events), "--out", str(stem), "--formats", "raw,flat",
                 "--seed", str(seed), "--t0", str(t0)],
                check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        return stem

    def site(self, name: str, sources: str = "") -> Path:
        """Write a configuration over the generator's datasets with an empty state directory; return its path."""
        folder = self.folder / f"site-{name}-{time.monotonic_ns()}"
        folder.mkdir(parents=True)
        config = folder / "seqwatch.yaml"
        config.write_text(CONFIG.format(state=folder / "state", sources=sources, datasets=_datasets()))
        return config


CONFIG = """site: bench
state_dir: {state}
timezone: Europe/Berlin
{sources}
datasets:
{datasets}
roles:
  pipeline: {{users: [svc-pipeline, svc-backup]}}
  bioinformatician: {{users: [anna, ben, carla, david, eva, finn, greta, hugo, ida, jonas, karin, lars, mia, nils, olga, paul, quirin,
    rosa, sven, tina, ulf, vera, wim, xenia, yara, zoe, www-data, root]}}
networks: {{allowed: [10.0.0.0/8]}}
business_hours: {{days: mon-fri, start: "07:00", end: "19:00"}}
"""


def _datasets() -> str:
    return "\n".join(
        f"  - {{id: EGAD{1000 + d * 17:011d}, path: /data/seq/EGAD{1000 + d * 17:011d}, "
        "grants: {pipeline: [read, write, bulk], bioinformatician: [read, write, bulk]}}"
        for d in range(60)
    )


def seqwatch(config: Path, *arguments: str) -> list[str]:
    """Return the command line of a seqwatch command."""
    return [sys.executable, "-m", "seqwatch_tui", "--config", str(config), *arguments]


def warm(file: Path) -> None:
    """Read a file, so that what is measured next finds it in the page cache, whoever's turn it is."""
    with file.open("rb", buffering=0) as data:
        while data.read(1 << 22):
            pass


def run(command: Sequence[str], stdout: Path | None = None, cwd: Path | None = None) -> Ran:
    """Run a command to its end; CPU covers its children too."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    with stdout.open("wb") if stdout else open(os.devnull, "wb") as sink:  # noqa: PTH123
        done = subprocess.run(
            command, stdout=sink if stdout else subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, check=False
        )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(wall, cpu, done.stdout or b"", done.stderr, done.returncode)
