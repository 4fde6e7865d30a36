"""Which kind of log a file is, from its first lines: `auditd`, `laurel` or flat `jsonl`.

Decides which parser gets the bytes and nothing else. Compressed files are looked into.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Literal

from seqwatch_tui.model.text import from_bytes, safe_text
from seqwatch_tui.sources.compressed import Damaged, Unpacking
from seqwatch_tui.sources.opening import Problem, open_log

Format = Literal["auditd", "laurel", "jsonl"]

_AUDITD = re.compile(rb"(?:node=\S+ )?type=\S+ msg=audit\(\d+\.\d+:\d+\):")
_LAUREL_ID = re.compile(r"\d+\.\d+:\d+")
_LOOK_BYTES = 1 << 20
_LOOK_LINES = 50


class FormatUnknown(ValueError):
    """The file is none of the known kinds, is empty or cannot be read; the text says what to do."""


def detect_format(path: Path) -> Format:
    """The kind of log in `path`; the first line may be a fragment. Raises FormatUnknown."""
    lines = _first_lines(path)
    for line in lines:
        kind = _kind_of(line)
        if kind is not None:
            return kind
    if not lines:
        raise FormatUnknown(f"{path} is empty; name the format (--format auditd, laurel or jsonl) or another file")
    shown = safe_text(from_bytes(lines[0][:200]), 60)
    raise FormatUnknown(
        f"{path} begins with {shown!r}, which is neither an auditd record (type=... msg=audit(...)) nor a JSON object"
        " per line; name the format with --format if you know it"
    )


def _kind_of(line: bytes) -> Format | None:
    if _AUDITD.match(line):
        return "auditd"
    if not line.startswith(b"{"):
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    serial = value.get("ID")
    return "laurel" if isinstance(serial, str) and _LAUREL_ID.fullmatch(serial) else "jsonl"


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
