"""Key files on this host: who else can read them, whether the secret lies there in clear, and beside which data (KEY-01).

Opens a key file to look at its form; uses, keeps and shows no key.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from seqwatch_tui.encryption.keyfiles import KeyFile, examine
from seqwatch_tui.encryption.keys import KeyEntry
from seqwatch_tui.model.safefile import safe_open
from seqwatch_tui.model.verdict import Finding, State

_LOOKED_AT = 64 << 10
"""Bytes of a key file that are looked at; of a longer one it cannot be told that no secret lies there in clear."""


def check_key_files(register: Iterable[KeyEntry], datasets: Mapping[str, Path], now: float) -> list[Finding]:
    """KEY-01 on each key that names a file: its mode, whether its secret lies there in clear, and beside which data.

    `datasets` maps dataset ids to their folders. A file that is not here or cannot be read is unknown.
    """
    devices = _devices(datasets)
    return [_check_file(entry, entry.path, devices, now) for entry in register if entry.path is not None]


def _devices(datasets: Mapping[str, Path]) -> dict[str, int]:
    devices = {}
    for name, folder in datasets.items():
        try:
            devices[name] = folder.lstat().st_dev
        except OSError:
            continue  # a folder that is not there holds no key; its absence is said by the survey
    return devices


def _check_file(entry: KeyEntry, path: Path, devices: Mapping[str, int], now: float) -> Finding:
    try:
        with os.fdopen(safe_open(path), "rb") as file:
            facts, content = os.fstat(file.fileno()), examine(file.read(_LOOKED_AT))
    except OSError as error:
        state: State = "unknown"
        text = f"{path} cannot be looked at: {error.strerror}; correct the path or give this user the right."
    else:
        if content.locked in ("public", "yes") and facts.st_size > _LOOKED_AT:
            content = replace(content, locked="unknown")
        here = sorted(name for name, device in devices.items() if device == facts.st_dev)
        state, text = _file_state(entry, path, content, facts.st_mode & 0o7777, here)
    only = entry.datasets[0] if len(entry.datasets) == 1 else None
    return Finding("KEY-01", entry.id, only, state, text, now)


def _file_state(entry: KeyEntry, path: Path, content: KeyFile, mode: int, here: list[str]) -> tuple[State, str]:
    if content.locked == "public":
        return "pass", f"{path} holds a public key only."
    found: list[tuple[State, str]] = []
    if mode & 0o177:
        found.append(("fail", f"its mode is {mode:04o}; chmod 600 it"))
    if content.locked == "no":
        crypt4gh = "crypt4gh" in (entry.kind, content.kind.partition(" ")[0])
        found.append(("fail" if crypt4gh else "warn", "its secret lies there in clear; set a passphrase"))
    if content.locked == "unknown":
        found.append(("unknown", "whether a passphrase protects it cannot be told"))
    if here:
        found.append(("warn", f"it lies on the file system of {', '.join(here)}; keep keys apart from data"))
    order: tuple[State, ...] = ("fail", "unknown", "warn")
    state: State = next((s for s in order if s in {state for state, _ in found}), "pass")
    words = "; ".join(text for _, text in found) or f"mode {mode:04o}, locked by a passphrase, apart from the data"
    return state, f"{path} ({content.kind}): {words}."
