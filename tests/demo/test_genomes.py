from __future__ import annotations

import gzip
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from seqwatch_tui.demo import genomes


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def bam(tmp_path: Path) -> Path:
    made = genomes.bam("S1", 90, random.Random(1))
    (tmp_path / "s.bam").write_bytes(made.data)
    (tmp_path / "s.bam.bai").write_bytes(made.index)
    return tmp_path / "s.bam"


def test_bgzf_ends_with_its_mark_and_inflates_to_what_went_in() -> None:
    data = random.Random(2).randbytes(200_000)
    packed = genomes.bgzf(data)
    assert packed.endswith(genomes.BGZF_EOF)
    assert gzip.decompress(packed) == data


@pytest.mark.skipif(shutil.which("samtools") is None, reason="samtools is not installed")
def test_samtools_reads_the_bam_and_finds_the_same_by_index_as_by_scan(bam: Path) -> None:
    run("samtools", "quickcheck", "-v", str(bam))
    rows = [line.split("\t") for line in run("samtools", "view", str(bam)).splitlines()]
    wanted = [row[0] for row in rows if row[2] == "chr21" and 500_000 - 75 < int(row[3]) <= 2_000_000]
    found = run("samtools", "view", str(bam), "chr21:500000-2000000").splitlines()
    assert len(rows) == 90
    assert [line.split("\t")[0] for line in found] == wanted
    mapped = [int(line.split("\t")[2]) for line in run("samtools", "idxstats", str(bam)).splitlines()]
    assert sum(mapped) == 90


@pytest.mark.skipif(shutil.which("bcftools") is None, reason="bcftools is not installed")
def test_bcftools_reads_every_variant(tmp_path: Path) -> None:
    path = tmp_path / "s.vcf.gz"
    path.write_bytes(genomes.vcf("S1", 30, random.Random(3)))
    assert len(run("bcftools", "view", "-H", str(path)).splitlines()) == 30
    assert run("bcftools", "query", "-l", str(path)) == "S1\n"


def test_fastq_records_are_whole() -> None:
    lines = gzip.decompress(genomes.fastq("S1", 20, random.Random(4))).decode().splitlines()
    assert len(lines) == 80
    assert all(title.startswith("@") for title in lines[::4])
    assert all(len(bases) == len(quality) for bases, quality in zip(lines[1::4], lines[3::4], strict=True))
