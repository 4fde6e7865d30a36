"""Results as rows of the store's tables `files` and `verifications`, and stored rows back to values.

Keys are column names. Times are epoch seconds UTC (float); null where a fact does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from seqwatch_tui.integrity.interface import CheckedFile, Stamp, VerificationResult
from seqwatch_tui.model.verdict import FileCheck


def file_rows(result: VerificationResult) -> list[dict[str, Any]]:
    """Rows for `files`; files this run did not get to keep the row they have."""
    files = [known for known in result.files if known.check.path not in result.kept]
    return [_file_row(known) for known in (*files, *result.gone)]


def _file_row(known: CheckedFile) -> dict[str, Any]:
    stamp = known.stamp
    return {
        **asdict(known.check),
        "current": known.current,
        "mtime_ns": stamp.mtime_ns if stamp else None,
        "ctime_ns": stamp.ctime_ns if stamp else None,
        "inode": stamp.inode if stamp else None,
        "dev": stamp.dev if stamp else None,
    }


def verification_row(result: VerificationResult, verification_id: str, operator: str | None) -> dict[str, Any]:
    """The row for `verifications`; `operator` is who asked for it, null for the schedule."""
    return {
        "verification_id": verification_id,
        "dataset": result.dataset,
        "kind": result.mode,
        "state": result.state,
        "started": result.started,
        "finished": result.finished,
        **asdict(result.totals),
        "bytes": result.bytes,
        "manifest": result.manifest,
        "operator": operator,
        "detail": "\n".join(result.problems),
    }


def from_row(row: Mapping[str, Any]) -> CheckedFile:
    """A stored row of `files` as a value; `checked` may be epoch seconds or a UTC timestamp."""
    check = FileCheck(
        row["dataset"], row["path"], row["verdict"], row["size"], row["algorithm"], row["expected"], row["actual"],
        _seconds(row["checked"]), row["detail"] or "",
    )  # fmt: skip
    stamp = None
    if row["inode"] is not None:
        stamp = Stamp(row["size"] or 0, row["mtime_ns"], row["ctime_ns"], row["inode"], row["dev"])
    return CheckedFile(check, stamp, bool(row["current"]))


def _seconds(moment: float | datetime | None) -> float | None:
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return moment
