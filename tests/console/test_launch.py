"""Start and end: environment, imports, the first frame, crashes that tell nothing."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from textual import app as textual_app

from seqwatch_tui.console import first_paint, launch
from seqwatch_tui.console.textual_private import QuietApp, write_raw


def run_python(code: str, **env: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **env}
    ).stdout


def test_the_console_loads_neither_store_nor_arrow_nor_numpy() -> None:
    heavy = "('duckdb', 'pyarrow', 'aiohttp', 'numpy', 'msgspec', 'ssl', 'textual.widgets._text_area')"
    code = f"""
import sys
from seqwatch_tui.console import launch
undo = launch._without_ssl()
import seqwatch_tui.console.app
undo()
print([name for name in {heavy} if name in sys.modules])
print(sorted({{name.split('.')[1] for name in sys.modules if name.startswith('seqwatch_tui.')}}))"""
    loaded, rooms = run_python(code).splitlines()
    assert loaded == "[]"
    assert rooms == "['console', 'model']"


def test_the_first_frame_needs_the_standard_library_only() -> None:
    code = "import sys, seqwatch_tui.console.first_paint; print([m for m in ('textual', 'rich', 'asyncio') if m in sys.modules])"
    assert run_python(code).strip() == "[]"


@pytest.mark.parametrize(
    ("given", "colourless"),
    [({"TERM": "xterm-256color"}, False), ({"TERM": "xterm", "NO_COLOR": "1"}, True), ({"TERM": "dumb"}, True),
     ({"TERM": "vt100"}, True), ({"TERM": "linux"}, False), ({"TERM": "xterm", "NO_COLOR": ""}, False)],
)  # fmt: skip
def test_the_environment_decides_about_colour_and_cannot_reach_into_the_library(
    given: dict[str, str], colourless: bool
) -> None:
    environ = {**given, "TEXTUAL_COLOR_SYSTEM": "bogus", "TEXTUAL_DRIVER": "evil:Driver", "TEXTUAL_PRESS": "Q"}
    assert launch.prepare(environ) is colourless
    assert environ["TEXTUAL_ANIMATIONS"] == "none"
    assert environ.get("TEXTUAL_COLOR_SYSTEM", "auto") in ("auto", "standard")
    assert not {"TEXTUAL_DRIVER", "TEXTUAL_PRESS", "NO_COLOR"} & set(environ)


def test_the_private_names_still_exist_and_are_what_they_were() -> None:
    assert "_driver" in textual_app.App(driver_class=None).__dict__
    assert callable(textual_app.App._fatal_error)
    assert "_fatal_error" in QuietApp.__dict__


class Crashing(QuietApp[None]):
    """Dies with a secret in a local variable."""

    def on_mount(self) -> None:
        passphrase = "correct horse battery staple"
        raise ValueError(f"bad: {passphrase}")


async def test_a_crash_shows_where_and_never_what(capsys: pytest.CaptureFixture[str]) -> None:
    app = Crashing()
    with pytest.raises(ValueError):
        async with app.run_test():
            pass
    said = capsys.readouterr()
    text = said.out + said.err
    assert "horse" not in text
    assert "ValueError" in text
    assert "test_launch.py" in text
    assert app.return_code == 1


async def test_raw_bytes_go_nowhere_without_a_terminal() -> None:
    app = Crashing()
    write_raw(app, "\x1b[6n")
    assert app._driver is None


def test_the_terminal_is_given_back_when_something_fails_after_the_first_frame(tmp_path: Path) -> None:
    script = tmp_path / "fails.py"
    script.write_text(
        "import sys, termios\n"
        "from seqwatch_tui.console.first_paint import paint\n"
        "before = termios.tcgetattr(0)\n"
        "painted = paint('seqwatch')\n"
        "assert termios.tcgetattr(0) != before\n"
        "painted.restore()\n"
        "sys.stdout.write('same' if termios.tcgetattr(0) == before else 'changed')\n"
    )
    raw = in_pty([sys.executable, str(script)])
    assert raw.endswith(b"same")
    assert raw.count(b"\x1b[?1049h") == raw.count(b"\x1b[?1049l") == 1
    assert raw.count(b"\x1b[?25h") == 1


def in_pty(command: list[str]) -> bytes:
    """Everything a program wrote to its terminal."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    raw = b""
    while True:
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        raw += data
    os.close(fd)
    os.waitpid(pid, 0)
    return raw


def test_without_a_terminal_there_is_no_first_frame_and_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda _fd: False)
    assert first_paint.paint("seqwatch") is None
    done = subprocess.run(
        [sys.executable, "-c", "from seqwatch_tui.console.launch import run; import pathlib, sys; sys.exit(run(pathlib.Path('x')))"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("seqwatch: the console needs a terminal")
