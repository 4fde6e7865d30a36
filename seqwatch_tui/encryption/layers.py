"""What lies below a folder: its mounts, and the chain of block devices under each, as /proc and /sys tell it.

Reads mountinfo (proc(5)), dm/uuid and slaves (sysfs) below a `root` that tests replace. Encryption in the drive
itself, in the array or at a cloud provider cannot be seen from here.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from seqwatch_tui.model.text import from_bytes, safe_text

Seen = Literal["yes", "no", "partly", "unknown"]

_CRYPT = re.compile(r"CRYPT-(LUKS1|LUKS2|PLAIN|BITLK|TCRYPT|LOOPAES|FVAULT2)-")
_OCTAL = re.compile(rb"\\([0-7]{3})")
_MEMORY = frozenset({"tmpfs", "ramfs", "hugetlbfs"})
_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo; `device` is major:minor."""

    device: str
    point: bytes
    type: str
    source: bytes
    options: str


@dataclass(frozen=True, slots=True)
class Layer:
    """Whether a layer encrypts, and what was seen, in words.

    `mixed`: some devices of a chain are encrypted and others are not. `formats` are those seen (LUKS2, PLAIN, ...).
    """

    seen: Seen
    text: str
    mixed: bool = False
    formats: frozenset[str] = frozenset()


def read_mounts(root: Path) -> list[Mount]:
    """The mounts of this process, in order of mounting. Raises OSError."""
    lines = (root / "proc/self/mountinfo").read_bytes().split(b"\n")
    return [mount for line in lines if (mount := _mount(line)) is not None]


def _mount(line: bytes) -> Mount | None:
    """By proc(5): id, parent, major:minor, root, point, options, optional fields, -, type, source, super options."""
    left, separator, right = line.partition(b" - ")
    fields, rest = left.split(b" "), right.split(b" ")
    if not separator or len(fields) < 6 or len(rest) < 3:
        return None
    return Mount(from_bytes(fields[2]), _plain(fields[4]), from_bytes(rest[0]), _plain(rest[1]), from_bytes(rest[2]))


def _plain(field: bytes) -> bytes:
    return _OCTAL.sub(lambda m: bytes([int(m[1], 8)]), field)


def mounts_under(mounts: list[Mount], folder: bytes) -> list[Mount]:
    """The mount that holds `folder` (absolute, without links), and those mounted below it."""
    holding = [m for m in mounts if _within(folder, m.point)]
    below = {m.point: m for m in mounts if m.point != folder and _within(m.point, folder)}
    longest = max((len(m.point) for m in holding), default=0)
    return [*[m for m in holding if len(m.point) == longest][-1:], *below.values()]


def _within(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def stacked(mounts: list[Mount]) -> Layer:
    """Whether every mount is an encrypting stacked file system (eCryptfs)."""
    hits = [m for m in mounts if m.type == "ecryptfs"]
    if len(hits) == len(mounts) and hits:
        return Layer("yes", "eCryptfs", formats=frozenset({"ecryptfs"}))
    return Layer("partly" if hits else "no", "eCryptfs below it only in part" if hits else "no eCryptfs", bool(hits))


def block_layer(mounts: list[Mount], root: Path) -> Layer:
    """Whether everything under the mounts is encrypted by the device mapper."""
    return _all([_under(mount, root, 0) for mount in mounts])


def swap_layers(root: Path) -> list[tuple[str, Layer]]:
    """Each swap area on a disk and what is under it. Raises OSError."""
    found = []
    for line in (root / "proc/swaps").read_text("utf-8", "backslashreplace").split("\n")[1:]:
        name = line.split()[0] if line.split() else ""
        if name and not name.startswith("/dev/zram"):
            found.append((name, _swap(name.encode(), root)))
    return found


def _swap(name: bytes, root: Path) -> Layer:
    if name.startswith(b"/dev/"):
        return _by_name(name, root, 0)
    return block_layer(mounts_under(read_mounts(root), _plain(name))[:1], root)


def _all(layers: list[Layer]) -> Layer:
    """Several together are encrypted only when each is."""
    if not layers:
        return Layer("unknown", "no mount was found for it")
    text = ", ".join(dict.fromkeys(layer.text for layer in layers))
    states = {layer.seen for layer in layers}
    formats = frozenset[str]().union(*(layer.formats for layer in layers))
    if len(states) == 1:
        return Layer(layers[0].seen, text, any(layer.mixed for layer in layers), formats)
    mixed = "yes" in states or "partly" in states
    seen: Seen = "partly" if mixed else "unknown"
    return Layer(seen, text, mixed and bool(states & {"no", "partly"}), formats)


def _under(mount: Mount, root: Path, depth: int) -> Layer:
    if mount.type in _MEMORY:
        return Layer("unknown", f"{mount.type} lies in memory and may be swapped out")
    if mount.type == "zfs":
        return Layer("unknown", "zfs encrypts by itself or not; see: zfs get encryption")
    if not mount.device.startswith("0:"):
        return _device(mount.device, root, depth)
    if mount.type == "btrfs":
        return _btrfs(mount.source, root, depth)
    if mount.type == "bcachefs":
        return _by_name(mount.source, root, depth)
    return Layer("unknown", f"what is under {mount.type} cannot be seen from here")


def _by_name(source: bytes, root: Path, depth: int) -> Layer:
    """A device by its name below /dev: a kernel name, or the name of a device-mapper device."""
    node = _called(source, root)
    return _node(node, root, depth) if node else Layer("unknown", f"{_base(source)} is not in /sys/class/block")


def _base(source: bytes) -> str:
    return safe_text(from_bytes(source.rsplit(b"/", 1)[-1]))


def _called(source: bytes, root: Path) -> Path | None:
    """The node in sysfs of a device's name."""
    base = os.fsdecode(source.rsplit(b"/", 1)[-1])
    direct = root / "sys/class/block" / base
    if source.count(b"/") == 2 and (direct / "dev").exists():
        return direct.resolve()
    for name in sorted((root / "sys/class/block").glob("dm-*/dm/name")):
        if source.startswith(b"/dev/mapper/") and name.read_text().strip() == base:
            return name.parent.parent.resolve()
    return None


def _btrfs(source: bytes, root: Path, depth: int) -> Layer:
    """All devices of a btrfs, as sysfs lists them: a mount names only one of several."""
    node = _called(source, root)
    for devices in sorted((root / "sys/fs/btrfs").glob("*/devices")):
        names = sorted(each.name for each in devices.iterdir())
        if node is not None and node.name in names:
            return _all([_by_name(b"/dev/" + os.fsencode(name), root, depth) for name in names])
    return Layer("unknown", f"the devices of the btrfs on {_base(source)} are not in /sys/fs/btrfs")


def _device(number: str, root: Path, depth: int) -> Layer:
    node = root / "sys/dev/block" / number
    if not node.exists():
        return Layer("unknown", f"device {number} is not in /sys")
    return _node(node.resolve(), root, depth)


def _node(node: Path, root: Path, depth: int) -> Layer:
    """A block device in sysfs: encrypted itself, or all it stands on is."""
    if depth > _MAX_DEPTH:
        return Layer("unknown", f"{node.name}: the chain is deeper than {_MAX_DEPTH} devices")
    crypt = _CRYPT.match(_text(node / "dm/uuid"))
    if crypt:
        name = _text(node / "dm/name") or node.name
        return Layer("yes", f"{name}: dm-crypt {crypt[1]}", formats=frozenset({crypt[1]}))
    if (node / "partition").exists():
        return _node(node.parent, root, depth + 1)
    slaves = sorted((node / "slaves").iterdir()) if (node / "slaves").is_dir() else []
    if slaves:
        return _all([_node(slave.resolve(), root, depth + 1) for slave in slaves])
    return _leaf(node, root, depth)


def _leaf(node: Path, root: Path, depth: int) -> Layer:
    backing = _text(node / "loop/backing_file")
    if not backing:
        return Layer("no", f"{node.name}: no dm-crypt")
    below = [_under(m, root, depth + 1) for m in mounts_under(read_mounts(root), os.fsencode(backing))[:1]]
    found = _all(below)
    return Layer(found.seen, f"{node.name}: loop over {backing} ({found.text})", found.mixed, found.formats)


def _text(path: Path) -> str:
    """The content of a sysfs attribute, empty when the device does not have it."""
    try:
        return path.read_text("utf-8", "backslashreplace").strip()
    except FileNotFoundError:
        return ""
