"""The kind of a log is seen in its first lines, and what is not known is told in a sentence."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path

import pytest

from seqwatch_tui.sources.formats import FormatUnknown, detect_format
from tests.parse.feeding import GOLDEN

AUDITD = b'type=CWD msg=audit(1790000000.000:1): cwd="/"\n'


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (AUDITD, "auditd"),
        (b"node=seq01 " + AUDITD, "auditd"),
        (b'cut-off tail="x"\n' + AUDITD, "auditd"),
        (gzip.compress(AUDITD), "auditd"),
        (b'{"ID":"1790000000.023:1008","SYSCALL":{"pid":1}}\n', "laurel"),
        (b'{ "ID" : "1790000000.023:1008","SYSCALL":{"pid":1}}\n', "laurel"),
        (b'{"time":"2026-01-01","op":"read","path":"/x"}\n', "generic"),
        (
            b'{"Records":[{"eventSource":"s3","eventName":"x","eventTime":"t","userIdentity":{"type":"Root"}},{"cut',
            "cloudtrail",
        ),
    ],
)
def test_known_kinds(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    assert detect_format(path) == kind


SAMPLES = sorted(path for path in (GOLDEN / "streams").iterdir() if ".events." not in path.name)


@pytest.mark.parametrize("sample", SAMPLES, ids=[path.stem for path in SAMPLES])
def test_every_sample_is_known_line_by_line(tmp_path: Path, sample: Path) -> None:
    """A file is known by any of its lines; none of them is taken for another format."""
    assert detect_format(sample) == sample.stem
    known = set()
    for line in sample.read_bytes().splitlines():
        (tmp_path / "log").write_bytes(line + b"\n")
        with contextlib.suppress(FormatUnknown):
            known.add(detect_format(tmp_path / "log"))
    assert known == {sample.stem}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"Jan  1 sshd[1]: \x1b[31mhello\n", r"\x1b[31mhello"),
        (b"[1, 2]\n", "neither an auditd record"),
        (b'{"ID":7}\n', "known to a shipped mapping"),
        (b'{"Records":[{"cut', "write a mapping"),
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
