from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqwatch_tui.response.holders import holders


def key(path: Path) -> tuple[int, int]:
    return path.stat().st_dev, path.stat().st_ino


def test_open_mapped_and_standing_in_are_told_by_inode(tmp_path: Path) -> None:
    file, mapped = tmp_path / "f", tmp_path / "m"
    file.write_bytes(b"x")
    mapped.write_bytes(b"x" * 4096)
    twin = tmp_path.parent / f"{tmp_path.name}-twin"
    os.link(file, twin)
    code = (
        "import mmap,sys,os\n"
        f"a=open({str(twin)!r}); b=open({str(mapped)!r},'rb')\n"
        "m=mmap.mmap(b.fileno(),0,prot=mmap.PROT_READ); b.close()\n"
        "print('ready',flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        child.stdout.readline()
        (found,) = holders({key(file), key(mapped), key(tmp_path)}).found
        assert (found.pid, found.inside) == (child.pid, True)
        assert found.files >= 2
        assert sys.executable.rsplit("/", 1)[1] in str(found)
    finally:
        child.communicate()
        twin.unlink()


def test_nobody_holds_what_nobody_has_open(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    assert holders({key(tmp_path / "f")}).found == ()


@pytest.mark.root
def test_a_file_system_whose_server_is_dead_hinders_nothing(tmp_path: Path) -> None:
    """Anybody can hold something open on one; a plan must neither fail nor wait for it."""
    if not os.access("/dev/fuse", os.W_OK):
        pytest.skip("there is no /dev/fuse here")
    (tmp_path / "f").write_bytes(b"x")
    mount = tmp_path / "dead"
    mount.mkdir()
    libc, device = ctypes.CDLL(None, use_errno=True), os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = b"fd=%d,rootmode=40000,user_id=0,group_id=0" % device
    if libc.mount(b"dead", os.fsencode(mount), b"fuse", 0, options) != 0:
        os.close(device)
        pytest.skip(f"FUSE cannot be mounted here: {os.strerror(ctypes.get_errno())}")
    code = f"import sys; a=open({str(tmp_path / 'f')!r}); print('ready',flush=True); sys.stdin.read()"
    held = os.open(mount, os.O_PATH | os.O_DIRECTORY)
    child = subprocess.Popen(
        [sys.executable, "-c", code], pass_fds=[held], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        child.stdout.readline()
        os.close(device)
        with pytest.raises(OSError, match="not connected"):
            os.stat(held)  # noqa: PTH116 - a descriptor
        (found,) = holders({key(tmp_path / "f")}).found
        assert (found.pid, found.files) == (child.pid, 1)
    finally:
        child.communicate()
        os.close(held)
        libc.umount2(os.fsencode(mount), 2)


def test_a_process_of_which_a_part_cannot_be_seen_is_told_and_counted(tmp_path: Path) -> None:
    proc, file = tmp_path / "proc", tmp_path / "f"
    file.write_bytes(b"x")
    (proc / "77" / "fd").mkdir(parents=True)
    (proc / "77" / "fd" / "3").symlink_to(file)
    (proc / "77" / "fd" / "4").symlink_to("4")  # whatever goes wrong there (here ELOOP)
    (proc / "77" / "cwd").symlink_to(tmp_path)
    (proc / "77" / "maps").write_bytes(b"")
    found = holders({key(file)}, proc)
    assert [(holder.pid, holder.files) for holder in found.found] == [(77, 1)]
    assert found.hidden == 1
