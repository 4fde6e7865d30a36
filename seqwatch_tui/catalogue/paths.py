"""Path to dataset: the longest configured prefix that ends at a path boundary."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from seqwatch_tui.config.schema import Dataset

OUTSIDE = -1
_MEMO = 65_536


class PathIndex:
    """Finds the dataset of a path by its folder; folders repeat, so answers are kept (at most 65,536).

    Comparison is of text: names are as the kernel resolved them, no link is followed here.
    """

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        self._roots = {str(dataset.path): number for number, dataset in enumerate(datasets)}
        self._folders: dict[str, int] = {}

    def number(self, path: str) -> int:
        """Return the dataset's number for an absolute path, OUTSIDE for any other and for relative paths."""
        folder, slash, name = path.rpartition("/")
        if path in self._roots:
            return self._roots[path]
        if not slash or path[0] != "/":
            return OUTSIDE
        if name in ("", ".", ".."):
            return self._climb(posixpath.normpath(path))
        found = self._folders.get(folder)
        if found is None:
            found = self._climb(posixpath.normpath(folder)) if folder else OUTSIDE
            if len(self._folders) >= _MEMO:
                self._folders.clear()
            self._folders[folder] = found
        return found

    def _climb(self, folder: str) -> int:
        """Look at the folder, then at those above it. Two leading slashes are one (POSIX keeps them apart)."""
        folder = "/" + folder.lstrip("/")
        while folder not in self._roots and folder != "/":
            folder = posixpath.dirname(folder)
        return self._roots.get(folder, OUTSIDE)
