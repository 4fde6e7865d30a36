"""Colour themes: one TOML file each in themes/, read with the standard library. A theme gives every role a style.

Meaning never rests on colour: GLYPHS go with every verdict in every theme, and the theme `none` has no colour at all.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.errors import StyleSyntaxError
from rich.style import Style

from seqwatch_tui.model.assets import asset_dir

ROLES = (
    "text", "dim", "strong", "heading", "bar", "crumb", "pass", "warn", "fail", "unknown", "cursor", "resting", "title",
    "focused", "key", "footer", "message", "input",
)  # fmt: skip
_ON_BAR = ("pass", "warn", "fail", "unknown", "message", "dim")
"""Roles that also exist on the ground of the bars, as `bar.fail`."""
GLYPHS: Mapping[str, str] = {"pass": "ok", "warn": "! ", "fail": "!!", "unknown": "??", "n/a": "- "}
DEFAULT = "dark"
COLOURLESS = "none"


class ThemeError(Exception):
    """A theme that cannot be used, and why; the text is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A loaded theme. `background` and `foreground` are hex colours, empty in a theme without colour."""

    name: str
    title: str
    dark: bool
    background: str
    foreground: str
    accent: str
    styles: Mapping[str, Style]

    def __getitem__(self, role: str) -> Style:
        """The style of a role or of a verdict state; an unknown state is drawn as unknown."""
        return self.styles[role if role in self.styles else "unknown"]

    @property
    def colourless(self) -> bool:
        """True when nothing this theme draws may carry a colour."""
        return not self.background


def names() -> list[str]:
    """Names of the themes of this installation, the default first."""
    found = sorted(path.stem for path in asset_dir("themes").glob("*.toml"))
    return sorted(found, key=lambda name: (name != DEFAULT, name))


def load(name: str) -> Theme:
    """Load a theme by name; ThemeError says which names there are."""
    known = names()
    if name not in known:
        raise ThemeError(f"there is no theme {name!r}; write one of {', '.join(known)}")
    return read(asset_dir("themes") / f"{name}.toml")


def read(path: Path) -> Theme:
    """Read one theme file; ThemeError names the file and the key."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        base = Style.parse(data["styles"]["text"])
        styles = {role: base + Style.parse(data["styles"][role]) for role in ROLES}
        styles["n/a"] = styles["dim"]
        styles["over.resting"] = Style.parse(data["styles"]["resting"])
        bar = styles["bar"]
        styles |= {f"bar.{role}": bar + Style.parse(data["styles"][role]) for role in _ON_BAR}
        colours = {name: str(data[name]) for name in ("background", "foreground", "accent")}
        return Theme(path.stem, str(data["title"]), bool(data["dark"]), **colours, styles=styles)
    except (tomllib.TOMLDecodeError, StyleSyntaxError, KeyError, TypeError) as error:
        raise ThemeError(f"{path}: not a usable theme: {error}") from error
