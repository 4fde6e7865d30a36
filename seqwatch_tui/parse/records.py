"""One record's body becomes typed values: SYSCALL, PATH, CWD, EXECVE, PROCTITLE and those with fields of their own.

The hot layouts are cut by position and the parts that repeat (everything from auid= on in a SYSCALL record, working
directories) are remembered; every other layout goes through the general field parser and gives the same values.
Source: kernel/auditsc.c (audit_log_exit, audit_log_name). Knows nothing of reassembly or positions.
"""

from __future__ import annotations

from collections.abc import Mapping

from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.parse.event import Actor, OtherRecord, PathItem, SystemCall
from seqwatch_tui.parse.fields import (
    enriched,
    key_value,
    login_name,
    number,
    pairs,
    plain_value,
    text_value,
    title_value,
    user_pairs,
)
from seqwatch_tui.parse.memo import Memo
from seqwatch_tui.parse.normalise import TERMINALS, is_directory, outcome_of, syscall_name, unset_to_none, uring_name

_SAID_LIMIT = 64
_ARGS = ("a0", "a1", "a2", "a3")


_BEYOND = 10**18
"""Numbers from here on may not fit 64 bits and are read with care."""


def _actor(fields: Mapping[str, bytes], names: Mapping[str, str]) -> Actor:
    return Actor(
        unset_to_none(number(fields.get("auid"))),
        number(fields.get("uid")),
        unset_to_none(number(fields.get("ses"))),
        plain_value(fields.get("tty")),
        text_value(fields.get("comm")),
        text_value(fields.get("exe")),
        key_value(fields.get("key")),
        login_name(names.get("AUID")),
        login_name(names.get("UID")),
    )


def _tail(tail: bytes) -> tuple[Actor, str | None]:
    """The part of a SYSCALL record that repeats, after ` auid=`: the actor and the ENRICHED name of the call."""
    names = enriched(tail)
    return _actor(pairs(b"auid=" + tail), names), _enriched_call(names)


def _enriched_call(names: Mapping[str, str]) -> str | None:
    name = names.get("SYSCALL")
    return None if not name or name.startswith("unknown") or name.isdigit() else name


def _call_number(key: tuple[str, str]) -> tuple[str, str, bool]:
    """(`arch=X`, `syscall=N`) -> arch, name or the number itself, whether the name is known."""
    arch, number_ = key[0].removeprefix("arch="), key[1].removeprefix("syscall=")
    name = syscall_name(arch, number_)
    return arch, name or number_, name is not None


def _path(body: bytes) -> PathItem:
    fields = pairs(body)
    mode = fields.get("mode")
    nametype = from_bytes((fields.get("nametype") or fields.get("objtype", b"UNKNOWN")).strip(b'"'))  # objtype: to 3.12
    inode, dev = fields.get("inode"), fields.get("dev")
    at = from_bytes(dev + b" " + inode) if inode and dev else ""
    return PathItem(_name(fields.get("name")), nametype, mode is not None and is_directory(from_bytes(mode)), at)


def _name(token: bytes | None) -> str | None:
    # A file may be called "?": only (null) and an empty name say that the kernel had none.
    return "?" if token == b'"?"' else text_value(token)


def _title(body: bytes) -> str | None:
    token = body[10:].rstrip(b"\r\n")
    usual = body[:10] == b"proctitle=" and b" " not in token and b"\x1d" not in token
    return title_value(token if usual else pairs(body).get("proctitle"))


def system_call_of(fields: Mapping[str, bytes], names: Mapping[str, str]) -> SystemCall:
    """A SYSCALL record by its fields and ENRICHED names."""
    arch, name, known = _call_number((from_bytes(fields.get("arch", b"")), from_bytes(fields.get("syscall", b"?"))))
    shown = _enriched_call(names)
    return SystemCall(
        shown or name,
        known or shown is not None,
        arch,
        outcome_of(plain_value(fields.get("success"))),
        number(fields.get("exit")),
        tuple(from_bytes(fields.get(a, b"")) for a in _ARGS),
        number(fields.get("items")) or 0,
        number(fields.get("pid")),
        number(fields.get("ppid")),
        _actor(fields, names),
    )


def uring_call_of(fields: Mapping[str, bytes], names: Mapping[str, str]) -> SystemCall:
    """A URINGOP record: no arguments, no auid, no session (audit_log_uring)."""
    op = from_bytes(fields.get("uring_op", b"?"))
    shown = names.get("URING_OP")
    name = shown if shown and not shown.startswith("unknown") else uring_name(op)
    return SystemCall(
        name or op,
        name is not None,
        "",
        outcome_of(plain_value(fields.get("success"))),
        number(fields.get("exit")),
        (),
        number(fields.get("items")) or 0,
        number(fields.get("pid")),
        number(fields.get("ppid")),
        _actor(fields, names),
        uring=True,
    )


def other_record(kind: str, fields: Mapping[str, bytes], names: Mapping[str, str]) -> OtherRecord:
    """A record with fields of its own (USER_*, LOGIN, CONFIG_CHANGE, ...)."""
    terminal = plain_value(fields.get("terminal")) or ""
    tty = plain_value(fields.get("tty")) or (terminal if terminal.startswith(TERMINALS) else None)
    return OtherRecord(
        kind,
        _denied(fields) if kind == "AVC" else outcome_of(plain_value(fields.get("res"))),
        number(fields.get("pid")),
        _actor(fields, names)._replace(tty=tty),
        plain_value(fields.get("addr")),
        _place(kind, fields),
        text_value(fields.get("cmd")) if kind == "USER_CMD" else None,
    )


def _denied(fields: Mapping[str, bytes]) -> str:
    """What an AVC record says: AppArmor in a word, SELinux (its denials only) by permissive=."""
    said = plain_value(fields.get("apparmor")) or plain_value(fields.get("permissive"))
    return {"DENIED": "failure", "0": "failure", "ALLOWED": "success", "1": "success"}.get(said or "", "unknown")


def _place(kind: str, fields: Mapping[str, bytes]) -> str | None:
    """The path a record names by itself: a watch, or the file of a denial or measurement where it is absolute."""
    if kind == "CONFIG_CHANGE":
        return text_value(fields.get("path") or fields.get("dir"))
    if kind != "AVC" and not kind.startswith("INTEGRITY_"):
        return None
    path = text_value(fields.get("path") or fields.get("name") or fields.get("file"))
    return path if path is not None and path.startswith("/") else None


class Records:
    """Turns bodies into values; the memories make the pure-Python path fast and are bounded."""

    def __init__(self) -> None:
        self._tails: Memo[bytes, tuple[Actor, str | None]] = Memo(_tail)
        self._calls: Memo[tuple[str, str], tuple[str, str, bool]] = Memo(_call_number, 4096)
        self._modes: Memo[bytes, bool] = Memo(lambda mode: is_directory(from_bytes(mode)), 4096)
        self._types: Memo[bytes, str] = Memo(lambda word: from_bytes(word.strip(b'"')), 256)
        self._titles: Memo[bytes, str | None] = Memo(_title)
        self._said: Memo[bytes, tuple[dict[str, bytes], dict[str, str]]] = Memo(
            lambda body: (user_pairs(body), enriched(body)), _SAID_LIMIT
        )
        self._cwds: Memo[bytes, str | None] = Memo(lambda body: text_value(pairs(body).get("cwd")))

    def system_call(self, body: bytes) -> SystemCall:
        """A SYSCALL record; the usual layout by position, others by field name."""
        head, found, tail = body.partition(b" auid=")
        h = from_bytes(head).split(" ")
        if not found or len(h) != 11 or h[2][:8] != "success=" or h[3][:5] != "exit=" or h[8][:6] != "items=":
            return system_call_of(pairs(body), enriched(body))
        try:
            exit_code, items, ppid, pid = int(h[3][5:]), int(h[8][6:]), int(h[9][5:]), int(h[10][4:])
        except ValueError:
            return system_call_of(pairs(body), enriched(body))
        if not (-_BEYOND < exit_code < _BEYOND and items < _BEYOND and ppid < _BEYOND and pid < _BEYOND):
            return system_call_of(pairs(body), enriched(body))
        actor, shown = self._tails[tail]
        arch, name, known = self._calls[h[0], h[1]]
        args = (h[4][3:], h[5][3:], h[6][3:], h[7][3:])
        known = known or shown is not None
        return SystemCall(shown or name, known, arch, outcome_of(h[2][8:]), exit_code, args, items, pid, ppid, actor)

    def path(self, body: bytes) -> PathItem:
        """A PATH record."""
        t = body.split(b" ", 9)
        if len(t) < 10 or t[1][:6] != b'name="' or t[4][:5] != b"mode=" or t[8][:9] != b"nametype=":
            return _path(body)
        name = t[1][6:-1]
        if not name or t[1][-1:] != b'"':
            return _path(body)
        at = from_bytes(t[3][4:] + b" " + t[2][6:]) if t[2][:6] == b"inode=" and t[3][:4] == b"dev=" else ""
        return PathItem(from_bytes(name), self._types[t[8][9:]], self._modes[t[4][5:]], at)

    def said(self, body: bytes) -> tuple[dict[str, bytes], dict[str, str]]:
        """Fields and ENRICHED names of a record user space sent; asked twice for most, when it comes and at its end."""
        return self._said[body]

    def cwd(self, body: bytes) -> str | None:
        """Working directory of a CWD record; null when the kernel had none."""
        return self._cwds[body]

    def title(self, body: bytes) -> str | None:
        """Command line of a PROCTITLE record."""
        return self._titles[body]
