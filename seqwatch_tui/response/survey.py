"""A look over a dataset before an act: every inode with its state, links that lead outside, what could not be seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from seqwatch_tui.response.inode import Inode, inspect
from seqwatch_tui.response.state import Recorded
from seqwatch_tui.response.tree import Node, Unseen, walk

_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Survey:
    """What lies beneath a root: `inodes` with one entry for each inode (hard links once), in the order of the walk."""

    root: Inode
    inodes: tuple[Recorded, ...]
    linked_outside: tuple[bytes, ...]
    """Paths of files that have names outside the dataset as well."""
    unseen: tuple[Unseen, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(item.inode.size for item in self.inodes if item.inode.kind == "file")

    def count(self, kind: str) -> int:
        """How many inodes are of this kind."""
        return sum(item.inode.kind == kind for item in self.inodes)

    @property
    def samples(self) -> tuple[bytes, ...]:
        """Some files for the probe to try, spread over the dataset."""
        files = [item.path for item in self.inodes if item.inode.kind == "file"]
        return tuple(files[:: max(1, -(-len(files) // _SAMPLES))])


def survey(root_fd: int) -> Survey:
    """Look at everything beneath the directory `root_fd` (O_PATH); changes nothing."""
    root = inspect(root_fd)
    seen: dict[tuple[int, int, int | None], Recorded] = {}
    names: Counter[tuple[int, int, int | None]] = Counter()
    unseen = []
    for found in walk(Node(root_fd, b"", root), lambda _: True):
        if isinstance(found, Unseen):
            unseen.append(found)
            continue
        names[found.inode.identity] += 1
        seen.setdefault(found.inode.identity, Recorded(found.path, found.inode))
    outside = tuple(
        item.path for key, item in seen.items() if item.inode.kind == "file" and item.inode.links > names[key]
    )
    return Survey(root, tuple(seen.values()), outside, tuple(unseen))
