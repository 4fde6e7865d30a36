"""Start an engine as its own process, talk to it as a user would."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path


def command(config: Path, *arguments: str) -> list[str]:
    """Return the command line of a seqwatch command."""
    return [sys.executable, "-m", "seqwatch_tui", "--config", str(config), *arguments]


def seqwatch(config: Path, *arguments: str, timeout: float = 180.0) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(command(config, *arguments), capture_output=True, text=True, timeout=timeout, check=False)


def start_engine(config: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start an engine in the background."""
    return subprocess.Popen(command(config, "engine", *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for_socket(config: Path, seconds: float = 30.0) -> None:
    """Wait until the engine of a configuration answers."""
    deadline = time.monotonic() + seconds
    while seqwatch(config, "ledger", "status").returncode and time.monotonic() < deadline:
        time.sleep(0.2)


def write_site(folder: Path, lines: Sequence[str]) -> Path:
    """Write a configuration with its state folder beside it; return its path."""
    config = folder / "seqwatch.yaml"
    config.write_text("\n".join([f"state_dir: {folder / 'state'}", *lines]) + "\n")
    return config
