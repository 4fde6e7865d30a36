"""The data of the demo site: four datasets of real formats, each with the manifest its source would deliver."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui.demo import genomes
from seqwatch_tui.demo.sealed import Seal

HOSTILE = "S1 \x1b[31m[red]\u202egpj.vcf\nok"
"""A file name with ESC, markup, a bidi control and a newline: it must show as visible text everywhere."""
MANIFEST = "SHA256SUMS"
_WGS, _EXOMES, _RUNS = 48, 16, 10


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset of the site; `files` are all that its manifest lists, sorted."""

    id: str
    root: Path
    files: tuple[Path, ...]

    def named(self, *endings: str) -> tuple[Path, ...]:
        """The files whose name ends in one of `endings`."""
        return tuple(path for path in self.files if path.name.endswith(endings))


def make_datasets(folder: Path, dice: random.Random) -> dict[str, Dataset]:
    """Write all datasets below `folder`/data and return them by id."""
    data = folder / "data"
    makers: dict[str, Callable[[Path, random.Random], None]] = {
        "wgs-cohort-a": _wgs, "wes-panel-b": _exomes, "rna-pilot-c": _runs, "clinical-trio-d": _trio,
    }  # fmt: skip
    out = {}
    for name, make in makers.items():
        (data / name).mkdir(mode=0o750 if name == "clinical-trio-d" else 0o755)
        make(data / name, dice)
        out[name] = _listed(name, data / name)
    return out


def _wgs(root: Path, dice: random.Random) -> None:
    """48 genomes with indexes and 16 call sets: enough that reading them all is a bulk read."""
    for number in range(1, _WGS + 1):
        sample = f"WGS{number:04d}"
        aligned = genomes.bam(sample, 60, dice)
        _put(root / "raw" / f"{sample}.bam", aligned.data)
        _put(root / "raw" / f"{sample}.bam.bai", aligned.index)
        if number % 3 == 0:
            _put(root / "vcf" / f"{sample}.vcf.gz", genomes.vcf(sample, 90, dice))
    _put(root / "meta" / "run.json", b'{"platform": "NovaSeq 6000", "samples": 48, "status": "released"}\n')


def _exomes(root: Path, dice: random.Random) -> None:
    """16 exomes, sealed with Crypt4GH but for two twins somebody left in the clear; and a file with a hostile name."""
    seal = Seal.create(root.parent.parent / "keys" / "panel-1")
    for number in range(1, _EXOMES + 1):
        sample = f"WES{number:03d}"
        aligned = genomes.bam(sample, 40, dice)
        _put(root / "bam" / f"{sample}.bam.c4gh", seal.shut(aligned.data))
        _put(root / "vcf" / f"{sample}.vcf.gz.c4gh", seal.shut(genomes.vcf(sample, 60, dice)))
        if number in (3, 9):
            _put(root / "bam" / f"{sample}.bam", aligned.data)
    _put(root / "meta" / HOSTILE, b"a name is data too\n")


def _runs(root: Path, dice: random.Random) -> None:
    """FASTQ pairs of ten libraries."""
    for number in range(1, _RUNS + 1):
        for read in (1, 2):
            name = f"RNA{number:02d}_S{number}_L001_R{read}_001.fastq.gz"
            _put(root / "fastq" / name, genomes.fastq(f"RNA{number:02d}", 120, dice))
    _put(root / "qc" / "status.json", b'{"lanes": 1, "q30": 0.93}\n')


def _trio(root: Path, dice: random.Random) -> None:
    """A family of three, all sealed, and closed to others by their modes as well."""
    seal = Seal.create(root.parent.parent / "keys" / "clinical-2")
    for sample in ("TRIO-F", "TRIO-M", "TRIO-C"):
        aligned = genomes.bam(sample, 40, dice)
        _put(root / f"{sample}.bam.c4gh", seal.shut(aligned.data), 0o640)
        _put(root / f"{sample}.bam.bai.c4gh", seal.shut(aligned.index), 0o640)
        _put(root / f"{sample}.vcf.gz.c4gh", seal.shut(genomes.vcf(sample, 60, dice)), 0o640)


def _put(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file with its folder; the site's own folder is 0700, so `others` are the accounts of a host of its own."""
    path.parent.mkdir(mode=0o755, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)


def _listed(name: str, root: Path) -> Dataset:
    files = tuple(sorted(path for path in root.rglob("*") if path.is_file()))
    lines = [_manifest_line(path.relative_to(root), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]
    (root / MANIFEST).write_text("".join(lines), encoding="utf-8")
    return Dataset(name, root, files)


def _manifest_line(path: Path, digest: str) -> str:
    """A line as sha256sum writes it: a name with a newline or backslash is escaped and the line begins with one."""
    name = str(path)
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "" if escaped == name else "\\"
    return f"{mark}{digest}  {escaped}\n"
