"""The first configuration of a host, with a comment at every choice. Pure: what the host has is told by the caller."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What `seqwatch init` found on this host; None and empty mean not found."""

    site: str
    state_dir: Path
    timezone: str = "UTC"
    audit_log: Path | None = None
    laurel_log: Path | None = None
    datasets: tuple[Path, ...] = ()
    """Folders that look like datasets."""


def starter(facts: HostFacts) -> str:
    """Return commented YAML that `settings.loads` accepts as it stands."""
    return _TEMPLATE.format(
        site=_text(facts.site),
        state_dir=_text(str(facts.state_dir)),
        timezone=_text(facts.timezone),
        sources=_sources(facts),
        datasets=_datasets(facts.datasets),
    )


def _text(value: str) -> str:
    """Quote as JSON, which is YAML: no character of a host's name can become syntax."""
    return json.dumps(value)


def _sources(facts: HostFacts) -> str:
    found = [("audit", "auditd", facts.audit_log), ("laurel", "laurel", facts.laurel_log)]
    lines = [f"  - {{name: {name}, type: {kind}, path: {_text(str(path))}}}" for name, kind, path in found if path]
    return "sources:\n" + "\n".join(lines) if lines else "sources: []   # no audit log was found on this host"


def _datasets(paths: tuple[Path, ...]) -> str:
    if not paths:
        return _NO_DATASET
    taken: dict[str, Path] = {}
    for path in paths:
        taken[_identifier(path, taken)] = path
    return "datasets:\n" + "\n".join(_DATASET.format(id=_text(i), path=_text(str(p))) for i, p in taken.items())


def _identifier(path: Path, taken: dict[str, Path]) -> str:
    """Make a name from the folder's: letters, digits and `_ . -`; numbered when it is taken."""
    word = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "-" for c in path.name).strip(".-")[:56]
    word = word or "dataset"
    number = 2
    name = word
    while name in taken:
        name, number = f"{word}-{number}", number + 1
    return name


_DATASET = """\
  - id: {id}
    path: {path}
    kind: other                  # wgs | wes | panel | rna | other
    encryption: any              # what must protect it at rest: crypt4gh | fscrypt | luks | any | none
    # manifest: SHA256SUMS       # checksums to verify against, relative to path
    # owner: genomics-core
    # Without `grants` nothing is judged (allowed = unknown). With it, what is not granted is a finding:
    # grants:
    #   bioinformatician: [read]
    #   pipeline: [read, write]"""

_NO_DATASET = """\
datasets: []
# datasets:
#   - id: wgs-cohort-a
#     path: /data/seq/wgs-cohort-a
#     kind: wgs                  # wgs | wes | panel | rna | other
#     encryption: any            # what must protect it at rest: crypt4gh | fscrypt | luks | any | none
#     manifest: SHA256SUMS       # checksums to verify against, relative to path
#     grants:                    # role -> read, write, bulk; without grants nothing is judged
#       bioinformatician: [read]"""

_TEMPLATE = """\
# seqwatch configuration. Every key: docs/configuration.md. Check it with `seqwatch doctor`.

site: {site}
state_dir: {state_dir}           # store, ledger, journal, keys; made with mode 0700, on a local disk
timezone: {timezone}             # of screens and business hours

# Where events come from. One that cannot be read is an alert and a red mark, not a crash.
{sources}
# Beside or instead of auditd, the built-in kernel sensor: add {{name: kernel, type: fanotify}} (root, or its service).

# What is watched.
{datasets}

# Who is who. Grants name roles; roles name users and groups of this host.
roles: {{}}
# roles:
#   bioinformatician: {{users: [bioinf1], groups: [bioinf]}}
#   pipeline: {{users: [svc_lims]}}

# Where logins may come from, and when work is expected. Leave out what is not to be judged.
# networks: {{allowed: [10.20.0.0/16, 127.0.0.0/8]}}
# business_hours: {{days: mon-fri, start: "07:00", end: "19:00", holidays: [2026-12-25]}}

keys: {{max_age_days: 365}}        # add `register: keys.yaml` once there is a key register
retention: {{days: 2557}}          # seven years

# Who may use seqwatch besides root and the engine's own user.
operators: {{}}
# operators:
#   viewer: {{groups: [seqops]}}
#   responder: {{users: [oncall]}}
#   approver: {{users: [lead]}}
#   auditor: {{groups: [auditors]}}

# Who is told of alerts (docs/notify.md), and the drill that proves it (docs/drill.md). Without notify nobody is told.
# notify:
#   - {{url: "mailto://oncall@example.org", smtp: "localhost:25", min_severity: high}}
# drill: {{canary: /data/seq/wgs-cohort-a/NA00000.bam, every: 1d}}
"""
