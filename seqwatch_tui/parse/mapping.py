"""Mapping files as values: which field of a record is which column of `events`, and what the source's words mean.

The language is described in docs/sources.md; `mapping_file` reads and checks it, `flat` carries it out. Knows nothing of
lines or events.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from typing import Literal

from seqwatch_tui.model.columns import ACTIONS
from seqwatch_tui.parse.event import ROW_COLUMNS

MAPPED_COLUMNS = tuple(c for c in ROW_COLUMNS if c not in ("serial", "complete", "warnings"))
"""Columns a mapping may fill."""

WORDS: MappingOf[str, tuple[str, ...]] = {"action": ACTIONS, "outcome": ("success", "failure", "unknown")}
"""Columns that hold one of a few words, which only a table or `is` can give."""

ANY = "*"
"""In a condition: any value that is there. In a table: whatever is not listed."""

Form = Literal["json", "text", "laurel"]
FORMS: tuple[Form, ...] = ("json", "text", "laurel")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is. `field`: steps into the record; `outer`: into the object around a list of records (`^.a`);
    `group`: a part of a text that an `extract` took apart (`$name.group`, or `$name` for whether it matched).
    """

    kind: Literal["field", "outer", "group"]
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return {"field": "", "outer": "^.", "group": "$"}[self.kind] + ".".join(self.steps)


@dataclass(frozen=True, slots=True)
class Condition:
    """The value at `place` is one of `values` (lower case), or with ANY among them is there at all; none: is not there."""

    place: Place
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Spec:
    """One way to a column's value. Exactly one of `places`, `constant`, `text` and `account` is set."""

    places: tuple[Place, ...] = ()
    """Places to look, in order; the first value that is there counts."""
    constant: str | None = None
    text: tuple[str | Place, ...] = ()
    """Pieces of text and places between them; without one of the places there is no value."""
    account: Place | None = None
    """A uid whose name, as the trail or the host knows it, is the value."""
    when: tuple[Condition, ...] = ()
    """All must hold, else there is no value."""
    table: MappingOf[str, str] | None = None
    """What the source writes (lower case) -> what is meant; what is not listed is no value, but for ANY."""
    time: str | None = None
    """s, ms, us, ns or a format of strptime(3); null: ISO 8601, or a number whose size tells the unit."""
    percent: bool = False
    """The value is percent-encoded."""

    def used(self) -> Iterator[Place]:
        """Every place this looks at."""
        yield from self.places
        yield from (piece for piece in self.text if isinstance(piece, Place))
        yield from (condition.place for condition in self.when)
        if self.account is not None:
            yield self.account


@dataclass(frozen=True, slots=True)
class Extract:
    """A text taken apart: an RE2 pattern with named groups, searched in the first of `places` that holds a text."""

    places: tuple[Place, ...]
    pattern: str
    groups: tuple[str, ...]
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Logins:
    """Records that tell of logins, whether they are events or not: for each word, one of its conditions must hold.

    `let_in`: a process let somebody in, and has no session yet; `opened`, `closed`: the session. Who, from where and
    which session is in the columns; `key` is where the fingerprint of the key is.
    """

    let_in: tuple[tuple[Condition, ...], ...] = ()
    opened: tuple[tuple[Condition, ...], ...] = ()
    closed: tuple[tuple[Condition, ...], ...] = ()
    key: tuple[Place, ...] = ()

    def used(self) -> Iterator[Place]:
        """Every place this looks at."""
        yield from self.key
        told = (*self.let_in, *self.opened, *self.closed)
        yield from (condition.place for conditions in told for condition in conditions)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping."""

    name: str
    form: Form
    about: str = ""
    known_by: tuple[tuple[Place, ...], ...] = ()
    """What tells a line of this format from others: of each of these places one has a value. None: it must be named."""
    pattern: str = ""
    """form text: the RE2 pattern of a line; its named groups are the record's fields."""
    records: tuple[tuple[str, ...], ...] = ()
    """Where a line may hold a list of records; the first list that is there counts, else the object is the record."""
    only: tuple[tuple[Condition, ...], ...] = ()
    """Records for which one of these holds become events; the others are kept without one. Empty: all do."""
    absent: frozenset[str] = frozenset()
    """Texts that say that there is no value."""
    byte_arrays: bool = False
    """A list of numbers is a text written as its bytes."""
    lost: tuple[Spec, ...] = ()
    """Where a record tells how many events the source itself dropped."""
    logins: Logins | None = None
    extracts: MappingOf[str, Extract] = field(default_factory=dict)
    columns: MappingOf[str, tuple[Spec, ...]] = field(default_factory=dict)
    """Column -> ways to its value, in order; the first that gives one counts."""

    def used(self) -> frozenset[Place]:
        """Every place that this mapping looks at."""
        specs = (place for ways in (*self.columns.values(), self.lost) for spec in ways for place in spec.used())
        taken = (p for e in self.extracts.values() for p in (*e.places, *(c.place for c in e.when)))
        kept = (condition.place for conditions in self.only for condition in conditions)
        told = self.logins.used() if self.logins else ()
        return frozenset((*specs, *taken, *kept, *told))
