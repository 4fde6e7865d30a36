"""Proof by trying: may the user open a file of the dataset? Asked before, after, and judged.

The attempt starts at the dataset's own directory (an inherited descriptor), so that it tells what the quarantine does
and not what a folder above it does. It is made by a child process that has become the user; without root it can only
be made as ourselves, and an owner can always give himself back what was taken: then the answer is `unknown`.
"""

from __future__ import annotations

import errno
import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from seqwatch_tui.model.accounts import groups_of_user
from seqwatch_tui.model.action import Verb

_NOBODY = 65534
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Asked:
    """As whom to try: the offending account, if one is named, and the uid that owned the data."""

    user: str | None
    owner: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What the attempts gave: how many files opened, how many were refused for want of rights, and what else failed.

    `limit` says why this is no proof for the user asked for, in a sentence; it is empty when it is one.
    """

    who: str
    limit: str
    opened: int
    refused: int
    failed: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values for the journal."""
        return {name: getattr(self, name) for name in self.__slots__}


class Probe(Protocol):
    """Tries to open `names` (relative paths) beneath the directory `root` (O_PATH) as the user asked for."""

    def __call__(self, asked: Asked, root: int, names: Sequence[bytes]) -> Seen:
        """Make the attempts; never raises: what goes wrong is in `failed`."""


def attempt(asked: Asked, root: int, names: Sequence[bytes]) -> Seen:
    """The probe of a real host."""
    who, limit, user = _as_whom(asked)
    command = [sys.executable, "-I", "-m", "seqwatch_tui.response.attempt", str(root), *user]
    lines = "".join(f"{name.hex()}\n" for name in names)
    try:
        done = subprocess.run(
            command, input=lines, capture_output=True, text=True, pass_fds=[root], timeout=_SECONDS, check=True
        )
        codes = [int(line) for line in done.stdout.split()]
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return Seen(who, limit, 0, 0, f"the attempt could not be made: {error}")
    refused = sum(code in (errno.EACCES, errno.EPERM) for code in codes)
    others = sorted({os.strerror(code) for code in codes if code not in (0, errno.EACCES, errno.EPERM)})
    return Seen(who, limit, codes.count(0), refused, ", ".join(others))


def _as_whom(asked: Asked) -> tuple[str, str, list[str]]:
    """A phrase for the operator, why it is no proof (or nothing), and the child's arguments (empty: as ourselves)."""
    if os.geteuid() != 0:
        return f"as ourselves (uid {os.geteuid()})", "an owner can give himself the rights back", []
    account = _account(asked)
    if account is None:
        why = "root cannot be kept out" if asked.user == "root" else f"{asked.user} is not an account of this host"
        return f"as nobody (uid {_NOBODY})", why, [str(_NOBODY), str(_NOBODY), ""]
    groups = ",".join(str(group) for group in groups_of_user(account.pw_name, account.pw_gid))
    return f"as {account.pw_name} (uid {account.pw_uid})", "", [str(account.pw_uid), str(account.pw_gid), groups]


def _account(asked: Asked) -> pwd.struct_passwd | None:
    """The account to become: the one named, else the owner of the data, else nobody; None when it cannot be."""
    try:
        if asked.user is not None:
            found = pwd.getpwnam(asked.user)
            return found if found.pw_uid != 0 else None
        return pwd.getpwuid(asked.owner or _NOBODY)
    except KeyError:
        return None


def judge(verb: Verb, before: Seen, after: Seen) -> tuple[str, Literal["yes", "no", "unknown"]]:
    """What the attempts before and after prove, as a sentence and a word.

    For a release, `before` is what the same attempt gave before the quarantine.
    """
    tried = after.opened + after.refused
    if after.failed or not tried:
        return f"open {after.who}: {after.failed or 'there is no file to try'}; nothing is proved", "unknown"
    if verb == "quarantine":
        return _judge_shut(before, after, tried)
    if (after.opened, after.refused) != (before.opened, before.refused):
        return f"open {after.who}: {after.opened} of {tried} open, before the quarantine {before.opened}", "no"
    return _limited(f"open {after.who}: {after.opened} of {tried} open, as before the quarantine", after)


def _judge_shut(before: Seen, after: Seen, tried: int) -> tuple[str, Literal["yes", "no", "unknown"]]:
    if after.opened:
        return f"open {after.who}: {after.opened} of {tried} still open", "no"
    neither = "" if before.opened else " (and could not before either)"
    return _limited(f"open {after.who}: {tried} of {tried} refused{neither}", after)


def _limited(text: str, after: Seen) -> tuple[str, Literal["yes", "unknown"]]:
    return (f"{text}; no proof, for {after.limit}", "unknown") if after.limit else (text, "yes")
