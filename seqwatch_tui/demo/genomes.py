"""Small but real BAM, BAI, VCF and FASTQ files, as bytes; the same seed gives the same bytes.

Sources: SAM/BAM and BAI (SAMv1 sections 4.1, 4.2, 5.2, 5.3), VCF 4.3, BGZF as in SAMv1 4.1. Pure: no disk, no clock.
"""

from __future__ import annotations

import gzip
import random
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

CONTIGS: tuple[tuple[str, int], ...] = (("chr20", 64444167), ("chr21", 46709983), ("chr22", 50818468))
BGZF_EOF = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_BLOCK = 0xFF00  # what htslib puts into one block: always fits 64 KiB, even when it does not compress
_READ = 75
_NIBBLE = {"A": 1, "C": 2, "G": 4, "T": 8}


@dataclass(frozen=True, slots=True)
class Bam:
    """A BAM file and its BAI index."""

    data: bytes
    index: bytes


def bgzf(data: bytes) -> bytes:
    """Compress to BGZF with the end-of-file block."""
    return b"".join(_block(data[at : at + _BLOCK]) for at in range(0, len(data), _BLOCK)) + BGZF_EOF


def _block(part: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = packer.compress(part) + packer.flush()
    head = struct.pack("<4BIBBH2sHH", 31, 139, 8, 4, 0, 0, 255, 6, b"BC", 2, len(body) + 25)
    return head + body + struct.pack("<II", zlib.crc32(part), len(part))


def fastq(sample: str, reads: int, dice: random.Random) -> bytes:
    """Return a gzip-compressed FASTQ of `reads` records in the naming of a NovaSeq."""
    lines = []
    for number in range(reads):
        title = f"@A00123:118:HXY7:1:1101:{1000 + number}:{2000 + dice.randrange(30000)} 1:N:0:{sample}"
        quality = "".join(dice.choices("FFFFFF:,#", k=_READ))
        lines.append(f"{title}\n{_bases(dice, _READ)}\n+\n{quality}\n")
    return gzip.compress("".join(lines).encode(), 6, mtime=0)


def vcf(sample: str, variants: int, dice: random.Random) -> bytes:
    """Return a BGZF-compressed VCF 4.3 with one sample, sorted by position."""
    head = ["##fileformat=VCFv4.3", "##source=seqwatch-demo", '##FILTER=<ID=PASS,Description="All filters passed">']
    head += [f"##contig=<ID={name},length={length}>" for name, length in CONTIGS]
    head += [
        '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{sample}",
    ]
    return bgzf("\n".join([*head, *_variants(variants, dice)]).encode() + b"\n")


def _variants(count: int, dice: random.Random) -> Iterator[str]:
    for name, length in CONTIGS:
        for position in sorted(dice.sample(range(60_000, length - 60_000), count // len(CONTIGS))):
            ref, alt = dice.sample("ACGT", 2)
            depth, genotype = dice.randrange(12, 70), dice.choice(("0/1", "0/1", "1/1"))
            yield f"{name}\t{position}\t.\t{ref}\t{alt}\t{dice.randrange(30, 99)}\tPASS\tDP={depth}\tGT\t{genotype}"


def bam(sample: str, reads: int, dice: random.Random) -> Bam:
    """Return a coordinate-sorted BAM of `reads` mapped reads over the contigs, with its index."""
    head = _header(sample)
    data, starts = bytearray(head), []
    places = sorted((dice.randrange(len(CONTIGS)), dice.randrange(60_000, 3_000_000)) for _ in range(reads))
    for number, (contig, position) in enumerate(places):
        record = _record(f"A00123:118:{number}", contig, position, dice)
        starts.append((contig, position, len(data), len(data) + len(record)))
        data += record
    packed, offsets = _packed(bytes(data))
    return Bam(packed, _index(starts, offsets))


def _header(sample: str) -> bytes:
    lines = ["@HD\tVN:1.6\tSO:coordinate", *(f"@SQ\tSN:{name}\tLN:{length}" for name, length in CONTIGS)]
    text = "\n".join([*lines, f"@RG\tID:{sample}\tSM:{sample}\tPL:ILLUMINA"]).encode() + b"\n"
    out = b"BAM\1" + struct.pack("<i", len(text)) + text + struct.pack("<i", len(CONTIGS))
    for name, length in CONTIGS:
        out += struct.pack("<i", len(name) + 1) + name.encode() + b"\0" + struct.pack("<i", length)
    return out


def _record(name: str, contig: int, position: int, dice: random.Random) -> bytes:
    bases = _bases(dice, _READ) + "A"  # one more so that the last nibble has a partner; it is not counted
    packed = bytes(_NIBBLE[a] << 4 | _NIBBLE[b] for a, b in zip(bases[::2], bases[1::2], strict=True))
    if _READ % 2:
        packed = packed[:-1] + bytes([packed[-1] & 0xF0])
    title = name.encode() + b"\0"
    core = struct.pack(
        "<iiBBHHHiiii", contig, position, len(title), 60, _bin(position, position + _READ), 1, 0, _READ, -1, -1, 0
    )
    quality = bytes(dice.choices((37, 37, 37, 25, 11), k=_READ))
    body = core + title + struct.pack("<I", _READ << 4) + packed + quality
    return struct.pack("<i", len(body)) + body


def _bases(dice: random.Random, count: int) -> str:
    return "".join(dice.choices("ACGT", k=count))


def _bin(start: int, end: int) -> int:
    """The smallest bin that holds [start, end), SAMv1 section 5.3."""
    end -= 1
    for shift, base in ((14, 4681), (17, 585), (20, 73), (23, 9), (26, 1)):
        if start >> shift == end >> shift:
            return base + (start >> shift)
    return 0


def _packed(data: bytes) -> tuple[bytes, list[int]]:
    """BGZF bytes and the compressed offset at which each block begins."""
    out, offsets = bytearray(), []
    for at in range(0, len(data), _BLOCK):
        offsets.append(len(out))
        out += _block(data[at : at + _BLOCK])
    offsets.append(len(out))
    return bytes(out) + BGZF_EOF, offsets


def _index(starts: list[tuple[int, int, int, int]], offsets: list[int]) -> bytes:
    def virtual(at: int) -> int:
        return offsets[at // _BLOCK] << 16 | at % _BLOCK

    chunks: dict[int, dict[int, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    linear: dict[int, dict[int, int]] = defaultdict(dict)
    for contig, position, begin, end in starts:
        chunks[contig][_bin(position, position + _READ)].append((virtual(begin), virtual(end)))
        for window in range(position >> 14, ((position + _READ - 1) >> 14) + 1):
            linear[contig].setdefault(window, virtual(begin))
    out = b"BAI\1" + struct.pack("<i", len(CONTIGS))
    for contig in range(len(CONTIGS)):
        mine = [(virtual(begin), virtual(end)) for number, _, begin, end in starts if number == contig]
        if mine:  # the metadata bin of section 5.2: the span of the contig, then mapped and unmapped reads
            chunks[contig][37450] = [(mine[0][0], mine[-1][1]), (len(mine), 0)]
        out += _bins(chunks[contig]) + _windows(linear[contig])
    return out + struct.pack("<Q", 0)


def _bins(bins: dict[int, list[tuple[int, int]]]) -> bytes:
    out = struct.pack("<i", len(bins))
    for number, spans in sorted(bins.items()):
        out += struct.pack("<Ii", number, len(spans)) + b"".join(struct.pack("<QQ", *span) for span in spans)
    return out


def _windows(windows: dict[int, int]) -> bytes:
    count = max(windows, default=-1) + 1
    known, out = 0, []
    for window in range(count):
        known = windows.get(window, known)
        out.append(known)
    return struct.pack("<i", count) + struct.pack(f"<{count}Q", *out)
