"""README and docs are held to the program: every command is there, every command named exists, every link leads somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from seqwatch_tui.cli.main import build_parser
from seqwatch_tui.cli.options import COMMANDS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = sorted([README, *(ROOT / "docs").rglob("*.md"), *ROOT.glob("C*.md")])
NAMES = {c.name for c in COMMANDS} - {"console"}
GLOBAL = {"--config", "--version", "--help", "--read-only", "--theme"}


def _code(text: str) -> list[str]:
    """Every inline and fenced piece of code."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.S | re.M)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
    return [line for block in fenced for line in block.splitlines()] + inline


def _calls(text: str) -> list[str]:
    """What follows `seqwatch` wherever it is called in code, without comments."""
    found = []
    for code in _code(text):
        for call in re.finditer(r"(?:^|[|&;]\s*|\bsudo )seqwatch((?: [^|&;#>]*)?)", code.replace("\\|", "/")):
            if call[1].strip():
                found.append(call[1].strip())
    return found


def _words(call: str) -> list[str]:
    try:
        return shlex.split(call)
    except ValueError:
        return call.split()


def _command(words: list[str]) -> str | None:
    words = [w.strip("[]") for w in words]
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in ("--config", "--theme") else words[1:]
    return words[0] if words else None


def test_every_command_is_in_the_readme() -> None:
    text = README.read_text()
    assert sorted(n for n in NAMES if not re.search(rf"`(?:seqwatch )?{n}\b", text)) == []


def test_commands_are_looked_for_in_the_right_way() -> None:
    assert _calls("`seqwatch sql 'a; b'`") != []
    assert _calls("```sh\nseqwatch doctor   # what\nsudo seqwatch --config x engine | cat\n```") == [
        "doctor",
        "--config x engine",
    ]
    assert [_command(_words(c)) for c in ("--config x engine", "doctor", "[--read-only]")] == ["engine", "doctor", None]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_named_exists(page: Path) -> None:
    named = {_command(_words(call)) for call in _calls(page.read_text())}
    real = {n for n in named if n and re.fullmatch(r"[a-z][a-z-]+", n)}
    assert real <= NAMES


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_option_named_exists(page: Path) -> None:
    actions = build_parser()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    unknown = []
    for call in _calls(page.read_text()):
        name = _command(_words(call))
        if name in NAMES:
            known = set(actions[name]._option_string_actions) | GLOBAL  # type: ignore[index]
            unknown += [(name, o) for o in re.findall(r"(?<![\w-])--[a-z-]+", call) if o not in known]
    assert unknown == []


def _prose(text: str) -> str:
    """The text without its blocks of code."""
    return re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", _prose(page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in _anchors(file)):
            broken.append(target)
    assert broken == []


def test_readme_has_nothing_left_to_fill_in() -> None:
    assert re.findall(r"^[A-Z]+_[A-Z]+$|TODO|FIXME|XXX", README.read_text(), re.M) == []


def _messages() -> list[str]:
    """First cells of the tables in docs/troubleshooting.md: what the program says, with `…` for what differs."""
    text = (ROOT / "docs" / "troubleshooting.md").read_text()
    return [m for line in text.splitlines() if (m := (re.match(r"\| `(.+?)`(?:,| \|)", line) or [None, ""])[1])]


@pytest.mark.parametrize("message", _messages())
def test_every_message_explained_is_one_the_program_says(message: str) -> None:
    """Each fixed piece must stand in the source; values in quotes and numbers of the examples differ."""
    source = "".join(p.read_text() for p in (ROOT / "seqwatch_tui").rglob("*.py"))
    source = re.sub(r'"\s*\n\s*f?"', "", source)  # adjacent literals are one text
    pieces = [p for p in re.split(r"…|[:;] |'[\w-]*'|:?\d+|Permission denied", message) if len(p.strip(" ;,.:()")) > 3]
    assert pieces
    assert [p for p in pieces if p.strip() not in source] == []


def test_enough_messages_are_explained() -> None:
    assert len(_messages()) > 40
