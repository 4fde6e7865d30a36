"""A group of records becomes `Facts`: each record decoded, none judged. Knows nothing of lines or rows."""

from __future__ import annotations

from seqwatch_tui.parse.event import Facts
from seqwatch_tui.parse.fields import arguments, number, pairs
from seqwatch_tui.parse.group import Group, is_part
from seqwatch_tui.parse.identities import same_host
from seqwatch_tui.parse.records import Records, other_record


def facts_of(group: Group, host: str, records: Records) -> Facts:
    """What the records of a group say; `host` is where they come from when they name no node."""
    first = group.records[0][0]
    facts = Facts(group.ts_ms * 1000, group.serial, group.node or host, first, group.call, None, [])
    paths: list[bytes] = []
    execs: list[bytes] = []
    titled = False
    for kind, body, _, _ in group.records:
        if kind == "PATH":
            paths.append(body)
        elif kind == "CWD":
            facts.cwd = records.cwd(body)
        elif kind == "PROCTITLE":
            facts.title, titled = records.title(body), True
        elif kind == "EXECVE":
            execs.append(body)
        elif kind == "EOE":
            titled = True
        elif kind != "SYSCALL":
            _rest(facts, kind, body, records)
    if len(paths) > 1:
        paths.sort(key=_item)
    facts.warnings, facts.foreign = group.warnings, bool(group.node) and not same_host(group.node, host)
    facts.paths = [records.path(body) for body in paths]
    facts.complete = not group.warnings and _complete(facts, titled=titled)
    if execs:
        facts.argv, whole = arguments(execs)
        facts.complete = facts.complete and whole
    elif group.call and group.call.name == "execve" and group.call.outcome == "success":
        facts.complete = False
    return facts


def _rest(facts: Facts, kind: str, body: bytes, records: Records) -> None:
    if kind == "OPENAT2":
        facts.open_flags = _octal(pairs(body).get("oflag"))
    elif facts.other is None and not is_part(kind):
        facts.other = other_record(kind, *records.said(body))


def _complete(facts: Facts, *, titled: bool) -> bool:
    """Whether all records of the event came, as far as the records themselves tell."""
    call = facts.call
    if call is None:
        return facts.other is not None
    return len(facts.paths) >= call.items and (call.uring or titled)


def _item(body: bytes) -> int:
    return number(body[5:].partition(b" ")[0]) or 0


def _octal(token: bytes | None) -> int | None:
    return int(token, 8) if token and token.isdigit() and not token.strip(b"01234567") else None
