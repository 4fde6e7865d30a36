"""What a census of files amounts to: is the content encrypted file by file, and is what is encrypted sound? Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from seqwatch_tui.encryption.census import Census, Looked
from seqwatch_tui.encryption.fscrypt import NoPolicy, Policy, Unseen
from seqwatch_tui.encryption.header import Header, Malformed
from seqwatch_tui.encryption.layers import Layer
from seqwatch_tui.model.text import from_bytes, safe_text
from seqwatch_tui.model.verdict import State

_CHECKSUMS = re.compile(
    rb"(^|/)((md5|sha1|sha256|sha512|b2)sums?(\.txt)?|(tag)?manifest-\w+\.txt|[^/]+\.(md5|sha1|sha256|sha512)(sum)?"
    rb"|bagit\.txt|bag-info\.txt)(\.(asc|sig))?$",
    re.IGNORECASE,
)
_SEALED = (b".c4gh", b".age", b".gpg", b".asc", b".pgp")
_INDEXES = (b".bai", b".crai", b".tbi", b".csi", b".gzi", b".fai")

Judged = tuple[State, str]


def some(names: Iterable[bytes], count: int = 3) -> str:
    """The first few names for a sentence, with how many more there are."""
    listed = sorted(names)
    shown = ", ".join(safe_text(from_bytes(name), 80) for name in listed[:count])
    return shown + (f" and {len(listed) - count} more" if len(listed) > count else "")


def file_layer(census: Census) -> Layer:
    """Whether the files themselves are encrypted; checksum lists (by name and content) and empty files do not count.

    Sequence data in clear makes it `partly`; other files in clear beside encrypted ones make it a `mixed` yes.
    """
    counted = [f for f in census.files if f.kind.kind != "empty" and not _is_checksums(f)]
    sealed = [f for f in counted if is_sealed(f)]
    clear = [f for f in counted if not is_sealed(f)]
    text, formats = _count(census, sealed, clear), frozenset(f.kind.format for f in sealed)
    if not sealed:
        return Layer("no" if clear else "unknown", text)
    if any(f.kind.kind in ("sequence", "index", "encrypted") for f in clear):
        return Layer("partly", text, mixed=True, formats=formats)
    sure = census.complete and not census.closed
    return Layer("yes" if sure else "unknown", text, mixed=bool(clear), formats=formats)


def _is_checksums(file: Looked) -> bool:
    """A list of digests or its signature: so called, and text (a signature may be binary)."""
    binary = file.kind.kind == "unknown" and file.name.lower().endswith(b".sig")
    return (file.kind.kind == "text" or binary) and _CHECKSUMS.search(file.name) is not None


def of_all(census: Census, judged: Judged) -> Judged:
    """The same where every file was looked at; a pass of some of them only is unknown."""
    state, text = judged
    if state != "pass" or (census.complete and not census.closed):
        return judged
    unread = f"{len(census.closed)} unreadable, " if census.closed else ""
    looked = len(census.files) + len(census.closed)
    return (
        "unknown",
        f"{text[:-1]} ({unread}looked at {looked} of {len(census.names)}{' or more' if census.more else ''} files).",
    )


def is_sealed(file: Looked) -> bool:
    """Encrypted, and not only by its first bytes."""
    return file.kind.kind == "encrypted" and not isinstance(file.header, Malformed)


def _count(census: Census, sealed: list[Looked], clear: list[Looked]) -> str:
    formats = Counter(f.kind.format for f in sealed)
    words = [f"{n} {name}" for name, n in formats.most_common()]
    if clear:
        words.append(f"{len(clear)} in clear ({some(f.name for f in clear)})")
    if census.closed:
        words.append(f"{len(census.closed)} unreadable ({some(c.name for c in census.closed)}: {census.closed[0].why})")
    if not census.complete:
        looked = len(census.files) + len(census.closed)
        words.append(f"looked at {looked} of {len(census.names)}{' or more' if census.more else ''} files")
    return ", ".join(words) or "no file to look at"


def policy_layer(census: Census, folder: Policy | NoPolicy | Unseen) -> Layer:
    """Whether fscrypt covers the folder and what is in it; a file that is locked for want of its key is covered."""
    policies = [folder, *(f.policy for f in census.files)]
    covered = [p for p in policies if isinstance(p, Policy)]
    locked = sum(c.locked for c in census.closed)
    bare = sum(isinstance(f.policy, NoPolicy) for f in census.files)
    if isinstance(folder, Policy) and not bare:
        return Layer("yes", f"{folder}{f', {locked} files locked' if locked else ''}", formats=frozenset({"fscrypt"}))
    if not covered:
        return Layer("unknown" if isinstance(folder, Unseen) else "no", f"no fscrypt: {_why(folder)}")
    if bare or not census.complete or isinstance(folder, Unseen):
        return Layer("partly", f"fscrypt on {len(covered)} of {len(policies)} looked at", mixed=True)
    return Layer("yes", f"{covered[0]}, on every file", formats=frozenset({"fscrypt"}))


def _why(folder: Policy | NoPolicy | Unseen) -> str:
    return str(folder) if isinstance(folder, Policy) else folder.why


def one_policy(census: Census, folder: Policy | NoPolicy | Unseen) -> Judged:
    """ENC-05: one key for the whole dataset, and no plain file in an encrypted tree."""
    keys = {p.key for p in (folder, *(f.policy for f in census.files)) if isinstance(p, Policy)}
    bare = [f.name for f in census.files if isinstance(f.policy, NoPolicy)]
    if not keys:
        return "n/a", "no fscrypt policy here."
    if bare:
        return "warn", f"{len(bare)} files without the policy of their dataset: {some(bare)}; copy them in anew."
    if len(keys) > 1:
        return "warn", f"{len(keys)} different keys in one dataset: {', '.join(sorted(keys))}; find out why."
    return "pass", f"one key: {keys.pop()}."


def well_formed(census: Census) -> Judged:
    """C4-01: every Crypt4GH file has a header that parses."""
    bad = [f for f in census.files if isinstance(f.header, Malformed)]
    if bad:
        why = next(f.header.why for f in bad if isinstance(f.header, Malformed))
        return "fail", f"{len(bad)} damaged Crypt4GH files: {some(f.name for f in bad)}; the first {why}."
    named = [f.name for f in census.files if f.name.endswith(b".c4gh") and f.header is None]
    if named:
        return "fail", f"{len(named)} files are called .c4gh and are not: {some(named)}; encrypt them."
    return _sound(census, "headers of version 1 that parse")


def whole_body(census: Census) -> Judged:
    """C4-02: the last segment of every Crypt4GH file can be one. Cut or swapped whole segments are not seen."""
    tails = [(f.name, f.header.tail) for f in census.files if isinstance(f.header, Header)]
    cut = [name for name, tail in tails if tail == "corrupt"]
    odd = [name for name, tail in tails if tail == "empty"]
    if cut:
        return "fail", f"{len(cut)} Crypt4GH files end inside a segment: {some(cut)}; fetch them again."
    if odd:
        return "warn", f"{len(odd)} Crypt4GH files end in an empty segment, which no usual tool writes: {some(odd)}."
    return _sound(census, "bodies of whole segments; that none is missing only a manifest can tell")


def _sound(census: Census, what: str) -> Judged:
    count = sum(isinstance(f.header, Header) for f in census.files)
    return ("pass", f"{count} {what}.") if count else ("n/a", "no Crypt4GH file here.")


def siblings(census: Census) -> Judged:
    """C4-06: nothing in clear beside an encrypted file that tells what is in it: itself, its index, its digest."""
    sealed = {f.name for f in census.files if is_sealed(f)}
    encrypted = sealed | {name for name in census.names if name.endswith(b".c4gh")}
    stems = {n.removesuffix(suffix) for n in encrypted for suffix in _SEALED if n.endswith(suffix)}
    if not stems:
        return "n/a", "no encrypted file here."
    indexes = {stem + index for stem in stems for index in _INDEXES}
    indexes |= {stem.rpartition(b".")[0] + index for stem in stems for index in (b".bai", b".crai")}
    leaks = (census.names & (stems | indexes)) - sealed
    digests = census.names & {
        stem + kind for stem in stems for kind in (b".md5", b".sha256", b".md5sum", b".sha256sum")
    }
    if leaks:
        return "fail", f"in clear beside its encrypted file: {some(leaks)}; encrypt it too, then remove it."
    if digests:
        return "warn", f"digests of plaintexts beside encrypted files: {some(digests)}; they let a copy be recognised."
    return "pass", "no plaintext, index or digest beside an encrypted file."
