"""The two top rows: posture and verdict words in fixed places; then crumbs, rate, lag, losses and follow state."""

from __future__ import annotations

from collections.abc import Sequence

from seqwatch_tui.console import when
from seqwatch_tui.console.answers import Status, Verdict
from seqwatch_tui.console.cells import fit, width
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.theme import GLYPHS
from seqwatch_tui.console.widgets.drawn import Bar, Span

NAMES = ("evidence", "alerts", "encryption", "keys", "integrity")
POSTURE = {"fail": "ALARM", "warn": "WATCH", "unknown": "BLIND", "pass": "CALM"}
_SHORT = {"encryption": "encrypt."}


class Header(Bar):
    """Always tells the posture; without an engine every verdict is unknown, never the last one seen."""

    def update(self) -> bool:
        """Draw what changed on the desk; return whether anything was."""
        return self.show([self._verdicts(), self._facts()])

    def on_resize(self) -> None:
        """The places depend on the width."""
        self.update()

    def _verdicts(self) -> list[Span]:
        status = self.desk.snapshot.status if self.desk.snapshot and not self.desk.trouble else None
        verdicts = status.verdicts if status else tuple(Verdict(name, "unknown", "") for name in NAMES)
        cells = self.size.width
        posture, role = posture_of(verdicts)
        site = f"{status.site}  " if status and cells >= 110 else ""
        spans: list[Span] = [(" ", "bar")]
        if cells >= 50:
            spans += [(f"{GLYPHS[role]} {posture} ", f"bar.{role}"), (f" {site}", "bar")]
        room = cells - sum(len(text) for text, _ in spans)
        each = room // max(len(verdicts), 1)
        for verdict in verdicts:
            spans.append((fit(word_of(verdict, each - 1), each - 1), f"bar.{verdict.state}"))
            spans.append((" ", "bar"))
        return spans

    def _facts(self) -> list[Span]:
        cells = self.size.width
        facts = [self._gone()] if self.desk.trouble else self._numbers()
        room = max(cells - sum(len(text) + 2 for text, _ in facts) - 1, 0)
        spans: list[Span] = [(fit(" " + way(self.desk.crumbs, room - 1), room), "crumb")]
        for text, role in facts:
            spans += [("  ", "bar"), (text, role)]
        return spans

    def _gone(self) -> Span:
        since = f"since {when.clock(self.desk.since, self.desk.zone)}" if self.desk.since else "at all"
        return f"engine: no answer {since}", "bar.fail"

    def _numbers(self) -> list[Span]:
        desk = self.desk
        if desk.snapshot is None:
            return [("waiting for the engine", "bar")]
        facts = [(desk.note, "bar")] if desk.note else []
        facts += failed_pages(desk.snapshot.status)
        numbers = status_facts(desk.snapshot.status, wide=self.size.width >= 100)
        facts += numbers if self.size.width >= 60 else [fact for fact in numbers if fact[1] != "bar"] or numbers[:1]
        if held := len(desk.snapshot.status.quarantined):
            facts.append((f"{held} quarantined", "bar.warn"))
        if snoozed := desk.snapshot.status.snoozes:
            facts.append((f"{snoozed} snoozed", "bar.message"))
        if desk.read_only and self.size.width >= 90:
            facts.append(("read-only", "bar"))
        return [*facts, follow_state(desk)]


def way(crumbs: Sequence[str], cells: int) -> str:
    """The crumbs in one line; what does not fit is left out at the beginning, for the last ones say where you are."""
    for start in range(len(crumbs)):
        said = " > ".join(["…"] * bool(start) + list(crumbs[start:]))
        if width(said) <= cells:
            return said
    return crumbs[-1] if crumbs else ""


def posture_of(verdicts: tuple[Verdict, ...]) -> tuple[str, str]:
    """One word for the whole site, and the state it stands for: the worst verdict; blind when evidence is unknown."""
    states = {verdict.name: verdict.state for verdict in verdicts}
    worst = next((state for state in ("fail", "warn") if state in states.values()), "pass")
    if worst == "pass" and "unknown" in states.values():
        worst = "unknown"
    if states.get("evidence", "unknown") == "unknown" and worst != "fail":
        worst = "unknown"
    return POSTURE[worst], worst


def word_of(verdict: Verdict, cells: int) -> str:
    """Glyph, name and as much of the text as fits in `cells`; a text that holds the name replaces it."""
    sign = GLYPHS.get(verdict.state, GLYPHS["unknown"])
    name, text = verdict.name, verdict.text
    whole = text if name in text else f"{name} {text}".rstrip()
    short = f"{_SHORT.get(name, name)} {text}".rstrip()
    for words in (whole, short, name, _SHORT.get(name, name)):
        if len(sign) + 1 + len(words) <= cells:
            return f"{sign} {words}"
    return f"{sign} {name[: max(cells - len(sign) - 1, 0)]}"


def status_facts(status: Status, *, wide: bool) -> list[Span]:
    """Rate, lag and losses; a lag that is not known is said so."""
    lag = "lag ?" if status.lag is None else f"lag {'<1 s' if status.lag < 1 else when.age(status.lag)}"
    missed = status.lost + status.unparsed + status.gaps
    losses = f"lost {status.lost}"
    if missed and (wide or not status.lost):
        losses = f"lost {status.lost} unparsed {status.unparsed} gaps {status.gaps}"
    slow = status.lag is None or status.lag >= 10
    return [
        (when.rate(status.rate), "bar"),
        (lag, "bar.warn" if slow else "bar"),
        (losses, "bar.warn" if missed else "bar"),
    ]


def failed_pages(status: Status) -> list[Span]:
    """Said as long as an address does not take pages: whoever sees the screen may be the only one to know."""
    return [("PAGE FAILED", "bar.fail")] if status.unpaged else []


def follow_state(desk: Desk) -> Span:
    """`following F`, or how much came in while paused."""
    if desk.context not in ("events", "overview"):
        return "", "bar"
    return ("following F", "bar") if desk.following else (desk.paused, "bar.message")
