"""A group of records becomes `Facts`: each record decoded, none judged. Knows nothing of lines or rows."""

from __future__ import annotations

from seqwatch_tui.parse.event import Facts
from seqwatch_tui.parse.fields import arguments, number, pairs, title_value
from seqwatch_tui.parse.reassembly import Group, is_part
from seqwatch_tui.parse.records import Records


def facts_of(group: Group, host: str, records: Records) -> Facts:
    """What the records of a group say; `host` is where they come from when they name no node."""
    kinds, bodies = group.kinds, group.bodies
    facts = Facts(group.ts_ms * 1000, group.serial, group.node or host, kinds[0], group.call, warnings=group.warnings)
    paths: list[bytes] = []
    execs: list[bytes] = []
    for kind, body in zip(kinds, bodies, strict=True):
        if kind == "PATH":
            paths.append(body)
        elif kind == "CWD":
            facts.cwd = records.cwd(body)
        elif kind == "PROCTITLE":
            facts.title = title_value(pairs(body).get("proctitle"))
        elif kind == "EXECVE":
            execs.append(body)
        elif kind != "SYSCALL":
            _rest(facts, kind, body, records)
    if len(paths) > 1:
        paths.sort(key=_item)
    facts.paths = [records.path(body) for body in paths]
    whole_argv = True
    if execs:
        facts.argv, whole_argv = arguments(execs)
    facts.complete = whole_argv and not group.warnings and _complete(facts, kinds)
    return facts


def _rest(facts: Facts, kind: str, body: bytes, records: Records) -> None:
    if kind == "OPENAT2":
        facts.open_flags = _octal(pairs(body).get("oflag"))
    elif facts.other is None and not is_part(kind):
        facts.other = records.other(kind, body)


def _complete(facts: Facts, kinds: list[str]) -> bool:
    """Whether all records of the event came, as far as the records themselves tell."""
    call = facts.call
    if call is None:
        return facts.other is not None
    if len(facts.paths) < call.items or (call.name == "execve" and call.outcome == "success" and facts.argv is None):
        return False
    return call.uring or "PROCTITLE" in kinds


def _item(body: bytes) -> int:
    return number(body[5:].partition(b" ")[0]) or 0


def _octal(token: bytes | None) -> int | None:
    return int(token, 8) if token and token.isdigit() and not token.strip(b"01234567") else None
