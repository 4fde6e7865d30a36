"""Where a dataset stands now: what earlier verifications found, against its manifest and against the clock. Pure.

A verdict ages: a file that was right longer ago than the policy allows counts as not checked. No file is read here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from seqwatch_tui.integrity.interface import CheckedFile
from seqwatch_tui.integrity.listing import NOT_REGULAR
from seqwatch_tui.integrity.manifest import Manifest
from seqwatch_tui.integrity.names import to_text
from seqwatch_tui.model.verdict import Finding, State

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Standing:
    """The counts of the integrity panel, its state, and one sentence.

    `ok` files were read within the allowed age; `outdated` of those in `not_checked` were right when last read, too
    long ago. `checked` (epoch seconds) is when the listed file read longest ago was read; null when one never was.
    """

    dataset: str
    state: State
    text: str
    ok: int = 0
    changed: int = 0
    missing: int = 0
    extra: int = 0
    unreadable: int = 0
    changed_during_read: int = 0
    not_checked: int = 0
    outdated: int = 0
    checked: float | None = None

    def finding(self, now: float) -> Finding:
        """The standing as finding INT-01 on the dataset."""
        return Finding("INT-01", self.dataset, self.dataset, self.state, self.text, now)


def standing(
    dataset: str,
    files: Mapping[str, CheckedFile],
    manifest: Manifest | None,
    now: float,
    max_age: float = 7 * DAY,
) -> Standing:
    """Judge what is known of a dataset at `now`; `max_age` in seconds.

    `files` are the stored rows (rows.from_row) by path. `manifest`, when given, adds its entries that were never seen
    as not checked, and its problems keep the state from being a pass.
    """
    current = [known for known in files.values() if known.current]
    never = _never_seen(files, manifest)
    counts = Counter(_word(known, now, max_age) for known in current)
    counts["not checked"] += never
    counts["problems in the manifest"] = len(manifest.problems) if manifest else 0
    state, text = _judge(counts)
    return Standing(
        dataset, state, text, counts["ok"], counts["changed"], counts["missing"], counts["extra"],
        counts["unreadable"] + counts[_ODD], counts["changed during read"],
        counts["not checked"] + counts[_OLD], counts[_OLD], None if never else _oldest(current),
    )  # fmt: skip


_OLD = "checked too long ago"
_ODD = "not regular files"
_WORST_FIRST: tuple[tuple[State, tuple[str, ...]], ...] = (
    ("fail", ("changed", "missing")),
    ("unknown", ("unreadable", "not checked", "changed during read")),
    ("warn", (_OLD, "extra", _ODD, "problems in the manifest")),
)


def _word(known: CheckedFile, now: float, max_age: float) -> str:
    """The verdict as of `now`; an object nobody listed that is no file takes nothing away from what was listed."""
    check = known.check
    if check.verdict == "unreadable" and check.expected is None and check.detail.startswith(NOT_REGULAR):
        return _ODD
    if check.verdict != "ok":
        return check.verdict
    age = now - check.checked if check.checked is not None else -1.0
    return "ok" if 0 <= age <= max_age else _OLD


def _judge(counts: Mapping[str, int]) -> tuple[State, str]:
    """The worst state there is, and all that keeps it from being a pass."""
    text = ", ".join(f"{counts[word]} {word}" for _, words in _WORST_FIRST for word in words if counts[word])
    for state, words in _WORST_FIRST:
        if any(counts[word] for word in words):
            return state, text
    return ("pass", f"{counts['ok']} ok") if counts["ok"] else ("unknown", "not checked")


def _never_seen(files: Mapping[str, CheckedFile], manifest: Manifest | None) -> int:
    known = {path for path, file in files.items() if file.current}
    return sum(to_text(name) not in known for name in manifest.entries) if manifest else 0


def _oldest(current: Iterable[CheckedFile]) -> float | None:
    """When the listed file read longest ago was read; null when one was never read."""
    times = [known.check.checked for known in current if known.check.expected is not None]
    read = [moment for moment in times if moment is not None]
    return min(read) if read and len(read) == len(times) else None
