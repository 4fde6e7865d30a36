"""What the engine asks for: one JSON object, checked whole. The engine has fewer rights than the sensor: not trusted."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from seqwatch_tui.model.sensor import ORDER_LIMIT, VERSION

_MOST = 4096


class Refused(Exception):
    """An order that is not carried out; the text says why."""


@dataclass(frozen=True, slots=True)
class Order:
    """Datasets to watch (absolute paths), the state folder to leave alone, and since when nobody has watched."""

    datasets: tuple[bytes, ...]
    state_dir: bytes
    since: float | None


def read_order(line: bytes) -> Order:
    """Make an order of a line; Refused says what is wrong with it."""
    if len(line) > ORDER_LIMIT:
        raise Refused(f"an order of {len(line)} bytes is too long")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Refused(f"the order is no JSON: {error}") from error
    if not isinstance(value, dict) or value.get("version") != VERSION:
        raise Refused(f"the order is not of version {VERSION}; install engine and sensor of one version")
    datasets, since = value.get("datasets"), value.get("since")
    if not isinstance(datasets, list) or len(datasets) > _MOST:
        raise Refused("datasets must be a list of paths")
    if since is not None and not isinstance(since, int | float):
        raise Refused("since must be a number or null")
    state_dir = _path(value.get("state_dir"))
    paths = tuple(_path(path) for path in datasets)
    for path in paths:
        if state_dir == path or state_dir.startswith(path + b"/"):
            raise Refused(f"the dataset {os.fsdecode(path)} holds the state folder, which is never watched")
    return Order(paths, state_dir, since)


def _path(value: object) -> bytes:
    if (
        not isinstance(value, str)
        or not value.startswith("/")
        or "\0" in value
        or os.path.normpath(value) != value
        or value == "/"
    ):
        raise Refused(f"{value!r} is not the absolute path of a folder")
    try:
        return os.fsencode(value)
    except UnicodeEncodeError as error:
        raise Refused(f"{value!r} is not a path") from error
