"""The settings as rows of the tables `datasets` and `grants`."""

from __future__ import annotations

from typing import Any

from seqwatch_tui.config.dataset import Consent, Dataset
from seqwatch_tui.config.schema import Settings

Row = dict[str, Any]


def dataset_rows(settings: Settings) -> list[Row]:
    """Return a row per dataset; `quarantined` and `run_complete` are null here, for whoever knows them to fill."""
    return [_dataset(dataset) for dataset in settings.datasets]


def _dataset(dataset: Dataset) -> Row:
    consent = dataset.consent or Consent()
    return {
        "dataset": dataset.id,
        "path": str(dataset.path),
        "kind": dataset.kind,
        "frameworks": list(dataset.frameworks),
        "purpose": dataset.purpose,
        "irb_id": dataset.irb.id if dataset.irb else None,
        "irb_expires": dataset.irb.expires if dataset.irb else None,
        "owner": dataset.owner,
        "manifest": dataset.manifest,
        "encryption": dataset.encryption,
        "duo": list(consent.duo),
        "partners": list(consent.partners),
        "consent_expires": consent.expires,
        "quarantined": None,
        "run_complete": None,
    }


def grant_rows(settings: Settings) -> list[Row]:
    """Return a row per dataset and role that is granted something on it."""
    return [
        {
            "dataset": dataset.id,
            "role": role,
            "operations": sorted(operations),
            "users": sorted(settings.roles[role].users),
            "groups": sorted(settings.roles[role].groups),
            "until": dataset.grants_until.get(role),
        }
        for dataset in settings.datasets
        for role, operations in (dataset.grants or {}).items()
    ]
