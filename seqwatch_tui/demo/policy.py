"""The demo site's seqwatch.yaml and keys.yaml, as text that a person may read and change."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

_NIGHT = 3
_ZONES = (
    "Pacific/Auckland", "Australia/Sydney", "Asia/Tokyo", "Asia/Singapore", "Asia/Bangkok", "Asia/Dhaka",
    "Asia/Karachi", "Asia/Dubai", "Africa/Nairobi", "Europe/Athens", "Europe/Berlin", "Europe/London",
    "Atlantic/Azores", "America/Noronha", "America/Sao_Paulo", "America/Halifax", "America/New_York",
    "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu",
    "Pacific/Pago_Pago", "Pacific/Noumea",
)  # fmt: skip

_CONFIG = """\
# The configuration of a demo site, made by `seqwatch demo`. Every key is explained in docs/configuration.md.
site: demo-core
state_dir: "{state}"
# It is night at this site: the zone was chosen so that business hours are hours away when the demo starts.
timezone: {zone}

sources:
  - {{name: audit, type: auditd, path: "{folder}/audit/audit.log"}}
  - {{name: nas, type: laurel, path: "{folder}/laurel/audit.log"}}

datasets:
  - id: wgs-cohort-a
    path: "{folder}/data/wgs-cohort-a"
    kind: wgs
    frameworks: [hipaa, gdpr, gina]
    purpose: research
    irb: {{id: IRB-DEMO-014, expires: {next_year}}}
    owner: genomics-core
    manifest: SHA256SUMS
    encryption: any
    consent: {{duo: [GRU, NPU, "TS:24"], partners: [uni-x], expires: {next_year}}}
    grants:
      bioinformatician: [read]
      pipeline: [read, write, bulk]
      auditor: [read]
  - id: wes-panel-b
    path: "{folder}/data/wes-panel-b"
    kind: wes
    frameworks: [gdpr]
    purpose: clinical
    owner: diagnostics
    manifest: SHA256SUMS
    encryption: crypt4gh
    grants:
      bioinformatician: [read]
      pipeline: [read, write, bulk]
  - id: rna-pilot-c
    path: "{folder}/data/rna-pilot-c"
    kind: rna
    frameworks: [gdpr]
    purpose: research
    owner: transcriptomics
    manifest: SHA256SUMS
    encryption: none
    grants:
      bioinformatician: [read, write]
      lab-technician: [read]
      pipeline: [read, write, bulk]
  - id: clinical-trio-d
    path: "{folder}/data/clinical-trio-d"
    kind: wgs
    frameworks: [hipaa, gdpr]
    purpose: clinical
    irb: {{id: IRB-DEMO-022, expires: {next_year}}}
    owner: diagnostics
    manifest: SHA256SUMS
    encryption: crypt4gh
    grants:
      pipeline: [read, write, bulk]

roles:
  bioinformatician: {{users: [bioinf1, bioinf2, rwagner]}}
  lab-technician: {{users: [mkeller]}}
  pipeline: {{users: [svc_lims, svc_backup]}}
  auditor: {{users: [auditor1]}}

networks: {{allowed: [10.20.0.0/16, 127.0.0.0/8]}}
business_hours: {{days: mon-fri, start: "07:00", end: "19:00"}}
keys: {{max_age_days: 365, register: keys.yaml}}
retention: {{days: 2557}}
operators: {{approver: {{users: ["{operator}"]}}}}
"""

_KEYS = """\
# The key register of the demo site: one key is older than the policy allows.
- {{id: c4gh-clinical-2, kind: crypt4gh, owner: diagnostics, datasets: [clinical-trio-d], created: {clinical}}}
- {{id: c4gh-panel-1, kind: crypt4gh, owner: diagnostics, datasets: [wes-panel-b], created: {panel}}}
- {{id: backup-vault, kind: luks, owner: storage, datasets: [wgs-cohort-a], created: {vault}, rotated: {rotated}}}
"""


def night_zone(now: float) -> str:
    """Return the zone whose clock is nearest to 03:00 at `now` (epoch seconds): it is night somewhere."""
    moment = datetime.fromtimestamp(now, UTC)

    def away(zone: str) -> float:
        local = moment.astimezone(ZoneInfo(zone))
        hours = (local.hour + local.minute / 60 - _NIGHT) % 24
        return min(hours, 24 - hours)

    return min(_ZONES, key=away)


def config_text(folder: Path, state: Path, now: float, operator: str) -> str:
    """Return seqwatch.yaml for a site in `folder`; `operator` is the account that runs the demo."""
    return _CONFIG.format(
        folder=_quoted(folder), state=_quoted(state), operator=_quoted(operator), zone=night_zone(now),
        next_year=_day(now, 400),
    )  # fmt: skip


def keys_text(now: float) -> str:
    """Return keys.yaml: `c4gh-panel-1` is 612 days old."""
    return _KEYS.format(clinical=_day(now, -71), panel=_day(now, -612), vault=_day(now, -800), rotated=_day(now, -120))


def _quoted(value: Path | str) -> str:
    """The inside of a double-quoted YAML scalar (JSON's escapes are a part of YAML's)."""
    return json.dumps(str(value))[1:-1]


def _day(now: float, days: int) -> str:
    return (datetime.fromtimestamp(now, UTC) + timedelta(days=days)).date().isoformat()
