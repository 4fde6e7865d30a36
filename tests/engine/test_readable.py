"""Whose eyes the engine lends: a back-fill reads nothing for a peer that the peer could not read."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from seqwatch_tui.config.settings import loads
from seqwatch_tui.engine.peers import Peer
from seqwatch_tui.engine.readable import may_read

ACCOUNT = pwd.getpwnam("daemon")
PEER = Peer(ACCOUNT.pw_uid, "daemon", "approver")


def site(log: Path) -> tuple[object, ...]:
    return loads(f"site: s\nstate_dir: /s\nsources: [{{name: a, type: auditd, path: {log}}}]\n", "x").sources


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that anybody may pass to."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(folder.stat().st_mode | 0o711)
    return tmp_path


def test_by_mode_and_folders(place: Path) -> None:
    file = place / "in" / "log"
    file.parent.mkdir(mode=0o755)
    file.touch()
    for mode, folder, may in ((0o644, 0o755, True), (0o640, 0o755, False), (0o644, 0o750, False), (0o644, 0o751, True)):
        file.chmod(mode)
        file.parent.chmod(folder)
        assert may_read(file, PEER, ()) is may, (oct(mode), oct(folder))
    file.parent.chmod(0o755)
    assert not may_read(place / "in" / ".." / "none", PEER, ())
    assert may_read(file, Peer(0, "root", "approver"), ())


@pytest.mark.root
def test_owner_and_group_come_before_others(place: Path) -> None:
    file = place / "log"
    file.touch()
    for uid, gid, mode, may in (
        (ACCOUNT.pw_uid, 0, 0o400, True), (ACCOUNT.pw_uid, 0, 0o044, False),
        (0, ACCOUNT.pw_gid, 0o640, True), (0, ACCOUNT.pw_gid, 0o604, False), (0, 0, 0o640, False),
    ):  # fmt: skip
        os.chown(file, uid, gid)
        file.chmod(mode)
        assert may_read(file, PEER, ()) is may, (uid, gid, oct(mode))


@pytest.mark.root
@pytest.mark.skipif(shutil.which("setfacl") is None, reason="setfacl (acl) is not installed")
def test_a_list_that_says_otherwise_is_not_overruled_by_the_mode(place: Path) -> None:
    file = place / "log"
    file.touch()
    os.chown(file, 0, ACCOUNT.pw_gid)
    file.chmod(0o600)
    done = subprocess.run(["setfacl", "-m", "u:bin:r", str(file)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this file system keeps no lists")
    assert file.stat().st_mode & 0o040, "the mask stands where the group's bits were"
    assert not may_read(file, PEER, ())


def test_logs_of_the_configuration_may_be_read_and_nothing_beside_them(place: Path) -> None:
    log = place / "closed" / "audit.log"
    log.parent.mkdir(mode=0o700)
    for name, may in (
        ("audit.log", True), ("audit.log.1", True), ("audit.log-20261122.gz", True), ("audit.log.key", False), ("shadow", False),
        ("../closed/audit.log.1", False),
    ):  # fmt: skip
        assert may_read(log.parent / name, PEER, site(log)) is may, name  # type: ignore[arg-type]
