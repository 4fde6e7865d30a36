"""Policy in its plainest form, one row at a time with plain Python values: what `judge` must equal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Any

from seqwatch_tui.config.dataset import Dataset
from seqwatch_tui.config.people import BusinessHours
from seqwatch_tui.config.schema import Settings

READ = {"open", "read", "getattr", "execute", "close"}
WRITE = {"write", "create", "delete", "rename", "link", "chmod", "chown", "truncate", "setattr"}


def judge_row(settings: Settings, groups: Mapping[str, frozenset[str]], row: Mapping[str, Any]) -> dict[str, Any]:
    dataset, before = dataset_of(settings, row["path"]), dataset_of(settings, row["old_path"])
    if dataset and before and not forbids(settings, groups, dataset, row) and forbids(settings, groups, before, row):
        dataset = before
    dataset = dataset or before
    role, allowed, reason, bulk = (None, None, None, None) if dataset is None else grant(settings, groups, dataset, row)
    return {
        "dataset": dataset.id if dataset else None,
        "role": role,
        "allowed": allowed,
        "reason": reason,
        "bulk_granted": bulk,
        "business_hours": hours(settings, row["ts"]),
        "network_allowed": network(settings, row["src_ip"]),
    }


def forbids(settings: Settings, groups: Mapping[str, frozenset[str]], dataset: Dataset, row: Mapping[str, Any]) -> bool:
    return grant(settings, groups, dataset, row)[1] is False


def dataset_of(settings: Settings, path: str | None) -> Dataset | None:
    if path is None or not path.startswith("/"):
        return None
    whole = PurePosixPath("/" + path.lstrip("/"))
    folders = [whole, *whole.parents]
    for folder in folders:
        for dataset in settings.datasets:
            if str(dataset.path) == str(folder):
                return dataset
    return None


def grant(settings: Settings, groups: Mapping[str, frozenset[str]], dataset: Dataset, row: Mapping[str, Any]) -> Any:
    user, action = row["user_name"], row["action"]
    need = "read" if action in READ else "write" if action in WRITE else None
    roles = []
    for name, people in settings.roles.items():
        if user is not None and (user in people.users or groups.get(user, frozenset()) & people.groups):
            roles.append(name)
    first = roles[0] if roles else None
    if dataset.grants is None:
        return first, None, f"no grants are configured for {dataset.id}", None
    granted = [r for r in roles if r in dataset.grants]
    bulk = any("bulk" in dataset.grants[r] for r in granted)
    if need is None:
        return (granted or [first])[0], None, "the action needs no grant", bulk
    if user is None:
        return None, False, "unattributed: the login identity is not set", bulk
    for r in granted:
        if need in dataset.grants[r]:
            return r, True, f"role {r} has {need}", bulk
    if not granted:
        return first, False, f"no role of {user} is granted on {dataset.id}" if roles else f"{user} has no role", bulk
    most = max(granted, key=lambda r: len(dataset.grants[r]))
    held = " and ".join(o for o in ("write", "read", "bulk") if o in dataset.grants[most]) or "no operation"
    return most, False, f"role {most} has {held} but not {need}", bulk


def hours(settings: Settings, ts: datetime | None) -> bool | None:
    if settings.business_hours is None or ts is None:
        return None
    local = ts.replace(tzinfo=UTC).astimezone(settings.timezone).replace(tzinfo=None)
    return any(in_shift(settings.business_hours, local, local.date() - timedelta(days=back)) for back in (0, 1))


def in_shift(hours: BusinessHours, local: datetime, day: Any) -> bool:
    if day.weekday() not in hours.days or day in hours.holidays:
        return False
    begin = datetime.combine(day, hours.start)
    end = datetime.combine(day, hours.end) + timedelta(days=hours.end < hours.start)
    return begin <= local < end


def network(settings: Settings, address: str | None) -> bool | None:
    if settings.networks is None or address is None:
        return None
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in n for n in settings.networks.allowed)
