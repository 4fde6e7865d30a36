"""Writes screenshots/*.svg from the running app on the fake engine: `python -m tests.console.screenshots [NAME...]`."""

from __future__ import annotations

import asyncio
import html
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len

from tests.console.fake_engine import Site
from tests.console.harness import console, shows, until

SMALL, WIDE = (80, 24), (160, 48)
OUT = Path(__file__).resolve().parents[2] / "screenshots"


@dataclass(frozen=True)
class Shot:
    """One picture: keys pressed, and a text to wait for before it is taken."""

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    wait: str = ""
    look: str = "dark"
    start: str = "overview"


SHOTS = (
    Shot("overview-160x48", WIDE),
    Shot("overview-80x24", SMALL),
    Shot("events-80x24", SMALL, start="events"),
    Shot("events-160x48", WIDE, ("p",), "policy", start="events"),
    Shot("events-filter-80x24", SMALL, ("slash", *"allowed=no"), "match", start="events"),
    Shot("events-paused-80x24", SMALL, ("up", "up", "p"), "policy", start="events"),
    Shot("alerts-80x24", SMALL, start="alerts"),
    Shot("alerts-160x48", WIDE, start="alerts"),
    Shot("alert-80x24", SMALL, ("enter",), "forbidden", start="alerts"),
    Shot("alert-160x48", WIDE, ("enter",), "forbidden", start="alerts"),
    Shot("incidents-80x24", SMALL, ("i",), "wgs-cohort-a", start="alerts"),
    Shot("backtest-80x24", SMALL, ("colon", *"backtest", "space", *"bulk-read", "enter"), "would raise", start="alerts"),
    Shot("event-80x24", SMALL, ("enter", "pause", "enter"), "command_line", start="alerts"),
    Shot("records-80x24", SMALL, ("enter", "pause", "enter", "pause", "enter"), "SYSCALL", start="alerts"),
    Shot("keys-80x24", SMALL, start="keys"),
    Shot("integrity-80x24", SMALL, ("V", "y"), "verify running", start="integrity"),
    Shot("quarantine-80x24", SMALL, ("Q", *"bulk", "space", *"read", "enter"), "step 2", start="alerts"),
    Shot("quarantine-160x48", WIDE, ("Q", *"bulk", "space", *"read", "enter"), "step 2", start="alerts"),
    Shot("quarantined-80x24", SMALL, ("Q", *"bulk", "enter", "pause", *"wgs-cohort-a", "enter"), "EACCES", start="alerts"),
    Shot("sql-80x24", SMALL, ("ctrl+j",), "cut", start="sql"),
    Shot("sql-160x48", WIDE, ("ctrl+j",), "cut", start="sql"),
    Shot("saved-80x24", SMALL, ("f2",), "first_touch", start="sql"),
    Shot("system-80x24", SMALL, (), "serial", start="system"),
    Shot("sessions-80x24", SMALL, ("s",), "su root: no", start="system"),
    Shot("help-80x24", SMALL, ("question_mark",), "Screens", start="events"),
    Shot("palette-80x24", SMALL, ("ctrl+p", *"quar"), "quarantine  (Q)"),
    Shot("light-80x24", SMALL, look="light"),
    Shot("high-contrast-80x24", SMALL, look="high-contrast"),
    Shot("colour-blind-80x24", SMALL, look="colour-blind"),
    Shot("none-80x24", SMALL, look="none"),
    Shot("hostile-80x24", SMALL, start="events"),
)  # fmt: skip


def portable(svg: str) -> str:
    """The picture without fonts from the network, and without leading blanks, which some viewers drop."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.S)
    svg = re.sub(r"font-family: Fira Code[^;]*;", "font-family: 'DejaVu Sans Mono', Menlo, Consolas, monospace;", svg)
    return re.sub(r'x="([0-9.]+)" y="([0-9.]+)" textLength="([0-9.]+)"([^>]*)>((?:&#160;)+)([^<]*)<', _shifted, svg)


def _shifted(match: re.Match[str]) -> str:
    x, y, length, rest, blanks, text = match.groups()
    skipped = len(blanks) // len("&#160;")
    cells = skipped + cell_len(html.unescape(text))
    by = float(length) / max(cells, 1) * skipped
    return f'x="{float(x) + by:g}" y="{y}" textLength="{float(length) - by:g}"{rest}>{text}<'


async def take(shot: Shot, folder: Path) -> None:
    """Press the keys and write the picture."""
    site = Site(hostile=shot.name.startswith("hostile"))
    async with console(folder, site, shot.size, look=shot.look, start=shot.start) as (app, pilot):
        await until(pilot, lambda: app.desk.window.newest is not None)
        for key in shot.keys:
            if key == "pause":
                await asyncio.sleep(0.25)
            await pilot.press(*(() if key == "pause" else (key,)))
        if shot.wait:
            await shows(pilot, app, shot.wait)
        await pilot.pause(0.1)
        OUT.mkdir(exist_ok=True)
        (OUT / f"{shot.name}.svg").write_text(portable(app.export_screenshot(title="seqwatch")), encoding="utf-8")


def main() -> None:
    """Take all, or those named."""
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        for shot in SHOTS:
            if not wanted or any(name in shot.name for name in wanted):
                asyncio.run(take(shot, Path(folder)))
                sys.stdout.write(f"screenshots/{shot.name}.svg\n")


if __name__ == "__main__":
    main()
