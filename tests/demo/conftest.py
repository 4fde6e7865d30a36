from __future__ import annotations

from pathlib import Path

import pytest

from seqwatch_tui.demo.site import Site

NOW = 1795345000.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.create(tmp_path_factory.mktemp("demo") / 'a "site", with: signs', NOW, "tester")


@pytest.fixture
def fresh(tmp_path: Path) -> Site:
    return Site.create(tmp_path / "site", NOW, "tester")
