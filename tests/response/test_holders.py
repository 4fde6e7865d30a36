from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
