"""The kind of a log is seen in its first lines, and what is not known is told in a sentence."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from seqwatch_tui.sources.formats import FormatUnknown, detect_format

AUDITD = b'type=CWD msg=audit(1790000000.000:1): cwd="/"\n'


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (AUDITD, "auditd"),
        (b"node=seq01 " + AUDITD, "auditd"),
        (b'cut-off tail="x"\n' + AUDITD, "auditd"),
        (gzip.compress(AUDITD), "auditd"),
        (b'{"ID":"1790000000.023:1008","SYSCALL":{"pid":1}}\n', "laurel"),
        (b'{"time":"2026-01-01","rule":"x"}\n', "jsonl"),
        (b'{"ID":7}\n', "jsonl"),
    ],
)
def test_known_kinds(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    assert detect_format(path) == kind


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"Jan  1 sshd[1]: \x1b[31mhello\n", r"\x1b[31mhello"),
        (b"[1, 2]\n", "neither an auditd record"),
    ],
)
def test_unknown_kinds_say_what_was_seen(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    with pytest.raises(FormatUnknown) as caught:
        detect_format(path)
    assert told.replace("\\", "\\\\") in str(caught.value) or told in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FormatUnknown, match="does not exist"):
        detect_format(tmp_path / "none")
