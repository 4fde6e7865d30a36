"""The manual and the code name the same keys, and what an error says to write can be written."""

from __future__ import annotations

from pathlib import Path
from typing import get_type_hints

import pytest

from seqwatch_tui.config.forms import Write
from seqwatch_tui.config.reader import Reader
from seqwatch_tui.config.schema import Settings
from seqwatch_tui.config.section import Section
from seqwatch_tui.config.yamltree import parse

MANUAL = (Path(__file__).parents[2] / "docs/configuration.md").read_text()
SECTIONS = sorted(Section.__subclasses__(), key=lambda cls: cls.__name__)
assert Settings in SECTIONS
FIELDS = [(cls, name) for cls in SECTIONS for name in cls.__struct_fields__]


@pytest.mark.parametrize(("cls", "name"), FIELDS, ids=[f"{c.__name__}.{n}" for c, n in FIELDS])
def test_every_field_has_its_row_in_the_manual(cls: type, name: str) -> None:
    section = MANUAL.partition(f"<!-- {cls.__name__} -->")[2].partition("\n## ")[0]
    assert f"| `{name}` |" in section


@pytest.mark.parametrize(("cls", "name"), FIELDS, ids=[f"{c.__name__}.{n}" for c, n in FIELDS])
def test_what_an_error_says_to_write_is_accepted(cls: type, name: str) -> None:
    (write,) = [
        note.yaml for note in get_type_hints(cls, include_extras=True)[name].__metadata__ if isinstance(note, Write)
    ]
    reader = Reader("example")
    reader.struct(parse(write, "example"), cls, (), "")
    assert [p.text for p in reader.problems if " needs key " not in p.text] == []
