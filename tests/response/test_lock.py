from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqwatch_tui.response.inode import APPEND, IMMUTABLE, inspect, opened, set_flags, set_mode
from seqwatch_tui.response.lock import cannot_return, differences, give_back, is_shut, shut

from .stage import NOBODY, acl, as_root, in_child

PRIVILEGED = os.geteuid() == 0


@given(st.integers(0, 0o7777), st.booleans())
@settings(
    max_examples=120, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_mode_of_a_file_or_directory_comes_back(folder: Path, mode: int, directory: bool) -> None:
    path = folder / ("d" if directory else "f")
    path.mkdir(exist_ok=True) if directory else path.touch()
    with opened(path) as fd:
        set_mode(fd, mode)
        old = inspect(fd)
        shut(fd, privileged=PRIVILEGED)
        assert is_shut(inspect(fd), privileged=PRIVILEGED)
        assert give_back(fd, old) is None
        assert differences(inspect(fd), old) == []
        assert inspect(fd).mode == mode
        set_mode(fd, 0o700)


@pytest.mark.root
@as_root
@pytest.mark.parametrize("flags", [0, IMMUTABLE, APPEND, IMMUTABLE | APPEND])
@pytest.mark.parametrize("mode", [0, 0o644, 0o4755, 0o2755, 0o1777])
def test_owner_mode_and_guards_come_back_together(folder: Path, flags: int, mode: int) -> None:
    path = folder / "f"
    path.write_bytes(b"x")
    os.chown(path, 1234, 4321)
    path.chmod(mode)
    with opened(path) as fd:
        set_flags(fd, flags)
        old = inspect(fd)
        assert shut(fd, privileged=True) is None
        now = inspect(fd)
        assert (now.mode, now.uid, now.gid, now.flags) == (0, 0, 0, IMMUTABLE)
        assert give_back(fd, old) is None
        assert inspect(fd) == old
        set_flags(fd, 0)


@pytest.mark.root
@as_root
def test_acl_and_capability_come_back(folder: Path) -> None:
    path = folder / "f"
    path.write_bytes(b"x")
    os.chown(path, 1234, 1234)
    os.setxattr(path, "system.posix_acl_access", acl(1234, 6))
    os.setxattr(path, "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
    with opened(path) as fd:
        old = inspect(fd)
        assert old.acl is not None
        assert old.capability is not None
        shut(fd, privileged=True)
        assert inspect(fd).capability is None
        assert give_back(fd, old) is None
        assert inspect(fd) == old


@pytest.mark.root
@as_root
def test_an_acl_gives_no_access_while_shut(folder: Path) -> None:
    path = folder / "f"
    path.write_bytes(b"x")
    os.setxattr(path, "system.posix_acl_access", acl(NOBODY, 6))
    assert in_child(path.read_bytes, NOBODY) == b"x"
    with opened(path) as fd:
        shut(fd, privileged=False)
    assert in_child(lambda: os.access(path, os.R_OK), NOBODY) is False


@pytest.mark.root
@as_root
def test_an_owner_without_privilege_gets_every_mode_back(folder: Path) -> None:
    path = folder / "f"
    path.write_bytes(b"x")
    os.chown(path, NOBODY, NOBODY)

    def every_mode() -> list[int]:
        wrong = []
        with opened(path) as fd:
            for mode in range(0, 0o10000, 7):
                set_mode(fd, mode)
                old = inspect(fd)
                shut(fd, privileged=False)
                wrong += [mode] if give_back(fd, old) or inspect(fd) != old or old.mode != mode else []
        return wrong

    assert in_child(every_mode, NOBODY) == []


@pytest.mark.root
@as_root
def test_what_could_not_come_back_exactly_is_left(folder: Path) -> None:
    path = folder / "f"
    path.write_bytes(b"x")
    os.chown(path, NOBODY, 1234)
    path.chmod(0o2755)

    def why() -> str | None:
        with opened(path) as fd:
            return cannot_return(inspect(fd), privileged=False)

    assert "only root could give back" in in_child(why, NOBODY)
    os.chown(path, 1234, 1234)
    assert "only root can shut it" in in_child(why, NOBODY)
