"""One raw record as the fields that Sigma's auditd rules name: text by name, decoded, with the type it was given.

The words are those of ausearch(8) and of `log_format = ENRICHED`: lower-case names are what the kernel or the program
wrote, upper-case ones what auditd added (AUID, UID, SADDR). Names are told apart by case, so `euid` is a number and
`EUID` a name. `SYSCALL` is the name of the call whatever the format: from the event, where it was resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import msgspec

from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.parse.fields import plain_value, raw_value
from seqwatch_tui.parse.laurel import parts_of, stamp_of

ENCODED = frozenset({
    "acct", "cmd", "comm", "cwd", "data", "device", "dir", "exe", "file", "key", "name", "new_group", "ocomm", "path",
    "proctitle", "root_dir", "vm", "watch",
})  # fmt: skip
"""Fields that are quoted or, when a byte needs it, upper-case hex (audit_log_untrustedstring; libaudit's escaped fields)."""
TOKEN = r"""([\w\[\]-]+)=("[^"]*"|'[^']*'|[^\s,']*)"""  # noqa: S105 - a pattern
"""A field as written, in the spelling that Python and RE2 share."""
ADDED = r"""([A-Z-]+)=("[^"]*"|\{[^}]*\}|\S*)"""
"""A field as auditd added it."""
BY_KERNEL = ("pid", "uid", "auid", "ses")
"""Fields that the kernel vouches for; a program's words of the same name do not replace them."""

_TOKEN, _ADDED = re.compile(TOKEN.encode()), re.compile(ADDED.encode())
_ARGUMENT = re.compile(r"a(\d{1,9})(?:\[\d+\])?")
_HEX = re.compile(rb"(?:[0-9A-F]{2})+")


def record_fields(line: bytes) -> dict[str, str]:
    """Fields of one line of an audit log, without `type` and SYSCALL's resolved name."""
    own, _, tail = _body(line).partition(b"\x1d")
    kind = kind_of(line)
    found = {key: value for key, token in _tokens(own) if (value := field_value(kind, key, token)) is not None}
    for key, token in _ADDED.findall(tail):
        found[key.decode()] = from_bytes(token.strip(b'"'))
    if kind == "EXECVE":
        found |= _long_arguments(own)
    return found


def record_text(line: bytes) -> str:
    """What keywords are searched in: the line behind its stamp, then what in it is encoded, or an EXECVE's arguments."""
    kind, body = kind_of(line), _body(line)
    own = body.partition(b"\x1d")[0]
    words = [value for key, token in _in_order(own) if (value := _written_out(kind, key, token)) is not None]
    return " ".join([from_bytes(body), *words])


def laurel_records(line: bytes) -> Iterator[tuple[str, dict[str, str], str]]:
    """Type, fields and text of every record in a LAUREL object; nothing when the line is none."""
    try:
        event = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return
    for part in parts_of(event) if isinstance(event, dict) and stamp_of(event) is not None else ():
        found = {key: value for key, token in part.fields.items() if (value := _bare(token)) is not None} | part.names
        argv = part.value.get("ARGV")
        if isinstance(argv, list) and part.kind in ("EXECVE", "PROCTITLE"):
            words = [from_bytes(unquote_to_bytes(value)) for value in argv if isinstance(value, str)]
            found |= {f"a{n}": word for n, word in enumerate(words)} if part.kind == "EXECVE" else {}
            found |= {"proctitle": " ".join(words)} if part.kind == "PROCTITLE" else {}
        shown = " ".join(f"{key}={value}" for key, value in found.items())
        words = [found["proctitle"]] if "proctitle" in found else []
        yield part.kind, found, " ".join([shown, *words])


def kind_of(line: bytes) -> str:
    """Type of a record by its line; empty when it has none."""
    head = line.partition(b" msg=audit(")[0]
    return from_bytes(head.rpartition(b"type=")[2]) if b"type=" in head else ""


def _body(line: bytes) -> bytes:
    return line.partition(b"): ")[2].rstrip(b"\r\n")


def _tokens(own: bytes) -> list[tuple[str, bytes]]:
    """Fields in the order in which a later one replaces an earlier one: the program's words, then the kernel's four."""
    found = _in_order(own)
    outer = [(k, v) for k, v in _pairs(own.partition(b" msg='")[0]) if k in BY_KERNEL] if b" msg='" in own else []
    return [*found, *outer]


def _in_order(own: bytes) -> list[tuple[str, bytes]]:
    """Fields as written, the kernel's and then those of a program's nested msg='...'."""
    head, found, rest = own.partition(b" msg='")
    return _pairs(head) + (_pairs(rest.rpartition(b"'")[0] or rest) if found else [])


def _pairs(text: bytes) -> list[tuple[str, bytes]]:
    return [(key.decode(), value) for key, value in _TOKEN.findall(text)]


def field_value(kind: str, key: str, token: bytes | None) -> str | None:
    """Return a field's text from how it is written in a record of type `kind`; null for an absent one."""
    if token is None:
        return None
    if _is_argument(kind, key):
        return _argument(token)
    if key == "name" and token[:1] == b'"':
        return from_bytes(token.strip(b'"'))
    return _decoded(key, token) if key in ENCODED else plain_value(token)


def _decoded(key: str, token: bytes) -> str | None:
    raw = raw_value(token)
    if raw is None:
        return None
    if key == "proctitle":
        return from_bytes(raw.rstrip(b"\0").replace(b"\0", b" "))
    return from_bytes(raw.replace(b"\x01", b",") if key == "key" else raw)


def _is_argument(kind: str, key: str) -> bool:
    return kind == "EXECVE" and key[:1] == "a" and _ARGUMENT.fullmatch(key) is not None


def _argument(token: bytes) -> str | None:
    """An argument may be empty, `?` or `(null)`: only an unquoted nothing is none."""
    if token[:1] == b'"':
        return from_bytes(token[1:].removesuffix(b'"'))
    if token in (b"", b"(null)"):
        return None
    return from_bytes(bytes.fromhex(token.decode()) if _HEX.fullmatch(token) else token)


def _long_arguments(own: bytes) -> dict[str, str]:
    """Arguments that come in pieces (aN[0]=, aN[1]=, ...) as one field aN."""
    pieces: dict[str, list[bytes]] = {}
    for key, token in _pairs(own):
        name, bracket, _ = key.partition("[")
        if bracket and _ARGUMENT.fullmatch(key):
            pieces.setdefault(name, []).append(token)
    return {name: "".join(_argument(token) or "" for token in tokens) for name, tokens in pieces.items()}


def _written_out(kind: str, key: str, token: bytes) -> str | None:
    if _is_argument(kind, key):
        return _argument(token)
    return field_value(kind, key, token) if key in ENCODED and _HEX.fullmatch(token) else None


def _bare(token: bytes) -> str | None:
    """A LAUREL value: never hex."""
    inner = token[1:-1] if token[:1] == b'"' else token
    return None if inner in (b"", b"?", b"(null)", b"(none)") else from_bytes(inner)
