"""`seqwatch alerts`: what is open, why it fired, what belongs together, and an operator's word on it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from seqwatch_tui.cli.client import Client
from seqwatch_tui.cli.exits import CommandError, Exit, note
from seqwatch_tui.cli.session import engine_for
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.cli.show import show_panel
from seqwatch_tui.cli.show_alert import show_alert
from seqwatch_tui.cli.snooze import QUIET

COLUMNS = (
    "alert_id", "level", "risk", "state", "owner", "incident_id", "last_ts", "rule_title", "actor", "dataset", "src_ip",
    "count", "summary", "suppressed_by",
)  # fmt: skip
WORDS: Mapping[str, str] = {
    "ack": "acknowledge", "acknowledge": "acknowledge", "contain": "contain", "close": "close", "reopen": "reopen",
    "assign": "assign", "note": "note",
}  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """List, show or change; exit 1 when there are open alerts or the one shown is open, 0 when a word was taken."""
    do, alert = _asked(options)
    settings, config = load_settings(options)
    with engine_for(settings, config) as client:
        if do == "list":
            return _list(client, options)
        if do == "incidents":
            return _incidents(client, options)
        if do in QUIET:
            return QUIET[do](client, options, alert)
        if do in WORDS:
            client.post(f"/v1/alerts/{alert}", _body(do, options))
        found = client.get(f"/v1/alerts/{alert}")
    _show(found, options.format)
    if do in WORDS:
        return int(Exit.OK)
    return int(Exit.OK if found["alert"]["state"] in ("closed", "suppressed") else Exit.FINDING)


def _asked(options: argparse.Namespace) -> tuple[str, int | None]:
    """What to do and to which alert, in whichever way it was said; `alerts 12 --close` as `alerts close 12`."""
    do, number = options.do or "list", options.alert
    if do.isdecimal() and number is None:
        do, number = "show", do
    do = "ack" if options.acknowledge else "close" if options.close else do
    if do in ("list", "incidents", "snoozes", "quiet") or (do == "snooze" and number is None):
        return do, None
    if do != "show" and do not in WORDS and do not in QUIET:
        raise CommandError(Exit.USAGE, f"alerts: {do!r} is not known", "seqwatch alerts --help lists what can be done")
    if number is None or not number.isdecimal():
        raise CommandError(
            Exit.USAGE, f"alerts {do} needs the ID of an alert", f"seqwatch alerts {do} 12; seqwatch alerts lists them"
        )
    if (do in WORDS or do in QUIET) and not options.reason:
        raise CommandError(
            Exit.USAGE,
            "changing an alert needs its ID and --reason",
            f"seqwatch alerts {do} {number} --reason 'known job'",
        )
    return do, int(number)


def _body(do: str, options: argparse.Namespace) -> dict[str, Any]:
    word = WORDS[do]
    if word == "close" and options.verdict is None:
        raise CommandError(
            Exit.USAGE, "closing an alert needs --verdict", "true (it was one), false (it was none), expected (planned)"
        )
    if word == "assign" and options.owner is None:
        raise CommandError(Exit.USAGE, "assigning an alert needs --owner", "--owner lead, or --owner '' for nobody")
    body = {"do": word, "reason": options.reason, "verdict": options.verdict, "owner": options.owner}
    return {name: value for name, value in body.items() if value is not None}


def _list(client: Client, options: argparse.Namespace) -> int:
    which = "all" if options.all or options.incident else "open"
    panel = client.get("/v1/alerts", state=which, incident=options.incident, limit=1000)
    if options.incident and not panel["rows"]:
        raise CommandError(
            Exit.USAGE, f"there is no incident {options.incident}", "`seqwatch alerts incidents --all` lists them"
        )
    show_panel(panel, options.format, COLUMNS)
    open_ = [row for row in _rows(panel) if row["state"] not in ("closed", "suppressed")]
    return int(Exit.FINDING if open_ else Exit.OK)


def _incidents(client: Client, options: argparse.Namespace) -> int:
    panel = client.get("/v1/incidents", state="all" if options.all else "open", limit=1000)
    show_panel(panel, options.format)
    if options.format == "table" and panel["rows"]:
        note("seqwatch alerts --incident N lists the alerts of one")
    return int(Exit.FINDING if any(row["state"] != "closed" for row in _rows(panel)) else Exit.OK)


def _rows(panel: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(panel["columns"], row, strict=True)) for row in panel["rows"]]


def _show(found: dict[str, Any], form: str) -> None:
    if form == "json":
        print(json.dumps(found, indent=1))
    else:
        show_alert(found, form)
