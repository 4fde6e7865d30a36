"""Removing a demo site, quarantined parts and all: what seqwatch shut, it opens again before it deletes."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from seqwatch_tui.response.inode import GUARDS, inspect, opened, set_flags, set_mode
from seqwatch_tui.response.tree import Node, walk


def remove(folder: Path) -> None:
    """Delete `folder` and everything in it, though parts be immutable or of mode 0000. Raises OSError."""
    with opened(folder) as fd:
        _open_up(Node(fd, b"", inspect(fd)))
        for found in walk(Node(fd, b"", inspect(fd)), _open_up):
            if isinstance(found, Node) and (found.inode.flags or 0) & GUARDS:
                set_flags(found.fd, 0)
    shutil.rmtree(folder)


def _open_up(node: Node) -> bool:
    """Make a directory ours to empty; one that is not ours to change is left for rmtree to name."""
    with contextlib.suppress(PermissionError):
        if os.geteuid() == 0 and (node.inode.flags or 0) & GUARDS:
            set_flags(node.fd, 0)
        if node.inode.mode & 0o700 != 0o700:
            set_mode(node.fd, 0o700)
    return True
