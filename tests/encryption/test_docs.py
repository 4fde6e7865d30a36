"""The manual says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from seqwatch_tui.encryption.keys import KeyEntry, parse_register
from seqwatch_tui.encryption.survey import survey, survey_host

PAGE = (Path(__file__).parents[2] / "docs" / "encryption.md").read_text("utf-8")


def test_the_register_in_the_manual_is_one():
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert [entry.id for entry in parse_register(example, "keys.yaml")] == ["c4gh-lab-2026", "old-disk"]
    assert all(field in PAGE for field in KeyEntry.__struct_fields__)


def test_every_finding_is_in_the_manual(tmp_path):
    kinds = {f.kind for f in (*survey("d", tmp_path, "any", 1.0), *survey_host(1.0))} | {"KEY-00", "KEY-01"}
    assert kinds == set(re.findall(r"^\| ([A-Z0-9]+-\d\d) \|", PAGE, re.MULTILINE))
