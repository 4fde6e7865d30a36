"""Kinds of values that several sections of the configuration have: what a text may be, which words there are."""

from __future__ import annotations

from datetime import date, datetime, time
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from seqwatch_tui.config import forms

Text = Annotated[str, forms.text]
Name = Annotated[str, forms.name]
Account = Annotated[str, forms.account]
Positive = Annotated[int, forms.positive]
AbsolutePath = Annotated[Path, forms.absolute_path]
Day = Annotated[date, forms.day]
Moment = Annotated[datetime, forms.moment]
ClockTime = Annotated[time, forms.clock_time]
Span = Annotated[int, forms.span]
Network = Annotated[IPv4Network | IPv6Network, forms.network]

SourceType = Literal["auditd", "laurel", "jsonl", "fanotify"]
DatasetKind = Literal["wgs", "wes", "panel", "rna", "other"]
Framework = Literal["hipaa", "gdpr", "gina", "nih-gds", "clia", "cap", "21cfr11", "iso27001", "nist-csf"]
Purpose = Literal["clinical", "research", "commercial"]
Encryption = Literal["crypt4gh", "fscrypt", "luks", "any", "none"]
Operation = Literal["read", "write", "bulk"]
Security = Literal["none", "starttls", "tls"]
PageContent = Literal["brief", "full"]
Severity = Literal["informational", "low", "medium", "high", "critical"]
