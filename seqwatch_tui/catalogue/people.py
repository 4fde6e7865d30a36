"""People to roles to grants: who may do what to which dataset, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from seqwatch_tui.config.dataset import Dataset
from seqwatch_tui.config.schema import Settings
from seqwatch_tui.config.values import Operation

Need = Literal["none", "read", "write"]
NEEDS: tuple[Need, ...] = ("none", "read", "write")

_READ = ("open", "read", "getattr", "execute", "close")
_WRITE = ("write", "create", "delete", "rename", "link", "chmod", "chown", "truncate", "setattr")
NEED_OF_ACTION: Mapping[str, int] = {
    **dict.fromkeys(_READ, NEEDS.index("read")),
    **dict.fromkeys(_WRITE, NEEDS.index("write")),
}
"""Action to index in NEEDS; actions that are absent (login, other, ...) need no grant."""

UNATTRIBUTED = "unattributed: the login identity is not set"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one user, dataset and need; None is unknown or does not apply."""

    role: str | None
    allowed: bool | None
    reason: str | None
    bulk: bool | None
    ended: bool = False
    """A grant that would have allowed it is over."""


NO_DATASET = Verdict(None, None, None, None)


class People:
    """Roles by user, from the settings and the groups of the host."""

    def __init__(self, settings: Settings, groups: Mapping[str, frozenset[str]]) -> None:
        self._settings = settings
        self._groups = groups

    def roles_of(self, user: str) -> tuple[str, ...]:
        """Return the roles of a login name, in the order of the configuration.

        A session of an assumed cloud role (`Role/session`) is also covered by `Role/*`.
        """
        assumed, slash, _ = user.partition("/")
        names = {user, f"{assumed}/*"} if slash else {user}
        member_of = self._groups.get(user, frozenset())
        roles = self._settings.roles.items()
        return tuple(n for n, p in roles if not (names.isdisjoint(p.users) and member_of.isdisjoint(p.groups)))

    def judge(self, user: str | None, dataset: Dataset, need: Need, over: frozenset[str] = frozenset()) -> Verdict:
        """Judge one distinct combination. Of several roles the one that allows it is named.

        The grants of the roles in `over` have ended.
        """
        roles = self.roles_of(user) if user is not None else ()
        role = roles[0] if roles else None
        if dataset.grants is None:
            return Verdict(role, None, f"no grants are configured for {dataset.id}", None)
        granted = {name: dataset.grants[name] for name in roles if name in dataset.grants and name not in over}
        ended = next((name for name in roles if name in over and need in dataset.grants.get(name, ())), None)
        bulk = any("bulk" in operations for operations in granted.values())
        if need == "none":
            return Verdict(next(iter(granted), role), None, "the action needs no grant", bulk)
        if user is None:
            return Verdict(None, False, UNATTRIBUTED, bulk)
        if ended is not None and not any(need in operations for operations in granted.values()):
            day = dataset.grants_until[ended]
            return Verdict(ended, False, f"the grant of role {ended} on {dataset.id} ended on {day}", bulk, ended=True)
        if not granted:
            why = f"no role of {user} is granted on {dataset.id}" if roles else f"{user} has no role"
            return Verdict(role, False, why, bulk)
        return _granted(granted, need, bulk)


def _granted(granted: Mapping[str, frozenset[Operation]], need: Need, bulk: bool) -> Verdict:
    for role, operations in granted.items():
        if need in operations:
            return Verdict(role, True, f"role {role} has {need}", bulk)
    role, operations = max(granted.items(), key=lambda item: len(item[1]))
    held = " and ".join(sorted(operations, reverse=True)) or "no operation"
    return Verdict(role, False, f"role {role} has {held} but not {need}", bulk)
