"""What a source cannot see in principle, by its type: said beside every answer, for a trail without gaps has limits too."""

from __future__ import annotations

_EVERY = (
    "other hosts that mount the same storage, and NFS or SMB clients of this host: only what the server process does",
    "what root keeps from being written; what was sealed before stays provable",
)
_AUDIT = (
    "how much was read: a mapped file (mmap) or a descriptor kept open, inherited or passed on is read without a record",
    "names below a directory descriptor that nothing in the trail resolves (dirfd in warnings): not counted for any dataset",
    "accesses through a symbolic link outside the dataset: recorded under the link's name",
)
_BY_TYPE: dict[str, tuple[str, ...]] = {
    "auditd": _AUDIT,
    "laurel": _AUDIT,
    "fanotify": (
        "how much was read or written through a mapped file (mmap): its open and close are reported, not its use",
        "an attempt that was refused: only what was done is reported",
        "a file of the dataset under another name outside it (hard link)",
        "who it was, where a program had gone before it was looked at (gone in warnings)",
    ),
}
_OTHER = ("whatever its producer does not report; its rules are not known here",)
_AUDITED = ("auditd", "laurel")

URING = {
    "loaded": "the rule for io_uring is loaded",
    "missing": "io_uring: the kernel has no rule for it, so that requests through a ring leave no record",
    "unknown": "io_uring: whether the kernel has the rule for it is not known here; without it such requests leave no record",
}


def cannot_see(kind: str, uring: str) -> list[str]:
    """Sentences on what a source of this type never sees; `uring` is a key of URING."""
    own = list(_BY_TYPE.get(kind, _OTHER))
    if kind in _AUDITED and uring != "loaded":
        own.append(URING[uring])
    return [*own, *_EVERY]
