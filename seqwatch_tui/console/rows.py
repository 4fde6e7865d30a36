"""How a row of each panel reads: columns, words and roles. Pure; one place decides what a verdict is called.

Words, not colours, carry the meaning: `forbidden` is an access that policy does not allow and that went through,
`denied` one that failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seqwatch_tui.console import when
from seqwatch_tui.console.answers import Job
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.theme import GLYPHS
from seqwatch_tui.console.widgets.drawn import Span
from seqwatch_tui.console.widgets.table import Col

Row = dict[str, Any]

LEVEL_STATE = {"critical": "fail", "high": "fail", "medium": "warn", "low": "dim", "informational": "dim"}
FILE_STATE = {
    "ok": "pass", "changed": "fail", "missing": "fail", "extra": "warn", "unreadable": "warn",
    "changed during read": "warn", "not checked": "unknown",
}  # fmt: skip

EVENTS = (
    Col("time", 12, least=50), Col("time", 8, most=49), Col("", 2), Col("who", 10, least=50),
    Col("action", 8, least=40),
    Col("object", keep="end", share=3), Col("from", 15, least=100), Col("program", 12, least=112),
    Col("dataset", 15, least=130), Col("role", 16, least=150), Col("why", share=2, least=170),
    Col("result", 9, least=64),
)  # fmt: skip
ALERTS = (
    Col("last", 8, least=36), Col("", 2), Col("level", 8, least=110), Col("what", share=3), Col("who", 10, least=50),
    Col("dataset", 14, least=64), Col("from", 15, least=120), Col("count", 6, keep="right", least=60),
    Col("state", 12, least=90), Col("risk", 4, keep="right", least=100), Col("inc", 5, keep="right", least=104),
    Col("owner", 10, least=140),
)  # fmt: skip
INCIDENTS = (
    Col("last", 8, least=36), Col("", 2), Col("level", 8, least=110), Col("inc", 4, keep="right"), Col("who", 10),
    Col("dataset", 14, least=50), Col("rules", share=1, least=64), Col("alerts", 6, keep="right"),
    Col("events", 6, keep="right", least=60), Col("risk", 4, keep="right", least=44), Col("state", 12, least=90),
    Col("owner", 10, least=140),
)  # fmt: skip
SNOOZES = (
    Col("no", 4, keep="right"), Col("until", 11), Col("rule", share=2), Col("actor", 10, least=50),
    Col("dataset", 14, least=60), Col("reason", share=2, least=70), Col("by", 10, least=100),
)  # fmt: skip
ENCRYPTION = (
    Col("", 2), Col("kind", 7, least=90), Col("dataset or key", 16), Col("age", 11, keep="right", least=50),
    Col("what was seen", share=1), Col("checked", 8, least=76),
)  # fmt: skip
INTEGRITY = (
    Col("", 2), Col("dataset", share=1), Col("ok", 6, keep="right", least=36), Col("changed", 7, keep="right", least=40),
    Col("missing", 7, keep="right", least=52), Col("extra", 5, keep="right", least=64),
    Col("unread", 6, keep="right", least=70), Col("not chkd", 8, keep="right", least=76),
    Col("checked", 12, least=46), Col("work", share=2, least=100),
)  # fmt: skip
SOURCES = (
    Col("", 2), Col("source", 10), Col("type", 9, least=90), Col("state", 7), Col("read", 8, keep="right", least=50), Col("sum", 3),
    Col("lost", 5, keep="right"), Col("unparsed", 8, keep="right", least=60), Col("gaps", 4, keep="right", least=60),
    Col("lag", 6, keep="right", least=70), Col("why not, or file", share=1),
)  # fmt: skip


def glyph(state: str) -> Span:
    """The two-cell sign of a verdict state, in its style; an unknown state is drawn as unknown."""
    return GLYPHS.get(state, GLYPHS["unknown"]), state if state in GLYPHS else "unknown"


def text(value: object, nothing: str = "-") -> str:
    """A value as text; null is a dash."""
    return nothing if value is None else str(value)


def result(outcome: str, allowed: bool | None) -> Span:
    """One word for what came of an access and whether policy allows it."""
    if outcome == "failure":
        return ("denied", "warn") if allowed is not True else ("failed", "warn")
    if allowed is False:
        return "forbidden", "fail"
    if outcome != "success":
        return "unknown", "unknown"
    return ("ok", "text") if allowed else ("no policy", "dim")


def severity(level: str | None) -> Span:
    """The sign of an event that is evidence of an alert: `!!` high and critical, `! ` medium, `. ` below."""
    if level is None:
        return "  ", "text"
    state = LEVEL_STATE.get(level, "unknown")
    return (". ", "dim") if state == "dim" else glyph(state)


def event(desk: Desk, row: Row) -> Sequence[Span]:
    """The cells of an event, in the order of EVENTS."""
    word, role = result(str(row.get("outcome")), row.get("allowed"))
    at = row.get("ts")
    who = row.get("user_name")
    return (
        (when.clock(at, desk.zone, millis=True), "text"), (when.clock(at, desk.zone), "text"),
        severity(row.get("severity")), (text(who, "unattrib."), "text" if who else "unknown"),
        (text(row.get("action")), "text"), (text(row.get("path")), "text"), (text(row.get("src_ip")), "text"),
        (text(row.get("process")), "text"), (text(row.get("dataset")), "text"), (text(row.get("role")), "text"),
        (text(row.get("reason"), ""), "text"), (word, role),
    )  # fmt: skip


def alert(desk: Desk, row: Row) -> Sequence[Span]:
    """The cells of an alert, in the order of ALERTS; one that is dealt with is dim."""
    state, level = text(row.get("state")), text(row.get("level"))
    open_ = state == "new"
    sign, role = glyph(LEVEL_STATE.get(level, "unknown")) if LEVEL_STATE.get(level) != "dim" else (". ", "dim")
    plain = "text" if open_ else "dim"
    return (
        (when.short(row.get("last_ts"), desk.now, desk.zone), plain), (sign, role if open_ else "dim"), (level, plain),
        (text(row.get("rule_title")), "strong" if open_ else "dim"), (text(row.get("actor")), plain),
        (text(row.get("dataset")), plain), (text(row.get("src_ip")), plain), (text(row.get("count")), plain),
        (state, plain), (text(row.get("risk")), plain), (text(row.get("incident_id")), plain), (text(row.get("owner")), plain),
    )  # fmt: skip


def incident(desk: Desk, row: Row) -> Sequence[Span]:
    """The cells of an incident, in the order of INCIDENTS."""
    level, rules = text(row.get("level")), row.get("rules")
    state = LEVEL_STATE.get(level, "unknown")
    return (
        (when.short(row.get("last_ts"), desk.now, desk.zone), "text"), (". ", "dim") if state == "dim" else glyph(state),
        (level, "text"), (text(row.get("incident_id")), "text"), (text(row.get("actor")), "strong"),
        (text(row.get("dataset")), "text"), (", ".join(map(str, rules)) if isinstance(rules, list) else text(rules), "text"),
        (text(row.get("alerts")), "text"), (text(row.get("events")), "text"), (text(row.get("risk")), "text"),
        (text(row.get("state")), "text"), (text(row.get("owner")), "text"),
    )  # fmt: skip


def snooze(desk: Desk, row: Row) -> Sequence[Span]:
    """The cells of a snooze, in the order of SNOOZES; one that has ended is dim."""
    plain, ends = "text" if row.get("live") else "dim", row.get("ends")
    return (
        (text(row.get("snooze_id")), plain), (when.stamp(ends, desk.zone)[5:16] if ends else "-", plain),
        (text(row.get("rule_id"), "any rule"), plain), (text(row.get("actor"), "anybody"), plain),
        (text(row.get("dataset"), "any dataset"), plain), (text(row.get("reason"), ""), plain),
        (text(row.get("operator")), plain),
    )  # fmt: skip


def encryption(desk: Desk, row: Row) -> Sequence[Span]:
    """The cells of a dataset's or a key's encryption verdict, in the order of ENCRYPTION."""
    state = text(row.get("state"))
    age, most = row.get("age_days"), row.get("max_age_days")
    days = "" if age is None and most is None else f"{text(age, '?')}/{text(most, '?')} d"
    return (
        glyph(state), (text(row.get("kind")), "dim"), (text(row.get("id")), "strong"),
        (days, state if state in ("warn", "fail") else "text"), (text(row.get("detail"), ""), "text"),
        (when.short(row.get("checked"), desk.now, desk.zone), "dim"),
    )  # fmt: skip


def integrity(desk: Desk, row: Row) -> Sequence[Span]:
    """The cells of a dataset's integrity verdict, in the order of INTEGRITY."""
    counts = [(name, row.get(name)) for name in ("ok", "changed", "missing", "extra", "unreadable", "not_checked")]
    roles = {"changed": "fail", "missing": "fail", "extra": "warn", "unreadable": "warn", "not_checked": "unknown"}
    cells = [(text(n), roles.get(name, "text") if n else "dim") for name, n in counts]
    return (
        glyph(text(row.get("state"))), (text(row.get("dataset")), "strong"), *cells,
        (progress(desk, row), "message") if progress(desk, row) else (when.short(row.get("checked"), desk.now, desk.zone), "dim"),
        (work(desk, row), "message"),
    )  # fmt: skip


def _job(desk: Desk, row: Row) -> Job | None:
    """The open job on a dataset, if the status knows one."""
    jobs = desk.snapshot.status.jobs if desk.snapshot else ()
    open_ = (job for job in jobs if job.dataset == row.get("dataset") and job.state in ("running", "paused", "queued"))
    return next(open_, None)


def progress(desk: Desk, row: Row) -> str:
    """The job on a dataset in twelve cells: `verify 41 %`, or its state when it stands still; else nothing."""
    job = _job(desk, row)
    if job is None:
        return ""
    share = f"{100 * job.done_bytes / job.total_bytes:.0f} %" if job.total_bytes else f"{job.done_files} files"
    return f"{job.kind if job.state == 'running' else job.state} {share}"


def work(desk: Desk, row: Row) -> str:
    """The job on a dataset in a sentence; else nothing."""
    job = _job(desk, row)
    if job is None:
        return ""
    done = f"{when.size(job.done_bytes)} of {when.size(job.total_bytes)}, {job.done_files} of {job.total_files} files"
    left = f", {when.age(job.eta)} left" if job.eta is not None and job.state == "running" else ""
    return f"{job.kind} {job.state}: {done}{left}"


def sums(balance: object) -> Span:
    """Whether every line that was read is accounted for: `ok`, `!!`, or `?` when it is not known."""
    if not isinstance(balance, int):
        return "?", "unknown"
    return ("!!", "fail") if balance else ("ok", "pass")


def source(_desk: Desk, row: Row) -> Sequence[Span]:
    """The cells of a source, in the order of SOURCES."""
    state = {"live": "pass", "done": "pass", "waiting": "warn", "failed": "fail"}.get(text(row.get("state")), "unknown")
    lag = row.get("lag")
    counts = [(text(row.get(name)), "warn" if row.get(name) else "text") for name in ("lost", "unparsed", "gaps")]
    return (
        glyph(state), (text(row.get("name")), "strong"), (text(row.get("type")), "text"),
        (text(row.get("state")), state),
        (text(row.get("read")), "text"), sums(row.get("balance")), *counts, ("?" if lag is None else f"{lag:.1f} s", "text"),
        (text(row.get("reason") or row.get("path"), ""), "warn" if row.get("reason") else "dim"),
    )  # fmt: skip
