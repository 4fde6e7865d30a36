"""Makes views by name; the ones that few visits need are imported when they are first asked for."""

from __future__ import annotations

from seqwatch_tui.console.host import Host
from seqwatch_tui.console.views.base import Asks, View
from seqwatch_tui.console.views.lists import AlertsView, EventsView, IntegrityView, KeysView
from seqwatch_tui.console.views.overview import OverviewView

LIGHT: dict[str, type[View]] = {
    "overview": OverviewView, "events": EventsView, "alerts": AlertsView, "keys": KeysView, "integrity": IntegrityView,
}  # fmt: skip
"""Views that fetch nothing when they are made: they can be mounted before they are asked for."""


def root_view(name: str, host: Host) -> View:
    """One of the six screens or the overview; KeyError for another name."""
    if name == "sql":
        from seqwatch_tui.console.views.sql import SqlView

        return SqlView(host)
    if name == "system":
        from seqwatch_tui.console.views.system import SystemView

        return SystemView(host)
    return LIGHT[name](host)


def help_view(host: Host, came_from: str) -> View:
    """The page of keys."""
    from seqwatch_tui.console.views.help import HelpView

    return HelpView(host, came_from)


def sessions_view(host: Host) -> View:
    """The list of sessions."""
    from seqwatch_tui.console.views.sessions import SessionsView

    return SessionsView(host)


def unusual_view(host: Host) -> View:
    """The hours that stand out."""
    from seqwatch_tui.console.views.unusual import UnusualView

    return UnusualView(host)


def saved_view(host: Host, target: Asks) -> View:
    """The list of saved queries."""
    from seqwatch_tui.console.views.sql import SavedView

    return SavedView(host, target)


def listed_view(host: Host, name: str) -> View:
    """A list by name (`views.listed`)."""
    from seqwatch_tui.console.views.listed import ListedView

    return ListedView.of(host, name)


def whatif_view(host: Host, rule: str) -> View:
    """The backtest of a rule."""
    from seqwatch_tui.console.views.whatif import WhatIfView

    return WhatIfView(host, rule)
