"""A LAUREL object (one JSON object per audit event) becomes the same `Facts` the auditd parser makes of its records.

Source: LAUREL's json-format.md: records under their type, PATH and user-space records as lists, a0..a3 as
SYSCALL.ARGV, arguments as EXECVE.ARGV and PROCTITLE.ARGV, bytes that are no text percent-encoded. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.parse.event import Facts, PathItem
from seqwatch_tui.parse.group import is_part
from seqwatch_tui.parse.identities import same_host
from seqwatch_tui.parse.normalise import is_directory
from seqwatch_tui.parse.records import other_record, system_call_of, uring_call_of

_ID = re.compile(r"(\d{1,11})\.(\d{3}):(\d{1,18})")


class Stamp(NamedTuple):
    """Which event it is: node (empty when the object names none), ms since the epoch, serial."""

    node: str
    ts_ms: int
    serial: int


class Part(NamedTuple):
    """One nested record: its type, its fields as auditd would write them, its ENRICHED names."""

    kind: str
    fields: dict[str, bytes]
    names: dict[str, str]
    value: Mapping[str, Any]


def stamp_of(event: Mapping[str, Any]) -> Stamp | None:
    """The stamp of an object, or null when it is no LAUREL event."""
    match = _ID.fullmatch(event["ID"]) if isinstance(event.get("ID"), str) else None
    if match is None:
        return None
    node = event.get("NODE")
    return Stamp(node if isinstance(node, str) else "", int(match[1]) * 1000 + int(match[2]), int(match[3]))


def parts_of(event: Mapping[str, Any]) -> list[Part]:
    """The records of an object in its order; additions of LAUREL itself (PARENT_INFO, ...) are not records."""
    parts = []
    for kind, content in event.items():
        if kind in _NOT_RECORDS:
            continue
        for value in content if isinstance(content, list) else [content]:
            if isinstance(value, dict):
                parts.append(_part(kind, value))
    return parts


_NOT_RECORDS = frozenset({"ID", "NODE", "PARENT_INFO", "PPID", "PID", "CONTAINER_INFO"})


def facts_of_object(stamp: Stamp, parts: list[Part], host: str, warnings: tuple[str, ...]) -> Facts:
    """What the records of one object say."""
    kind = parts[0].kind if parts else ""
    facts = Facts(stamp.ts_ms * 1000, stamp.serial, stamp.node or host, kind, None, None, [], warnings=warnings)
    facts.foreign = bool(stamp.node) and not same_host(stamp.node, host)
    titled, whole, joined = False, True, None
    items: list[tuple[int, PathItem]] = []
    for part in parts:
        if part.kind == "SYSCALL":
            facts.call = system_call_of(part.fields, part.names)
        elif part.kind == "URINGOP":
            facts.call = uring_call_of(part.fields, part.names)
        elif part.kind == "PATH":
            items.append(_path(part.value))
        elif part.kind == "CWD":
            facts.cwd = _text(part.value.get("cwd"))
        elif part.kind == "PROCTITLE":
            facts.title, titled = _title(part.value), True
        elif part.kind == "EXECVE":
            facts.argv, joined = _argv(part.value), _text(part.value.get("ARGV_STR"))
            if facts.argv is not None:
                whole = part.value.get("argc", len(facts.argv)) == len(facts.argv)
        elif facts.other is None and not is_part(part.kind):
            facts.other = other_record(part.kind, part.fields, part.names)
    facts.paths = [item for _, item in sorted(items, key=lambda numbered: numbered[0])]
    facts.complete = whole and not warnings and _complete(facts, titled=titled, joined=joined is not None)
    if facts.argv is None and joined is not None:
        facts.title = joined
    return facts


def _complete(facts: Facts, *, titled: bool, joined: bool) -> bool:
    call = facts.call
    if call is None:
        return facts.other is not None
    executed = call.name == "execve" and call.outcome == "success"
    return (
        len(facts.paths) >= call.items
        and (call.uring or titled)
        and not (executed and facts.argv is None and not joined)
    )


def _part(kind: str, value: Mapping[str, Any]) -> Part:
    fields: dict[str, bytes] = {}
    names: dict[str, str] = {}
    for key, content in value.items():
        if key == "ARGV" and kind == "SYSCALL" and isinstance(content, list):
            fields.update((f"a{i}", str(a).removeprefix("0x").encode()) for i, a in enumerate(content[:4]))
        elif key.isupper() and isinstance(content, str):
            names[key] = _decoded(content)
        elif not isinstance(content, list | dict):
            fields[key] = _token(content)
    if "arch" in fields:
        fields["arch"] = fields["arch"].strip(b'"').removeprefix(b"0x")
    return Part(kind, fields, names, value)


def _token(content: Any) -> bytes:
    """A value as a record would hold it: numbers bare, text quoted."""
    if content is None:
        return b"?"
    if isinstance(content, str):
        return b'"%b"' % unquote_to_bytes(content)
    return str(content).encode()


def _decoded(text: str) -> str:
    return from_bytes(unquote_to_bytes(text)) if "%" in text else text


def _text(value: Any) -> str | None:
    return _decoded(value) if isinstance(value, str) and value else None


def _path(value: Mapping[str, Any]) -> tuple[int, PathItem]:
    item, mode = value.get("item"), value.get("mode")
    nametype = value.get("nametype", value.get("objtype"))  # objtype: kernels up to 3.12
    directory = isinstance(mode, str) and is_directory(mode)
    number = item if isinstance(item, int) else 0
    kind = nametype if isinstance(nametype, str) else "UNKNOWN"
    inode, dev = value.get("inode"), value.get("dev")
    at = f"{dev} {inode}" if isinstance(inode, int | str) and isinstance(dev, str) else ""
    return number, PathItem(_text(value.get("name")), kind, directory, at)


def _argv(value: Mapping[str, Any]) -> list[str] | None:
    argv = value.get("ARGV")
    return [_decoded(a) for a in argv if isinstance(a, str)] if isinstance(argv, list) else None


def _title(value: Mapping[str, Any]) -> str | None:
    argv = _argv(value)
    return (" ".join(argv) if argv is not None else _text(value.get("proctitle"))) or None
