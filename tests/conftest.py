"""What every test leaves as it found it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _same_umask() -> Iterator[None]:
    """Taking the engine's lock makes the whole process private (umask 077); the next test must not inherit that."""
    os.umask(0o022)
    yield
    os.umask(0o022)


@pytest.fixture(autouse=True, scope="session")
def _nothing_frozen() -> Iterator[None]:
    """The console's stage takes what lives long from the collector; at the end DuckDB would call that a leak."""
    yield
    gc.unfreeze()
