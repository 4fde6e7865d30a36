"""Strings cut out of a piece, unhexed and dictionary-encoded without a loop."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from seqwatch_tui.parse.bulk_columns import Distinct, bounds_of, cut, dictionary, encode, strings, unhex


def test_cut_takes_what_lies_between() -> None:
    found = cut(pa.py_buffer(b"name=a name=bcd name="), np.array([5, 12, 21]), np.array([6, 15, 21]))
    assert found.to_pylist() == [b"a", b"bcd", b""]
    assert bounds_of(found).tolist() == [0, 1, 4, 4]
    assert cut(pa.py_buffer(b""), np.array([], np.int64), np.array([], np.int64)).to_pylist() == []


def test_encode_numbers_distinct_values() -> None:
    values, codes = encode(pa.array([b"x", b"y", b"x"]))
    assert (values, codes.tolist()) == ([b"x", b"y"], [0, 1, 0])


def test_unhex_decodes_all_at_once() -> None:
    decoded = unhex(pa.array([b"6C73", b"", b"41"]))
    assert decoded is not None
    assert (decoded[0], decoded[1].tolist()) == (b"lsA", [0, 2, 2, 3])


@pytest.mark.parametrize("token", [b"6C7", b"6c", b"(null)", b'"a"'])
def test_unhex_refuses_what_the_kernel_would_not_write(token: bytes) -> None:
    assert unhex(pa.array([b"41", token])) is None


def test_dictionaries_hold_only_what_is_used() -> None:
    known = Distinct(strings(b"abc", np.array([0, 1, 3])))
    assert [known.number(text) for text in ("new", None, "new", "other")] == [2, -1, 2, 3]
    column = dictionary(np.array([2, -1, 1, 2], np.int32), known)
    assert column.to_pylist() == ["new", None, "bc", "new"]
    assert column.dictionary.to_pylist() == ["bc", "new"]
    assert column.type == pa.dictionary(pa.int32(), pa.string())
