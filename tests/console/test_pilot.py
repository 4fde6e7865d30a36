"""The console pressed key by key, on a fake engine, at the smallest and at a wide size."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from seqwatch_tui.console import theme
from seqwatch_tui.console.client import EngineGone
from seqwatch_tui.console.commands.registry import COMMANDS
from seqwatch_tui.console.feed import Lost
from seqwatch_tui.console.widgets.prompt import Question
from tests.console.fake_engine import Site
from tests.console.harness import console, screen_text, shows, until

SIZES = [(80, 24), (160, 48)]
SCREENS = ("overview", "events", "alerts", "keys", "integrity", "sql", "system")


@pytest.mark.parametrize("size", SIZES)
async def test_every_key_on_every_screen_with_hostile_names_leaves_it_standing(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    keys = sorted({key for command in COMMANDS for key in command.keys} - {"q", "ctrl+p"})
    async with console(tmp_path, Site(hostile=True), size) as (app, pilot):
        for start in SCREENS:
            app.go(start)
            await pilot.pause()
            for key in keys:
                app.action_press(key)
                await asyncio.sleep(0.002)
                if app.prompt.asking:
                    app.back()
                if app.view.context != start:
                    app.go(start)
            await pilot.press("down", "enter", "question_mark", "escape", "escape")
        assert app.is_running
        assert app.return_code is None
        assert all(cell_len(line) <= size[0] for line in screen_text(app).splitlines())


@pytest.mark.parametrize("start", ["events", "alerts", "keys", "integrity", "sql", "system"])
async def test_a_screen_asked_for_is_safe_before_it_is_built(tmp_path: Path, start: str) -> None:
    """On a busy host the frame of a snapshot, or a key, can come between the mount of a view and its compose."""
    keys = sorted({key for command in COMMANDS for key in command.keys} - {"q", "ctrl+p"})
    async with console(tmp_path, Site()) as (app, pilot):
        app.stage.prepare = lambda: None  # type: ignore[method-assign]
        for key in (None, *keys):
            for view in app.stage._roots.values():
                view.remove()
            app.stage._roots.clear()
            app.go(start)
            assert not app.view.is_mounted
            app.redraw()
            if key is not None:
                app.action_press(key)
            if app.prompt.asking:
                app.back()
            await pilot.pause()
        app.go(start)
        await until(pilot, lambda: app.view.is_mounted)
        app.redraw()
        assert app.return_code is None


async def test_from_an_alert_to_the_raw_line_and_back(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("enter")
        await shows(pilot, app, "Alerts > alert 1")
        await shows(pilot, app, "serials 88-89 are missing")
        await shows(pilot, app, "forbidden")
        await pilot.press("enter")
        await shows(pilot, app, "Alerts > alert 1 > event 11")
        await shows(pilot, app, "command_line")
        await pilot.press("enter")
        await shows(pilot, app, "type=SYSCALL msg=audit(")
        await shows(pilot, app, "Alerts > alert 1 > event 11 > raw records")
        await pilot.press("escape", "escape", "escape")
        await until(pilot, lambda: app.desk.crumbs == ("Alerts",))


async def test_a_dataset_says_first_what_can_be_said_of_it(tmp_path: Path) -> None:
    async with console(tmp_path, Site(hostile=True), start="keys") as (app, pilot):
        await shows(pilot, app, "wes-panel-b")
        await pilot.press("down", "enter")
        await shows(pilot, app, "last 24 h: 1 h of 1 d unseen; 412 records known lost")
        await shows(pilot, app, "12 events of it, 7 reads")
        await shows(pilot, app, "NFS clients")
        await shows(pilot, app, "bioinformatician")


async def test_where_the_store_begins_is_said(tmp_path: Path) -> None:
    class Old(Site):
        def status(self) -> dict:
            return {**super().status(), "begins": 1_756_681_200.0}

    async with console(tmp_path, Old(), start="system") as (app, pilot):
        await shows(pilot, app, "begins at 2025-09-01; older events are in the ledger")


async def test_sessions_say_who_became_whom_and_nobody_is_not_root(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="system") as (app, pilot):
        await pilot.press("s")
        await shows(pilot, app, "System > sessions of the last 7 days")
        await shows(pilot, app, "su root: no")
        await shows(pilot, app, "unattributed")
        assert "root" not in next(line for line in screen_text(app).splitlines() if "unattributed" in line)
        await pilot.press("s", "enter")
        await shows(pilot, app, "sessions of the last 7 days > session 4711")
        await shows(pilot, app, "SHA256:Q9x")
        await shows(pilot, app, "cp /data/seq/x /tmp")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.desk.crumbs == ("System",))


async def test_the_filter_filters_while_typing_and_says_how_many_are_hidden(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="events") as (app, pilot):
        await shows(pilot, app, "svc_lims")
        await pilot.press("slash", *"user=jlee")
        await until(pilot, lambda: app.desk.filter == "user=jlee")
        await until(pilot, lambda: "svc_lims" not in screen_text(app))
        assert f"{app.desk.window.matched} of 400 match" in screen_text(app)
        await pilot.press("enter")
        await shows(pilot, app, "Events > user=jlee")
        await pilot.press("escape")
        await shows(pilot, app, "svc_lims")


async def test_an_empty_list_of_events_says_so(tmp_path: Path) -> None:
    async with console(tmp_path, Site(count=0), start="events") as (app, pilot):
        await shows(pilot, app, "no events yet")
        app.search.sift("user=nobody")
        await shows(pilot, app, "no event matches the filter")


async def test_a_filter_the_engine_does_not_know_is_named_in_the_line(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="events") as (app, pilot):
        await shows(pilot, app, "svc_lims")
        await pilot.press("slash", *"colour=red")
        await shows(pilot, app, "there is no field 'colour'")
        await pilot.press("enter")
        await pilot.pause()
        assert app.prompt.asking, "a filter that is not understood is not taken"
        await pilot.press("escape")
        await until(pilot, lambda: not app.prompt.asking and app.desk.filter == "")
        await shows(pilot, app, "svc_lims")


async def test_a_table_filters_on_this_side_and_says_what_it_hides(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="keys") as (app, pilot):
        await shows(pilot, app, "wgs-cohort-a")
        await pilot.press("slash", *"kek", "enter")
        await shows(pilot, app, "4 hidden by filter")
        assert "wgs-cohort-a" not in screen_text(app)


async def test_pausing_counts_what_comes_in_and_following_shows_it(tmp_path: Path) -> None:
    async with console(tmp_path, Site(50.0), start="events") as (app, pilot):
        await until(pilot, lambda: app.desk.window.newest is not None)
        await pilot.press("up")
        await until(pilot, lambda: app.desk.waiting > 5)
        frozen = app.desk.window.newest
        await shows(pilot, app, "paused, ")
        assert app.desk.window.newest == frozen
        await pilot.press("F")
        await until(pilot, lambda: (app.desk.window.newest or 0) > (frozen or 0))
        await shows(pilot, app, "following F")


async def test_paging_up_fetches_older_events_until_the_first(tmp_path: Path) -> None:
    async with console(tmp_path, Site(count=450), start="events") as (app, pilot):
        await until(pilot, lambda: app.desk.window.newest == 450)
        for _ in range(8):
            await pilot.press("g")
            await asyncio.sleep(0.05)
        await until(pilot, lambda: app.desk.window.oldest == 1)
        serials = range(app.desk.window.first, app.desk.window.end)
        assert [app.desk.window.row(serial)[0] for serial in serials] == list(range(1, 451))


async def test_acknowledging_asks_for_a_reason_and_takes_no_empty_one(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("a", "enter")
        await shows(pilot, app, "needed; Esc = no")
        assert not site.posts
        await pilot.press(*"drill", "enter")
        await until(pilot, lambda: bool(site.posts))
        assert site.posts == [("alerts/1", {"do": "acknowledge", "reason": "drill"})]
        await shows(pilot, app, "acknowledged")


async def test_quarantine_shows_the_plan_and_happens_only_when_the_name_is_typed(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("Q", *"bulk", "enter")
        await shows(pilot, app, "nothing has happened yet")
        await shows(pilot, app, "who feels it")
        await pilot.press(*"wes-panel-b", "enter")
        await shows(pilot, app, "that is not wgs-cohort-a")
        assert not site.quarantined
        await pilot.press(*"wgs-cohort-a", "enter")
        await shows(pilot, app, "open as jlee: EACCES")
        assert site.quarantined == ["wgs-cohort-a"]
        await pilot.press("escape", "U", *"over", "enter")
        await shows(pilot, app, "type wgs-cohort-a to release it")
        await pilot.press(*"wgs-cohort-a", "enter")
        await until(pilot, lambda: not site.quarantined)


async def test_a_question_opened_by_a_typed_command_has_the_keyboard(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, start="integrity") as (app, pilot):
        await shows(pilot, app, "wes-panel-b")
        await pilot.press("colon", *"verify wes-panel-b", "enter")
        await shows(pilot, app, "verify wes-panel-b?")
        await pilot.pause()
        await pilot.press("y")
        await until(pilot, lambda: ("verify", {"dataset": "wes-panel-b", "quick": False}) in site.posts)
        await pilot.press("colon", *"quarantine wgs-cohort-a", "enter")
        await shows(pilot, app, "quarantine wgs-cohort-a, reason:")
        await pilot.pause()
        await pilot.press(*"bulk", "enter")
        await shows(pilot, app, "nothing has happened yet")


async def test_escape_clears_the_filter_of_an_alert_before_it_leaves_it(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("enter")
        await shows(pilot, app, "owner nobody")
        await pilot.press("slash", *"nosuch", "enter")
        await shows(pilot, app, "hidden by filter")
        await pilot.press("escape")
        await until(pilot, lambda: "hidden by filter" not in screen_text(app))
        assert app.desk.crumbs == ("Alerts", "alert 1")
        await pilot.press("escape")
        await until(pilot, lambda: app.desk.crumbs == ("Alerts",))


async def test_escape_from_a_plan_does_nothing(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("Q", *"bulk", "enter")
        await shows(pilot, app, "nothing has happened yet")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.desk.crumbs == ("Alerts",))
        assert [path for path, _ in site.posts] == ["plans"]


async def test_a_refusal_is_shown_with_its_advice(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("U", *"over", "enter")
        await shows(pilot, app, "wgs-cohort-a is not in quarantine; quarantine it first")


async def test_the_files_on_the_screen_are_those_of_the_last_verification(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, start="integrity") as (app, pilot):
        await shows(pilot, app, "wes-panel-b")
        await pilot.press("enter")
        await shows(pilot, app, "S0001/S0001.cram")
        assert screen_text(app).count(" changed ") == 1
        site.changed = 5
        await until(pilot, lambda: screen_text(app).count(" changed ") == 5)


async def test_an_alert_on_the_screen_says_what_became_of_it(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("enter")
        await shows(pilot, app, "owner nobody")
        site.owners[1] = "ana"  # somebody else took it
        await shows(pilot, app, "owner ana")


@pytest.mark.parametrize(("keys", "part"), [
    (("2", "enter"), "alerts"), (("1", "k", "enter"), "events"), (("3", "down", "enter"), "datasets"), (("s",), "sessions"),
    (("4", "enter"), "integrity"), (("2", "i"), "incidents"), (("u",), "unusual"), (("5", "f2"), "saved"),
])  # fmt: skip
async def test_what_does_not_come_is_said_in_its_place_and_comes_when_it_is_asked_for_again(
    tmp_path: Path, keys: tuple[str, ...], part: str
) -> None:
    site = Site()
    site.missing = {part}
    async with console(tmp_path, site) as (app, pilot):
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await shows(pilot, app, f"{part} cannot be had now. Wait a little; r asks again")
        assert "fetching" not in screen_text(app)
        site.missing = set()
        await pilot.press("r")
        await until(pilot, lambda: "cannot be had" not in screen_text(app))


async def test_when_the_engine_answers_again_so_does_what_it_was_asked_for(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("i")
        await shows(pilot, app, "Alerts > incidents")
        asked = lambda: sum(path.startswith("/v1/incidents") for _, path in site.requests)  # noqa: E731
        await until(pilot, lambda: asked() == 1)
        app.desk.trouble = "gone"
        app.live.want(at_once=True, filter="")
        await until(pilot, lambda: asked() == 2)


@pytest.mark.parametrize("size", [*SIZES, (40, 10)])
async def test_a_quarantine_is_said_on_every_screen_and_named_on_the_system_screen(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    site = Site()
    async with console(tmp_path, site, size) as (app, pilot):
        assert "quarantined" not in screen_text(app)
        site.quarantined.append("run-240117")
        for key in "012346":
            await pilot.press(key)
            await shows(pilot, app, "1 quarantined")
        await shows(pilot, app, "quarantine run-240117")


async def test_a_quarantine_can_be_released_from_where_its_outcome_stands(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("Q", *"bulk", "enter")
        await shows(pilot, app, "nothing has happened yet")
        await pilot.press(*"wgs-cohort-a", "enter")
        await shows(pilot, app, "U, or seqwatch release wgs-cohort-a")
        await pilot.press("U")
        await shows(pilot, app, "release wgs-cohort-a, reason:")


@pytest.mark.parametrize("context", ["alert", "sql"])
async def test_at_40x10_the_list_under_the_keyboard_is_on_the_screen(tmp_path: Path, context: str) -> None:
    async with console(tmp_path, Site(), (40, 10), start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk")
        await pilot.press("enter" if context == "alert" else "5")
        await until(pilot, lambda: app.view.context == context and app.view.is_mounted)
        lines = app.view.lines()
        await until(pilot, lambda: lines.size.height - lines.head >= 1)


async def test_without_an_engine_no_question_is_asked_that_nobody_could_answer(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        app.live.stop()
        await until(pilot, lambda: not app.live._feed.is_alive())
        await pilot.pause()
        app.desk.trouble = "gone"
        for key in ("a", "Q", "V", "S"):
            await pilot.press(key)
            assert not app.prompt.asking
        await shows(pilot, app, "the engine does not answer: nothing can be done")


@pytest.mark.parametrize(("child", "advice"), [
    (None, "run: systemctl start seqwatch"),
    (lambda: None, "this console started it, and it still runs"),
    (lambda: -9, "this console started it, and it has ended (status -9): leave (q) and start again"),
])  # fmt: skip
async def test_the_advice_without_an_engine_depends_on_who_started_it(tmp_path: Path, child, advice: str) -> None:
    async with console(tmp_path, Site()) as (app, pilot):
        app.live._child = child
        app.live.stop()  # what still answers would be heard as the engine's return
        await until(pilot, lambda: not app.live._feed.is_alive())
        await pilot.pause()
        app.live.hear(Lost(EngineGone("no engine listens")))
        await pilot.pause()
        assert advice in " ".join(screen_text(app).split()), screen_text(app)


async def test_verify_asks_and_no_is_the_default(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, start="integrity") as (app, pilot):
        await shows(pilot, app, "wes-panel-b")
        await pilot.press("V", "enter")
        await shows(pilot, app, "nothing was done")
        assert not site.posts
        await pilot.press("V", "y")
        await shows(pilot, app, "verify 40 %")
        await pilot.press("P", "y")
        await shows(pilot, app, "paused 40 %")
        await pilot.press("P", "y")
        await until(pilot, lambda: site.jobs["v1"]["state"] == "running")
        await pilot.press("C", "y")
        await until(pilot, lambda: site.jobs["v1"]["state"] == "cancelled")


@pytest.mark.parametrize(
    ("read_only", "role", "said"), [(True, "approver", "read-only"), (False, "viewer", "needs the role")]
)
async def test_who_may_not_act_is_told_so_and_nothing_is_sent(
    tmp_path: Path, read_only: bool, role: str, said: str
) -> None:
    site = Site(role=role)
    async with console(tmp_path, site, start="alerts", read_only=read_only) as (app, pilot):
        await shows(pilot, app, "Bulk read")
        for key in ("a", "Q", "U", "V"):
            await pilot.press(key)
            await shows(pilot, app, said)
            assert not app.prompt.asking
        assert not site.posts
        assert ("quarantine" in screen_text(app).splitlines()[-1]) is not read_only


async def test_sql_runs_shows_the_cut_and_the_command_that_exports_it_all(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, (120, 30), start="sql") as (app, pilot):
        await shows(pilot, app, "SELECT")
        await pilot.press("ctrl+j")
        await shows(pilot, app, "the first 120 rows, more exist (cut)")
        await shows(pilot, app, "seqwatch sql --format csv --limit 0 'SELECT ts")
        await pilot.press("f2")
        await shows(pilot, app, "first_touch")
        await pilot.press("enter")
        await shows(pilot, app, "FROM reads_by_user")
        await pilot.press("ctrl+j")
        await shows(pilot, app, "actor (login name):")
        await pilot.press(*"jlee", "enter")
        await shows(pilot, app, "--name reads_by_user --param actor=jlee > result.csv")
        assert site.posts[-1][1]["parameters"] == {"actor": "jlee"}


@pytest.mark.parametrize("size", SIZES)
async def test_the_columns_out_of_sight_are_counted_on_both_sides(tmp_path: Path, size: tuple[int, int]) -> None:
    site, names = Site(), tuple(f"column_number_{n}_of_many" for n in range(10))
    rows = [[f"value {n}" for n in range(10)]] * 3
    site.scripted = {
        "columns": names,
        "types": ["VARCHAR"] * 10,
        "rows": rows,
        "cut": False,
        "seconds": 0.1,
        "gaps": [{}],
    }
    async with console(tmp_path, site, size, start="sql") as (app, pilot):
        await pilot.press("f5")
        await shows(pilot, app, "3 rows, all, 0.10 s  1 gap in the evidence touches this answer")
        seen = {80: 3, 160: 7}[size[0]]
        await shows(pilot, app, f" {10 - seen} more columns →")
        assert "←" not in screen_text(app)
        await pilot.press("right")
        await shows(pilot, app, f"← 1 · {9 - seen} more columns →")
        await pilot.press(*["right"] * (9 - seen))
        await shows(pilot, app, f"← {10 - seen} more columns")
        assert "columns →" not in screen_text(app)
        await pilot.resize_terminal(50, 24)
        await shows(pilot, app, f"← {10 - seen} · ")
        await pilot.press(*["left"] * 10)
        await shows(pilot, app, "8 more columns →")
        assert "touches this answer" in screen_text(app)


async def test_a_result_is_filtered_by_words_and_a_wide_list_says_what_is_out_of_sight(tmp_path: Path) -> None:
    site = Site()
    rows = [["jlee", 1], ["svc_lims", 2]]
    site.scripted = {
        "columns": ["who", "n"],
        "types": ["VARCHAR", "BIGINT"],
        "rows": rows,
        "cut": False,
        "seconds": 0.1,
    }
    async with console(tmp_path, site, start="sql") as (app, pilot):
        await pilot.press("f5")
        await shows(pilot, app, "2 rows, all, 0.10 s")
        await pilot.press("slash", *"lims", "enter")
        await shows(pilot, app, "1 hidden by filter")
        assert "jlee" not in screen_text(app)
        await pilot.press("escape")
        await shows(pilot, app, "jlee")
        site.scripted["rows"] = rows[:1]
        await pilot.press("f5")
        await shows(pilot, app, "1 row, all")
        await pilot.press("6")
        await shows(pilot, app, "Gaps: what was not seen  1  1 more column → ")


async def test_a_wrong_query_is_said_and_a_slow_one_can_be_stopped(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="sql") as (app, pilot):
        await shows(pilot, app, "SELECT")
        app.view.editor.load_text("SELEKT")
        await pilot.press("f5")
        await shows(pilot, app, "Parser Error")
        await shows(pilot, app, "the tables are listed by: SHOW TABLES")
        app.view.editor.load_text("SELECT slow FROM events")
        await pilot.press("f5")
        await shows(pilot, app, "running")
        await pilot.press("escape")
        await shows(pilot, app, "stopped")


async def test_a_query_that_fails_leaves_no_older_rows_and_is_told_line_by_line(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, start="sql") as (app, pilot):
        await shows(pilot, app, "SELECT")
        await pilot.press("f5")
        await shows(pilot, app, "svc_lims")
        await pilot.press("escape", "tab")
        app.view.editor.load_text("SELEKT * from events")
        await pilot.press("f5")
        await shows(pilot, app, "no result")
        lines = screen_text(app).splitlines()
        at = next(n for n, line in enumerate(lines) if "LINE 1: SELEKT" in line)
        assert lines[at + 1].index("^") == lines[at].index("SELEKT")
        assert "svc_lims" not in screen_text(app)
        app.view.editor.load_text("SELECT * from events")
        await pilot.press("f5")
        await shows(pilot, app, "svc_lims")
        assert "Parser Error" not in screen_text(app)


async def test_a_time_is_shown_as_one_whatever_its_column_is_called(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="sql") as (app, pilot):
        await shows(pilot, app, "SELECT")
        await pilot.press("f5")
        await shows(pilot, app, "svc_lims")
        table = app.view.result
        assert table.times == {"ts"}
        assert table._text("ts", 1_795_345_000.5) == "2026-11-22 11:56:40"
        table.times = frozenset({"first"})
        assert table._text("first", 1_795_345_000.5) == "2026-11-22 11:56:40"
        assert table._text("ts", 1_795_345_000) == "1795345000"


async def test_the_command_line_completes_and_runs(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="events") as (app, pilot):
        await shows(pilot, app, "Events > all")
        await pilot.press("colon", *"int", "tab", "enter")
        await shows(pilot, app, "not chkd")
        await pilot.press("colon", *"nosuch", "enter")
        await shows(pilot, app, "there is no command 'nosuch'")
        await pilot.press("colon", *"quarantine we", "tab", "enter")
        await shows(pilot, app, "quarantine wes-panel-b, reason:")


async def test_the_palette_offers_the_commands_and_runs_one(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="events") as (app, pilot):
        await shows(pilot, app, "svc_lims")
        await pilot.press("ctrl+p", *"system")
        await shows(pilot, app, "system  (6)")
        await pilot.press("enter")
        await shows(pilot, app, "Actions of operators")


@pytest.mark.parametrize("name", theme.names())
async def test_every_theme_shows_sign_and_word_of_every_verdict(tmp_path: Path, name: str) -> None:
    async with console(tmp_path, Site(), look=name) as (app, pilot):
        for words in ("!! ALARM", "ok evidence", "!! 4 alerts", "!  encrypt", "!! keys 2/3", "?? integrity"):
            await shows(pilot, app, words)
        await pilot.press("colon", *f"theme {theme.names()[0]}", "enter")
        await until(pilot, lambda: app.desk.look.name == theme.names()[0])


async def test_an_engine_that_goes_away_makes_every_verdict_unknown(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site) as (app, pilot):
        await shows(pilot, app, "!! ALARM")
        app.live._feed._client._path = tmp_path / "gone.sock"
        app.live._feed._client.close()
        app.refresh_now()
        await shows(pilot, app, "?? BLIND")
        text = screen_text(app).splitlines()
        assert "ok" not in text[0]
        assert "engine: no answer since" in text[1]
        assert "systemctl start seqwatch" in "".join(text[-4:])


async def test_every_size_from_40x12_to_200x60_is_drawn_and_the_header_stays(tmp_path: Path) -> None:
    async with console(tmp_path, Site(hostile=True), (80, 24)) as (app, pilot):
        for start in SCREENS:
            app.go(start)
            for size in ((40, 12), (60, 20), (79, 23), (100, 30), (140, 36), (200, 60)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
                await until(pilot, lambda size=size: app.size == size)  # type: ignore[misc]
                await shows(pilot, app, " !! ALARM" if size[0] >= 50 else " ok evi !! ale !  enc !! key ?? int")
                assert len(screen_text(app).splitlines()) == size[1]


async def test_leaving_right_after_a_new_size_is_no_error(tmp_path: Path) -> None:
    async with console(tmp_path, Site()) as (app, _pilot):
        stack, app._screen_stacks[app._current_mode] = app._screen_stacks[app._current_mode], []
        app._draw_all()
        app._screen_stacks[app._current_mode] = stack


async def test_ctrl_c_twice_quits_and_escape_never_does(tmp_path: Path) -> None:
    async with console(tmp_path, Site()) as (app, pilot):
        for _ in range(5):
            await pilot.press("escape")
        assert app.return_code is None
        await pilot.press("ctrl+c")
        await shows(pilot, app, "Ctrl+C again quits")
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app.return_code == 0)


async def test_copying_sends_clean_text(tmp_path: Path) -> None:
    async with console(tmp_path, Site(hostile=True), start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("down", "y")
        await shows(pilot, app, "copied")
        assert "\\x1b]0;pwn\\x07[/x]" in app.clipboard
        assert app.clipboard.isprintable()


async def test_a_filter_is_sent_as_typed(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, start="events") as (app, pilot):
        await shows(pilot, app, "svc_lims")
        await pilot.press("exclamation_mark", *"user=svc_*")
        await until(pilot, lambda: app.desk.filter == "!user=svc_*")
        asked = [path for _, path in site.requests if "snapshot" in path]
        assert any("filter=%21user%3Dsvc_%2A" in path for path in asked), json.dumps(asked[-3:])


async def test_the_cursor_stays_on_its_dataset_when_the_rows_change_places(tmp_path: Path) -> None:
    site = Site()
    async with console(tmp_path, site, start="alerts") as (app, pilot):
        await shows(pilot, app, "Bulk read")
        await pilot.press("down")
        assert app.view.alert_id() == 2
        site.alert_states[1] = "acknowledged"  # sorts after the new ones
        await until(pilot, lambda: app.view.table.rows[0]["alert_id"] == 2)
        assert app.view.alert_id() == 2


async def test_keys_typed_ahead_reach_the_line_they_were_meant_for(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="events") as (app, pilot):
        await shows(pilot, app, "svc_lims")
        app.action_press("question_mark")
        await shows(pilot, app, "Screens")
        app.action_press("slash")
        for character in "quarantine":
            app.simulate_key(character)
        app.simulate_key("enter")
        await until(pilot, lambda: not app.prompt.asking)
        await shows(pilot, app, "Quarantine the dataset")
        assert app.search.words == "quarantine"


async def test_a_key_that_does_nothing_here_says_so(tmp_path: Path) -> None:
    async with console(tmp_path, Site(count=0), start="events") as (app, pilot):
        await shows(pilot, app, "no events yet")
        for key, told in (("P", "P (pause) does nothing here: it is for integrity"), ("enter", "nothing to open here"),
                          ("D", "D (unsnooze) does nothing here: it is for snoozes"), ("x", "x is no key of the console"),
                          ("down", "this is the newest event")):  # fmt: skip
            await pilot.press(key)
            await shows(pilot, app, told)
        await pilot.press("question_mark", "enter")
        await shows(pilot, app, "nothing to open here")
        await pilot.press("5", *"x 1")
        await until(pilot, lambda: app.view.context == "sql" and app.view.editor.text == "x 1")


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (160, 48)])
async def test_a_long_sentence_takes_rows_instead_of_being_cut(tmp_path: Path, size: tuple[int, int]) -> None:
    said = "a snooze lasts up to seven days; plan what is quiet for longer in the configuration (docs)"
    async with console(tmp_path, Site(), size, start="events") as (app, pilot):
        app.say(said, "warn")
        await until(pilot, lambda: said in " ".join(screen_text(app).split()))
        assert app.footer.region.bottom == size[1]
        app.say("")
        await until(pilot, lambda: app.prompt.size.height == 1)
        app.say("word " * 90)
        await until(pilot, lambda: app.prompt.size.height > 1)
        assert app.prompt.size.height <= 3
        assert size[0] > 80 or "…" in screen_text(app).splitlines()[-2]


@pytest.mark.parametrize("size", [(80, 24), (40, 10)])
async def test_what_is_typed_can_be_seen_however_long_the_question_is(tmp_path: Path, size: tuple[int, int]) -> None:
    asked = "type run-240117-of-the-second-floor to quarantine it (↑↓ scroll, Esc = no):"
    async with console(tmp_path, Site(), size) as (app, pilot):
        answers: list[str] = []
        app.ask(Question(asked, answers.append))
        await until(pilot, lambda: asked in " ".join(screen_text(app).split()))
        await pilot.press(*"run-240117-of-the")
        await shows(pilot, app, "run-240117-of-the ")
        app.label_prompt("short:")
        await until(pilot, lambda: app.prompt.size.height == 1)
        await shows(pilot, app, "short: run-240117-of-the")
        await pilot.press("enter")
        assert answers == ["run-240117-of-the"]


async def test_the_footer_names_the_keys_that_work_while_something_is_typed(tmp_path: Path) -> None:
    async with console(tmp_path, Site(), start="alerts") as (app, pilot):
        foot = lambda: screen_text(app).splitlines()[-1]  # noqa: E731
        await shows(pilot, app, "Bulk read")
        await pilot.press("a")
        await until(
            pilot, lambda: "Enter done  Esc leave" in foot() and "Quarantine" not in foot() and "6System" not in foot()
        )
        await pilot.press("escape", "V")
        await until(pilot, lambda: foot().strip() == "Esc no")
        await pilot.press("n", "5")
        await until(pilot, lambda: "Ctrl+J run" in foot() and "Esc leave the editor" in foot())
        assert "1Events" not in foot()
        assert "F1 help" in foot()
        await pilot.press("escape")
        await until(pilot, lambda: "1Events" in foot())


async def test_what_operators_did_is_fetched_each_time_the_system_screen_is_shown(tmp_path: Path) -> None:
    site = Site()
    asked = lambda: sum(path.startswith("/v1/actions") for _, path in site.requests)  # noqa: E731
    async with console(tmp_path, site, (160, 48), start="system") as (app, pilot):
        await until(pilot, lambda: asked() == 1)
        app.go("events")
        await pilot.pause()
        app.go("system")
        await until(pilot, lambda: asked() == 2)


@pytest.mark.parametrize("size", SIZES)
async def test_accounts_that_do_not_add_up_are_marked(tmp_path: Path, size: tuple[int, int]) -> None:
    site = Site()
    async with console(tmp_path, site, size, start="system") as (app, pilot):
        await shows(pilot, app, "read = 3200 stored")
        await shows(pilot, app, "1600 ok")
        site.off = 3
        await shows(pilot, app, "does not add up for audit")
        await shows(pilot, app, "1600 !!")
