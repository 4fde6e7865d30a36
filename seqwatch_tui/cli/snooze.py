"""`seqwatch alerts snooze`, `snoozes`, `unsnooze` and `quiet`: what is kept quiet, by whom, until when, and how much it was."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from seqwatch_tui.cli.client import Client
from seqwatch_tui.cli.exits import CommandError, Exit, note
from seqwatch_tui.cli.show import cell, show_panel

_UNITS = {"m": 60, "h": 3600, "d": 86400}
Do = Callable[[Client, argparse.Namespace, int | None], int]


def seconds_of(span: str | None, option: str = "--for") -> int:
    """Return the seconds of 30m, 4h or 2d; CommandError for anything else."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", span or "")
    if not found:
        why = f"{option} {span!r} is not a span" if span else f"{option} is missing"
        raise CommandError(Exit.USAGE, why, f"{option} 30m, 4h or 2d")
    return int(found[1]) * _UNITS[found[2]]


def _snooze(client: Client, options: argparse.Namespace, alert: int | None) -> int:
    if not options.reason:
        raise CommandError(Exit.USAGE, "a snooze needs --reason", "--reason 'restore test, ticket 88'")
    asked: dict[str, Any] = {"rule_id": options.rule, "actor": options.actor, "dataset": options.dataset}
    if alert is not None:
        row = client.get(f"/v1/alerts/{alert}")["alert"]
        asked = {name: row[name] for name in asked} | {"dataset": row["dataset"] or ""}
    body = {**{name: value for name, value in asked.items() if value is not None}, "seconds": seconds_of(options.span),
            "reason": options.reason}  # fmt: skip
    return _said(client.post("/v1/snoozes", body), options)


def _unsnooze(client: Client, options: argparse.Namespace, number: int | None) -> int:
    return _said(client.post(f"/v1/snoozes/{number}", {"do": "cancel", "reason": options.reason}), options)


def _said(made: dict[str, Any], options: argparse.Namespace) -> int:
    if options.format == "json":
        print(json.dumps(made, indent=1))
    else:
        note(
            f"snooze {made['snooze_id']} until {cell('ts', made['ends'])} UTC; what it keeps quiet is stored and counted"
        )
    return int(Exit.OK)


def _snoozes(client: Client, options: argparse.Namespace, _alert: int | None) -> int:
    show_panel(client.get("/v1/snoozes", state="all" if options.all else "live"), options.format)
    return int(Exit.OK)


def _quiet(client: Client, options: argparse.Namespace, _alert: int | None) -> int:
    show_panel(client.get("/v1/quiet"), options.format)
    return int(Exit.OK)


QUIET: Mapping[str, Do] = {"snooze": _snooze, "snoozes": _snoozes, "unsnooze": _unsnooze, "quiet": _quiet}
