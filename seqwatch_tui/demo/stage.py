"""What people and pipelines do in one go at the demo site: scenes of a few events each, written to its logs."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from seqwatch_tui.demo.cast import BACKUP, LIMS, Person
from seqwatch_tui.demo.files import Dataset
from seqwatch_tui.demo.laurel import Laurel
from seqwatch_tui.demo.trail import Process, Program, Session, Trail, is_shut

_TOOLS = {
    ".bam": ("samtools", "flagstat"),
    ".vcf.gz": ("bcftools", "stats"),
    ".fastq.gz": ("seqtk", "size"),
    ".c4gh": ("samtools", "view"),
}


@dataclass(slots=True)
class Stage:
    """The logs of a site with who is logged in; every scene returns the lines (audit, laurel) it leaves behind."""

    datasets: dict[str, Dataset]
    trail: Trail
    laurel: Laurel
    dice: random.Random
    sessions: dict[str, Session] = field(default_factory=dict)

    def arrive(self, ts: float, person: Person, address: str | None = None) -> str:
        """Log in, unless the person is."""
        if person.name in self.sessions:
            return ""
        self.sessions[person.name], lines = self.trail.login(ts, person, address or person.address)
        return lines

    def leave(self, ts: float, person: Person) -> str:
        """Log out, if the person is in."""
        session = self.sessions.pop(person.name, None)
        return self.trail.logout(ts, session) if session else ""

    def look(self, ts: float, person: Person, path: Path) -> str:
        """Run the tool of the trade on one file; a BAM's index is read as well."""
        program = tool(path)
        lines = self.arrive(ts, person)
        session = self.sessions[person.name]
        process, run = self.trail.execute(ts + 0.05, session, program)
        lines += run + self.trail.read(ts + 0.06, process, path)
        index = path.with_name(path.name + ".bai")
        if path.name.endswith(".bam") and not is_shut(path) and index.exists():
            lines += self.trail.read(ts + 0.061, process, index)
        return lines

    def refresh(self, ts: float, path: Path) -> str:
        """The pipeline writes a status file anew, really, with the bytes it has."""
        lines = self.arrive(ts, LIMS)
        sync = Process(self.sessions[LIMS.name], Program("lims-sync", "/opt/lims/bin/lims-sync", ("lims-sync",)), 1977)
        if not is_shut(path):
            path.write_bytes(path.read_bytes())
        return lines + self.trail.write(ts + 0.02, sync, path)

    def back_up(self, ts: float, paths: list[Path]) -> str:
        """The storage head copies files; seen by the second source only."""
        return "".join(
            self.laurel.read(ts + 0.01 * i, BACKUP, path, ("rsync", "-a", str(path), "vault:"))
            for i, path in enumerate(paths)
            if not is_shut(path)
        )

    def pick(self, *datasets: str) -> Path:
        """Any data file of one of the datasets."""
        dataset = self.datasets[self.dice.choice(datasets)]
        return self.dice.choice(dataset.named(*_TOOLS))


def tool(path: Path) -> Program:
    """The program a person would open this file with."""
    for ending, (comm, verb) in _TOOLS.items():
        if path.name.endswith(ending):
            return Program(comm, f"/usr/bin/{comm}", (comm, verb, str(path)))
    return Program("less", "/usr/bin/less", ("less", str(path)))
