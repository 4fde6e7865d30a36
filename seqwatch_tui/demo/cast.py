"""Who works at the demo site: people, pipelines, and the one who should not be reading at night."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the site with the address it usually comes from."""

    name: str
    uid: int
    group: str
    gid: int
    address: str


BIOINF1 = Person("bioinf1", 2001, "bioinf", 2100, "10.20.4.11")
BIOINF2 = Person("bioinf2", 2002, "bioinf", 2100, "10.20.4.12")
ANALYST = Person("rwagner", 2003, "bioinf", 2100, "10.20.4.31")
AUDITOR = Person("auditor1", 2004, "auditors", 2200, "10.20.9.2")
LIMS = Person("svc_lims", 990, "pipeline", 990, "10.20.0.15")
BACKUP = Person("svc_backup", 991, "pipeline", 990, "10.20.0.16")
LABTECH = Person("mkeller", 2005, "lab", 2300, "10.20.5.40")

PEOPLE: tuple[Person, ...] = (BIOINF1, BIOINF2, ANALYST, AUDITOR, LABTECH)
PIPELINES: tuple[Person, ...] = (LIMS, BACKUP)
INTRUDER_ADDRESS = "203.0.113.77"
"""Where the incident comes from: TEST-NET-3 (RFC 5737), outside the site's networks."""
