"""What the engine says, as frozen values (docs/api.md). Built from JSON whose texts `client` has already made safe.

A missing or misshapen field raises KeyError, TypeError or ValueError here; `client` turns that into one sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seqwatch_tui.model.action import Outcome, Plan, Step

Json = dict[str, Any]
_JOB_COUNTS = ("done_bytes", "total_bytes", "done_files", "total_files")


@dataclass(frozen=True, slots=True)
class Hello:
    """Who the engine is and what it lets this user do."""

    version: str
    site: str
    host: str
    pid: int
    role: str
    user: str
    timezone: str
    demo: bool
    read_only: bool

    @classmethod
    def of(cls, data: Json) -> Hello:
        """Build from the answer of /v1/hello; a peer without a role has an empty one."""
        texts = {name: str(data.get(name) or "") for name in ("version", "site", "host", "role", "user")}
        return cls(
            **texts, pid=int(data.get("pid") or 0), timezone=str(data.get("timezone") or "UTC"),
            demo=bool(data.get("demo")), read_only=bool(data.get("read_only")),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """One word of the header: state is pass, warn, fail or unknown."""

    name: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Job:
    """Background work on a dataset."""

    id: str
    kind: str
    dataset: str
    state: str
    done_bytes: int
    total_bytes: int
    done_files: int
    total_files: int
    rate: float
    eta: float | None
    detail: str

    @classmethod
    def of(cls, data: Json) -> Job:
        """Build from one entry of status.jobs."""
        whole: Json = {name: int(data.get(name) or 0) for name in _JOB_COUNTS}
        texts: Json = {name: str(data.get(name) or "") for name in ("id", "kind", "dataset", "state", "detail")}
        return cls(**texts, **whole, rate=float(data.get("rate") or 0), eta=data.get("eta"))


@dataclass(frozen=True, slots=True)
class Panel:
    """A window of rows and how much there is beyond it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int
    cut: bool
    newest: int | None = None
    matched: int | None = None
    looked_at: int | None = None

    @classmethod
    def of(cls, data: Json) -> Panel:
        """Build from a panel of any endpoint."""
        rows = tuple(map(tuple, data["rows"]))
        return cls(
            tuple(data["columns"]), rows, int(data.get("total", len(rows))), bool(data.get("cut")),
            data.get("newest"), data.get("matched"), data.get("looked_at"),
        )  # fmt: skip

    def index(self, name: str) -> int:
        """Position of a column; ValueError when the panel has none of that name."""
        return self.columns.index(name)

    def row_of(self, name: str, value: object) -> tuple[Any, ...] | None:
        """The first row with `value` in the column `name`, None when there is none."""
        if name not in self.columns:
            return None
        at = self.index(name)
        return next((row for row in self.rows if row[at] == value), None)


EMPTY = Panel((), (), 0, False)


@dataclass(frozen=True, slots=True)
class Status:
    """The header's facts at one moment of the engine's clock."""

    now: float
    site: str
    host: str
    timezone: str
    rate: float
    lag: float | None
    events: int
    newest: int
    lost: int
    unparsed: int
    gaps: int
    verdicts: tuple[Verdict, ...]
    sources: tuple[Json, ...]
    jobs: tuple[Job, ...]
    quarantined: tuple[str, ...]
    errors: tuple[str, ...]
    unpaged: tuple[str, ...]
    """Addresses whose last page did not go out, each with the reason."""
    drill: Json | None
    """The last drill: ts, outcome, detail; null: never."""
    snoozes: int = 0
    """Snoozes in force."""
    suppressed: int = 0
    """Alerts that windows, jobs and snoozes keep quiet."""
    begins: float | None = None
    """From when on the store has all events; null: it has all there ever were."""

    @classmethod
    def of(cls, data: Json) -> Status:
        """Build from the answer of /v1/status."""
        whole = ("events", "newest", "lost", "unparsed", "gaps", "snoozes", "suppressed")
        counts = {name: int(data.get(name) or 0) for name in whole}
        return cls(
            now=float(data["now"]), site=str(data["site"]), host=str(data.get("host") or ""),
            timezone=str(data.get("timezone") or "UTC"), rate=float(data.get("rate") or 0), lag=data.get("lag"),
            **counts,
            verdicts=tuple(Verdict(v["name"], v["state"], v.get("text") or "") for v in data["verdicts"]),
            sources=tuple(data.get("sources") or ()), jobs=tuple(map(Job.of, data.get("jobs") or ())),
            quarantined=tuple(data.get("quarantined") or ()), errors=tuple(data.get("errors") or ()),
            unpaged=tuple(str(p.get("last") or p.get("label")) for p in data.get("paging") or () if p.get("state") == "fail"),
            drill=data.get("drill"), begins=data.get("begins"),
        )  # fmt: skip

    def essence(self) -> tuple[object, ...]:
        """What is worth drawing again: everything but the clock and jitter below what the header shows."""
        lag = None if self.lag is None else round(self.lag)
        sources = tuple(
            (s.get("name"), s.get("state"), s.get("read"), s.get("balance"), s.get("lost")) for s in self.sources
        )
        return (
            round(self.rate, 1), lag, self.newest, self.lost, self.unparsed, self.gaps, self.verdicts, sources,
            self.jobs, self.quarantined, self.errors, self.unpaged, self.drill and self.drill.get("ts"), self.snoozes,
            self.suppressed, self.begins,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the live panels draw, read at one moment."""

    status: Status
    events: Panel
    alerts: Panel
    encryption: Panel
    integrity: Panel

    @classmethod
    def of(cls, data: Json) -> Snapshot:
        """Build from the answer of /v1/snapshot."""
        panels = data["panels"]
        names = ("events", "alerts", "encryption", "integrity")
        return cls(Status.of(data["status"]), *(Panel.of(panels[name]) for name in names))


def plan(data: Json) -> Plan:
    """A plan as model.action.Plan."""
    fixed = {**data, "steps": tuple(map(_step, data["steps"]))}
    for name in ("blast_radius", "warnings"):
        fixed[name] = tuple(data.get(name) or ())
    return Plan(**{name: fixed[name] for name in Plan.__dataclass_fields__})


def outcome(data: Json) -> Outcome:
    """What became of a plan, as model.action.Outcome."""
    fixed = {**data, "steps": tuple(map(_step, data["steps"]))}
    return Outcome(**{name: fixed[name] for name in Outcome.__dataclass_fields__})


def _step(data: Json) -> Step:
    return Step(**{name: data[name] for name in Step.__dataclass_fields__ if name in data})
