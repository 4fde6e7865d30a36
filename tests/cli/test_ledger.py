"""`seqwatch ledger verify` without an engine: what is wrong is said, exit 1, whatever was changed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from seqwatch_tui.ledger.chain import HEADER, LINE
from seqwatch_tui.ledger.layout import Layout
from seqwatch_tui.ledger.ledger import Ledger
from tests.engine.running import seqwatch, write_site
from tests.ledger.world import NOW, batch


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two sealed segments, and a batch that is not sealed."""
    ledger = Ledger.open(tmp_path / "state", None, NOW)
    for first in (1, 6):
        ledger.append(*batch(first, 5), b"")
        ledger.seal(NOW)
        ledger.committed(ledger.mark)
    ledger.append(*batch(11, 5), b"")
    ledger.close()
    return write_site(tmp_path, ["site: here"])


def verified(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return seqwatch(config, "ledger", "verify", *arguments)


def test_a_changed_line_of_the_chain_is_a_finding_and_no_failure(config: Path) -> None:
    chain = Layout.of(config.parent / "state").chain
    data = bytearray(chain.read_bytes())
    data[len(HEADER) + LINE + 15] ^= 1
    chain.write_bytes(bytes(data))
    done = verified(config)
    assert done.returncode == 1
    assert "THE CHAIN DOES NOT HOLD" in done.stdout
    assert "chain (segment 2): the chain is broken" in done.stdout
    assert "5 more events are not sealed yet" in done.stdout


def test_a_rollback_shows_against_a_head_kept_elsewhere(config: Path) -> None:
    head = next(line.split()[1] for line in verified(config).stdout.splitlines() if line.startswith("head "))
    assert verified(config, "--head", head).returncode == 0
    state = config.parent / "state"
    Layout.of(state).root.rename(state / "aside")
    other = Ledger.open(state, None, NOW)
    other.append(*batch(1, 4), b"")
    other.seal(NOW)
    other.close()
    assert verified(config).returncode == 0
    done = verified(config, "--head", head, "--format", "json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["ok"] is False
    assert report["problems"][0]["actual"] == "no such segment"
    assert verified(config, "--head", "2:rubbish").returncode == 2
