"""Alerts in the console: why one fired, an operator's words on it, snoozes, incidents, backtests."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqwatch_tui.console.answers import Panel
from tests.console.fake_engine import Site
from tests.console.harness import console, screen_text, shows, until

SMALL = (80, 24)


async def test_the_alert_says_why_it_fired_within_80_by_24(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), SMALL, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("enter")
        await shows(pilot, app, "40 path within 60 s; the threshold is 40")
        await shows(pilot, app, "owner nobody")
        text = app.view.card.whole()
        for part in (
            "risk of: level +75",
            "in force: grants bioinformatician",
            "incident: 1",
            "sql: SELECT event_id",
            "owner nobody",
        ):
            assert part in text


@pytest.mark.parametrize(
    ("keys", "post", "said"),
    [
        (("K", *"held", "enter"), {"do": "contain", "reason": "held"}, "alert 1 contained: held"),
        (("X", "f", *"drill", "enter"), {"do": "close", "verdict": "false", "reason": "drill"}, "alert 1 closed: drill"),
        (("X", "e", *"plan", "enter"), {"do": "close", "verdict": "expected", "reason": "plan"}, "alert 1 closed: plan"),
        (("M", *"saw", "space", *"it", "enter"), {"do": "note", "reason": "saw it"}, "alert 1 noted: saw it"),
        (("A", "enter", *"mine", "enter"), {"do": "assign", "owner": "oncall", "reason": "mine"}, "owned by oncall: mine"),
        (("A", *"ana", "enter", *"hers", "enter"), {"do": "assign", "owner": "ana", "reason": "hers"}, "by ana: hers"),
        (("O", *"again", "enter"), {"do": "reopen", "reason": "again"}, "alert 1 new: again"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("inside", [False, True])
async def test_a_word_on_an_alert(
    tmp_path: Path, keys: tuple[str, ...], post: dict[str, str], said: str, inside: bool
) -> None:
    site = Site()
    async with console(tmp_path, site, SMALL, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        if inside:
            await pilot.press("enter")
            await shows(pilot, app, "the threshold is 40")
        await pilot.press(*keys)
        await until(pilot, lambda: bool(site.posts))
        assert site.posts == [("alerts/1", post)]
        await shows(pilot, app, said)


@pytest.mark.parametrize(("size", "count"), [((160, 48), 30), ((80, 24), 400), ((80, 24), 30)])
async def test_the_card_takes_the_rows_that_the_evidence_leaves(
    tmp_path: Path, size: tuple[int, int], count: int
) -> None:
    async with console(tmp_path, Site(count=count), size, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("enter")
        await shows(pilot, app, "owner nobody")
        view = app.view
        spare = view.size.height - view.evidence.head - len(view.evidence.rows)
        await until(pilot, lambda: view.card.size.height == max(min(view.card.length, spare), 9))
        assert (view.card.size.height > 9) == (count == 30)


async def test_closing_takes_a_verdict_or_nothing_happens(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, SMALL, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("X", "z")
        await shows(pilot, app, "nothing was done")
        await pilot.press("X", "t", "enter")
        await shows(pilot, app, "needed; Esc = no")
        await pilot.press("escape")
        assert not site.posts


async def test_a_snooze_asks_how_long_and_stands_in_the_status_bar_until_it_is_ended(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, SMALL, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("S", *"x", "enter")
        await shows(pilot, app, "at most 7d")
        await pilot.press(*"8d", "enter")
        await shows(pilot, app, "at most 7d")
        await pilot.press(*"4h", "enter", *"restore", "enter")
        await until(pilot, lambda: bool(site.posts))
        body = {
            "rule_id": "bulk-read",
            "actor": "jlee",
            "dataset": "wgs-cohort-a",
            "seconds": 4 * 3600,
            "reason": "restore",
        }
        assert site.posts == [("snoozes", body)]
        await shows(pilot, app, "1 snoozed")
        await pilot.press("colon", *"snoozes", "enter")
        await shows(pilot, app, "restore")
        await pilot.press("D", *"done", "enter")
        await until(pilot, lambda: len(site.posts) == 2)
        assert site.posts[1] == ("snoozes/1", {"do": "cancel", "reason": "done"})
        await until(pilot, lambda: "snoozed" not in screen_text(app))


async def test_from_the_incidents_to_an_alert_and_back(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), SMALL, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("i")
        await shows(pilot, app, "Alerts > incidents")
        await shows(pilot, app, "wgs-cohort-a")
        await pilot.press("enter")
        await shows(pilot, app, "Alerts > incidents > incident 1")
        await until(pilot, lambda: app.view.alert_id() == 1)
        await pilot.press("enter")
        await shows(pilot, app, "the threshold is 40")
        await pilot.press("escape", "escape", "escape")
        await until(pilot, lambda: app.desk.crumbs == ("Alerts",))


async def test_a_rule_is_tested_against_history_from_the_list_of_rules(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, SMALL) as (app, pilot):
        await until(pilot, lambda: app.desk.hello is not None)
        await pilot.press("colon", *"rules", "enter")
        await shows(pilot, app, "permission-change")
        await pilot.press("down", "enter")
        await shows(pilot, app, "4 alerts from 120 events")
        for part in ("day (UTC)", "2026-11-21", "jlee", "2 true, 1 false, 1 open", "2 gaps"):
            assert part in screen_text(app)
        assert site.posts[0][1]["rule"] == "access-without-grant"
        await pilot.press("escape", "colon", *"backtest", "space", *"nosuch", "enter")
        await shows(pilot, app, "there is no rule 'nosuch'")


async def test_a_viewer_changes_nothing(tmp_path: Path) -> None:
    site = Site(role="viewer")
    async with console(tmp_path, site, SMALL, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        for key in ("a", "K", "X", "O", "A", "M", "S"):
            await pilot.press(key)
            await shows(pilot, app, "needs the role responder; yours is viewer")
            await pilot.press("p")
        assert not site.posts


async def test_busy_hours_say_what_is_usual_and_what_is_not_known(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), SMALL) as (app, pilot):
        await until(pilot, lambda: app.desk.hello is not None)
        await pilot.press("u")
        await shows(pilot, app, "Overview > busy hours of the last 7 days")
        await shows(pilot, app, "!  11-22 11:56 jlee       wgs-cohort-a")
        for part in (
            "42.0 GB  300.0 MB     9 unusual",
            "?? 11-22 11:56 bioinf1    all datasets",
            "3 datasets         -     1 unknown",
        ):
            assert part in screen_text(app)
        await pilot.press("enter")
        await shows(pilot, app, "far more than usual")


async def test_a_list_nobody_touched_shows_its_first_row_and_one_that_was_keeps_its_row(tmp_path: Path) -> None:
    def alert(*numbers: int) -> Panel:
        return Panel(("alert_id", "rule_title"), tuple((n, f"rule {n}") for n in numbers), len(numbers), False)

    async with console(tmp_path, Site(), SMALL, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        table = app.view.lines()
        table.show(alert(11, 12))
        table.show(alert(10, 11, 12))
        assert table.row()["alert_id"] == 10
        table.move("down")
        table.move("up")
        table.show(alert(9, 10, 11, 12))
        assert table.row()["alert_id"] == 10
        app.view.hold()
        table.show(alert(8, 9, 10, 11, 12))
        assert table.row()["alert_id"] == 10
