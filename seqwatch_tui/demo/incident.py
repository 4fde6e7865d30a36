"""The incident of the demo, step by step: what `mkeller`, a lab technician, does at night from outside.

Each step leaves the lines the kernel would have written; what changes data really changes it (a call set gets a variant
it never had and another mode). Times are seconds after the start at pace 1.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui.demo.cast import INTRUDER_ADDRESS, LABTECH
from seqwatch_tui.demo.genomes import bgzf
from seqwatch_tui.demo.site import Site
from seqwatch_tui.demo.stage import Stage
from seqwatch_tui.demo.trail import Process, Program, Session, is_shut

LENGTH = 60.0
"""Seconds from the start to the last step, at pace 1."""
_TARGET = "wgs-cohort-a"
_HOME = "/home/mkeller/.cache/x"

Step = tuple[float, Callable[[float], str]]
"""Seconds after the start, and what is done then: takes the time (epoch seconds), returns audit lines."""


@dataclass(slots=True)
class Incident:
    """The incident on one site; `steps` is its schedule."""

    site: Site
    stage: Stage

    def steps(self) -> Iterator[Step]:
        """Yield the steps in order of time."""
        for i in range(6):
            yield 4.0 + 0.9 * i, self._guess
        yield 11.0, self._enter
        raw = self.site.datasets[_TARGET].named(".bam")
        yield from self._all(
            14.0, 20.0, Program("cp", "/usr/bin/cp", ("cp", "-r", str(raw[0].parent), _HOME)), raw, "bulk read"
        )
        calls = self.site.datasets[_TARGET].named(".vcf.gz")
        tar = Program("tar", "/usr/bin/tar", ("tar", "czf", f"{_HOME}/t.tgz", str(calls[0].parent)))
        yield from self._all(38.0, 3.0, tar, calls, "archive")
        yield 46.0, lambda ts: self._tamper(ts, calls[3])
        yield 50.0, lambda ts: self._open_up(ts, calls[3])
        trio = self.site.datasets["clinical-trio-d"].named(".c4gh")
        yield 54.0, lambda ts: self._denied(ts, trio)
        yield LENGTH, lambda ts: self._told(ts, "logout", "") or self.stage.leave(ts, LABTECH)

    def _guess(self, ts: float) -> str:
        self._told(ts, "failed login", INTRUDER_ADDRESS)
        return self.stage.trail.refused(ts, LABTECH, INTRUDER_ADDRESS)

    def _enter(self, ts: float) -> str:
        self._told(ts, "login", INTRUDER_ADDRESS)
        return self.stage.arrive(ts, LABTECH, INTRUDER_ADDRESS)

    def _all(
        self, begin: float, seconds: float, program: Program, paths: tuple[Path, ...], what: str
    ) -> Iterator[Step]:
        """Start the program, then read the paths one by one over `seconds`."""
        started: list[Process] = []

        def start(ts: float) -> str:
            process, lines = self.stage.trail.execute(ts, self._session(), program)
            started.append(process)
            self._told(ts, what, str(paths[0].parent), files=len(paths))
            return lines

        yield begin, start
        for i, path in enumerate(paths, 1):
            yield (
                begin + seconds * i / len(paths),
                lambda ts, path=path: self.stage.trail.read(ts, started[0], path),  # type: ignore[misc]
            )

    def _tamper(self, ts: float, path: Path) -> str:
        """Add a variant to a call set, in place: a valid file, but not what the source delivered."""
        editor = Program("python3", "/usr/bin/python3.11", ("python3", "fix.py"))
        process, lines = self.stage.trail.execute(ts, self._session(), editor)
        shut = is_shut(path)
        if not shut:
            path.write_bytes(with_variant(path.read_bytes()))
        self._told(ts, "write refused" if shut else "tampered", self._relative(path))
        return lines + self.stage.trail.write(ts + 0.2, process, path)

    def _open_up(self, ts: float, path: Path) -> str:
        """Let everybody write the call set."""
        opener = Program("chmod", "/usr/bin/chmod", ("chmod", "666", str(path)))
        process, lines = self.stage.trail.execute(ts, self._session(), opener)
        shut = is_shut(path)
        if not shut:
            path.chmod(0o666)
        self._told(ts, "chmod refused" if shut else "chmod", self._relative(path))
        return lines + self.stage.trail.chmod(ts + 0.01, process, path, 0o666)

    def _denied(self, ts: float, paths: tuple[Path, ...]) -> str:
        """Try the clinical data, which the file modes of the site's host keep shut for this account."""
        cat = Process(self._session(), Program("cat", "/usr/bin/cat", ("cat", "*")), self._session().pid + 1)
        self._told(ts, "reads refused", str(paths[0].parent), files=len(paths))
        reads = (self.stage.trail.read(ts + 0.01 * i, cat, path, denied=True) for i, path in enumerate(paths))
        return "".join(reads)

    def _session(self) -> Session:
        return self.stage.sessions[LABTECH.name]

    def _relative(self, path: Path) -> str:
        return str(path.relative_to(self.site.folder))

    def _told(self, ts: float, what: str, about: str, files: int = 1) -> str:
        self.site.story.append({"ts": ts, "what": what, "about": about, "files": files})
        return ""


def with_variant(data: bytes) -> bytes:
    """Return a BGZF VCF with one more variant, after the last."""
    text = gzip.decompress(data)
    chrom, position, *rest = text.rstrip(b"\n").split(b"\n")[-1].split(b"\t")
    extra = b"\t".join([chrom, str(int(position) + 17).encode(), *rest])
    return bgzf(text + extra + b"\n")
