"""The settings of a site as frozen values. The sentence under each field is its manual.

Values are ready for use: paths are absolute `Path`s, times `time`s, networks `ip_network`s, days numbers. `reader`
makes them from YAML, `checks` holds them against each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from seqwatch_tui.config import forms
from seqwatch_tui.config.alarm import Drill, Notify
from seqwatch_tui.config.dataset import Dataset
from seqwatch_tui.config.forms import Write
from seqwatch_tui.config.people import Accounts, BusinessHours, Networks, Operators, People
from seqwatch_tui.config.quiet import Expected, Maintenance
from seqwatch_tui.config.section import Section
from seqwatch_tui.config.values import AbsolutePath, Name, Positive, SourceType, Text


class SourceSettings(Section, frozen=True, kw_only=True):
    """One place events are read from (`sources`)."""

    name: Annotated[Name, Write("name: audit")]
    """Name of the source in `events.source` and `sources`; unique."""
    type: Annotated[SourceType, Write("type: auditd")]
    """auditd (raw or enriched log), laurel (its JSON lines), jsonl (lines that a `mapping` describes) or fanotify."""
    path: Annotated[AbsolutePath | None, Write("path: /var/log/audit/audit.log")] = None
    """The file to follow, absolute; its rotated predecessors are found beside it. For fanotify: the socket of a sensor
    that runs as a service; without it the engine starts a sensor of its own."""
    mapping: Annotated[Text | None, Write("mapping: falco")] = None
    """Which field is which column (jsonl only): the name of a shipped mapping or the path of a YAML file."""
    poll: Annotated[bool, forms.yes_no, Write("poll: true")] = False
    """Look at the file several times a second instead of waiting for the kernel to tell. Network and FUSE file systems are
    noticed by themselves; only for others whose changes come from elsewhere. Not for fanotify."""


class Keys(Section, frozen=True, kw_only=True):
    """Encryption keys (`keys`)."""

    max_age_days: Annotated[Positive, Write("max_age_days: 365")] = 365
    """Age, since made or rotated, past which a key is a finding."""
    register: Annotated[Annotated[Path, forms.file_path] | None, Write("register: keys.yaml")] = None
    """The key register (YAML); relative to the folder of this configuration."""


class TlsEndpoint(Section, frozen=True, kw_only=True):
    """One endpoint whose TLS is probed (`tls`)."""

    endpoint: Annotated[Annotated[str, forms.endpoint], Write('endpoint: "lims.example:443"')]
    """host:port."""
    pins: Annotated[tuple[Annotated[str, forms.pin], ...], Write('pins: ["sha256/..."]')] = ()
    """Public keys it may show: `sha256/` and base64 of the SHA-256 of the SPKI. None: any key."""


class Retention(Section, frozen=True, kw_only=True):
    """How long things are kept (`retention`)."""

    days: Annotated[Positive, Write("days: 2557")] = 2557
    """Days that events must be kept in the ledger; 2557 is seven years. The ledger deletes nothing in this version."""
    store_days: Annotated[Annotated[int, forms.store_days] | None, Write("store_days: 400")] = None
    """Days of events that stay in the store, at least 400; older months are in the ledger only. Absent: all of them."""


class Settings(Section, frozen=True, kw_only=True):
    """The whole file. Only `site` and `state_dir` are required."""

    site: Annotated[Name, Write("site: seq-core-1")]
    """Name of this site, shown in the header and in every page."""
    state_dir: Annotated[AbsolutePath, Write("state_dir: /var/lib/seqwatch")]
    """Folder of the store, ledger, journal and socket, absolute, on a local disk; made with mode 0700."""
    timezone: Annotated[Annotated[ZoneInfo, forms.zone], Write("timezone: Europe/Berlin")] = ZoneInfo("UTC")
    """IANA zone of the screens and of business hours. The store is in UTC whatever this says."""
    sources: Annotated[
        tuple[SourceSettings, ...], Write("sources: [{name: audit, type: auditd, path: /var/log/audit/audit.log}]")
    ] = ()
    """Where events come from. One that cannot be read is an alert and a red mark, not a crash."""
    datasets: Annotated[tuple[Dataset, ...], Write("datasets: [{id: wgs-cohort-a, path: /data/seq/wgs-cohort-a}]")] = ()
    """What is watched."""
    roles: Annotated[
        Mapping[Name, People], Write("roles: {bioinformatician: {users: [bioinf1], groups: [bioinf]}}")
    ] = {}
    """Role -> its people. Grants name roles, never people."""
    accounts: Annotated[Accounts, Write("accounts: {service: [svc_lims], shared: [seqoperator]}")] = Accounts()
    """Accounts that are no single person's."""
    networks: Annotated[Networks | None, Write("networks: {allowed: [10.20.0.0/16]}")] = None
    """Where logins may come from. Absent: not judged."""
    business_hours: Annotated[
        BusinessHours | None, Write('business_hours: {days: mon-fri, start: "07:00", end: "19:00"}')
    ] = None
    """When work is expected. Absent: not judged."""
    keys: Annotated[Keys, Write("keys: {max_age_days: 365, register: keys.yaml}")] = Keys()
    """Age of encryption keys."""
    tls: Annotated[tuple[TlsEndpoint, ...], Write('tls: [{endpoint: "lims.example:443"}]')] = ()
    """Endpoints whose TLS is to be probed; not in this version, and `notices` says so."""
    retention: Annotated[Retention, Write("retention: {days: 2557}")] = Retention()
    """How long things must be kept."""
    operators: Annotated[Operators, Write("operators: {viewer: {groups: [seqops]}, responder: {users: [oncall]}}")] = (
        Operators()
    )
    """Who may use seqwatch for what."""
    notify: Annotated[
        tuple[Notify, ...], Write('notify: [{url: "mailto://oncall@example.org", min_severity: high}]')
    ] = ()
    """Who is told of alerts."""
    canaries: Annotated[tuple[AbsolutePath, ...], Write("canaries: [/data/seq/wgs-cohort-a/NA00000.bam]")] = ()
    """Files in datasets that nobody has a reason to open: whoever does raises a critical alert."""
    drill: Annotated[Drill | None, Write("drill: {canary: /data/seq/wgs-cohort-a/NA00000.bam, every: 1d}")] = None
    """The fire drill; its canary is one of `canaries` by itself."""
    maintenance: Annotated[
        tuple[Maintenance, ...],
        Write(
            'maintenance: [{name: move, rules: [permission-change], when: {start: "02:00", end: "04:00"}, reason: change 4711}]'
        ),
    ] = ()
    """Windows in which alerts of a part of the site are kept quiet: stored and counted, not shown as open."""
    expected: Annotated[
        tuple[Expected, ...],
        Write("expected: [{name: qc, account: svc_qc, exe: [/usr/bin/samtools], reason: reads every CRAM}]"),
    ] = ()
    """Jobs whose alerts are kept quiet in the same way."""

    @property
    def all_canaries(self) -> tuple[Path, ...]:
        """`canaries` and that of the drill, each once."""
        return tuple(dict.fromkeys((*self.canaries, *([self.drill.canary] if self.drill else []))))

    def inside(self, dataset: Dataset) -> tuple[Path, ...]:
        """Return the folders of the datasets within one, relative to it: what lies there is theirs."""
        return tuple(each.path.relative_to(dataset.path) for each in self.datasets if dataset.path in each.path.parents)

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the content with defaults filled in: the same for any order of keys, spacing or comments."""
        return hashlib.sha256(msgspec.json.encode(self, enc_hook=str, order="sorted")).hexdigest()
