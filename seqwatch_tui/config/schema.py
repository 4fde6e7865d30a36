"""The settings of a site as frozen values. The sentence under each field is its manual.

Values are ready for use: paths are absolute `Path`s, times `time`s, networks `ip_network`s, days numbers. `reader`
makes them from YAML, `checks` holds them against each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, time
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from seqwatch_tui.config import forms
from seqwatch_tui.config.forms import Write
from seqwatch_tui.config.quiet import Expected, Maintenance, Run, Schedule  # noqa: F401 - the sections of the file, in one namespace
from seqwatch_tui.config.section import Section as _Section

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


class SourceSettings(_Section, frozen=True, kw_only=True):
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


class Irb(_Section, frozen=True, kw_only=True):
    """The approval a dataset is used under (`irb`)."""

    id: Annotated[Text, Write("id: IRB-2026-014")]
    """Number of the protocol."""
    expires: Annotated[Day | None, Write("expires: 2027-03-01")] = None
    """Last day of the approval, in the site's time zone."""


class Withdrawal(_Section, frozen=True, kw_only=True):
    """Files whose donor has withdrawn (`consent.withdrawn`)."""

    files: Annotated[Annotated[str, forms.inner_path], Write('files: "NA12878*"')]
    """Pattern below the dataset: `*` is any text (also over folders), `?` one character."""
    since: Annotated[Day, Write("since: 2026-05-01")]
    """First day on which they may not be read, in the site's time zone."""


class Consent(_Section, frozen=True, kw_only=True):
    """What the donors agreed to (`consent`)."""

    duo: Annotated[tuple[Annotated[str, forms.duo], ...], Write('duo: [GRU, NPU, "TS:24"]')] = ()
    """Data use codes (GA4GH DUO): shorthand, shorthand with a value, or DUO number."""
    partners: Annotated[tuple[Name, ...], Write("partners: [uni-x]")] = ()
    """Partners the dataset may be shared with, when every other condition holds."""
    expires: Annotated[Day | None, Write("expires: 2028-01-01")] = None
    """Last day of the consent."""
    withdrawn: Annotated[tuple[Withdrawal, ...], Write('withdrawn: [{files: "NA12878*", since: 2026-05-01}]')] = ()
    """Files of donors who have withdrawn."""


class Dataset(_Section, frozen=True, kw_only=True):
    """One watched dataset (`datasets`)."""

    id: Annotated[Name, Write("id: wgs-cohort-a")]
    """Name of the dataset everywhere; what an operator types to confirm an act on it. Unique."""
    path: Annotated[AbsolutePath, Write("path: /data/seq/wgs-cohort-a")]
    """Its folder, absolute, as the kernel reports it (no symbolic link). Of nested datasets the inner one counts."""
    objects: Annotated[tuple[Annotated[str, forms.objects], ...], Write('objects: ["s3://cohort-a/wgs"]')] = ()
    """Where copies of it lie in object storage: events there (CloudTrail, S3 access logs) are judged as on the folder."""
    kind: Annotated[DatasetKind, Write("kind: wgs")] = "other"
    """wgs, wes, panel, rna or other."""
    frameworks: Annotated[tuple[Framework, ...], Write("frameworks: [hipaa, gdpr]")] = ()
    """Rules of law and practice the dataset is under; reports are grouped by them."""
    purpose: Annotated[Purpose | None, Write("purpose: research")] = None
    """clinical, research or commercial."""
    irb: Annotated[Irb | None, Write("irb: {id: IRB-2026-014, expires: 2027-03-01}")] = None
    """The approval it is used under."""
    owner: Annotated[Text | None, Write("owner: genomics-core")] = None
    """Who answers for it: a person or group, shown beside alerts."""
    manifest: Annotated[Annotated[str, forms.inner_path] | None, Write("manifest: SHA256SUMS")] = None
    """File of checksums, relative to `path` (md5sum or sha256sum format). Without one there is nothing to verify."""
    encryption: Annotated[Encryption, Write("encryption: any")] = "any"
    """What must protect it at rest: crypt4gh, fscrypt, luks, any of them, or none (not required)."""
    consent: Annotated[Consent | None, Write("consent: {duo: [GRU], partners: [uni-x]}")] = None
    """What the donors agreed to."""
    grants: Annotated[Mapping[str, frozenset[Operation]] | None, Write("grants: {bioinformatician: [read]}")] = None
    """Role -> operations (read, write, bulk). Absent: no policy, `allowed` is null. `{}`: nobody may."""
    run: Annotated[Run | None, Write("run: {complete: [CopyComplete.txt], instrument: [svc_novaseq]}")] = None
    """The dataset is the folder of one sequencing run, which nobody may write to once it is complete."""
    grants_until: Annotated[Mapping[str, Day], Write("grants_until: {bioinformatician: 2027-03-01}")] = {}
    """Role -> last day of its grant, in the site's time zone. A role that is not named here has it without end."""


class People(_Section, frozen=True, kw_only=True):
    """Users and groups, of a role (`roles`) or of an operator role (`operators`)."""

    users: Annotated[frozenset[Account], Write("users: [bioinf1]")] = frozenset()
    """Login names."""
    groups: Annotated[frozenset[Account], Write("groups: [bioinf]")] = frozenset()
    """Groups of the host; their members as of the engine's last look."""


class Networks(_Section, frozen=True, kw_only=True):
    """Where logins may come from (`networks`)."""

    allowed: Annotated[tuple[Network, ...], Write("allowed: [10.20.0.0/16, 127.0.0.0/8]")]
    """Networks in CIDR form, IPv4 or IPv6. A login from elsewhere makes `network_allowed` false."""


class Shift(_Section, frozen=True, kw_only=True):
    """Somebody expected outside business hours (`business_hours.roster`)."""

    users: Annotated[frozenset[Account], Write("users: [alice]")]
    """Login names."""
    start: Annotated[Moment, Write('start: "2026-11-22 19:00"')]
    """First minute, in the site's time zone."""
    end: Annotated[Moment, Write('end: "2026-11-23 07:00"')]
    """First minute after."""


class BusinessHours(_Section, frozen=True, kw_only=True):
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


class Keys(_Section, frozen=True, kw_only=True):
    """Encryption keys (`keys`)."""

    max_age_days: Annotated[Positive, Write("max_age_days: 365")] = 365
    """Age, since made or rotated, past which a key is a finding."""
    register: Annotated[Annotated[Path, forms.file_path] | None, Write("register: keys.yaml")] = None
    """The key register (YAML); relative to the folder of this configuration."""


class TlsEndpoint(_Section, frozen=True, kw_only=True):
    """One endpoint whose TLS is probed (`tls`)."""

    endpoint: Annotated[Annotated[str, forms.endpoint], Write('endpoint: "lims.example:443"')]
    """host:port."""
    pins: Annotated[tuple[Annotated[str, forms.pin], ...], Write('pins: ["sha256/..."]')] = ()
    """Public keys it may show: `sha256/` and base64 of the SHA-256 of the SPKI. None: any key."""


class Retention(_Section, frozen=True, kw_only=True):
    """How long things are kept (`retention`)."""

    days: Annotated[Positive, Write("days: 2557")] = 2557
    """Days that events and ledger segments are kept; 2557 is seven years."""


class Accounts(_Section, frozen=True, kw_only=True):
    """Login names that are no single person's (`accounts`): said wherever a session of theirs is shown."""

    service: Annotated[frozenset[Account], Write("service: [svc_lims]")] = frozenset()
    """Accounts of programs; nobody should log in with them."""
    shared: Annotated[frozenset[Account], Write("shared: [seqoperator]")] = frozenset()
    """Accounts that several people use: what they did is no one's in particular."""

    @property
    def kinds(self) -> dict[str, str]:
        """Login name -> service or shared."""
        return {**dict.fromkeys(sorted(self.shared), "shared"), **dict.fromkeys(sorted(self.service), "service")}


class Operators(_Section, frozen=True, kw_only=True):
    """Who may use seqwatch for what (`operators`). Root and the engine's own user are approvers."""

    viewer: Annotated[People, Write("viewer: {groups: [seqops]}")] = People()
    """See everything, change nothing."""
    responder: Annotated[People, Write("responder: {users: [oncall]}")] = People()
    """Also acknowledge, verify, plan and carry out."""
    approver: Annotated[People, Write("approver: {users: [lead]}")] = People()
    """Also change configuration and rules in force."""
    auditor: Annotated[People, Write("auditor: {groups: [auditors]}")] = People()
    """See everything, query by SQL, read what operators did."""


class Notify(_Section, frozen=True, kw_only=True):
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


class Drill(_Section, frozen=True, kw_only=True):
    """The fire drill (`drill`): reads a canary and follows it to the page."""

    canary: Annotated[AbsolutePath, Write("canary: /data/seq/wgs-cohort-a/NA00000.bam")]
    """A file in a dataset that nobody has a reason to open; yours to make, it is only read."""
    every: Annotated[Span | None, Write("every: 1d")] = None
    """How often the engine drills by itself. Absent: only when asked."""
    within: Annotated[Span, Write("within: 30s")] = 30
    """How long the whole chain may take before its missing links are a failure."""


class Settings(_Section, frozen=True, kw_only=True):
    """The whole file. Only `site` and `state_dir` are required."""

    site: Annotated[Name, Write("site: seq-core-1")]
    """Name of this site, shown in the header, in reports and in every page."""
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
    """Endpoints whose TLS is probed."""
    retention: Annotated[Retention, Write("retention: {days: 2557}")] = Retention()
    """How long things are kept."""
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

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the content with defaults filled in: the same for any order of keys, spacing or comments."""
        return hashlib.sha256(msgspec.json.encode(self, enc_hook=str, order="sorted")).hexdigest()
