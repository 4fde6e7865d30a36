"""What every test leaves as it found it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _same_umask() -> Iterator[None]:
    """Taking the engine's lock makes the whole process private (umask 077); the next test must not inherit that."""
    os.umask(0o022)
    yield
    os.umask(0o022)
