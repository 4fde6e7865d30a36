"""What no single value can show: values held against each other. Each check yields a key path and a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from seqwatch_tui.config.errors import nearest
from seqwatch_tui.config.forms import PLACEHOLDER_PIN
from seqwatch_tui.config.quiet import Expected, Maintenance, Schedule
from seqwatch_tui.config.reader import KeyPath, dotted
from seqwatch_tui.config.schema import Retention, Settings, SourceSettings
from seqwatch_tui.config.telling import telling_checks, telling_notices

OWN_SOURCE = "seqwatch"
"""The source of the events that the engine itself makes."""

Wrong = tuple[KeyPath, str]


def cross_checks(settings: Settings) -> Iterator[Wrong]:
    """Yield everything in which the settings contradict themselves."""
    yield from _unique(settings)
    yield from _paths(settings)
    yield from _objects(settings)
    yield from _grants(settings)
    yield from _ends_of_grants(settings)
    yield from _roster(settings)
    yield from _accounts(settings)
    for index, source in enumerate(settings.sources):
        yield from _source(source, ("sources", index))
    yield from telling_checks(settings)
    yield from _quiet(settings)
    hours = settings.business_hours
    if hours is not None and hours.start == hours.end:
        yield ("business_hours", "end"), 'business_hours.end equals start; write e.g. end: "19:00"'


def notices(settings: Settings) -> tuple[str, ...]:
    """What is accepted but has no effect in this version, or none at all: sentences for the operator."""
    found = [
        f"role {name} has neither users nor groups; its grants reach nobody"
        for name, people in settings.roles.items()
        if not people.users and not people.groups
    ]
    found += [
        f"tls {tls.endpoint}: the pin {PLACEHOLDER_PIN} is the placeholder of the manual; no key matches it"
        for tls in settings.tls
        if PLACEHOLDER_PIN in tls.pins
    ]
    if settings.tls:
        found.append("tls: the endpoints are not probed in this version; nothing is known of their TLS")
    if settings.retention.days != Retention().days:
        found.append(
            f"retention.days {settings.retention.days} has no effect in this version: nothing is deleted from the ledger"
        )
    return (*found, *telling_notices(settings))


def _unique(settings: Settings) -> Iterator[Wrong]:
    lists: tuple[tuple[str, str, list[str]], ...] = (
        ("datasets", "id", [d.id for d in settings.datasets]),
        ("datasets", "path", [str(d.path) for d in settings.datasets]),
        ("sources", "name", [s.name for s in settings.sources]),
        ("sources", "path", [str(s.path) if s.path else f"\0{i}" for i, s in enumerate(settings.sources)]),
        ("tls", "endpoint", [t.endpoint for t in settings.tls]),
        ("maintenance", "name", [m.name for m in settings.maintenance]),
        ("expected", "name", [e.name for e in settings.expected]),
    )
    for section, key, values in lists:
        for index, value in enumerate(values):
            first = values.index(value)
            if first < index:
                yield (
                    (section, index, key),
                    (f"{section}[{index}].{key} '{value}' is the same as in {section}[{first}]; write each {key} once"),
                )


def _objects(settings: Settings) -> Iterator[Wrong]:
    """A bucket or prefix belongs to one dataset."""
    owners: dict[str, int] = {}
    for index, dataset in enumerate(settings.datasets):
        for number, place in enumerate(dataset.objects):
            first = owners.setdefault(place, index)
            if first != index:
                at: KeyPath = ("datasets", index, "objects", number)
                yield at, f"{dotted(at)} '{place}' is the same as in datasets[{first}].objects; write it once"


def _paths(settings: Settings) -> Iterator[Wrong]:
    state = settings.state_dir
    if state == Path("/"):
        yield ("state_dir",), "state_dir is the root of the file system; write e.g. state_dir: /var/lib/seqwatch"
    for index, dataset in enumerate(settings.datasets):
        at: KeyPath = ("datasets", index, "path")
        if dataset.path == Path("/"):
            yield at, f"{dotted(at)} is the root of the file system; write the folder of the dataset"
        elif dataset.path == state or dataset.path in state.parents:
            yield at, f"{dotted(at)} '{dataset.path}' holds state_dir '{state}'; move state_dir out of the dataset"
        elif state in dataset.path.parents:
            yield at, f"{dotted(at)} '{dataset.path}' is inside state_dir '{state}'; move state_dir elsewhere"


def _grants(settings: Settings) -> Iterator[Wrong]:
    for index, dataset in enumerate(settings.datasets):
        for role in dataset.grants or {}:
            if role not in settings.roles:
                at: KeyPath = ("datasets", index, "grants", role)
                yield (
                    at,
                    (
                        f"{dotted(at[:-1])} names role '{role}', which is not in roles{nearest(role, settings.roles)}"
                        f" Write e.g. roles: {{{role}: {{users: [...]}}}}"
                    ),
                )


def _quiet(settings: Settings) -> Iterator[Wrong]:
    for index, window in enumerate(settings.maintenance):
        at: KeyPath = ("maintenance", index)
        if not (window.datasets or window.actors or window.rules):
            yield at, f"{dotted(at)} would keep every alert quiet; name datasets, actors or rules"
        single = (window.begins, window.ends)
        if (window.when is None) == (None in single) or (window.when is not None and any(single)):
            yield (
                at,
                f'{dotted(at)} needs either when, or begins and ends; write e.g. when: {{start: "02:00", end: "04:00"}}',
            )
        elif window.begins is not None and window.ends is not None and window.ends <= window.begins:
            yield (*at, "ends"), f"{dotted(at)}.ends is not after begins; correct one of them"
    planned: tuple[tuple[str, Sequence[Maintenance | Expected]], ...] = (
        ("maintenance", settings.maintenance), ("expected", settings.expected),
    )  # fmt: skip
    for section, entries in planned:
        for number, entry in enumerate(entries):
            yield from _scope((section, number), entry.datasets, entry.when, settings)


def _scope(at: KeyPath, datasets: tuple[str, ...], when: Schedule | None, settings: Settings) -> Iterator[Wrong]:
    ids = [dataset.id for dataset in settings.datasets]
    for name in datasets:
        if "*" not in name and name not in ids:
            yield (
                (*at, "datasets"),
                f"{dotted(at)} names dataset '{name}', which is not in datasets{nearest(name, ids)}",
            )
    if when is not None and when.start == when.end:
        yield (*at, "when", "end"), f'{dotted(at)}.when.end equals start; write e.g. end: "04:00"'


def _ends_of_grants(settings: Settings) -> Iterator[Wrong]:
    for index, dataset in enumerate(settings.datasets):
        for role in dataset.grants_until:
            if role not in (dataset.grants or {}):
                at: KeyPath = ("datasets", index, "grants_until", role)
                yield (
                    at,
                    f"{dotted(at[:-1])} names role '{role}', which has no grant there"
                    f"{nearest(role, dataset.grants or {})} Write e.g. grants: {{{role}: [read]}}",
                )


def _roster(settings: Settings) -> Iterator[Wrong]:
    for index, shift in enumerate(settings.business_hours.roster if settings.business_hours else ()):
        if shift.end <= shift.start:
            at: KeyPath = ("business_hours", "roster", index, "end")
            yield at, f"{dotted(at)} is not after start; write the first minute after the shift"


def _accounts(settings: Settings) -> Iterator[Wrong]:
    for name in sorted(settings.accounts.service & settings.accounts.shared):
        yield (
            ("accounts", "shared"),
            f"accounts.shared and accounts.service both name '{name}'; write it in one of them",
        )


def _source(source: SourceSettings, at: KeyPath) -> Iterator[Wrong]:
    where = dotted(at)
    if source.name == OWN_SOURCE:
        yield (
            (*at, "name"),
            f"{where}.name '{OWN_SOURCE}' is what the engine's own events are kept under; write another name",
        )
    if source.path is None and source.type != "fanotify":
        yield at, f"{where} of type {source.type} needs key 'path'; write e.g. path: /var/log/audit/audit.log"
    if source.type == "jsonl" and source.mapping is None:
        yield at, f"{where} of type jsonl needs key 'mapping'; write e.g. mapping: falco"
    if source.type != "jsonl" and source.mapping is not None:
        yield (*at, "mapping"), f"{where}.mapping is for type jsonl only; leave it out or write type: jsonl"
