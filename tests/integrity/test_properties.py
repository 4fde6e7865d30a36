from __future__ import annotations

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from seqwatch_tui.integrity.lines import BadLine, Dialect, Entry, read_line
from seqwatch_tui.integrity.names import to_bytes, to_text

PART = st.binary(min_size=1, max_size=20).filter(lambda b: b not in (b".", b"..") and not set(b) & set(b"/\0"))
NAME = st.lists(PART, min_size=1, max_size=4).map(b"/".join)
FEW = settings(max_examples=200, derandomize=True, deadline=None)


def as_coreutils(name: bytes, content: bytes) -> bytes:
    """A line as sha256sum 9 writes it."""
    escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    mark = b"\\" if escaped != name else b""
    return mark + hashlib.sha256(content).hexdigest().encode() + b"  " + escaped


@FEW
@given(NAME, st.binary(max_size=8))
def test_any_name_survives_a_manifest(name, content):
    entry = read_line(as_coreutils(name, content), 1, Dialect())
    assert entry == Entry(name, "sha256", hashlib.sha256(content).hexdigest(), 1)


@FEW
@given(st.binary(max_size=200).filter(lambda b: b"\n" not in b), st.booleans(), st.booleans())
def test_no_line_breaks_the_reader_or_names_a_way_out(line, blake, bagit):
    found = read_line(line, 1, Dialect(blake, bagit))
    if isinstance(found, Entry):
        parts = found.name.split(b"/")
        assert b".." not in parts
        assert b"" not in parts
        assert b"\0" not in found.name
    else:
        assert found is None or isinstance(found, BadLine)


@FEW
@given(st.sampled_from([b"a" * 32, b"a" * 64]), st.text("./a\\%2e", min_size=1, max_size=12), st.booleans())
def test_no_path_leaves_the_folder(digest, name, escaped):
    found = read_line((b"\\" if escaped else b"") + digest + b"  " + name.encode(), 1, Dialect())
    if isinstance(found, Entry):
        assert not found.name.startswith(b"/")
        assert b".." not in found.name.split(b"/")


@FEW
@given(st.lists(NAME, max_size=6))
def test_names_and_their_texts_are_one_to_one(names):
    assert [to_bytes(to_text(name)) for name in names] == names
    assert len({to_text(name) for name in names}) == len(set(names))
