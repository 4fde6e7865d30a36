"""A small site, its workload ingested: one engine for all tests that only ask."""

from __future__ import annotations

import hashlib
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.running import WORKLOAD, Running, engine, ingest, write_site

VIEWER, RESPONDER, STRANGER = 1, 2, 61234
"""Accounts that every Linux has (daemon and bin, one way round or the other), and one that none has."""


def name_of(uid: int) -> str:
    """Return the name of an account of this host."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"


def make_dataset(folder: Path) -> Path:
    """Make a dataset of three files with their manifest; the modes are unusual so that a release must restore them."""
    files = {"a.vcf": b"##fileformat=VCFv4.2\n", "sub/b c.txt": b"two\n", "sub/big.bin": os.urandom(1 << 20)}
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o640)
    (folder / "sub").chmod(0o2755)
    folder.chmod(0o755)
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()]
    (folder / "SHA256SUMS").write_text("".join(lines))
    return folder


def small_site(folder: Path) -> Path:
    """Write a configuration with the workload's dataset and a real one beneath `folder`; return its path."""
    data = make_dataset(folder / "small")
    return write_site(
        folder,
        [
            "site: small",
            "datasets:",
            "  - {id: wgs-cohort-a, path: /data/seq/wgs-cohort-a, grants: {lab: [read]}}",
            f"  - {{id: small, path: {data}, manifest: SHA256SUMS, encryption: none, grants: {{lab: [read]}}}}",
            "roles: {lab: {users: [alice, bob]}}",
            f"operators: {{viewer: {{users: [{name_of(VIEWER)}]}}, responder: {{users: [{name_of(RESPONDER)}]}}}}",
        ],
    )


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An engine on the small site, the workload ingested."""
    folder = tmp_path_factory.mktemp("small-site")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    with engine(small_site(folder), "--no-sources") as running:
        ingest(running, WORKLOAD)
        yield running
