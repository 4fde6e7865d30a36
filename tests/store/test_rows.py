"""Small rows as columns: what is taken at once is what each value gives alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqwatch_tui.store import rows
from seqwatch_tui.store.site_tables import ACTIONS

TEXTS = st.one_of(st.none(), st.text(max_size=5), st.sampled_from(["\ud800", "é\udcff", "\x00"]), st.integers(0, 9))
TIMES = st.one_of(
    st.none(), st.integers(0, 9), st.floats(-6e10, 2.5e11), st.floats(0, 2e9), st.just(dt.datetime(2026, 1, 2, 3, 4)),  # noqa: DTZ001
)  # fmt: skip


def _column(name: str, values: list[Any]) -> pa.ChunkedArray:
    return rows.to_arrow(ACTIONS, [{"action_id": n, name: value} for n, value in enumerate(values)]).column(name)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.one_of(st.lists(TEXTS, max_size=6), st.lists(st.text(max_size=9), min_size=1)))
def test_texts(values: list[Any]) -> None:
    assert _column("operator", values).to_pylist() == [rows.plain("VARCHAR", value) for value in values]


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.one_of(st.lists(TIMES, max_size=6), st.lists(st.floats(0, 2e9), min_size=1)))
def test_times(values: list[Any]) -> None:
    assert _column("ts", values).to_pylist() == [rows.plain("TIMESTAMP", value) for value in values]


@pytest.mark.parametrize("value", [1e300, -1e300, float("inf"), 2.6e11])
def test_a_time_that_no_datetime_can_be_is_refused(value: float) -> None:
    with pytest.raises(OverflowError):
        _column("ts", [1.0, value])


def test_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        _column("ts", [float("nan"), 1.0])
