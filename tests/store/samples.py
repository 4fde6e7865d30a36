"""Event tables shaped like a busy sequencing host: few users and programs, many files, dictionaries as parsers make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from seqwatch_tui.parse.schema import event_table

START = 1_795_000_000.0
"""Epoch seconds of the first sample event (2026-11-18)."""

_USERS = [f"user{i:02}" for i in range(26)] + ["svc-pipeline", "svc-backup", "www-data", "root"]
_TOOLS = ["samtools", "bcftools", "java", "python3", "cat", "rsync", "sftp-server", "bwa-mem2", "gzip", "cp"]
_ACTIONS = ["read", "write", "delete", "rename", "chmod", "execute", "login", "other"]
_SYSCALLS = ["openat", "openat", "unlinkat", "renameat2", "fchmodat", "execve", "USER_LOGIN", "connect"]
_WEIGHTS = [0.70, 0.07, 0.03, 0.01, 0.02, 0.15, 0.005, 0.015]


def _paths(rng: np.random.Generator) -> list[str]:
    out = []
    for dataset in range(60):
        for _ in range(int(rng.choice([40, 120, 300, 800, 2000]))):
            sample = f"S{rng.integers(99999):05}"
            suffix = rng.choice([".sorted.bam", ".cram", ".vcf.gz", "_R1.fastq.gz", " final copy.bam"])
            out.append(f"/data/seq/EGAD{1000 + dataset * 17:011}/{sample}/{sample}{suffix}")
    return out


def _skewed(rng: np.random.Generator, n: int, size: int) -> np.ndarray[Any, Any]:
    weights = 1.0 / np.arange(1, size + 1) ** 0.9
    return rng.choice(size, n, p=weights / weights.sum()).astype(np.int32)


def _dict(codes: Any, values: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(values, pa.string()))


class Site:
    """A site with fixed users and files that gives tables of events in time order."""

    def __init__(self, seed: int = 7, rate: float = 200.0) -> None:
        self.rng = np.random.default_rng(seed)
        self.rate = rate
        self.paths = _paths(self.rng)
        self.now = START
        self.serial = 1000
        self.next_id = 1

    def events(self, n: int) -> pa.Table:
        """Return the next `n` events with final ids."""
        rng = self.rng
        ts = self.now + np.cumsum(rng.exponential(1 / self.rate, n))
        self.now = float(ts[-1])
        action = rng.choice(8, n, p=_WEIGHTS).astype(np.int32)
        user, tool, path = _skewed(rng, n, 30), _skewed(rng, n, 10), _skewed(rng, n, len(self.paths))
        failed = rng.random(n) < 0.03
        touches = action < 5
        session = user * 40 + rng.integers(0, 3, n)
        used, codes = np.unique(path, return_inverse=True)
        distinct = [self.paths[i] for i in used]
        commands = [f"{t} view -b {p}" for t in _TOOLS for p in ("in.bam", "-h", "--threads 8", "out.vcf")]
        columns = {
            "event_id": np.arange(self.next_id, self.next_id + n),
            "ts": pa.array((ts * 1e3).astype("int64") * 1000, pa.timestamp("us")),
            "serial": np.arange(self.serial, self.serial + n),
            "host": _dict(np.zeros(n, "int32"), ["seq01"]),
            "source": _dict(np.zeros(n, "int32"), ["audit"]),
            "action": _dict(action, _ACTIONS),
            "outcome": _dict(failed.astype("int32"), ["success", "failure"]),
            "errno": pa.array(np.full(n, 13, "int32"), mask=~failed),
            "user_name": _dict(user, _USERS),
            "uid_name": _dict(user, _USERS),
            "auid": (user + 2000).astype("int64"),
            "uid": (user + 2000).astype("int64"),
            "session_id": session.astype("int64"),
            "src_ip": _dict(user % 12, [f"10.20.0.{i}" for i in range(12)]),
            "tty": _dict(user % 3, ["pts0", "pts1", "(none)"]),
            "pid": 3000 + rng.integers(0, 30000, n),
            "ppid": (session + 900).astype("int64"),
            "process": _dict(tool, _TOOLS),
            "exe": _dict(tool, [f"/usr/bin/{t}" for t in _TOOLS]),
            "command_line": _dict((tool * 4 + rng.integers(0, 4, n)).astype("int32"), commands),
            "path": _dict(pa.array(codes.astype("int32"), mask=~touches), distinct),
            "dataset": _dict(pa.array(codes.astype("int32"), mask=~touches), [p.split("/")[3] for p in distinct]),
            "role": _dict(user % 3, ["bioinformatician", "pipeline", "auditor"]),
            "allowed": pa.array(rng.random(n) < 0.97, mask=~touches),
            "reason": _dict(user % 3, ["granted: bioinformatician may read", "granted: pipeline may read", "no grant"]),
            "business_hours": pa.array(rng.random(n) < 0.9),
            "network_allowed": pa.array(np.ones(n, bool)),
            "rule_key": _dict(np.zeros(n, "int32"), ["seqwatch"]),
            "syscall": _dict(action, _SYSCALLS),
            "complete": pa.array(np.ones(n, bool)),
        }
        self.next_id += n
        self.serial += n
        return event_table(_unified(columns), n)


def _unified(columns: dict[str, Any]) -> dict[str, Any]:
    """Re-encode dictionaries whose values repeat, as parsers and the catalogue hand them over."""
    return {k: v.dictionary_decode().dictionary_encode() if k == "dataset" else v for k, v in columns.items()}
