"""Who a process is: of living ones from /proc, of dead ones nothing that was not seen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqwatch_tui.sensor import processes
from seqwatch_tui.sensor.births import Birth
from seqwatch_tui.sensor.origin import Origins, address_of, peer_of
from seqwatch_tui.sensor.processes import Processes, terminal


class Starts:
    """Births as a test says them."""

    def __init__(self, births: dict[int, Birth] | None = None) -> None:
        self.births = births or {}

    def of(self, pid: int, now: float) -> Birth | None:
        return self.births.get(pid)


def ended() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def looker(births: dict[int, Birth] | None = None) -> Processes:
    return Processes(Origins(), Starts(births))  # type: ignore[arg-type]


def test_a_living_process_is_known_with_its_parents() -> None:
    actor = looker().look(os.getpid(), 1, 10.0)
    assert actor.exe == str(Path("/proc/self/exe").readlink())
    assert actor.ppid == os.getppid()
    assert actor.uid == os.getuid()
    assert actor.command
    assert actor.parents[0][0] == os.getppid()
    assert actor.warnings == ()


def test_an_unset_login_uid_is_null() -> None:
    actor = looker().look(os.getpid(), 1, 10.0)
    unset = Path("/proc/self/loginuid").read_text() == "4294967295"
    assert (actor.auid is None) == unset


def test_a_process_that_is_gone_is_said_to_be_gone() -> None:
    actor = looker().look(ended(), 1, 10.0)
    assert actor.warnings == ("gone",)
    assert (actor.exe, actor.auid, actor.command, actor.parents) == (None, None, None, ())


def test_of_one_that_began_a_program_a_moment_ago_the_program_is_known() -> None:
    pid = ended()
    actor = looker({pid: Birth(9.9, b"/usr/bin/cat")}).look(pid, 1, 10.0)
    assert (actor.exe, actor.warnings) == ("/usr/bin/cat", ("gone",))


def test_one_that_was_looked_at_when_it_began_is_known_but_for_its_arguments() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True)
    look = looker({child.pid: Birth(9.9, b"/usr/bin/cat")})
    look.begun(child.pid, 9.9)
    child.communicate("")
    actor = look.look(child.pid, 1, 10.0)
    assert (actor.ppid, actor.exe, actor.command, actor.warnings) == (os.getpid(), "/usr/bin/cat", None, ("exited",))
    assert actor.parents[0][0] == os.getpid()


def test_what_was_seen_alive_a_moment_ago_still_counts_and_then_no_more() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True)
    look = looker()
    alive = look.look(child.pid, 1, 10.0)
    child.communicate("")
    assert look.look(child.pid, 2, 10.5) is alive
    assert look.look(child.pid, 3, 12.0).warnings == ("gone",)


def test_a_process_that_becomes_another_program_is_looked_at_again() -> None:
    child = subprocess.Popen(
        ["/bin/sh", "-c", "echo up; read x; exec sleep 30"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    look = looker()
    try:
        assert child.stdout is not None
        child.stdout.readline()
        assert (look.look(child.pid, 1, 10.0).command or "").startswith("/bin/sh")
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
        for tick in range(2, 2000):
            if look.look(child.pid, tick, 10.0).command == "sleep 30":
                break
        assert look.look(child.pid, 2001, 10.0).command == "sleep 30"
    finally:
        child.kill()
        child.communicate()


def test_pid_zero_is_outside_our_sight() -> None:
    assert looker().look(0, 1, 10.0).warnings == ("outside-pid-namespace",)


@pytest.mark.parametrize(
    ("number", "name"),
    [(0x8803, "pts3"), (0x408, "tty8"), (0x440, "ttyS0"), (0x8900, "pts256"), (0, None), (0x500, None)],
)
def test_names_of_terminals(number: int, name: str | None) -> None:
    assert terminal(number) == name


@pytest.mark.parametrize(
    ("digits", "text"),
    [
        ("0100007F", "127.0.0.1"),
        ("0000000000000000FFFF00000301140A", "10.20.1.3"),
        ("B80D0120000000000000000001000000", "2001:db8::1"),
    ],
)
def test_addresses_of_the_tables(digits: str, text: str) -> None:
    assert address_of(digits) == text


TCP = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n"
    "   1: 0114140A:0016 0501140A:D431 01 00000000:00000000 00:00000000 00000000     0        0 77 1 0 20 4 30 10 -1\n"
    "   2: 0114140A:9999 0201140A:0CEA 01 00000000:00000000 00:00000000 00000000     0        0 66 1 0 20 4 30 10 -1\n"
)


def test_the_address_is_of_the_connection_that_came_in(tmp_path: Path) -> None:
    """Descriptor 3 is a tunnel the session opened to elsewhere, 4 the session itself."""
    (tmp_path / "50" / "fd").mkdir(parents=True)
    (tmp_path / "50" / "net").mkdir()
    (tmp_path / "50" / "net" / "tcp").write_text(TCP)
    for number, inode in ((3, 66), (4, 77)):
        (tmp_path / "50" / "fd" / str(number)).symlink_to(f"socket:[{inode}]")
    assert peer_of(50, tmp_path) == "10.20.1.5"
    assert peer_of(51, tmp_path) is None


def test_a_session_keeps_its_address_when_its_daemon_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    origins = Origins()
    monkeypatch.setattr("seqwatch_tui.sensor.origin.peer_of", lambda pid: "10.20.1.5" if pid == 50 else None)
    assert origins.address(9, [50]) == "10.20.1.5"
    assert origins.address(9, []) == "10.20.1.5"
    assert origins.address(8, []) is None
    assert origins.address(None, []) is None


def test_a_thread_of_the_kernel_is_no_missing_program() -> None:
    stat = processes.stat_of(2)
    if stat is None or stat.comm != "kthreadd":
        pytest.skip("pid 2 is not the kernel's here")
    assert looker().look(2, 1, 10.0).warnings == ("kernel-thread",)
