from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqwatch_tui.parse.schema import event_table
from seqwatch_tui.store.filter import FilterError, compile_filter
from seqwatch_tui.store.interface import Commit
from seqwatch_tui.store.store import Store
from tests.store.samples import START

ROWS = {
    "event_id": [1, 2, 3, 4],
    "ts": [int((START + i * 600) * 1e6) for i in range(4)],
    "action": ["read", "write", "login", "read"],
    "outcome": ["success", "failure", "success", "unknown"],
    "user_name": ["anna", "svc-lims", None, "svc_qc"],
    "src_ip": ["10.20.0.7", "11.0.0.1", "2001:db8::1", None],
    "process": ["samtools", "cp", "sshd", "Subset.py"],
    "path": ["/data/a/100%_subset.bam", "/data/a/final copy.bam", None, "/data/b/x.bam"],
    "dataset": ["wgs-a", "wgs-a", None, "wes-b"],
    "allowed": [True, False, None, None],
    "session_id": [7, 8, None, 7],
    "rule_key": ["seqwatch", None, None, "it's"],
}
NOW = START + 1900


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store.open(tmp_path_factory.mktemp("store"))
    store.commit(Commit(events=event_table(ROWS, 4)))
    yield store
    store.close()


def ids(store: Store, text: str) -> list[int]:
    return [row[0] for row in store.events(10, wanted=compile_filter(text, NOW)).rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [1, 2, 3, 4]),
        ("action=read", [1, 4]),
        ("!action=read", [2, 3]),
        ("action!=read", [2, 3]),
        ("!action!=read", [1, 4]),
        ("user=svc-*", [2]),
        ("user=svc_*", [4]),
        ("user=unattributed", [3]),
        ("!dataset=wgs-*", [3, 4]),
        ("allowed=no", [2]),
        ("allowed=unknown", [3, 4]),
        ("ip=10.0.0.0/8", [1]),
        ("ip=10.20.0.7/32", [1]),
        ("!ip=10.0.0.0/8", [2, 3, 4]),
        ("ip=2001:db8::1", [3]),
        ("since=10m", [4]),
        ("since=25m until=10m", [2, 3]),
        ("since=2026-11-18T11:06:40", [1, 2, 3, 4]),
        ("path~SUBSET", [1]),
        ("subset", [1, 4]),
        ("!subset", [2, 3]),
        ('path="/data/a/final copy.bam"', [2]),
        ('"final copy"', [2]),
        ("path=*100%_*", [1]),
        ("session=7", [1, 4]),
        ("key=it's", [4]),
        ("dataset=wgs-a outcome=success", [1]),
        ("process=samtools user=anna", [1]),
    ],
)
def test_words_select_rows(store: Store, text: str, expected: list[int]) -> None:
    assert ids(store, text) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colour=red", "colour=red"),
        ("usr=anna", "did you mean user"),
        ("action=raed", "did you mean read"),
        ("user=", "no value"),
        ("pid=many", "pid=many"),
        ("allowed=maybe", "yes, no or unknown"),
        ("ip=10.0.0.0/99", "ip=10.0.0.0/99"),
        ("ip=2001:db8::/32", "IPv6"),
        ("since=soon", "since=soon"),
        ("since=2026", "since=2026"),
        ("since=30", "since=30"),
        ("until=null", "until=null"),
        ("until=1e5", "until=1e5"),
        ("since=99999999999999999999d", "since="),
        ('user="anna', "quote"),
        ("!", "!"),
    ],
)
def test_a_word_that_does_not_parse_is_named(text: str, named: str) -> None:
    with pytest.raises(FilterError, match=re.escape(named)):
        compile_filter(text, NOW)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(st.characters(codec="utf-8"), max_size=30), st.sampled_from(["", "user=", "path~", "!reason=", "key="]))
def test_no_text_becomes_sql(store: Store, text: str, before: str) -> None:
    try:
        wanted = compile_filter(before + text, NOW)
    except FilterError:
        return
    assert set(re.findall(r"\$(\w+)", wanted.sql)) == set(wanted.params)
    store.events(10, wanted=wanted)


def test_a_quote_in_a_value_is_a_value(store: Store) -> None:
    assert ids(store, "user=x'or''=''--") == []
    assert ids(store, "user=$f0 path~$f1") == []
