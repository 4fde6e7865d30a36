"""`python -m tests.bench [MEASURE ...]`: run the measures and print one table."""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from pathlib import Path

import psutil

from tests.bench import console, ingest, latency, memory, rules, sensor, streams, truth, zircolite
from tests.bench.site import Bench

MEASURES = {
    "ingest": ingest.measure,
    "truth": truth.measure,
    "zircolite": zircolite.measure,
    "rules": rules.measure,
    "latency": latency.measure,
    "console": console.measure,
    "memory": memory.measure,
    "streams": streams.measure,
    "sensor": sensor.measure,
}


def main() -> int:
    """Run what was asked for; the table goes to stdout, notes to stderr."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"of {', '.join(MEASURES)} (default: all)")
    parser.add_argument("--events", type=int, default=1_000_000, help="size of the big corpus")
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds")
    parser.add_argument("--folder", type=Path, help="keep corpora here between runs")
    options = parser.parse_args()
    if unknown := set(options.measures) - set(MEASURES):
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="seqwatch-bench-") as temporary:
        bench = Bench(options.folder or Path(temporary), options.events, options.rounds)
        python = f"Python {platform.python_version()} ({platform.python_build()[1]}, {platform.python_compiler()})"
        print(f"{platform.platform()}, {python}, {psutil.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}")
        print(
            f"\n| {'measure':58} | {'seqwatch':>18} | {'peer':>22} | {'ratio or goal':>24} |\n|{'-' * 60}|{'-' * 20}|{'-' * 24}|{'-' * 26}|"
        )
        for name in options.measures or MEASURES:
            for row in MEASURES[name](bench):
                print(f"| {row.measure:58} | {row.ours:>18} | {row.peer:>22} | {row.verdict:>24} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
