from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .stage import Desk, nobodys_desk, open_folder, own_desk


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


@pytest.fixture
def desk(folder: Path) -> Desk:
    return own_desk(folder)


@pytest.fixture
def poor_desk(folder: Path) -> Desk:
    return nobodys_desk(folder)
