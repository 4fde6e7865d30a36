"""Every command: its name, one line of help, its arguments and the module that runs it. The README's table is held to it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Add = Callable[[argparse.ArgumentParser], None]
FORMATS = ("table", "json", "csv", "parquet", "arrow")


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the command line."""

    name: str
    help: str
    module: str
    arguments: Add = lambda _: None


def _whole(least: int) -> Callable[[str], int]:
    """Return the type of a whole number that is not below `least`."""

    def number(text: str) -> int:
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
        return int(text)

    return number


def _above_zero(text: str) -> float:
    """A number greater than 0; ValueError (argparse's, with one sentence) for another text."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number greater than 0")
    return number


def _format(p: argparse.ArgumentParser) -> None:
    p.add_argument("--format", choices=("table", "json", "csv"), default="table", help="form of the output")


def _console(p: argparse.ArgumentParser) -> None:
    p.add_argument("--read-only", action="store_true", help="offer no key that changes anything")
    p.add_argument(
        "--theme", metavar="NAME", help="colour theme (themes/): dark, light, high-contrast, colour-blind, none"
    )


def _demo(p: argparse.ArgumentParser) -> None:
    p.add_argument("--headless", action="store_true", help="no console: run, print a JSON summary, exit")
    p.add_argument(
        "--seconds", type=_above_zero, default=0.0, metavar="N", help="end after N seconds (default: when you quit)"
    )
    p.add_argument("--rate", type=_above_zero, default=6.0, metavar="N", help="events per second of quiet traffic")
    p.add_argument("--folder", type=Path, metavar="DIR", help="build the site here and keep it (default: temporary)")
    p.add_argument("--theme", metavar="NAME", help="colour theme")


def _init(p: argparse.ArgumentParser) -> None:
    p.add_argument("--output", type=Path, metavar="FILE", help="where to write (default: ./seqwatch.yaml)")


def _engine(p: argparse.ArgumentParser) -> None:
    p.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    p.add_argument("--back-fill", metavar="FILE", help=argparse.SUPPRESS)
    p.add_argument("--no-sources", action="store_true", help="answer, but read no source")


def _ingest(p: argparse.ArgumentParser) -> None:
    p.add_argument("files", nargs="+", type=Path, metavar="FILE", help="audit log, plain, .gz, .zst or .bz2")
    p.add_argument("--format", default="auto", help="auto, auditd, laurel, or the name or path of a mapping")


def _scan(p: argparse.ArgumentParser) -> None:
    p.add_argument("files", nargs="+", type=Path, metavar="LOG", help="log of any kind, plain, .gz, .zst, .bz2 or .xz")
    p.add_argument(
        "--rules", action="append", type=Path, metavar="DIR|FILE",
        help="Sigma rules; may be given again (default: the shipped ones that need no configuration)",
    )  # fmt: skip
    p.add_argument("--type", default="auto", help="auto, auditd, laurel, or the name or path of a mapping")
    p.add_argument("--processes", type=_whole(1), metavar="N", help="at most so many (default: one for each core)")
    _format(p)


def _sql(p: argparse.ArgumentParser) -> None:
    p.add_argument("query", nargs="?", metavar="QUERY", help="one SELECT over the tables of docs/tables.md")
    p.add_argument("--name", metavar="SAVED", help="a saved query of queries/investigate (`--name list` lists them)")
    p.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the query")
    p.add_argument("--format", choices=FORMATS, default="table", help="form of the output")
    p.add_argument("--limit", type=_whole(0), default=1000, metavar="N", help="most rows; 0 = every row")
    p.add_argument("--timeout", type=float, default=30.0, metavar="S", help="give up after S seconds")
    p.add_argument("--output", type=Path, metavar="FILE", help="write here instead of stdout (needed for parquet)")


def _events(p: argparse.ArgumentParser) -> None:
    _format(p)
    p.add_argument("--limit", type=_whole(1), default=100, metavar="N", help="the newest N")
    p.add_argument(
        "filter", nargs="*", metavar="FILTER", help="words such as user=alice dataset=wgs-* allowed=no since=1h"
    )


def _alerts(p: argparse.ArgumentParser) -> None:
    _format(p)
    p.add_argument(
        "do", nargs="?", metavar="DO",
        help="list (default), show, ack, contain, close, reopen, assign, note, incidents, snooze, snoozes, unsnooze, quiet; "
        "or the ID of an alert",
    )  # fmt: skip
    p.add_argument("alert", nargs="?", metavar="ID", help="number of the alert")
    p.add_argument("--all", action="store_true", help="closed and suppressed ones too")
    p.add_argument("--incident", type=_whole(1), metavar="N", help="only the alerts of this incident")
    p.add_argument("--acknowledge", action="store_true", help="the same as ack")
    p.add_argument("--close", action="store_true", help="the same as close")
    p.add_argument("--verdict", choices=("true", "false", "expected"), help="what it was; needed to close")
    p.add_argument("--owner", metavar="NAME", help="whom to assign it to; '' = nobody")
    p.add_argument("--reason", metavar="R", help="why; recorded. Of a note: its text")
    p.add_argument("--rule", metavar="RULE", help="snooze this rule")
    p.add_argument("--actor", metavar="USER", help="snooze this actor")
    p.add_argument("--dataset", metavar="DATASET", help="snooze this dataset")
    p.add_argument("--for", dest="span", metavar="SPAN", help="how long: 30m, 4h, 2d; at most 7d")


def _datasets(p: argparse.ArgumentParser) -> None:
    _format(p)
    p.add_argument("dataset", nargs="?", metavar="ID")


def _sessions(p: argparse.ArgumentParser) -> None:
    _format(p)
    p.add_argument("--user", metavar="U", help="only this login name; unattributed: what no login stands behind")
    p.add_argument("--since", default="7d", metavar="T", help="24h, 7d, or a time such as 2026-11-22T03:00 (UTC)")
    p.add_argument("--open", action="store_true", help="only sessions that no record has ended")
    p.add_argument("--limit", type=_whole(1), default=200, metavar="N", help="the newest N")


def _coverage(p: argparse.ArgumentParser) -> None:
    p.add_argument("dataset", metavar="DATASET")
    p.add_argument("--since", default="24h", metavar="T", help="24h, 7d, or a time such as 2026-11-22T03:00 (UTC)")
    p.add_argument("--until", default="now", metavar="T", help="the same; default: now")
    p.add_argument("--format", choices=("table", "json"), default="table", help="form of the output")


def _unusual(p: argparse.ArgumentParser) -> None:
    p.add_argument("--user", metavar="U", help="only this person")
    p.add_argument("--dataset", metavar="D", help="only this dataset")
    p.add_argument("--since", default="7d", metavar="T", help="24h, 7d, or a time such as 2026-11-22T03:00 (UTC)")
    p.add_argument("--all", action="store_true", help="also what is usual, and what is not known")
    _format(p)


def _keys(p: argparse.ArgumentParser) -> None:
    _format(p)
    p.add_argument("--survey", action="store_true", help="look at every dataset anew first")


def _rules(p: argparse.ArgumentParser) -> None:
    _format(p)
    p.add_argument(
        "do", nargs="?", choices=("list", "import", "check", "test", "backtest", "enable", "disable"), default="list",
        help="list (default); import a file or folder; check it (lint); test the samples that rules carry; backtest a rule; "
        "enable or disable one",
    )  # fmt: skip
    p.add_argument("rule", nargs="?", metavar="RULE|FILE", help="id of a rule, a rule file or a folder of them")
    p.add_argument("--reason", metavar="R", help="enable, disable: why; recorded")
    p.add_argument("--since", default="90d", metavar="SPAN", help="backtest: how far back (90d)")
    p.add_argument("--timeout", type=float, default=60.0, metavar="S", help="backtest: give up after S seconds")


def _sources(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "do", choices=("list", "test", "formats"), nargs="?", default="list",
        help="the configured sources; how a file maps; the shipped mappings",
    )  # fmt: skip
    p.add_argument("file", nargs="?", type=Path, metavar="FILE", help="test: the file, plain, .gz, .zst or .bz2")
    p.add_argument("--mapping", metavar="M", help="test: the name of a shipped mapping, or the path of a YAML file")
    p.add_argument("--limit", type=_whole(1), default=10, metavar="N", help="test: most reasons and events shown")
    _format(p)


def _head(text: str) -> tuple[int, str]:
    number, _, value = text.strip().partition(":")
    if not number.isdecimal() or not re.fullmatch("[0-9a-f]{64}", value):
        raise argparse.ArgumentTypeError("not N:VALUE, as `ledger verify` prints it behind `head`")
    return int(number), value


def _ledger(p: argparse.ArgumentParser) -> None:
    p.add_argument("do", choices=("verify", "status"), nargs="?", default="verify")
    p.add_argument("--head", type=_head, metavar="N:VALUE", help="verify: a head kept elsewhere must be in the chain")
    p.add_argument("--format", choices=("table", "json"), default="table")


def _verify(p: argparse.ArgumentParser) -> None:
    p.add_argument("dataset", metavar="DATASET")
    p.add_argument("--quick", action="store_true", help="read only files whose size or times changed")
    p.add_argument("--format", choices=("table", "json"), default="table")


def _act(p: argparse.ArgumentParser) -> None:
    p.add_argument("dataset", metavar="DATASET")
    p.add_argument("--reason", required=True, metavar="R", help="why; recorded")
    p.add_argument("--yes", action="store_true", help="do not ask to type the dataset's name")
    p.add_argument("--dry-run", action="store_true", help="show the plan and stop")
    p.add_argument("--format", choices=("table", "json"), default="table")


def _doctor(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--drill", action="store_true", help="have the engine read its canary and prove the chain to the page"
    )
    p.add_argument("--format", choices=("table", "json"), default="table")


def _audit_rules(p: argparse.ArgumentParser) -> None:
    p.add_argument("--check", action="store_true", help="compare with the running kernel (needs root)")
    p.add_argument("--immutable", action="store_true", help="end with -e 2: locked until the next boot")
    p.add_argument("--format", choices=("table", "json"), default="table")


COMMANDS: tuple[Command, ...] = (
    Command("console", "the console", "open_console", _console),
    Command(
        "demo", "a complete small site with live traffic and an unfolding incident; no root, no config", "demo", _demo
    ),
    Command("init", "write a commented starter configuration for this host", "init", _init),
    Command("doctor", "check kernel, audit rules, rights, disk, clock and sources", "doctor", _doctor),
    Command("engine", "run the engine in the foreground (systemd runs this)", "engine", _engine),
    Command("ingest", "back-fill from files; prints a JSON summary", "ingest", _ingest),
    Command("scan", "logs straight to what rules find in them; no engine, no store, no configuration", "scan", _scan),
    Command("sql", "ad-hoc SQL, read-only, sandboxed", "sql", _sql),
    Command("events", "the newest events, filtered", "events", _events),
    Command("alerts", "open alerts, one with the reason it fired, incidents, and words on them", "alerts", _alerts),
    Command("datasets", "the datasets as they stand", "datasets", _datasets),
    Command("sessions", "who logged in, from where, until when, became whom and did what", "sessions", _sessions),
    Command(
        "coverage", "what can be said about a dataset: who watched it when, what is missing", "coverage", _coverage
    ),
    Command("unusual", "hours in which somebody did far more than usual, and compared with what", "unusual", _unusual),
    Command("keys", "encryption at rest and key ages", "keys", _keys),
    Command("rules", "the detection rules, and what did not load", "rules", _rules),
    Command(
        "sources", "the sources as they stand; how a file maps (test); the mappings (formats)", "sources", _sources
    ),
    Command("ledger", "verify the hash chain of everything recorded", "ledger", _ledger),
    Command("verify", "check a dataset against its manifest", "verify", _verify),
    Command("quarantine", "take a dataset out of reach, undoably", "response", _act),
    Command("release", "undo a quarantine exactly", "response", _act),
    Command(
        "audit-rules",
        "the auditd rules that make the kernel report on the configured datasets; --check: has it them",
        "audit_rules",
        _audit_rules,
    ),
)
