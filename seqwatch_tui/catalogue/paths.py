"""Path to dataset: the longest configured prefix that ends at a path boundary. Objects (`s3://bucket/key`) have paths too."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

import numpy as np

from seqwatch_tui.catalogue.coded import Coded, Codes
from seqwatch_tui.catalogue.roots import Roots
from seqwatch_tui.config.dataset import Dataset

OUTSIDE = -1
_MEMO = 65_536
_BULK = 64
"""Distinct paths from which on arrays pay."""
_NO_NAMES = frozenset(("", ".", ".."))


class PathIndex:
    """Finds the dataset of a path by its folder; folders repeat, so answers are kept (at most 65,536).

    Comparison is of text: names are as the kernel resolved them, no link is followed here.
    """

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        self._roots = {str(dataset.path): number for number, dataset in enumerate(datasets)}
        self._objects = {place: number for number, dataset in enumerate(datasets) for place in dataset.objects}
        self._bulk = Roots(self._roots)
        self._folders: dict[str, int] = {}

    def numbers(self, paths: Coded) -> Codes:
        """Return the number of each path of a column, OUTSIDE for null."""
        if len(paths.distinct) < _BULK or paths.distinct.null_count or "/" in self._roots:
            return paths.map(self.number, OUTSIDE)
        found, otherwise = self._bulk.numbers(paths.distinct, OUTSIDE)
        for position in otherwise.tolist():
            found[position] = self.number(paths.distinct[position].as_py())
        return np.append(found, np.int32(OUTSIDE))[paths.codes]

    def number(self, path: str) -> int:
        """Return the dataset's number for an absolute path or an object, OUTSIDE for any other and for relative paths."""
        folder, slash, name = path.rpartition("/")
        if path in self._roots:
            return self._roots[path]
        if not slash or path[0] != "/":
            return self._object(path) if self._objects else OUTSIDE
        if name in _NO_NAMES:
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

    def _object(self, path: str) -> int:
        """Look at the object, then at the prefixes above it. Nothing in a key is resolved: `..` and `//` are part of it."""
        while path:
            if (found := self._objects.get(path)) is not None:
                return found
            path = path.rstrip("/") if path.endswith("/") else path.rpartition("/")[0]
        return OUTSIDE
