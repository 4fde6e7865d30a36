"""Mapping files: which JSON field is which column of `events`. YAML in, a frozen value or one clear sentence out.

A mapping is checked whole when it is loaded, so that a typo is found before the first event. Knows nothing of events.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml

from seqwatch_tui.model.columns import ACTIONS
from seqwatch_tui.parse.event import ROW_COLUMNS

_SHIPPED = Path(__file__).parent / "mappings"
_FORMATS = ("flat", "laurel")
_KEYS = ("format", "fields", "values")
_ALLOWED_VALUES = {"action": ACTIONS, "outcome": ("success", "failure", "unknown")}

MAPPED_COLUMNS = tuple(c for c in ROW_COLUMNS if c not in ("serial", "complete", "warnings"))
"""Columns a mapping may fill."""

Steps = tuple[str, ...]
"""Where a value is: the field, then fields within it."""


class MappingError(ValueError):
    """A mapping that cannot be used; the text names the file and the key and says what to write."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping. `fields`: column -> places to look, in order; `values`: column -> written -> meant."""

    name: str
    format: Literal["flat", "laurel"]
    fields: MappingOf[str, tuple[Steps, ...]] = field(default_factory=dict)
    values: MappingOf[str, MappingOf[str, str]] = field(default_factory=dict)


def load_mapping(name_or_path: str | Path) -> Mapping:
    """Load a shipped mapping by name (laurel, generic) or a file by path; MappingError says what is wrong."""
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        path = _SHIPPED / f"{path.name}.yaml"
        if not path.is_file() or str(name_or_path) != path.stem:
            shipped = ", ".join(sorted(p.stem for p in _SHIPPED.glob("*.yaml")))
            raise MappingError(f"no mapping '{name_or_path}': shipped are {shipped}; or give the path of a .yaml file")
    try:
        content = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise MappingError(f"{path}: cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise MappingError(f"{path}: is not valid YAML: {_one_line(error)}") from error
    return _check(path, content)


def _check(path: Path, content: Any) -> Mapping:
    if not isinstance(content, dict):
        raise MappingError(f"{path}: must be a mapping with the keys format, fields and values")
    for key in content:
        _known(path, "", key, _KEYS)
    form = content.get("format")
    if form not in _FORMATS:
        raise MappingError(f"{path}: format: must be flat or laurel, not {form!r}")
    fields = {c: _places(path, c, places) for c, places in _section(path, content, "fields").items()}
    if form == "flat" and "ts" not in fields:
        raise MappingError(f"{path}: fields.ts: is missing; name the JSON field that holds the time of the event")
    if form == "laurel" and fields:
        raise MappingError(f"{path}: fields: the laurel format has none; its structure is known. Remove the section")
    values = {c: _values(path, c, table) for c, table in _section(path, content, "values").items()}
    return Mapping(path.stem, form, fields, values)


def _section(path: Path, content: dict[str, Any], name: str) -> dict[str, Any]:
    section = content.get(name) or {}
    if not isinstance(section, dict):
        raise MappingError(f"{path}: {name}: must be a mapping of columns")
    for column in section:
        _known(path, f"{name}.", column, MAPPED_COLUMNS if name == "fields" else tuple(_ALLOWED_VALUES))
    return section


def _places(path: Path, column: str, places: Any) -> tuple[Steps, ...]:
    names = [places] if isinstance(places, str) else places
    if not isinstance(names, list) or not names or not all(isinstance(n, str) and n for n in names):
        raise MappingError(f"{path}: fields.{column}: must be the name of a JSON field or a list of names")
    return tuple(tuple(n.split(".")) for n in names)


def _values(path: Path, column: str, table: Any) -> dict[str, str]:
    if not isinstance(table, dict):
        raise MappingError(f"{path}: values.{column}: must map what the source writes to what is meant")
    for written, meant in table.items():
        if not isinstance(written, str):
            raise MappingError(f"{path}: values.{column}.{written}: write it in quotes; YAML reads it as no text")
        _known(path, f"values.{column}.{written}: ", meant, _ALLOWED_VALUES[column])
    return dict(table)


def _known(path: Path, where: str, key: Any, known: Iterable[str]) -> None:
    names = tuple(known)
    if key in names:
        return
    near = get_close_matches(str(key), names, 1)
    advice = f"did you mean {near[0]}?" if near else f"write one of {', '.join(names)}"
    raise MappingError(f"{path}: {where}{key}: is not known; {advice}")


def _one_line(error: yaml.YAMLError) -> str:
    return " ".join(str(error).split())
