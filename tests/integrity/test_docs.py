"""The manual says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from seqwatch_tui.model.verdict import FileVerdict

PAGE = (Path(__file__).parents[2] / "docs" / "integrity.md").read_text("utf-8")


def test_every_verdict_is_in_the_manual():
    verdicts = PAGE.partition("## Verdicts")[2].partition("`verify --quick`")[0]
    assert set(re.findall(r"^\| ([a-z ]+) \|", verdicts, re.MULTILINE)) - {"verdict"} == set(get_args(FileVerdict))
