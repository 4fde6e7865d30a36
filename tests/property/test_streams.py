"""Whatever a stream holds, nothing is raised, no byte is lost, every row fits its columns, and the accounts add up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqwatch_tui.model.columns import ACTIONS
from seqwatch_tui.parse.interface import Knowledge, Parsed
from seqwatch_tui.parse.json_lines import JsonParser, load_mapping
from seqwatch_tui.parse.mapping import Mapping
from seqwatch_tui.parse.mapping_file import shipped_names
from tests.parse.feeding import GOLDEN, assert_equation, records, rows

_SETTINGS = settings(max_examples=25, deadline=None, derandomize=True)
MAPPINGS = [load_mapping(name) for name in shipped_names()]
SAMPLES = {
    **{path.stem: path.read_bytes() for path in (GOLDEN / "streams").iterdir() if ".events." not in path.name},
    "generic": (GOLDEN / "generated.flat.jsonl").read_bytes()[:20_000],
    "laurel": (GOLDEN / "shapes" / "laurel.jsonl").read_bytes(),
}

texts = st.sampled_from([
    "", "-", "*", "1", "-13", "1e400", "1790000000", "2026-09-21T14:13:20Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
    "/data/x", "../x", "s3://b/k", "10.0.0.1", "open", "success", "\x00", "\x1b[2J", "é\u202e", "%ff%zz", "0x1", "1790000000.100:7",
    "a" * 5000, "21/Sep/2026:16:15:01 +0200",
])  # fmt: skip
scalars = (
    texts
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([2**63, -(2**63) - 1, 10**400, 4294967295])
)
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(texts, v, max_size=3), max_leaves=6)


def read(mapping: Mapping, content: bytes) -> Parsed:
    parser = JsonParser("stream", "host", mapping, Knowledge(host_names={0: "root"}))
    parser.feed(content, 0)
    return parser.take(final=True)


def check(parsed: Parsed, content: bytes) -> None:
    assert_equation([parsed])
    assert parsed.counts.bytes == len(content)
    assert sum(len(r["raw"]) for r in records(parsed)) == len(content)
    for row in rows(parsed):
        assert row["action"] in ACTIONS
        assert row["outcome"] in ("success", "failure", "unknown")
        assert row["ts"] is not None


def _placed(value: dict[str, Any], steps: tuple[str, ...], inner: Any) -> None:
    for step in steps[:-1]:
        if not isinstance(value.get(step), dict):
            value[step] = {}
        value = value[step]
    value[steps[-1]] = inner


@st.composite
def objects(draw: st.DrawFn, mapping: Mapping) -> bytes:
    """An object with values of any kind where the mapping looks, and elsewhere; NaN and such as Python writes them."""
    value: dict[str, Any] = {}
    places = sorted({place.steps for place in mapping.used() if place.kind == "field"})
    for steps in draw(st.lists(st.sampled_from(places or [("ID",)]), max_size=12)):
        _placed(value, steps, draw(values))
    if mapping.records and draw(st.booleans()):
        inner = [
            json.loads(draw(objects(Mapping("inner", "json", columns=mapping.columns, extracts=mapping.extracts))))
            for _ in range(2)
        ]
        _placed(value, mapping.records[0], [*inner, draw(values)])
    return json.dumps(value).encode()


@pytest.mark.parametrize("mapping", [m for m in MAPPINGS if m.form == "json"], ids=lambda m: m.name)
@given(data=st.data())
@_SETTINGS
def test_any_value_anywhere(mapping: Mapping, data: st.DataObject) -> None:
    content = b"".join(line + b"\n" for line in data.draw(st.lists(objects(mapping), max_size=4)))
    check(read(mapping, content), content)


@pytest.mark.parametrize("mapping", MAPPINGS, ids=lambda m: m.name)
@given(data=st.data())
@_SETTINGS
def test_damaged_samples(mapping: Mapping, data: st.DataObject) -> None:
    """Lines of the sample cut, joined, garbled and doubled."""
    lines = SAMPLES[mapping.name].splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 6))):
        i = data.draw(st.integers(0, len(lines) - 1))
        at = data.draw(st.integers(0, max(len(lines[i]) - 1, 0)))
        byte = bytes([data.draw(st.integers(0, 255))])
        do = data.draw(st.sampled_from(["cut", "garble", "double", "insert", "join"]))
        lines[i] = {
            "cut": lines[i][:at] + b"\n", "garble": lines[i][:at] + byte + lines[i][at + 1 :], "double": lines[i] * 2,
            "insert": lines[i][:at] + byte + lines[i][at:], "join": lines[i].rstrip(b"\n"),
        }[do]  # fmt: skip
    content = b"".join(lines)
    parsed = read(mapping, content)
    assert_equation([parsed])
    assert parsed.counts.bytes == len(content)
