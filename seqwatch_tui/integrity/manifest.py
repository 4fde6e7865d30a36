"""Manifests: what the source said it delivered. Reads and judges the lists, not the files they name.

The folder is hostile: a manifest is opened by descriptor, without symbolic links, up to a size, and names that leave
the folder are refused. A bad line is a problem with file and line; the other lines still count.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import BinaryIO

from seqwatch_tui.integrity.lines import MAX_LINE, STRENGTH, BadLine, Dialect, Entry, read_line
from seqwatch_tui.integrity.names import visible
from seqwatch_tui.model.safefile import safe_open_at, safe_open_dir
from seqwatch_tui.model.verdict import Finding

MAX_BYTES = 256 << 20
MAX_LINES = 2_000_000
MAX_PROBLEMS = 200
_SOUND_DIGITS = 224 // 4

_COMMON = re.compile(
    rb"((md5|sha1|sha224|sha256|sha384|sha512|b2)sums?|checksums?)(\.(txt|md5|sha256|sha512))?"
    rb"|manifest-(md5|sha1|sha224|sha256|sha384|sha512)\.txt"
    rb"|.+\.(md5|sha1|sha256|sha512)(sum)?",
    re.IGNORECASE,
)
_SIGNATURES = (b".asc", b".sig", b".gpg", b".minisig", b".sigstore", b".sigstore.json", b".p7s", b".sign")
_BAG_FILES = (b"bagit.txt", b"bag-info.txt", b"fetch.txt")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is listed, by name in bytes relative to the dataset folder; of several digests of a file the strongest.

    `names` are the manifest files read (text, comma separated). `own` are names that are part of the manifest itself:
    they are not "extra". `unread` says why a manifest could not be read: then nothing can be compared.
    """

    names: str
    entries: Mapping[bytes, Entry] = field(default_factory=lambda: MappingProxyType({}))
    own: frozenset[bytes] = frozenset()
    problems: tuple[str, ...] = ()
    unread: OSError | None = None

    @property
    def found(self) -> bool:
        """There is a manifest, and it was read."""
        return bool(self.names) and self.unread is None


def read_manifest(folder: int | str | bytes | os.PathLike[str], name: str | bytes | None = None) -> Manifest:
    """Read the manifest `name` of a dataset, or, without a name, every common one at its top.

    `folder` is the dataset: an open directory descriptor or an absolute path. `name` is relative to it; the names in
    the manifest are relative to the folder the manifest is in. Raises OSError only when the folder cannot be opened.
    """
    if not isinstance(folder, int):
        fd = safe_open_dir(folder)
        try:
            return read_manifest(fd, name)
        finally:
            os.close(fd)
    names = [os.fsencode(name)] if name is not None else find_manifests(folder)
    return _join([_read_one(folder, each) for each in _with_tag_manifests(folder, names)])


def find_manifests(folder_fd: int) -> list[bytes]:
    """Names of manifests at the top of the folder, by their usual names (SHA256SUMS, *.md5, manifest-sha256.txt)."""
    with os.scandir(folder_fd) as entries:
        names = [os.fsencode(e.name) for e in entries if e.is_file(follow_symlinks=False)]
    return sorted(name for name in names if _COMMON.fullmatch(name))


def _with_tag_manifests(folder: int, names: Iterable[bytes]) -> Iterator[bytes]:
    for name in names:
        yield name
        head, _, base = name.rpartition(b"/")
        if re.fullmatch(rb"manifest-[a-z0-9]+\.txt", base):
            tags = (head + b"/" if head else b"") + b"tag" + base
            if _exists(folder, tags):
                yield tags


def _exists(folder: int, name: bytes) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True


def _read_one(folder: int, name: bytes) -> Manifest:
    label = visible(name)
    try:
        fd = safe_open_at(folder, name)
    except OSError as error:
        return _unread(name, error)
    with os.fdopen(fd, "rb") as file:
        if os.fstat(fd).st_size > MAX_BYTES:
            return _unread(name, OSError(errno.EFBIG, f"larger than {MAX_BYTES >> 20} MiB; split the dataset"))
        try:
            return _parse(_lines(file), name, _Problems(label))
        except OSError as error:
            return _unread(name, error)


def _unread(name: bytes, error: OSError) -> Manifest:
    label = visible(name)
    text = f"{label}: the manifest cannot be read ({error.strerror}); nothing can be compared with it."
    return Manifest(label, own=_own(name), problems=(text,), unread=error)


def _parse(lines: Iterable[bytes], name: bytes, problems: _Problems) -> Manifest:
    label, head = visible(name), name.rpartition(b"/")[0]
    dialect = Dialect.of(name)
    entries: dict[bytes, Entry] = {}
    for number, line in enumerate(lines, start=1):
        if number > MAX_LINES:
            problems.add(number, f"more than {MAX_LINES} lines; from here on none counts; split the dataset.")
            break
        read = read_line(line, number, dialect)
        if isinstance(read, BadLine):
            problems.add(read.line, read.text)
        elif read is not None:
            full = b"/".join(filter(None, (head, read.name)))
            _add(entries, Entry(full, read.algorithm, read.digest, number), problems)
    empty = () if entries else (f"{label}: lists no file; nothing can be compared with it.",)
    return Manifest(label, MappingProxyType(entries), _own(name), (*empty, *problems.texts()))


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines without their ends, one at a time; the first line tells whether they end as on Windows."""
    windows: bool | None = None
    while line := file.readline(MAX_LINE + 3):
        while not line.endswith(b"\n") and (rest := file.readline(MAX_LINE)):
            line = line[: MAX_LINE + 2] + rest[-1:]  # too long to count: keep its length, drop what it says
        line = line.removesuffix(b"\n")
        if windows is None:
            windows, line = line.endswith(b"\r"), line.removeprefix(b"\xef\xbb\xbf")
        yield line.removesuffix(b"\r") if windows else line


class _Problems:
    """Collects problems of one manifest, the first MAX_PROBLEMS in words and the rest as a count."""

    def __init__(self, label: str) -> None:
        self._label, self._texts, self._more = label, list[str](), 0

    def add(self, line: int | None, text: str) -> None:
        if len(self._texts) >= MAX_PROBLEMS:
            self._more += 1
            return
        self._texts.append(f"{self._label}: {text}" if line is None else f"{self._label}:{line}: {text}")

    def texts(self) -> tuple[str, ...]:
        more = [f"{self._label}: and {self._more} more lines that do not count."] if self._more else []
        return (*self._texts, *more)


def _add(entries: dict[bytes, Entry], new: Entry, problems: _Problems) -> None:
    """Of two algorithms the stronger counts; of two digests of one algorithm the first, and the other is a problem."""
    old = entries.setdefault(new.name, new)
    if old.algorithm == new.algorithm and old.digest != new.digest:
        problems.add(
            new.line,
            f"gives {visible(new.name)} another digest than line {old.line}; the first one counts, find out why.",
        )
    elif _strength(new) > _strength(old):
        entries[new.name] = new


def _strength(entry: Entry) -> tuple[bool, int, int]:
    """Sound ones above weak ones, then by algorithm, then by length."""
    name = entry.algorithm.partition("-")[0]
    return not _is_weak(entry), STRENGTH.index(name), len(entry.digest)


def _is_weak(entry: Entry) -> bool:
    """MD5 and SHA-1 can be forged, and so can whatever is shorter than SHA-224."""
    return entry.algorithm in ("md5", "sha1") or len(entry.digest) < _SOUND_DIGITS


def _own(name: bytes) -> frozenset[bytes]:
    own = {name, *(name + suffix for suffix in _SIGNATURES)}
    head, _, base = name.rpartition(b"/")
    if re.fullmatch(rb"(tag)?manifest-[a-z0-9]+\.txt", base):
        own |= {(head + b"/" if head else b"") + each for each in _BAG_FILES}
    return frozenset(own)


def _join(manifests: list[Manifest]) -> Manifest:
    if len(manifests) == 1:
        return manifests[0]
    entries: dict[bytes, Entry] = {}
    problems = _Problems("manifests")
    for manifest in manifests:
        for entry in manifest.entries.values():
            old = entries.get(entry.name)
            if old is not None and old.algorithm == entry.algorithm and old.digest != entry.digest:
                problems.add(
                    None, f"{visible(entry.name)} has another digest in {manifest.names}; the first one counts."
                )
            elif old is None or _strength(entry) > _strength(old):
                entries[entry.name] = entry
    return Manifest(
        ", ".join(m.names for m in manifests),
        MappingProxyType(entries),
        frozenset().union(*(m.own for m in manifests)),
        (*(p for m in manifests for p in m.problems), *problems.texts()),
        None if entries else next((m.unread for m in manifests if m.unread is not None), None),
    )


def judge_manifest(dataset: str, manifest: Manifest, now: float) -> list[Finding]:
    """INT-03 (the kind of digest) and INT-05 (lines that do not count), each with the dataset as its subject.

    Both every time, so that what an earlier manifest was like is not said of a later one.
    """
    kinds = {entry.algorithm for entry in manifest.entries.values()}
    if not manifest.found or not kinds:
        nothing = "no manifest was read; nothing was promised."
        why = manifest.problems[0] if manifest.problems else nothing
        return [
            Finding("INT-03", dataset, dataset, "unknown", nothing, now),
            Finding("INT-05", dataset, dataset, "unknown", why, now),
        ]
    strong = not any(map(_is_weak, manifest.entries.values()))
    text = f"digests are {', '.join(sorted(kinds))}"
    advice = "" if strong else "; MD5, SHA-1 and digests under 224 bits can be forged, ask the source for SHA-256"
    lines = (
        f"{len(manifest.problems)} problems, first: {manifest.problems[0]}"
        if manifest.problems
        else "every line counts."
    )
    return [
        Finding("INT-03", dataset, dataset, "pass" if strong else "warn", f"{text}{advice}.", now),
        Finding("INT-05", dataset, dataset, "warn" if manifest.problems else "pass", lines, now),
    ]
