"""The status as Prometheus text (exposition format 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_STATES = {"pass": 0, "warn": 1, "unknown": 2, "fail": 3, "n/a": -1}


def prometheus(status: dict[str, Any]) -> str:
    """Return the metrics of a status."""
    return "\n".join(_lines(status)) + "\n"


def _lines(status: dict[str, Any]) -> Iterator[str]:
    for name, kind, text in (
        ("events", "counter", "Events stored."), ("rate", "gauge", "Events stored per second, last five seconds."),
        ("lost", "counter", "Events known to be lost."), ("unparsed", "counter", "Lines that did not parse."),
        ("gaps", "gauge", "Declared evidence gaps."), ("snoozes", "gauge", "Snoozes in force."),
        ("suppressed", "gauge", "Alerts kept quiet by windows, jobs and snoozes."),
    ):  # fmt: skip
        yield from (
            f"# HELP seqwatch_{name} {text}",
            f"# TYPE seqwatch_{name} {kind}",
            f"seqwatch_{name} {status[name]}",
        )
    yield from (
        "# HELP seqwatch_lag_seconds Age of the oldest byte not yet stored.",
        "# TYPE seqwatch_lag_seconds gauge",
    )
    if status["lag"] is not None:
        yield f"seqwatch_lag_seconds {status['lag']}"
    yield from ("# HELP seqwatch_verdict 0 pass, 1 warn, 2 unknown, 3 fail.", "# TYPE seqwatch_verdict gauge")
    for verdict in status["verdicts"]:
        yield f'seqwatch_verdict{{name="{verdict["name"]}"}} {_STATES[verdict["state"]]}'
    yield from ("# HELP seqwatch_source_up 1 when the source is read.", "# TYPE seqwatch_source_up gauge")
    for source in status["sources"]:
        yield f'seqwatch_source_up{{source="{_label(source["name"])}"}} {int(source["state"] in ("live", "done"))}'
    yield from _accounts(status["sources"])
    yield from _chain(status)


def _accounts(sources: list[dict[str, Any]]) -> Iterator[str]:
    yield from (
        "# HELP seqwatch_source_lines Lines of a source: read = stored + duplicates + declared + unparsed + held.",
        "# TYPE seqwatch_source_lines gauge",
    )
    for source in sources:
        for what in ("read", "stored", "duplicates", "declared", "unparsed", "held"):
            count = source[what] - (source["parts"] if what == "unparsed" else 0)
            yield f'seqwatch_source_lines{{source="{_label(source["name"])}",what="{what}"}} {count}'
    yield from ("# HELP seqwatch_source_balance Lines accounted for nowhere; not 0 is a fault.",
                "# TYPE seqwatch_source_balance gauge")  # fmt: skip
    for source in sources:
        yield f'seqwatch_source_balance{{source="{_label(source["name"])}"}} {source["balance"]}'


def _chain(status: dict[str, Any]) -> Iterator[str]:
    """Whether pages go out and the last drill held; what has never been tried has no figure."""
    tried = [p for p in status["paging"] if p["state"] in ("pass", "fail")]
    if tried:
        yield from (
            "# HELP seqwatch_page_up 1 when the last page to the address went out.",
            "# TYPE seqwatch_page_up gauge",
        )
    for address in tried:
        yield f'seqwatch_page_up{{address="{_label(address["label"])}"}} {int(address["state"] == "pass")}'
    if status["drill"]:
        yield from (
            "# HELP seqwatch_drill_passed 1 when the last drill found every link.",
            "# TYPE seqwatch_drill_passed gauge",
        )
        yield f"seqwatch_drill_passed {int(status['drill']['outcome'] == 'done')}"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
