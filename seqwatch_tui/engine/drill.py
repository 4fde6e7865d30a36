"""The drill: one read of the canary, followed from the kernel to the page, with the time each link took.

The links are asked in order; what lies behind a missing one is `n/a`, because it was not reached. The reading program
lives until the drill is over, so that its pid is nobody else's.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui.config.alarm import Drill
from seqwatch_tui.engine.clock import Clock
from seqwatch_tui.engine.pager import Told
from seqwatch_tui.engine.witness import Watched, Witness
from seqwatch_tui.model.alert import Alert
from seqwatch_tui.model.verdict import State

READER = Path(__file__).with_name("drill_reader.py")
PAGE_SECONDS = 45.0
"""How long an address may take: three attempts and the pauses between them."""
_STEP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Leg:
    """One link: its state, the seconds it took by itself, the seconds since the canary was opened, and what to do."""

    name: str
    state: State
    seen: str
    do: str = ""
    seconds: float | None = None
    after: float | None = None


@dataclass(frozen=True, slots=True)
class DrillReport:
    """A whole drill; `alert_id` is the alert it raised."""

    number: int
    canary: str
    started: float
    legs: tuple[Leg, ...]
    alert_id: int | None

    @property
    def passed(self) -> bool:
        """Whether the whole chain holds."""
        return all(leg.state == "pass" for leg in self.legs)

    @property
    def said(self) -> str:
        """One sentence: the first missing link, or how long the whole took."""
        broken = next((leg for leg in self.legs if leg.state != "pass"), None)
        if broken is not None:
            return f"{broken.name}: {broken.seen}"
        return f"all {len(self.legs)} links hold, {max(leg.after or 0.0 for leg in self.legs):.3f} s from the kernel to the last page"


@dataclass(frozen=True, slots=True)
class Stage:
    """What a drill is run on: the sources that must show it, who sees it pass, who pages, and who looks into the store."""

    sources: Sequence[str]
    witness: Witness
    clock: Clock
    page: Callable[[Alert], dict[str, Future[Told]]]
    """Pages every address; the outcomes by address."""
    is_stored: Callable[[int, int], bool]
    """Whether the store has an alert, an event, and the one as evidence of the other."""


class CannotRead(Exception):
    """The canary could not be read; `do` says what to do."""

    def __init__(self, why: str, do: str) -> None:
        super().__init__(why)
        self.do = do


def run_drill(settings: Drill, number: int, stage: Stage) -> DrillReport:
    """Read the canary and follow it; never raises for a missing link."""
    started, legs = stage.clock.now(), []
    alert: Alert | None = None
    path = str(settings.canary)
    with _reader(settings.canary) as reader:
        watched = Watched(number, path, reader.pid, started)
        stage.witness.watch(watched)
        try:
            opened, read = _read(reader, settings.canary, settings.within)
            legs = [read, *_followed(settings, stage, watched, opened)]
            alert = watched.alert
        except CannotRead as error:
            legs = [Leg("read", "fail", str(error), error.do), *_unreached(["source", "alert", "store", "page"])]
        finally:
            stage.witness.forget()
    return DrillReport(number, path, started, tuple(legs), alert.alert_id if alert else None)


@contextmanager
def _reader(canary: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(READER), str(canary)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={}
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        with suppress(subprocess.TimeoutExpired):  # a file system that does not answer keeps it: it goes when that does
            process.communicate(timeout=_STEP_SECONDS)


def _read(reader: subprocess.Popen[str], canary: Path, within: int) -> tuple[float, Leg]:
    """Let the program read; return when it opened (monotonic), and the link. CannotRead also when it takes too long."""
    assert reader.stdin is not None  # noqa: S101 - PIPE was asked for
    assert reader.stdout is not None  # noqa: S101
    try:
        reader.stdin.write("go\n")
        reader.stdin.flush()
        answers = select.poll()
        answers.register(reader.stdout, select.POLLIN)
        if not answers.poll(1000 * within):
            raise CannotRead(f"{canary} was not read within {within} s", "does its file system answer?")
        said = json.loads(reader.stdout.readline() or "null")
    except (OSError, ValueError) as error:
        raise CannotRead(f"the reading program ended: {error}", "see the engine's log") from error
    if said is None:
        raise CannotRead("the reading program ended without a word", "see the engine's log")
    if said["error"]:
        raise CannotRead(f"{canary}: {said['error']}", _remedy(canary, said["error"]))
    if not said["bytes"]:
        raise CannotRead(
            f"{canary} is empty, and reading nothing is not reported by every source", "put some bytes into it"
        )
    seconds = float(said["seconds"])
    return float(said["monotonic"]), Leg("read", "pass", f"{said['bytes']} bytes of {canary}", "", seconds, seconds)


def _remedy(canary: Path, error: str) -> str:
    if "No such file" in error:
        return f"make it, as its owner would: head -c 1M /dev/urandom > {canary}"
    if "Permission" in error:
        return f"let the engine's user read it: setfacl -m u:seqwatch:r {canary}"
    return "drill.canary must be a regular file the engine can read"


def _followed(settings: Drill, stage: Stage, watched: Watched, opened: float) -> list[Leg]:
    deadline = opened + settings.within
    if not stage.sources:
        none = Leg(
            "source",
            "fail",
            "no source of this site reads what the kernel tells",
            "configure one: type auditd or fanotify",
        )
        return [none, *_unreached(["alert", "store", "page"])]
    _wait(
        stage,
        watched,
        deadline,
        lambda: watched.stored is not None and all(s in watched.sources for s in stage.sources),
    )
    legs = [_source_leg(name, watched, opened, settings.within) for name in sorted({*stage.sources, *watched.sources})]
    if not watched.sources:
        return [*legs, *_unreached(["alert", "store", "page"])]
    legs.append(_alert_leg(watched, opened))
    if watched.alert is None or watched.raised is None:
        return [*legs, *_unreached(["store", "page"])]
    legs.append(_store_leg(stage, watched, opened))
    return [*legs, *_page_legs(stage, stage.page(watched.alert), stage.clock.monotonic(), opened)]


def _wait(stage: Stage, watched: Watched, deadline: float, there: Callable[[], bool]) -> None:
    while not there() and (left := deadline - stage.clock.monotonic()) > 0:
        watched.moved.wait(min(left, _STEP_SECONDS))
        watched.moved.clear()


def _source_leg(name: str, watched: Watched, opened: float, within: int) -> Leg:
    when = watched.sources.get(name)
    if when is None:
        return Leg(f"source {name}", "fail", f"nothing came within {within} s",
                   "seqwatch audit-rules --check for auditd, seqwatch doctor for all: is it loaded, running, readable?")  # fmt: skip
    return Leg(f"source {name}", "pass", "its line was read", "", when - opened, when - opened)


def _alert_leg(watched: Watched, opened: float) -> Leg:
    if watched.alert is None or watched.raised is None:
        return Leg(
            "alert", "fail", "the rule canary-drill raised nothing", "seqwatch rules: is it loaded and not disabled?"
        )
    first = min(watched.sources.values())
    return Leg(
        "alert",
        "pass",
        f"alert {watched.alert.alert_id} was raised",
        "",
        watched.raised - first,
        watched.raised - opened,
    )


def _store_leg(stage: Stage, watched: Watched, opened: float) -> Leg:
    assert watched.alert is not None  # noqa: S101 - asked for only when there is one
    assert watched.raised is not None  # noqa: S101
    if watched.stored is None:
        return Leg(
            "store",
            "fail",
            "the alert was not stored in time",
            "seqwatch doctor: disk and state folder; the engine's log",
        )
    if not stage.is_stored(watched.alert.alert_id, watched.event_ids[0]):
        return Leg(
            "store", "fail", "the store does not give the event back", "seqwatch ledger verify; the engine's log"
        )
    return Leg(
        "store",
        "pass",
        "event, evidence and alert were read back",
        "",
        watched.stored - watched.raised,
        watched.stored - opened,
    )


def _page_legs(stage: Stage, pages: dict[str, Future[Told]], asked: float, opened: float) -> list[Leg]:
    if not pages:
        return [
            Leg(
                "page",
                "fail",
                "nobody is told of alerts: notify is not configured",
                'notify: [{url: "mailto://oncall@example.org"}]',
            )
        ]
    until = stage.clock.monotonic() + PAGE_SECONDS
    return [
        _page_leg(label, future, max(until - stage.clock.monotonic(), 0.0), asked - opened)
        for label, future in pages.items()
    ]


def _page_leg(label: str, future: Future[Told], left: float, before: float) -> Leg:
    """The link to one address: waits at most `left` seconds; `before` is what had passed when the page was asked for."""
    try:
        told = future.result(left)
    except TimeoutError:
        why = f"no outcome within {PAGE_SECONDS:.0f} s"
        return Leg(f"page {label}", "fail", why, "is the address slow? see docs/notify.md")
    state: State = "pass" if told.sent else "fail"
    do = "" if told.sent else "correct notify in the configuration (docs/notify.md)"
    return Leg(f"page {label}", state, told.said, do, told.seconds, before + told.seconds)


def _unreached(names: Sequence[str]) -> list[Leg]:
    return [Leg(name, "n/a", "not reached") for name in names]
