"""Who is told, and how it is proved that they would be: `notify` and `drill`."""

from __future__ import annotations

from typing import Annotated

from seqwatch_tui.config import forms
from seqwatch_tui.config.forms import Write
from seqwatch_tui.config.section import Section
from seqwatch_tui.config.values import AbsolutePath, PageContent, Security, Severity, Span, Text


class Notify(Section, frozen=True, kw_only=True):
    """One address that is told of alerts (`notify`)."""

    url: Annotated[Annotated[str, forms.url], Write('url: "mailto://oncall@example.org"')]
    """Where pages go: mailto://, https://, http://, exec:, file: or syslog: (docs/notify.md)."""
    min_severity: Annotated[Severity, Write("min_severity: high")] = "high"
    """Least level that is sent: informational, low, medium, high or critical."""
    content: Annotated[PageContent, Write("content: brief")] = "brief"
    """brief names rule, dataset and numbers only; full also the person, the address and the whole sentence."""
    arguments: Annotated[tuple[Text, ...], Write("arguments: [--urgent]")] = ()
    """Arguments of the program (exec only); there is no shell."""
    smtp: Annotated[Annotated[str, forms.endpoint], Write('smtp: "mail.example.org:587"')] = "localhost:25"
    """Mail server, host:port (mailto only)."""
    security: Annotated[Security, Write("security: starttls")] = "none"
    """none, starttls or tls, to the mail server (mailto only); its certificate is verified."""
    sender: Annotated[Text | None, Write("sender: seqwatch@example.org")] = None
    """Sender of the mail (mailto only); without one seqwatch@ and this host's name."""
    user: Annotated[Text | None, Write("user: seqwatch")] = None
    """Name to log in to the mail server with (mailto only); needs `secret_file`."""
    secret_file: Annotated[AbsolutePath | None, Write("secret_file: /etc/seqwatch/page.secret")] = None
    """File (mode 0600) with the password of `user`, or the bearer token of a webhook."""


class Drill(Section, frozen=True, kw_only=True):
    """The fire drill (`drill`): reads a canary and follows it to the page."""

    canary: Annotated[AbsolutePath, Write("canary: /data/seq/wgs-cohort-a/NA00000.bam")]
    """A file in a dataset that nobody has a reason to open; yours to make, it is only read."""
    every: Annotated[Span | None, Write("every: 1d")] = None
    """How often the engine drills by itself. Absent: only when asked."""
    within: Annotated[Span, Write("within: 30s")] = 30
    """How long the whole chain may take before its missing links are a failure."""
