"""The groups of the people that roles name, as this host has them now."""

from __future__ import annotations

import grp
import logging

from seqwatch_tui.config.settings import Settings
from seqwatch_tui.engine.peers import groups_of

LOG = logging.getLogger("seqwatch")


def known_groups(settings: Settings) -> dict[str, frozenset[str]]:
    """Return user -> groups, for every user that a role names directly or as a member of a group."""
    names = {user for people in settings.roles.values() for user in people.users}
    for group in {group for people in settings.roles.values() for group in people.groups}:
        try:
            names.update(grp.getgrnam(group).gr_mem)
        except KeyError:
            LOG.warning("group %s, named by a role, does not exist on this host: it has no members", group)
    return {name: groups_of(name) for name in sorted(names)}
