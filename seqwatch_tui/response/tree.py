"""A walk over a dataset on descriptors: each inode once, children before their directory, no link followed.

A name that is renamed or replaced while we walk costs nothing but a line in the report: what is opened beneath a
directory's descriptor is in that directory, and what is done is done to what was opened.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from seqwatch_tui.model.safefile import UnsafeFile
from seqwatch_tui.response.inode import Inode, inspect, is_mount_point, names_of, open_beneath


@dataclass(frozen=True, slots=True)
class Node:
    """An inode: `fd` is O_PATH and valid until the walk goes on, `path` relative to the root, the root's is empty."""

    fd: int
    path: bytes
    inode: Inode


@dataclass(frozen=True, slots=True)
class Unseen:
    """A name the walk did not go into, and why."""

    path: bytes
    why: str


def walk(node: Node, enter: Callable[[Node], bool]) -> Iterator[Node | Unseen]:
    """Yield everything beneath `node`, not itself. `enter` is asked before a directory is read; False passes it by."""
    try:
        names = names_of(node.fd)
    except OSError as error:
        yield Unseen(node.path, f"cannot be listed: {error.strerror}")
        return
    for name in names:
        path = node.path + b"/" + name if node.path else name
        try:
            fd = open_beneath(node.fd, name)
        except UnsafeFile:
            continue  # a link has no rights of its own; what it leads to is not this dataset's
        except OSError as error:
            yield Unseen(path, f"cannot be opened: {error.strerror}")
            continue
        try:
            yield from _visit(Node(fd, path, inspect(fd)), enter)
        finally:
            os.close(fd)


def _visit(node: Node, enter: Callable[[Node], bool]) -> Iterator[Node | Unseen]:
    if is_mount_point(node.fd):
        yield Unseen(node.path, "is a mount point; what is mounted there is left as it is")
        return
    if node.inode.kind == "directory" and enter(node):
        yield from walk(node, enter)
    yield node
