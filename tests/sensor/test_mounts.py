"""A file system that tells no names is watched by its mount: uses are seen, names are not, and it is said."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from seqwatch_tui.sensor.order import Order
from seqwatch_tui.sensor.watch import Watch
from seqwatch_tui.sensor.wire import Wire
from tests.sensor.host import NEEDS_ROOT, own_filesystem, run

pytestmark = [pytest.mark.root, NEEDS_ROOT]


def test_uses_are_seen_by_the_mount(tmp_path: Path) -> None:
    out = os.open(tmp_path / "lines", os.O_CREAT | os.O_RDWR)
    with own_filesystem() as data:
        (data / "reads.bam").write_bytes(b"x" * 1000)
        watch = Watch(Order((os.fsencode(data),), b"/nowhere", None), Wire(out), time.time(), handles=False)
        watch.check(time.time())
        run("cat reads.bam; echo y >> reads.bam; mkdir sub; ls", data)
        for group in watch.groups():
            while watch.read(group, time.time()):
                continue
        watch.close(time.time())
    os.close(out)
    lines = (tmp_path / "lines").read_text()
    assert f'"watched":{{"{data}":"mount"}}' in lines
    assert f'"action":"read","path":"{data}/reads.bam"' in lines
    assert f'"action":"write","path":"{data}/reads.bam"' in lines
    assert f'"action":"open","path":"{data}","directory":true' in lines
    assert '"create"' not in lines
