"""What a process loads is what it may do and how fast it starts: asserted on modules, not on time."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCREEN = {"textual", "rich"}
HEAVY = {"duckdb", "pyarrow", "numpy", "aiohttp"}


REPORT = """
print("LOADED")
for name in sorted(sys.modules):
    print(".".join(name.split(".")[: 2 if name.startswith("seqwatch_tui") else 1]))
"""


def loaded(code: str) -> set[str]:
    """Run code in a fresh interpreter; return the modules it loaded: packages, and seqwatch's rooms as `seqwatch_tui.x`."""
    wrapped = f"import sys\ntry:\n    {code}\nexcept SystemExit as end:\n    assert not end.code\n{REPORT}"
    done = subprocess.run([sys.executable, "-c", wrapped], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split("LOADED\n")[1].split())


def test_the_engine_loads_no_screen() -> None:
    names = loaded("import seqwatch_tui.engine.engine, seqwatch_tui.engine.main, seqwatch_tui.engine.api.routes")
    assert not names & SCREEN
    assert not {n for n in names if n in ("seqwatch_tui.console", "seqwatch_tui.cli", "seqwatch_tui.demo")}


def test_the_console_loads_no_engine() -> None:
    names = loaded("import seqwatch_tui.console.app, seqwatch_tui.console.launch")
    assert "textual" in names
    assert not names & HEAVY
    assert {n for n in names if n.startswith("seqwatch_tui.")} == {"seqwatch_tui.console", "seqwatch_tui.model"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["sql", "--help"], ["quarantine", "--help"]])
def test_help_loads_next_to_nothing(arguments: list[str]) -> None:
    names = loaded(f"import sys; sys.argv = ['seqwatch', *{arguments}]; from seqwatch_tui.__main__ import main; main()")
    assert not names & (SCREEN | HEAVY | {"yaml", "msgspec", "sigma", "cryptography"})
    assert {n for n in names if n.startswith("seqwatch_tui.")} <= {
        "seqwatch_tui.cli",
        "seqwatch_tui.model",
        "seqwatch_tui.__main__",
    }


def test_the_first_line_on_the_screen_comes_before_anything_heavy() -> None:
    names = loaded("import seqwatch_tui.console.first_paint, seqwatch_tui.cli.open_console")
    assert not names & (SCREEN | HEAVY | {"yaml", "msgspec"})


@pytest.mark.parametrize("command", ["events", "alerts", "datasets", "keys", "rules", "ingest", "response", "verify"])
def test_a_command_that_only_asks_the_engine_loads_no_store(command: str) -> None:
    assert not loaded(f"import seqwatch_tui.cli.{command}") & (SCREEN | {"duckdb", "aiohttp", "sigma"})
