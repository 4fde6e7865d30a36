"""SIGKILL at real system calls of a real process, then recovery: the Python seam does not see what the kernel sees."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seqwatch_tui.ledger.verify import verify
from tests.ledger.child import read_store
from tests.ledger.world import StoppingDisk, assert_whole, run

ROOT = Path(__file__).parents[2]


def strace(state: Path, inject: str, call: str) -> subprocess.CompletedProcess[bytes]:
    child = [sys.executable, "-m", "tests.ledger.child", str(state)]
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject, *child]
    return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def tracer() -> None:
    """Skip where strace is missing or may not trace (a container without ptrace)."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "true"]
    tried = subprocess.run(command, capture_output=True, timeout=60, check=False)
    if tried.returncode:
        pytest.skip(f"strace cannot trace here: {tried.stderr.decode(errors='replace').strip()}")


@pytest.mark.usefixtures("tracer")
@pytest.mark.parametrize(
    ("call", "when"),
    [("fdatasync", 3), ("fdatasync", 6), ("fdatasync", 8), ("rename", 4), ("rename", 6), ("fsync", 6), ("unlink", 1)],
)
def test_killed_at_a_system_call(tmp_path: Path, call: str, when: int) -> None:
    ended = strace(tmp_path, f"inject={call}:signal=SIGKILL:when={when}", call)
    assert ended.returncode == -9, ended.stderr.decode()
    store = read_store(tmp_path / "store")
    run(tmp_path, store, StoppingDisk())
    assert_whole(tmp_path, store)
    report = verify(tmp_path)
    assert report.ok, str(report.first)
