"""What three people do to one dataset, with the programs people use: samtools, bcftools, rsync, tar, python, sudo."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ANA, BOB, EVE = "sqw-ana", "sqw-bob", "sqw-eve"
CAST = {ANA: "127.0.0.2", BOB: "127.0.0.3", EVE: "127.0.0.4"}
"""Person to the loopback address they log in from."""
TOOLS = ("samtools", "bcftools", "rsync", "tar", "sudo", "mount", "umount")
PYTHON = "/usr/bin/python3"
READS, CALLS, LANE_BYTES = 150_000, 60_000, 8 << 20
"""Large enough that a program is at its work for some tenths of a second, as real ones are for minutes."""
CANARY = "NA00000.bam"


def missing_programs() -> list[str]:
    """Return what the workload needs and the host does not have."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return [tool for tool in (*TOOLS, PYTHON) if shutil.which(tool, path=path) is None]


def can_mount(folder: Path) -> bool:
    """Whether this host lets us mount a file system in memory."""
    done = subprocess.run(["mount", "-t", "tmpfs", "sqw-try", str(folder)], check=False, capture_output=True)
    if done.returncode == 0:
        subprocess.run(["umount", str(folder)], check=True)
    return done.returncode == 0


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """A file system of its own with the dataset on it; yield the dataset's folder."""
    folder.mkdir(mode=0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m,mode=755", "sqw-streams", str(folder)], check=True)
    data = folder / "cohort"
    try:
        _fill(data)
        yield data
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
        folder.rmdir()


def _fill(data: Path) -> None:
    (data / "run").mkdir(parents=True)
    (data / "drop").mkdir()
    (data / "drop").chmod(0o777)
    _made(["samtools", "view", "-b", "-o", str(data / "lane1.bam"), "-"], _sam())
    _made(["samtools", "index", str(data / "lane1.bam")], "")
    _made(["bcftools", "view", "-Oz", "-o", str(data / "calls.vcf.gz"), "-"], _vcf())
    record = "@r\nACGTACGTACGTACGT\n+\nFFFFFFFFFFFFFFFF\n"
    for name in ("a.fastq", "b.fastq", "mapped.fastq"):
        (data / "run" / name).write_text(record * (LANE_BYTES // len(record)))
    (data / CANARY).write_bytes(b"BAM\1" * 4096)
    (data / "private.txt").write_text("subject\n")
    (data / "private.txt").chmod(0o640)


def _sam() -> str:
    head = f"@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:chr1\tLN:{READS + 100}\n"
    return head + "".join(f"r{n}\t0\tchr1\t{n + 1}\t60\t10M\t*\t0\t0\tACGTACGTAC\tFFFFFFFFFF\n" for n in range(READS))


def _vcf() -> str:
    head = f"##fileformat=VCFv4.2\n##contig=<ID=chr1,length={CALLS + 100}>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    return head + "".join(f"chr1\t{n + 1}\t.\tA\tC\t50\tPASS\t.\n" for n in range(CALLS))


def _made(command: list[str], given: str) -> None:
    subprocess.run(command, input=given, text=True, check=True, capture_output=True)


def give_private(data: Path) -> None:
    """Make one file ana's own; the accounts exist by now."""
    ana = pwd.getpwnam(ANA)
    os.chown(data / "private.txt", ana.pw_uid, ana.pw_gid)


@contextlib.contextmanager
def sudo_for_eve() -> Iterator[None]:
    """Let eve run commands as ana."""
    rule = Path("/etc/sudoers.d/sqw-streams")
    rule.write_text(f"{EVE} ALL=({ANA}) NOPASSWD: ALL\n")
    rule.chmod(0o440)
    try:
        yield
    finally:
        rule.unlink()


@dataclass(frozen=True, slots=True)
class Part:
    """What one person does, as one shell script."""

    person: str
    script: str


def parts(data: Path) -> tuple[Part, ...]:
    """The whole workload; every command must succeed but the refused one."""
    python = f"{PYTHON} -I -S -c"
    write = f"{python} \"import time; f = open('{data}/drop/notes.txt', 'w'); f.write('x' * 100); f.flush(); time.sleep(0.4)\""
    mapped = (
        f"{python} \"import mmap; f = open('{data}/run/mapped.fastq', 'rb'); "
        'm = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ); print(sum(m[:]))"'
    )
    return (
        Part(ANA, f"samtools view -c {data}/lane1.bam && samtools view -c {data}/lane1.bam chr1:1-100000 && "
                  f"bcftools view -H {data}/calls.vcf.gz | wc -l && {write} && {mapped}"),
        Part(BOB, f"rsync -a {data}/run/ copy/ && tar -cf run.tar -C {data} run && cp {data}/run/a.fastq {data}/drop/copy.fastq && "
                  f"sleep 0.5 && mv {data}/drop/copy.fastq {data}/drop/moved.fastq && chmod 600 {data}/drop/moved.fastq && echo done"),
        Part(EVE, f"cat {data}/private.txt 2> /dev/null; sudo -n -u {ANA} cat {data}/private.txt && "
                  f"cp {data}/run/b.fastq {data}/drop/b.fastq && "
                  f"{python} \"open('{data}/drop/b.fastq', 'a').write('more')\" && ln {data}/drop/b.fastq {data}/drop/b2.fastq && "
                  f"sleep 0.5 && rm {data}/drop/b.fastq && echo done"),
    )  # fmt: skip
