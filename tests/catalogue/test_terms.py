"""Grants, consent and approval that end, donors who withdraw, people on call: as of the event, in the site's days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from seqwatch_tui.catalogue.catalogue import Catalogue
from seqwatch_tui.config.errors import ConfigError
from seqwatch_tui.config.settings import loads
from seqwatch_tui.parse.schema import event_table

SITE = """
site: s
state_dir: /var/lib/seqwatch
timezone: Europe/Berlin
datasets:
  - id: a
    path: /d/a
    objects: ["s3://a/d"]
    grants: {reader: [read], guest: [read], writer: [read, write]}
    grants_until: {guest: 2026-06-30, writer: 2026-03-01}
    consent: {expires: 2027-01-01, withdrawn: [{files: "NA12878*", since: 2026-05-01}]}
    irb: {id: X, expires: 2026-12-31}
  - {id: b, path: /d/b, grants: {reader: [read]}}
roles: {reader: {users: [rita]}, guest: {users: [gus, both]}, writer: {users: [wim, both]}}
accounts: {service: [svc], shared: [lab]}
business_hours:
  start: "08:00"
  end: "18:00"
  roster: [{users: [rita], start: "2026-11-22 19:00", end: "2026-11-23 07:00"}]
"""


def _judged(ts: str, user: str, path: str = "/d/a/x.bam", action: str = "read") -> dict[str, Any]:
    at = datetime.fromisoformat(ts).replace(tzinfo=UTC)
    table = event_table(
        {"event_id": [1], "ts": [int(at.timestamp() * 1e6)], "user_name": [user], "path": [path], "action": [action]}, 1
    )
    found: dict[str, Any] = Catalogue(loads(SITE, "site.yaml"), {}).judge(table).to_pylist()[0]
    return found


@pytest.mark.parametrize(
    ("ts", "user", "allowed", "context"),
    [
        ("2026-06-30T21:59:59", "gus", True, None),
        ("2026-06-30T22:00:00", "gus", False, "grant-expired"),
        ("2026-02-01T00:00:00", "wim", True, None),
        ("2026-07-01T00:00:00", "wim", False, "grant-expired"),
        ("2026-04-01T00:00:00", "both", True, None),
        ("2026-07-01T00:00:00", "both", False, "grant-expired"),
        ("2026-07-01T00:00:00", "mallory", False, None),
        ("2026-12-31T22:59:59", "rita", True, None),
        ("2026-12-31T23:00:00", "rita", True, "irb-expired"),
        ("2027-01-01T23:00:00", "rita", True, "consent-expired; irb-expired"),
    ],
)
def test_a_last_day_ends_at_the_midnight_of_the_site(ts: str, user: str, allowed: bool, context: str | None) -> None:
    row = _judged(ts, user)
    assert (row["allowed"], row["context"]) == (allowed, context)


def test_the_last_day_of_the_calendar_never_ends() -> None:
    site = SITE.replace("2026-06-30", "9999-12-31").replace("2027-01-01", "9999-12-31")
    table = event_table({"event_id": [1], "user_name": ["gus"], "path": ["/d/a/x"], "action": ["read"]}, 1)
    row = Catalogue(loads(site, "site.yaml"), {}).judge(table).to_pylist()[0]
    assert (row["allowed"], row["context"]) == (True, None)


def test_a_grant_that_ended_says_so() -> None:
    row = _judged("2026-07-01T00:00:00", "gus")
    assert (row["reason"], row["role"]) == ("the grant of role guest on a ended on 2026-06-30", "guest")


@pytest.mark.parametrize(
    ("ts", "path", "context"),
    [
        ("2026-04-30T21:59:59", "/d/a/NA12878.bam", None),
        ("2026-04-30T22:00:00", "/d/a/NA12878.bam", "consent-withdrawn"),
        ("2026-05-02T00:00:00", "/d/a/NA12878/lane1.fastq.gz", "consent-withdrawn"),
        ("2026-05-02T00:00:00", "s3://a/d/NA12878.bam", "consent-withdrawn"),
        ("2026-05-02T00:00:00", "s3://a/e/NA12878.bam", None),
        ("2026-05-02T00:00:00", "/d/a/NA12879.bam", None),
        ("2026-05-02T00:00:00", "/d/b/NA12878.bam", None),
    ],
)
def test_withdrawal_is_by_file(ts: str, path: str, context: str | None) -> None:
    assert _judged(ts, "rita", path)["context"] == context


@pytest.mark.parametrize(
    ("files", "name", "held"),
    [
        ("x[1].bam", "x[1].bam", True), ("x[1].bam", "x1.bam", False), ("a?.bam", "a1.bam", True), ("a?.bam", "a.bam", False),
        ("run*/a.b", "run1/x/a.b", True), ("run*/a.b", "run1/a_b", False), ("*.bam", "a.bam.bai", False), ("d", "d/x/y", True),
    ],
)  # fmt: skip
def test_a_bracket_in_a_pattern_of_files_is_a_bracket(files: str, name: str, held: bool) -> None:
    site = SITE.replace('files: "NA12878*"', f'files: "{files}"')
    table = event_table(
        {"event_id": [1], "ts": [1_790_000_000_000_000], "user_name": ["rita"], "path": [f"/d/a/{name}"], "action": ["read"]}, 1
    )  # fmt: skip
    context = Catalogue(loads(site, "site.yaml"), {}).judge(table).to_pylist()[0]["context"]
    assert context == ("consent-withdrawn" if held else None)


def test_only_reading_needs_consent() -> None:
    assert _judged("2027-02-01T00:00:00", "rita", action="delete")["context"] is None
    assert _judged("2027-02-01T00:00:00", "rita", "/elsewhere")["context"] is None


@pytest.mark.parametrize(
    ("ts", "user", "context"),
    [
        ("2026-11-22T18:00:00", "rita", "on-call"),
        ("2026-11-22T17:59:59", "rita", None),
        ("2026-11-23T06:00:00", "rita", None),
        ("2026-11-22T18:00:00", "gus", "grant-expired"),
    ],
)
def test_the_roster_is_in_the_sites_zone(ts: str, user: str, context: str | None) -> None:
    assert _judged(ts, user)["context"] == context


@pytest.mark.parametrize(
    ("user", "action", "context"),
    [
        ("svc", "login", "service-account"),
        ("lab", "execute", "shared-account"),
        ("rita", "login", None),
        ("svc", "read", None),
    ],
)
def test_accounts_that_are_no_persons(user: str, action: str, context: str | None) -> None:
    assert _judged("2026-02-01T00:00:00", user, "/usr/bin/x", action)["context"] == context


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("guest: 2026-06-30", "geust: 2026-06-30", "names role 'geust', which has no grant there"),
        ('end: "2026-11-23 07:00"', 'end: "2026-11-22 07:00"', "is not after start"),
        ('start: "2026-11-22 19:00"', "start: tomorrow", "is not a moment"),
    ],
)
def test_mistakes_are_told(old: str, new: str, error: str) -> None:
    with pytest.raises(ConfigError, match=error):
        loads(SITE.replace(old, new), "site.yaml")


def test_the_table_of_grants_says_when_each_ends() -> None:
    rows = Catalogue(loads(SITE, "site.yaml"), {}).grant_rows()
    assert [(row["dataset"], row["role"], row["until"]) for row in rows] == [
        ("a", "reader", None), ("a", "guest", date(2026, 6, 30)), ("a", "writer", date(2026, 3, 1)), ("b", "reader", None),
    ]  # fmt: skip
