"""Planned work as settings: maintenance windows, expected jobs, and when a sequencing run is complete.

Times are of the site's zone and have no offset of their own. `detect.quiet` and `catalogue.runs` give them effect.
"""

from __future__ import annotations

from typing import Annotated

from seqwatch_tui.config import forms
from seqwatch_tui.config.forms import Write
from seqwatch_tui.config.section import Section
from seqwatch_tui.config.values import Account, ClockTime, Moment, Name, Text


class Schedule(Section, frozen=True, kw_only=True):
    """Times that come again (`when`), in the site's time zone."""

    days: Annotated[Annotated[frozenset[int], forms.weekdays], Write("days: sat,sun")] = frozenset(range(7))
    """Days: `mon-fri`, `sat,sun` or a list. When it passes midnight, the day on which it begins."""
    start: Annotated[ClockTime, Write('start: "02:00"')]
    """First minute, HH:MM."""
    end: Annotated[ClockTime, Write('end: "04:00"')]
    """First minute after, HH:MM. Before `start`: the next day."""


class Maintenance(Section, frozen=True, kw_only=True):
    """A window in which alerts of a part of the site are expected (`maintenance`)."""

    name: Annotated[Name, Write("name: storage-move")]
    """Name of the window, shown with every alert it keeps quiet; unique."""
    datasets: Annotated[tuple[Text, ...], Write("datasets: [wgs-cohort-a]")] = ()
    """Datasets it is about; `*` is any text. None named: every one, and events outside datasets."""
    actors: Annotated[tuple[Text, ...], Write("actors: [svc_lims]")] = ()
    """Login identities it is about; `unattributed` for none. None named: everybody."""
    rules: Annotated[tuple[Text, ...], Write("rules: [permission-change]")] = ()
    """Rules it is about. None named: all. At least one of datasets, actors and rules must be given."""
    when: Annotated[Schedule | None, Write('when: {days: sat, start: "02:00", end: "04:00"}')] = None
    """Times that come again; or `begins` and `ends`."""
    begins: Annotated[Moment | None, Write('begins: "2026-11-28 20:00"')] = None
    """First minute of a single window."""
    ends: Annotated[Moment | None, Write('ends: "2026-11-29 06:00"')] = None
    """First minute after it."""
    reason: Annotated[Text, Write("reason: move to the new storage, change 4711")]
    """Why, for whoever looks at what was kept quiet."""


class Expected(Section, frozen=True, kw_only=True):
    """A job that is known to look like an attack (`expected`)."""

    name: Annotated[Name, Write("name: nightly-qc")]
    """Name of the job, shown with every alert it keeps quiet; unique."""
    account: Annotated[Account, Write("account: svc_qc")]
    """Its login identity; without one (a service), the user it runs as."""
    exe: Annotated[tuple[Text, ...], Write("exe: [/usr/bin/samtools]")]
    """Programs by absolute path; `*` is any text. Another program of the account is not quiet."""
    datasets: Annotated[tuple[Text, ...], Write('datasets: ["wgs-*"]')] = ()
    """Datasets it works on; none named: every one."""
    rules: Annotated[tuple[Text, ...], Write("rules: [bulk-read]")] = ()
    """Rules it is expected to raise; none named: all."""
    when: Annotated[Schedule | None, Write('when: {start: "02:00", end: "05:00"}')] = None
    """When it runs; absent: at any time."""
    reason: Annotated[Text, Write("reason: quality control reads every CRAM")]
    """Why it is expected."""


class Run(Section, frozen=True, kw_only=True):
    """The state of a sequencing run (`run` of a dataset)."""

    complete: Annotated[
        tuple[Annotated[str, forms.inner_path], ...], Write("complete: [RTAComplete.txt, CopyComplete.txt]")
    ]
    """Files that the instrument writes last, relative to the dataset; the run is complete when all are there."""
    instrument: Annotated[frozenset[Account], Write("instrument: [svc_novaseq]")] = frozenset()
    """Accounts that may write while the run is not complete. Once it is, nobody may."""
