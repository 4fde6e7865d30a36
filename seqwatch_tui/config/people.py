"""People and hours as settings: who is who, where they come from, when they work."""

from __future__ import annotations

from typing import Annotated

from seqwatch_tui.config import forms
from seqwatch_tui.config.forms import Write
from seqwatch_tui.config.section import Section
from seqwatch_tui.config.values import Account, ClockTime, Day, Moment, Network


class People(Section, frozen=True, kw_only=True):
    """Users and groups, of a role (`roles`) or of an operator role (`operators`)."""

    users: Annotated[frozenset[Account], Write("users: [bioinf1]")] = frozenset()
    """Login names."""
    groups: Annotated[frozenset[Account], Write("groups: [bioinf]")] = frozenset()
    """Groups of the host; their members as of the engine's last look."""


class Networks(Section, frozen=True, kw_only=True):
    """Where logins may come from (`networks`)."""

    allowed: Annotated[tuple[Network, ...], Write("allowed: [10.20.0.0/16, 127.0.0.0/8]")]
    """Networks in CIDR form, IPv4 or IPv6. A login from elsewhere makes `network_allowed` false."""


class Shift(Section, frozen=True, kw_only=True):
    """Somebody expected outside business hours (`business_hours.roster`)."""

    users: Annotated[frozenset[Account], Write("users: [alice]")]
    """Login names."""
    start: Annotated[Moment, Write('start: "2026-11-22 19:00"')]
    """First minute, in the site's time zone."""
    end: Annotated[Moment, Write('end: "2026-11-23 07:00"')]
    """First minute after."""


class BusinessHours(Section, frozen=True, kw_only=True):
    """When work is expected (`business_hours`), in the site's time zone."""

    days: Annotated[Annotated[frozenset[int], forms.weekdays], Write("days: mon-fri")] = frozenset(range(5))
    """Days: `mon-fri`, `mon,wed` or a list. With hours over midnight, the day on which the shift begins."""
    start: Annotated[ClockTime, Write('start: "07:00"')]
    """First minute, HH:MM."""
    end: Annotated[ClockTime, Write('end: "19:00"')]
    """First minute after, HH:MM. Before `start`: the next day."""
    holidays: Annotated[frozenset[Day], Write("holidays: [2026-12-25]")] = frozenset()
    """Dates without business hours."""
    roster: Annotated[
        tuple[Shift, ...], Write('roster: [{users: [alice], start: "2026-11-22 19:00", end: "2026-11-23 07:00"}]')
    ] = ()
    """Who is on call when: to them outside-business-hours does not apply."""


class Accounts(Section, frozen=True, kw_only=True):
    """Login names that are no single person's (`accounts`): said wherever a session of theirs is shown."""

    service: Annotated[frozenset[Account], Write("service: [svc_lims]")] = frozenset()
    """Accounts of programs; nobody should log in with them."""
    shared: Annotated[frozenset[Account], Write("shared: [seqoperator]")] = frozenset()
    """Accounts that several people use: what they did is no one's in particular."""

    @property
    def kinds(self) -> dict[str, str]:
        """Login name -> service or shared."""
        return {**dict.fromkeys(sorted(self.shared), "shared"), **dict.fromkeys(sorted(self.service), "service")}


class Operators(Section, frozen=True, kw_only=True):
    """Who may use seqwatch for what (`operators`). Root and the engine's own user are approvers."""

    viewer: Annotated[People, Write("viewer: {groups: [seqops]}")] = People()
    """See everything, change nothing."""
    responder: Annotated[People, Write("responder: {users: [oncall]}")] = People()
    """Also acknowledge, verify, plan and carry out."""
    approver: Annotated[People, Write("approver: {users: [lead]}")] = People()
    """Also change configuration and rules in force."""
    auditor: Annotated[People, Write("auditor: {groups: [auditors]}")] = People()
    """See everything, query by SQL, read what operators did."""
