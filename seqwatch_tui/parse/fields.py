"""The values inside a record: `key=value` pairs, quoted, hex-encoded or absent, and the ENRICHED part after 0x1d.

Source: the kernel's audit_log_untrustedstring (quotes, or upper-case hex when a byte needs it), audit_log_format of
user-space libaudit (`msg='...'`), auditd.conf(5) log_format. Knows nothing of events.
"""

from __future__ import annotations

import re

from seqwatch_tui.model.text import from_bytes

_PAIR = re.compile(rb"""([\w\[\]-]+)=("[^"]*"|'[^']*'|[^\s,']*)""")
_ENRICHED = re.compile(rb'([A-Z-]+)=("[^"]*"|\{[^}]*\}|\S*)')
_ABSENT = frozenset({b"", b"(null)", b"?", b'"?"', b'""'})
_BY_KERNEL = frozenset({"pid", "uid", "auid", "ses"})
_NO_NAME = ("unset", "unknown(")


def pairs(body: bytes) -> dict[str, bytes]:
    """Fields of a record's own part, values as written; where a key is written twice the last one counts."""
    return {key.decode("ascii", "replace"): value for key, value in _PAIR.findall(body.partition(b"\x1d")[0])}


def user_pairs(body: bytes) -> dict[str, bytes]:
    """Fields of a user-space record: those of the nested msg='...' and those the kernel wrote before it."""
    head, _, rest = body.partition(b"\x1d")[0].partition(b" msg='")
    outer, inner = pairs(head), pairs(rest.rpartition(b"'")[0] or rest)
    by_kernel = {key: value for key, value in outer.items() if key in _BY_KERNEL}
    return outer | inner | by_kernel


def enriched(body: bytes) -> dict[str, str]:
    """Upper-case fields auditd added after 0x1d (AUID, UID, SYSCALL, ...), decoded; empty in RAW logs."""
    tail = body.partition(b"\x1d")[2]
    return {key.decode(): from_bytes(value.strip(b'"')) for key, value in _ENRICHED.findall(tail)} if tail else {}


def login_name(name: str | None) -> str | None:
    """A name as ENRICHED shows it, or null for `unset` and `unknown(1003)`."""
    return None if not name or name.startswith(_NO_NAME) else name


def raw_value(token: bytes | None) -> bytes | None:
    """Bytes of a field that may be quoted or hex-encoded; null for (null), ? and an absent one."""
    if token is None or token in _ABSENT:
        return None
    if token[:1] == b'"':
        return token[1:-1] if token[-1:] == b'"' else token[1:]
    if token.isalnum() and token == token.upper():
        try:
            return bytes.fromhex(token.decode())
        except ValueError:
            return token
    return token


def text_value(token: bytes | None) -> str | None:
    """The same as text (model.text.from_bytes)."""
    raw = raw_value(token)
    return None if raw is None else from_bytes(raw)


def plain_value(token: bytes | None) -> str | None:
    """Text of a field that is never hex-encoded (tty, addr, terminal, res); null for absent ones."""
    inner = token.strip(b'"') if token is not None else b""
    return None if inner in _ABSENT or inner == b"(none)" else from_bytes(inner)


def number(token: bytes | None) -> int | None:
    """A decimal number, or null when there is none that fits 64 bits."""
    if token is None or len(token) > 19 or not token.removeprefix(b"-").isdigit():
        return None
    value = int(token)
    return value if -(1 << 63) <= value < 1 << 63 else None


def key_value(token: bytes | None) -> str | None:
    """Audit rule key; several keys (separated by 0x01) with a comma between them."""
    text = text_value(token)
    return None if text is None else text.replace("\x01", ",")


def title_value(token: bytes | None) -> str | None:
    """Command line of a PROCTITLE record: arguments with a space between them."""
    raw = raw_value(token)
    return None if raw is None else from_bytes(raw.rstrip(b"\0").replace(b"\0", b" ")) or None


def arguments(bodies: list[bytes]) -> tuple[list[str], bool]:
    """Arguments of the EXECVE records of one event, and whether all argc of them are there.

    Long arguments come as aN_len= with aN[0]=, aN[1]=, ... over several records.
    """
    parts: dict[int, bytes] = {}
    argc: int | None = None
    for token in b" ".join(body.partition(b"\x1d")[0].strip() for body in bodies).split(b" "):
        key, _, value = token.partition(b"=")
        if key == b"argc":
            argc = number(value)
        elif key[:1] == b"a" and not key.endswith(b"_len"):
            index = key[1:].partition(b"[")[0]
            if index.isdigit() and len(index) < 9:
                # "?" and "(null)" are honest arguments: only an absent value is empty here.
                parts[int(index)] = parts.get(int(index), b"") + (raw_value(value) or value.strip(b'"'))
    argv = [from_bytes(parts[i]) for i in sorted(parts)]
    return argv, argc is None or argc == len(argv)
