"""The survey: all that this host can see of a dataset's encryption at rest, as findings.

Each check gives one finding on the dataset every time, so that a later survey replaces an earlier one. What could not
be seen is unknown, never a pass.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui.encryption import contents
from seqwatch_tui.encryption.census import Census, take_census
from seqwatch_tui.encryption.contents import Judged
from seqwatch_tui.encryption.fscrypt import NoPolicy, Policy, Unseen, policy_of
from seqwatch_tui.encryption.layers import Layer, block_layer, mounts_under, read_mounts, stacked, swap_layers
from seqwatch_tui.model.safefile import safe_open_dir
from seqwatch_tui.model.verdict import Finding, State

LIMIT = 20_000
"""Files opened per dataset and survey."""
_KINDS = ("ENC-01", "ENC-02", "ENC-05", "C4-01", "C4-02", "C4-06")
_NOT_SEEN = "not encrypted as far as this host can see"


@dataclass(frozen=True, slots=True)
class _Seen:
    """Everything one look gave."""

    census: Census
    policy: Policy | NoPolicy | Unseen
    files: Layer
    system: Layer
    block: Layer


def survey(
    dataset_id: str,
    path: Path,
    wanted: str,
    now: float,
    *,
    apart: Iterable[Path] = (),
    root: Path = Path("/"),
    limit: int = LIMIT,
) -> list[Finding]:
    """Findings ENC-01 (the verdict), ENC-02, ENC-05, C4-01, C4-02 and C4-06 on one dataset; never raises OSError.

    `wanted` is crypt4gh, fscrypt, luks, any or none. `apart` are folders within, relative, that are datasets of their
    own. `root` is where /proc and /sys are found.
    """
    try:
        seen = _look(path, frozenset(map(os.fsencode, apart)), root, limit)
    except OSError as error:
        text = f"{path} cannot be looked at: {error.strerror or error}; give this user the right to read it."
        return unseen(dataset_id, text, now)
    judged: dict[str, Judged] = {
        "ENC-01": verdict(wanted, seen.files, seen.system, seen.block),
        "ENC-02": _chain(seen.block),
        "ENC-05": _one_policy(seen),
        "C4-01": contents.of_all(seen.census, contents.well_formed(seen.census)),
        "C4-02": contents.of_all(seen.census, contents.whole_body(seen.census)),
        "C4-06": contents.of_all(seen.census, contents.siblings(seen.census)),
    }
    return [Finding(kind, dataset_id, dataset_id, state, text, now) for kind, (state, text) in judged.items()]


def unseen(dataset_id: str, why: str, now: float) -> list[Finding]:
    """The findings of a survey that saw nothing: all are unknown, whatever an earlier one found."""
    return [Finding(kind, dataset_id, dataset_id, "unknown", why, now) for kind in _KINDS]


def _one_policy(seen: _Seen) -> Judged:
    """What lies in a folder with a policy has the same one, looked at or not (fscrypt.rst, "Encryption policy enforcement")."""
    judged = contents.one_policy(seen.census, seen.policy)
    return judged if isinstance(seen.policy, Policy) else contents.of_all(seen.census, judged)


def _look(path: Path, apart: Set[bytes], root: Path, limit: int) -> _Seen:
    folder = safe_open_dir(path)
    try:
        census, policy = take_census(folder, limit, apart), policy_of(folder)
    finally:
        os.close(folder)
    mounts = mounts_under(read_mounts(root), os.fsencode(path))
    ecryptfs = stacked(mounts)
    system = ecryptfs if ecryptfs.seen == "yes" else contents.policy_layer(census, policy)
    return _Seen(census, policy, contents.file_layer(census), system, block_layer(mounts, root))


def verdict(wanted: str, files: Layer, system: Layer, block: Layer) -> Judged:
    """The overall verdict: the layer that is wanted, or the best one for `any`."""
    text = f"files: {files.text}; file system: {system.text}; block device: {block.text}"
    if wanted == "none":
        return "n/a", f"no encryption is asked for ({text})."
    layers = {"crypt4gh": [files], "fscrypt": [system], "luks": [block]}.get(wanted, [files, system, block])
    states = {layer.seen for layer in layers}
    if "yes" in states:
        return _fitting(wanted, [layer for layer in layers if layer.seen == "yes"], text)
    if "unknown" in states:
        return "unknown", f"cannot be told: {text}."
    if "partly" in states:
        return "fail", f"encrypted only in part: {text}."
    missing = _NOT_SEEN if wanted == "any" else f"no {wanted} here; {_NOT_SEEN}"
    return "fail", f"{missing}: {text}."


def _fitting(wanted: str, layers: list[Layer], text: str) -> Judged:
    """Encrypted by `layers`; a warning when each leaves other files in clear, or is not the format that is wanted."""
    if all(layer.mixed for layer in layers):
        return "warn", f"files that are no sequence data lie there in clear: {text}."
    allowed = {"crypt4gh": {"crypt4gh"}, "luks": {"LUKS1", "LUKS2"}, "fscrypt": {"fscrypt"}}.get(wanted)
    if allowed is None or layers[0].formats <= allowed:
        return "pass", f"{text}."
    other = ", ".join(sorted(layers[0].formats - allowed))
    return "warn", f"{wanted} is asked for and {other} was found: {text}."


def _chain(block: Layer) -> Judged:
    """ENC-02: a chain of devices that is encrypted only in part."""
    if block.mixed:
        return "fail", f"some devices under it are encrypted and others are not: {block.text}."
    states: dict[str, State] = {"yes": "pass", "no": "n/a"}
    return states.get(block.seen, "unknown"), f"{block.text}."


def survey_host(now: float, *, root: Path = Path("/")) -> list[Finding]:
    """ENC-04: swap on a disk must be encrypted; what was in memory lies there in clear."""
    try:
        areas = swap_layers(root)
    except OSError as error:
        return [Finding("ENC-04", "swap", None, "unknown", f"/proc/swaps cannot be read: {error.strerror}.", now)]
    text = "; ".join(f"{name}: {layer.text}" for name, layer in areas) or "no swap on a disk"
    states = {layer.seen for _, layer in areas}
    state: State = "fail" if states & {"no", "partly"} else "unknown" if "unknown" in states else "pass"
    return [Finding("ENC-04", "swap", None, state, f"{text}.", now)]
