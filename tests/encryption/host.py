"""A make-believe /proc and /sys: block devices, what they stand on, and where they are mounted."""

from __future__ import annotations

import os
from pathlib import Path


class Host:
    """`root` is what the survey takes for the root of the file system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.numbers: dict[str, str] = {}
        (root / "proc/self").mkdir(parents=True)
        (root / "sys/dev/block").mkdir(parents=True)
        (root / "sys/class/block").mkdir(parents=True)
        self.mounts: list[str] = []
        self.swaps()

    def device(self, name: str, uuid: str = "", on: tuple[str, ...] = (), backing: str = "", of: str = "") -> str:
        """Add a device; `on` are its slaves, `of` the disk that a partition belongs to."""
        number = f"8:{len(self.numbers)}"
        self.numbers[name] = number
        node = self.root / "sys/devices" / of / name
        (node / "slaves").mkdir(parents=True)
        (node / "dev").write_text(number)
        if of:
            (node / "partition").write_text("1")
        if uuid:
            (node / "dm").mkdir()
            (node / "dm/uuid").write_text(uuid + "\n")
            (node / "dm/name").write_text(f"map-{name}\n")
        if backing:
            (node / "loop").mkdir()
            (node / "loop/backing_file").write_text(backing + "\n")
        for slave in on:
            (node / "slaves" / slave).symlink_to(self.root / "sys/class/block" / slave)
        (self.root / "sys/dev/block" / number).symlink_to(node)
        (self.root / "sys/class/block" / name).symlink_to(node)
        return number

    def btrfs(self, *names: str) -> None:
        """One file system over these devices."""
        devices = self.root / "sys/fs/btrfs/0123" / "devices"
        devices.mkdir(parents=True)
        for name in names:
            (devices / name).symlink_to(self.root / "sys/class/block" / name)

    def mount(self, point: Path | str, device: str, kind: str = "ext4", source: str = "none") -> None:
        shown = os.fspath(point).replace("\\", "\\134").replace(" ", "\\040")
        number = self.numbers.get(device, device)
        self.mounts.append(f"{len(self.mounts)} 1 {number} / {shown} rw shared:1 - {kind} {source} rw\n")
        (self.root / "proc/self/mountinfo").write_text("".join(self.mounts))

    def swaps(self, *names: str) -> None:
        lines = [f"{name}\tpartition\t1000\t0\t-2\n" for name in names]
        (self.root / "proc/swaps").write_text("Filename\tType\tSize\tUsed\tPriority\n" + "".join(lines))
