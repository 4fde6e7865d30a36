"""Where everything is, below `<state_dir>/ledger/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui.ledger.values import Segment

_SHARD = 1000
"""Segments per folder: seven years of one a minute are 3.7 million."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of files and folders."""

    root: Path

    @staticmethod
    def of(state_dir: Path) -> Layout:
        """The ledger of a state directory."""
        return Layout(state_dir / "ledger")

    @property
    def chain(self) -> Path:
        """One line per sealed segment."""
        return self.root / "chain"

    @property
    def head(self) -> Path:
        """Number and chain value of the last sealed segment."""
        return self.root / "head"

    @property
    def confirmed(self) -> Path:
        """Number of the last segment that the store is known to have committed."""
        return self.root / "confirmed"

    @property
    def spools(self) -> Path:
        """Folder of batches not yet sealed, or sealed and not yet committed by the store."""
        return self.root / "spool"

    @property
    def orphans(self) -> Path:
        """Folder of what was written and never committed; nothing here is part of the record."""
        return self.root / "orphans"

    def shard(self, number: int) -> Path:
        """Folder of a segment's files."""
        return self.root / "segments" / f"{number // _SHARD:07d}"

    def segment(self, number: int) -> Segment:
        """A segment and its files."""
        stem = self.shard(number) / f"{number:010d}"
        return Segment(number, stem.with_suffix(".events.parquet"), stem.with_suffix(".records.parquet"))

    def spool(self, number: int) -> Path:
        """Batches of the segment `number`."""
        return self.spools / f"{number:010d}.spool"
