"""Which kind of log a file is, from its first lines: `auditd`, `laurel` or the name of a shipped mapping.

Decides which parser gets the bytes and nothing else. Compressed files are looked into.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from seqwatch_tui.model.text import from_bytes, safe_text
from seqwatch_tui.parse.recognise import recognised
from seqwatch_tui.sources.compressed import Damaged, Unpacking
from seqwatch_tui.sources.opening import Problem, open_log

_AUDITD = re.compile(rb"(?:node=\S+ )?type=\S+ msg=audit\(\d+\.\d+:\d+\):")
_LAUREL = re.compile(rb'\{\s*"ID"\s*:\s*"\d+\.\d+:\d+"')
_LOOK_BYTES = 1 << 20
_LOOK_LINES = 50


class FormatUnknown(ValueError):
    """The file is none of the known kinds, is empty or cannot be read; the text says what to do."""


def detect_format(path: Path) -> str:
    """The kind of log in `path`; the first line may be a fragment. Raises FormatUnknown."""
    lines = _first_lines(path)
    if not lines:
        raise FormatUnknown(f"{path} is empty; name the format (auditd, laurel or a mapping) or another file")
    kind = next(filter(None, map(_kind_of, lines)), None) or recognised(lines)
    if kind is not None:
        return kind
    shown = safe_text(safe_text(from_bytes(lines[0][:200])), 60)
    raise FormatUnknown(
        f"{path} begins with '{shown}', which is neither an auditd record (type=... msg=audit(...)) nor known to a shipped"
        " mapping; name the format if you know it (ingest --format, scan --type), or write a mapping (docs/sources.md)"
    )


def _kind_of(line: bytes) -> str | None:
    if _AUDITD.match(line):
        return "auditd"
    return "laurel" if _LAUREL.match(line) else None


def _first_lines(path: Path) -> list[bytes]:
    opened = open_log(path)
    if isinstance(opened, Problem):
        raise FormatUnknown(opened.reason)
    try:
        head = b""
        for piece in Unpacking(opened.fd):
            if isinstance(piece, Damaged):
                break
            head += piece
            if len(head) >= _LOOK_BYTES:
                break
    except OSError as error:
        raise FormatUnknown(f"{path}: reading failed: {error.strerror}; check the disk") from error
    finally:
        os.close(opened.fd)
    return [line for line in head.split(b"\n", _LOOK_LINES)[:_LOOK_LINES] if line.strip()]
