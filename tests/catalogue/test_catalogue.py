"""Dataset, role, allowed and why: the cases a reader can check by eye, then random tables against the reference."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqwatch_tui.catalogue.catalogue import Catalogue
from seqwatch_tui.catalogue.people import People
from seqwatch_tui.config.settings import loads
from seqwatch_tui.model.columns import POLICY_COLUMNS
from seqwatch_tui.parse.schema import EVENT_SCHEMA, event_table
from tests.catalogue.reference import judge_row

POLICY = """
site: s
state_dir: /var/lib/seqwatch
timezone: Europe/Berlin
datasets:
  - {id: a, path: /data/a, grants: {reader: [read], pipe: [write, read], bulk: [bulk, read], none: []}}
  - {id: inner, path: /data/a/inner/, grants: {}}
  - {id: open, path: "/data/run 1"}
roles:
  reader: {users: [rita, both], groups: [readers]}
  pipe: {users: [lims, both]}
  bulk: {users: [ben]}
  none: {users: [nora, both]}
  stranger: {groups: [guests]}
networks: {allowed: ["10.0.0.0/8", "fd00::/8"]}
business_hours: {start: "07:30", end: "19:00", holidays: [2026-12-25]}
"""
GROUPS = {"gus": frozenset({"readers"}), "gwen": frozenset({"guests", "x"})}
CATALOGUE = Catalogue(loads(POLICY, "x"), GROUPS)


def judged(catalogue: Catalogue = CATALOGUE, **columns: Any) -> dict[str, Any]:
    """Judge one event; keyword arguments are its columns."""
    (row,) = catalogue.judge(event_table({k: [v] for k, v in columns.items()}, 1)).to_pylist()
    return row


@pytest.mark.parametrize(
    ("path", "old_path", "dataset"),
    [
        ("/data/a/x", None, "a"),
        ("/data/a", None, "a"),
        ("/data/a/", None, "a"),
        ("/data/ab", None, None),
        ("/data/a/inner/deep/er", None, "inner"),
        ("/data/a/inner2", None, "a"),
        ("/data/run 1/x.bam", None, "open"),
        ("data/a/x", None, None),
        ("", None, None),
        ("/", None, None),
        ("/data", None, None),
        ("/data/a/../b", None, None),
        ("/data/a/..", None, None),
        ("/data/b/../a/x", None, "a"),
        ("//data//a/x", None, "a"),
        ("/tmp/x", "/data/a/x", "a"),
        ("/data/a/inner/x", "/data/a/x", "inner"),
        (None, "/data/a/x", "a"),
        (None, None, None),
    ],
)
def test_the_longest_prefix_on_a_path_boundary(path: str | None, old_path: str | None, dataset: str | None) -> None:
    assert judged(path=path, old_path=old_path, action="rename", user_name="rita")["dataset"] == dataset


@pytest.mark.parametrize(
    ("user", "action", "path", "role", "allowed", "reason", "bulk"),
    [
        ("rita", "read", "/data/a/x", "reader", True, "role reader has read", False),
        ("gus", "open", "/data/a/x", "reader", True, "role reader has read", False),
        ("rita", "delete", "/data/a/x", "reader", False, "role reader has read but not write", False),
        ("both", "rename", "/data/a/x", "pipe", True, "role pipe has write", False),
        ("ben", "read", "/data/a/x", "bulk", True, "role bulk has read", True),
        ("ben", "chmod", "/data/a/x", "bulk", False, "role bulk has read and bulk but not write", True),
        ("nora", "read", "/data/a/x", "none", False, "role none has no operation but not read", False),
        ("gwen", "read", "/data/a/x", "stranger", False, "no role of gwen is granted on a", False),
        ("eve", "read", "/data/a/x", None, False, "eve has no role", False),
        (None, "read", "/data/a/x", None, False, "unattributed: the login identity is not set", False),
        ("rita", "read", "/data/a/inner/x", "reader", False, "no role of rita is granted on inner", False),
        ("rita", "other", "/data/a/x", "reader", None, "the action needs no grant", False),
        ("rita", "read", "/data/run 1/x", "reader", None, "no grants are configured for open", None),
        (None, "read", "/data/run 1/x", None, None, "no grants are configured for open", None),
        ("rita", "read", "/etc/passwd", None, None, None, None),
        ("rita", "login", None, None, None, None, None),
    ],
)
def test_who_may_what_and_why(
    user: Any, action: str, path: Any, role: Any, allowed: Any, reason: Any, bulk: Any
) -> None:
    row = judged(user_name=user, action=action, path=path, uid_name="root")
    assert (row["role"], row["allowed"], row["reason"], row["bulk_granted"]) == (role, allowed, reason, bulk)


@pytest.mark.parametrize(
    ("address", "verdict"),
    [("10.1.2.3", True), ("11.1.2.3", False), ("::ffff:10.0.0.1", True), ("fd00::1", True), ("::1", False),
     ("fe80::1%eth0", False), ("lab-pc", None), ("?", None), (None, None)],
)  # fmt: skip
def test_networks(address: str | None, verdict: bool | None) -> None:
    assert judged(src_ip=address)["network_allowed"] is verdict


class TestBusinessHours:
    @pytest.mark.parametrize(
        ("utc", "inside"),
        [
            ("2026-01-05 06:29:59.999999", False),  # Monday, 07:29:59 CET
            ("2026-01-05 06:30", True),
            ("2026-01-05 17:59:59.999999", True),
            ("2026-01-05 18:00", False),
            ("2026-07-06 05:30", True),  # 07:30 CEST
            ("2026-07-06 17:00", False),
            ("2026-01-04 12:00", False),  # Sunday
            ("2026-12-25 12:00", False),  # a Friday, holiday
            ("1969-12-31 12:00", True),
        ],
    )
    def test_in_the_zone_of_the_site(self, utc: str, inside: bool) -> None:
        assert judged(ts=dt.datetime.fromisoformat(utc))["business_hours"] is inside

    def test_over_midnight_the_day_is_that_on_which_the_shift_begins(self) -> None:
        night = POLICY.replace("Europe/Berlin", "UTC").replace(
            'start: "07:30", end: "19:00"', 'days: fri, start: "22:00", end: "06:00"'
        )
        catalogue = Catalogue(loads(night, "x"), GROUPS)
        verdicts = {
            text: judged(catalogue, ts=dt.datetime.fromisoformat(text))["business_hours"]
            for text in ("2026-01-02 21:59", "2026-01-02 22:00", "2026-01-03 05:59", "2026-01-03 06:00",
                         "2026-01-03 22:00", "2026-01-02 05:00", "2026-12-26 01:00")
        }  # fmt: skip
        assert list(verdicts.values()) == [False, True, True, False, False, False, False]

    def test_a_zone_that_changes_within_an_hour_of_utc(self) -> None:
        """St. John's changed its clocks at 00:01 local time until 2011: 03:31 UTC in March 2010."""
        zone = POLICY.replace("Europe/Berlin", "America/St_Johns").replace(
            'start: "07:30", end: "19:00"', 'days: sun, start: "00:00", end: "00:30"'
        )
        catalogue = Catalogue(loads(zone, "x"), GROUPS)
        times = ["2010-03-14 03:30:30", "2010-03-14 03:31:30"]
        assert [judged(catalogue, ts=dt.datetime.fromisoformat(t))["business_hours"] for t in times] == [True, False]


CLOUD = Catalogue(
    loads(
        """
site: s
state_dir: /var/lib/seqwatch
datasets:
  - {id: a, path: /data/a, objects: ["s3://cohort/wgs/", "s3://mirror"], grants: {pipe: [read]}}
  - {id: b, path: /data/b, objects: ["s3://cohort/wgs/inner"]}
roles: {pipe: {users: ["Pipeline/*", "Analyst/ann"]}}
""",
        "x",
    ),
    {},
)


@pytest.mark.parametrize(
    ("path", "dataset"),
    [
        ("s3://cohort/wgs/S1.cram", "a"), ("s3://cohort/wgs", "a"), ("s3://mirror", "a"), ("s3://mirror/x//../y", "a"),
        ("s3://cohort/wgs/inner/deep/x", "b"), ("s3://cohort/wgsx", None), ("s3://cohort", None), ("s3://other/wgs/x", None),
        ("s3://cohort/wgs/folder/", "a"), ("s3://cohort/wgs//", "a"), ("s3://mirror/", "a"), ("s3://cohort/", None), ("s3:///", None),
        ("s3:/cohort/wgs/x", None), ("s3://", None), ("cohort/wgs/x", None), ("/data/a/x", "a"), ("x", None),
    ],
)  # fmt: skip
def test_objects_belong_to_datasets(path: str, dataset: str | None) -> None:
    assert judged(CLOUD, path=path)["dataset"] == dataset


@pytest.mark.parametrize(
    ("user", "allowed"),
    [
        ("Pipeline/run-17", True),
        ("Pipeline", False),
        ("Analyst/ann", True),
        ("Analyst/bob", False),
        ("Pipeline2/x", False),
    ],
)
def test_sessions_of_an_assumed_role(user: str, allowed: bool) -> None:
    assert judged(CLOUD, path="s3://mirror/x", action="read", user_name=user)["allowed"] is allowed


def test_a_copy_out_of_a_dataset_is_about_the_dataset() -> None:
    assert judged(CLOUD, path="s3://elsewhere/x", old_path="s3://mirror/x", action="write")["dataset"] == "a"


@pytest.mark.parametrize(
    ("user", "action", "old_path", "path", "dataset", "allowed"),
    [
        ("rita", "rename", "/data/a/x", "/data/run 1/x", "a", False),  # read alone is granted where it comes from
        ("lims", "rename", "/data/a/x", "/data/run 1/x", "open", None),
        ("lims", "link", "/data/run 1/x", "/data/a/x", "a", True),
        ("lims", "rename", "/data/a/x", "/data/a/inner/x", "inner", False),
        ("rita", "rename", "/data/a/x", "/data/a/inner/x", "inner", False),
        ("lims", "rename", "/data/a/inner/x", "/data/a/x", "inner", False),
        ("lims", "rename", "/data/a/y", "/data/a/x", "a", True),
    ],
)  # fmt: skip
def test_from_one_dataset_into_another_both_must_allow_it(
    user: str, action: str, old_path: str, path: str, dataset: str, allowed: bool | None
) -> None:
    row = judged(user_name=user, action=action, old_path=old_path, path=path)
    assert (row["dataset"], row["allowed"]) == (dataset, allowed)


def test_a_network_of_mapped_addresses_is_one_of_ipv4() -> None:
    written = POLICY.replace("10.0.0.0/8", "::ffff:10.0.0.0/104")
    catalogue = Catalogue(loads(written, "x"), {})
    found = [judged(catalogue, src_ip=each)["network_allowed"] for each in ("10.1.2.3", "::ffff:10.1.2.3", "11.0.0.1")]
    assert found == [True, True, False]


def test_nothing_configured_is_unknown_not_a_pass() -> None:
    row = judged(Catalogue(loads("site: s\nstate_dir: /s\n", "x"), {}), path="/data/a/x", src_ip="10.0.0.1",
                 ts=dt.datetime.fromisoformat("2026-01-05 12:00"), user_name="rita", action="read")  # fmt: skip
    assert {row[name] for name in POLICY_COLUMNS} == {None}


@pytest.mark.parametrize("empty", [EVENT_SCHEMA.empty_table(), event_table({}, 0)])
def test_no_events(empty: pa.Table) -> None:
    assert CATALOGUE.judge(empty).num_rows == 0
    assert CATALOGUE.judge(empty).schema == EVENT_SCHEMA


def test_lookups_and_rows() -> None:
    assert People(loads(POLICY, "x"), {}).roles_of("both") == ("reader", "pipe", "none")
    assert [row["dataset"] for row in CATALOGUE.dataset_rows()] == ["a", "inner", "open"]
    assert CATALOGUE.grant_rows()[1] == {
        "dataset": "a", "role": "pipe", "operations": ["read", "write"], "users": ["both", "lims"], "groups": [], "until": None,
    }  # fmt: skip


USERS = st.sampled_from(["rita", "both", "lims", "ben", "nora", "gus", "gwen", "eve", None])
PATHS = st.one_of(
    st.none(),
    st.lists(st.sampled_from(["", "data", "a", "inner", "run 1", "ab", "é", "x"]), max_size=5).map(
        lambda p: "/" + "/".join(p)
    ),
    st.sampled_from(["a/b", "data/a", "/data/a/inner", "/data/a\nb"]),
)
ROW = st.fixed_dictionaries(
    {
        "path": PATHS,
        "old_path": st.one_of(st.none(), PATHS),
        "user_name": USERS,
        "action": st.sampled_from(["read", "write", "close", "rename", "login", "other", "execute", "setattr", None]),
        "src_ip": st.sampled_from(["10.0.0.1", "::ffff:10.0.0.1", "1.1.1.1", "host", None]),
        "ts": st.one_of(st.none(), st.datetimes(*map(dt.datetime.fromisoformat, ("1975-01-01", "2090-01-01")))),
    }
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    st.lists(ROW, max_size=12), st.integers(0, 12), st.sampled_from(["Europe/Berlin", "America/St_Johns", "UTC"]),
    st.sampled_from(['start: "07:30", end: "19:00"', 'days: fri-mon, start: "22:00", end: "03:10"']),
)  # fmt: skip
def test_judge_equals_the_reference(rows: list[dict[str, Any]], cut: int, zone: str, shift: str) -> None:
    policy = loads(POLICY.replace("Europe/Berlin", zone).replace('start: "07:30", end: "19:00"', shift), "x")
    parts = [rows[:cut], rows[cut:]]
    tables = [event_table({name: [row[name] for row in part] for name in rows[0]}, len(part)) for part in parts if part]
    table = pa.concat_tables(tables) if tables else EVENT_SCHEMA.empty_table()
    result = Catalogue(policy, GROUPS).judge(table)
    assert result.schema == EVENT_SCHEMA
    assert result.drop(list(POLICY_COLUMNS)).equals(table.drop(list(POLICY_COLUMNS)))
    expected = [judge_row(policy, GROUPS, row) for row in rows]
    assert [{name: row[name] for name in expected[0]} for row in result.to_pylist()] == expected
