"""One audit rule as a value, and how `auditctl -l` prints it: what the wanted set and the kernel's set are compared as.

Source: auditctl(8). The kernel takes the first rule that matches, so the order of a listing is part of its meaning.
`auditctl -l` prints a rule on a folder and one on a file alike as `-w PATH -p PERMISSIONS -k KEY`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PARTS = re.compile(r" (?=-[FSCpkwa] )")
_FIELD = re.compile(r"([a-z_0-9]+)(!=|>=|<=|&=|=|>|<|&)(.*)", re.DOTALL)
_ODD = re.compile(r"[^A-Za-z0-9_./+@%:,=-]")


@dataclass(frozen=True, slots=True)
class AuditRule:
    """One rule of one of the kernel's lists; what is empty or null is not tested by it."""

    listed: str
    """The list: exit, io_uring, task, user, exclude or filesystem."""
    action: str
    """always or never."""
    target: Path | None = None
    """File or folder it is about (`-F path`, `-F dir`, `-w`)."""
    permissions: frozenset[str] = frozenset()
    """Of r, w, x, a."""
    syscalls: frozenset[str] = frozenset()
    arch: str | None = None
    others: tuple[str, ...] = ()
    """Every further test, as written: it narrows the rule."""
    key: str = ""
    text: str = ""
    """The line it came from, or would be written as."""


def tree_rule(path: Path, permissions: str, key: str) -> AuditRule:
    """Return the rule for everything beneath a folder, for 64-bit and 32-bit programs alike."""
    return _watch(path, "dir", permissions, key)


def file_rule(path: Path, permissions: str, key: str) -> AuditRule:
    """Return the rule for one file, also after it was replaced."""
    return _watch(path, "path", permissions, key)


def call_rule(listed: str, arch: str | None, calls: tuple[str, ...], key: str) -> AuditRule:
    """Return the rule for some system calls, or operations of io_uring."""
    on = f"-F arch={arch} " if arch else ""
    text = f"-a always,{listed} {on}{' '.join(f'-S {call}' for call in calls)} -F key={key}"
    return AuditRule(listed, "always", syscalls=frozenset(calls), arch=arch, key=key, text=text)


def _watch(path: Path, kind: str, permissions: str, key: str) -> AuditRule:
    text = f"-a always,exit -F {kind}={escape(str(path))} -F perm={permissions} -F key={key}"
    return AuditRule("exit", "always", path, frozenset(permissions), key=key, text=text)


def escape(path: str) -> str:
    """Escape a path as auditctl -R reads it: a backslash before a space; what it cannot carry is a ValueError."""
    if "\n" in path or "\\" in path:
        raise ValueError(f"{path!r} cannot be written in an audit rules file: it holds a newline or a backslash")
    return _ODD.sub(lambda m: "\\ " if m[0] == " " else m[0], path)


def parse_listing(listing: str) -> tuple[AuditRule, ...]:
    """Return the rules that `auditctl -l` printed, in its order; a line that is no rule becomes one of no list."""
    return tuple(_rules(listing))


def _rules(listing: str) -> Iterator[AuditRule]:
    for line in listing.splitlines():
        if line.strip() and line.strip() != "No rules":
            yield _rule(line.strip())


def _rule(line: str) -> AuditRule:
    values = {"list": "", "action": "", "target": "", "perm": "", "arch": "", "key": ""}
    calls: list[str] = []
    others: list[str] = []
    for part in _PARTS.split(line):
        option, _, value = part.partition(" ")
        if option == "-w":
            values |= {"list": "exit", "action": "always", "target": value}
        elif option == "-a":
            values |= _list_and_action(value)
        elif option == "-S":
            calls += [] if value == "all" else value.split(",")
        elif option in ("-p", "-k"):
            values["perm" if option == "-p" else "key"] = value
        elif not (option == "-F" and _take(value, values)):
            others.append(value)
    return AuditRule(
        values["list"], values["action"], Path(values["target"]) if values["target"] else None,
        frozenset(values["perm"]), frozenset(calls), values["arch"] or None, tuple(others), values["key"], line,
    )  # fmt: skip


def _list_and_action(value: str) -> dict[str, str]:
    """auditctl takes and prints both `always,exit` and `exit,always`."""
    words = value.split(",")
    action = next((w for w in words if w in ("always", "never")), "")
    return {"action": action, "list": next((w for w in words if w != action), "")}


def _take(test: str, values: dict[str, str]) -> bool:
    """Note a test that has a place of its own; false for one that only narrows."""
    found = _FIELD.fullmatch(test)
    if found is None or found[2] != "=":
        return False
    name = {"dir": "target", "path": "target", "perm": "perm", "arch": "arch", "key": "key"}.get(found[1])
    if name is None:
        return False
    values[name] = found[3]
    return True
