"""Records a second of every shipped mapping: its golden sample repeated to a few megabytes, parsed on one core."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from seqwatch_tui.parse.json_lines import JsonParser, load_mapping
from tests.bench.site import Bench, Row

SAMPLES = Path(__file__).parents[1] / "golden" / "streams"
_BYTES, _PIECE = 4_000_000, 1 << 20


def measure(bench: Bench) -> Iterator[Row]:
    """The best of the rounds, for each sample."""
    for sample in sorted(path for path in SAMPLES.iterdir() if ".events." not in path.name):
        content = sample.read_bytes()
        content *= _BYTES // len(content)
        records, seconds = min((_parse(sample.stem, content) for _ in range(bench.rounds)), key=lambda found: found[1])
        yield Row(
            f"stream {sample.stem}, one core",
            f"{records / seconds:,.0f} records/s",
            f"{len(content) / seconds / 1e6:.0f} MB/s",
            "",
        )


def _parse(name: str, content: bytes) -> tuple[int, float]:
    parser = JsonParser("bench", "host", load_mapping(name))
    began = time.perf_counter()
    for offset in range(0, len(content), _PIECE):
        parser.feed(content[offset : offset + _PIECE], offset)
    counts = parser.take(final=True).counts
    return counts.records, time.perf_counter() - began
