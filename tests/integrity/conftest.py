from __future__ import annotations

import pytest

from tests.integrity.site import Site


@pytest.fixture
def site(tmp_path) -> Site:
    return Site(tmp_path)
