"""The real process in a pty: what reaches the terminal, and how the console ends."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.console.fake_engine import HOSTILE, FakeEngine, Site
from tests.console.terminal import Terminal

CSI = re.compile(rb"\x1b\[[<=>?]?[0-9;:]*[ !$]?[A-Za-z]")
OTHER = re.compile(rb"\x1b[M78=>]")
HIDDEN = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
MODES = {b"1049", b"1000", b"1002", b"1003", b"1006", b"1015", b"1004", b"2004"}


def left_on(raw: bytes) -> set[bytes]:
    """Terminal modes that were switched on and not off again."""
    state: dict[bytes, bool] = {}
    for found in re.finditer(rb"\x1b\[\?([0-9;]+)([hl])", raw):
        for mode in found[1].split(b";"):
            state[mode] = found[2] == b"h"
    return {mode for mode in MODES if state.get(mode)}


@pytest.fixture
def engine(tmp_path: Path):
    with FakeEngine(tmp_path / "engine.sock", Site(40.0, hostile=True)) as engine:
        yield engine


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_no_control_byte_of_data_reaches_the_terminal_from_any_screen(
    engine: FakeEngine, size: tuple[int, int]
) -> None:
    with Terminal(str(engine.socket), size=size) as terminal:
        terminal.wait("jlee")
        visits = [("1", "object"), ("k", "paused"), ("p", "policy"), ("\r", "raw records"), ("\r", "SYSCALL"), ("2", "pwn"),
                  ("\r", "evidence"), ("3", "kek-2025a"), ("4", "run-240117"), ("\r", "verdict"), ("5", "Ctrl+J"),
                  ("\n", "cut"), ("6", "falco"), ("?", "Screens"), ("0", "2 Alerts"), (":", ":")]  # fmt: skip
        for key, text in visits:
            terminal.type(key)
            terminal.wait(text)
            terminal.quiet(0.05, 0.4)
        raw = terminal.raw
    for payload in (b"\x1b]0;pwn", b"\x1b]52", b"\x1b[2Jclear", b"\xc2\x9b", b"\xc2\x9d", b"\x1b]8"):
        assert payload not in raw
    assert b"\\x1b]0;pwn" in raw, "the hostile names were never shown, so this test proves nothing"
    rest = OTHER.sub(b"", CSI.sub(b"", raw)).replace(b"\r", b"")
    rest = rest.replace(b"\x1b]22;default\x07", b"")  # the pointer's shape, by Textual
    found = HIDDEN.search(rest.decode("utf-8"))
    assert found is None, repr(rest[max(found.start() - 40, 0) : found.end() + 40]) if found else ""


def test_a_path_longer_than_the_detail_leaves_the_verdict_in_sight(tmp_path: Path) -> None:
    site = Site(0.0, hostile=True)
    with (
        FakeEngine(tmp_path / "engine.sock", site) as engine,
        Terminal(str(engine.socket), "--start", "events") as terminal,
    ):
        terminal.wait("jlee")
        terminal.type("p")
        terminal.wait(f" event           {site.count} ")
        cut = 0
        for number in range(site.count - 1, site.count - 2 * len(HOSTILE) - 1, -1):
            terminal.type("k")
            terminal.wait(f" event           {number} ")
            terminal.wait(" policy ")
            cut += any("cut here" in line for line in terminal.screen())
        assert cut, "no path was longer than the detail, so this test proves nothing"


def test_every_row_of_the_live_list_is_there_after_scrolling(engine: FakeEngine) -> None:
    with Terminal(str(engine.socket), "--start", "events") as terminal:
        terminal.wait("jlee")
        terminal.until(lambda: all(row.strip() for row in terminal.screen()[3:22]))
        for _ in range(8):
            time.sleep(0.15)
            rows = terminal.screen()[3:22]
            times = [row[1:13] for row in rows]
            assert all(row.strip() for row in rows), "\n".join(rows)
            assert times == sorted(times)
        terminal.type("k")
        terminal.wait("paused")


SMALL_FOOT = " 1Events 2Alerts 3Keys 4Integrity 5SQL"
FEET = {(40, 10): SMALL_FOOT, (80, 24): SMALL_FOOT + " 6System ? help  a ack  / filter",
        (160, 48): SMALL_FOOT + " 6System ? help  a ack  / filter"}  # fmt: skip


def test_after_a_new_size_nothing_of_the_old_one_is_left(tmp_path: Path) -> None:
    with (
        FakeEngine(tmp_path / "engine.sock", Site(200.0)) as engine,
        Terminal(str(engine.socket), size=(160, 48)) as terminal,
    ):
        terminal.wait("jlee")

        def whole() -> bool:
            lines = terminal.screen()
            return lines[-1].rstrip() == FEET[terminal.size] and all(line.strip() for line in lines[:8])

        for size in 3 * tuple(FEET):
            terminal.resize(*size)
            terminal.until(whole)
            terminal.quiet(0.3, 0.6)
            terminal.until(whole)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_quickly_and_leaves_no_mode_on(engine: FakeEngine, number: int, status: int) -> None:
    with Terminal(str(engine.socket)) as terminal:
        terminal.wait("jlee")
        before = time.monotonic()
        os.kill(terminal.pid, number)
        assert terminal.ended() == status
        assert time.monotonic() - before < 4.0
        assert not left_on(terminal.raw)


def test_a_lost_terminal_ends_it(engine: FakeEngine) -> None:
    with Terminal(str(engine.socket)) as terminal:
        terminal.wait("jlee")
        before = time.monotonic()
        terminal.hang_up()
        assert terminal.ended() == 129
        assert time.monotonic() - before < 4.0


def test_q_leaves_with_status_0_and_the_terminal_as_it_was(engine: FakeEngine) -> None:
    with Terminal(str(engine.socket)) as terminal:
        terminal.wait("jlee")
        terminal.type("q")
        assert terminal.ended() == 0
        assert not left_on(terminal.raw)


def test_what_a_link_delivers_at_once_is_typed_into_the_line_its_first_key_opens(engine: FakeEngine) -> None:
    with Terminal(str(engine.socket)) as terminal:
        terminal.wait("jlee")
        terminal.type(":snoozes\r")
        terminal.wait("> snoozes")
        terminal.type("1")
        terminal.wait("Events > all")
        terminal.type("/user=jlee")
        terminal.wait("/ user=jlee")


def test_a_slow_engine_does_not_delay_keys_or_leaving(tmp_path: Path) -> None:
    site = Site(10.0)
    with FakeEngine(tmp_path / "engine.sock", site) as engine, Terminal(str(engine.socket)) as terminal:
        terminal.wait("jlee")
        site.held.clear()
        asked = len(site.requests)
        terminal.until(lambda: len(site.requests) > asked)
        terminal.type("2")
        terminal.wait("Bulk read")
        terminal.type("?")
        terminal.wait("Screens")
        terminal.type("q")
        assert terminal.ended() == 0, "and all the while the engine has not answered"
        site.held.set()


def test_idle_sends_nothing(tmp_path: Path) -> None:
    with FakeEngine(tmp_path / "engine.sock", Site(0.0)) as engine, Terminal(str(engine.socket)) as terminal:
        terminal.wait("jlee")
        terminal.quiet(1.3, 6.0)
        before = len(terminal.raw)
        time.sleep(1.5)
        assert len(terminal.raw) == before


@pytest.mark.parametrize(
    "env", [{"NO_COLOR": "1"}, {"TERM": "vt100"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "TEXTUAL_COLOR_SYSTEM": "bogus"}]
)
def test_without_colour_only_attributes_are_sent(engine: FakeEngine, env: dict[str, str]) -> None:
    with Terminal(str(engine.socket), env=env) as terminal:
        terminal.wait("jlee")
        for key, text in (("1", "object"), ("2", "pwn"), ("5", "SELECT")):
            terminal.type(key)
            terminal.wait(text)
        terminal.type("\x10")
        terminal.quiet(0.2, 1.0)
        raw = terminal.raw
    colours = [
        code
        for code in re.findall(rb"\x1b\[([0-9;]*)m", raw)
        if set(code.split(b";")) - set(b"0 1 2 3 4 7 22 24 27".split()) - {b""}
    ]
    assert not colours, colours[:5]


def test_sixteen_colours_on_a_linux_console(engine: FakeEngine) -> None:
    with Terminal(str(engine.socket), env={"TERM": "linux", "COLORTERM": ""}) as terminal:
        terminal.wait("!! ALARM")
        assert b"38;2" not in terminal.raw
        assert b"38;5" not in terminal.raw


def test_no_engine_is_said_with_what_to_do(tmp_path: Path) -> None:
    with Terminal(str(tmp_path / "engine.sock")) as terminal:
        terminal.wait("?? BLIND")
        terminal.wait("systemctl start seqwatch")
        with FakeEngine(tmp_path / "engine.sock", Site()):
            terminal.wait("!! ALARM")


def test_an_unknown_theme_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    with Terminal(str(tmp_path / "engine.sock"), "--theme", "pink") as terminal:
        assert terminal.ended() == 2
        assert b"there is no theme 'pink'; write one of dark, " in terminal.raw
        assert not left_on(terminal.raw)
