"""The auditd rules that make the kernel report on the configured datasets, keys and the trail itself; pure text.

Source: auditctl(8), audit.rules(7). One `dir` rule with `perm=rwxa` covers open, openat, openat2, open_by_handle_at,
creat and everything that changes names, modes, owners or attributes. io_uring requests pass the exit list by and need
their own list (audit 3.1 and newer).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from seqwatch_tui.config.settings import Settings

TRAIL = ("/etc/audit", "/var/log/audit")
IO_URING = (3, 1)
_IO_URING_CALLS = ("openat", "openat2", "unlinkat", "renameat", "linkat", "symlinkat", "mkdirat")
_PLAIN = re.compile(r"[^A-Za-z0-9_./+@%:,=-]")


def rules_text(
    settings: Settings, auditctl_version: tuple[int, ...] | None, exists: Callable[[Path], bool] = Path.is_dir
) -> str:
    """Return the rules file; `auditctl_version` (null = not known) decides how the io_uring rules are written.

    A folder that does not exist makes auditctl refuse the whole file: its rule is written as a comment.
    """

    def rule(path: Path, permissions: str, key: str) -> str:
        text = dir_rule(path, permissions, key)
        return text if exists(path) else f"## (does not exist yet) {text}"

    lines = [
        f"## seqwatch: what the kernel must report for site {settings.site}.",
        "## Put this into /etc/audit/rules.d/70-seqwatch.rules and run: augenrules --load",
        "## Then `seqwatch doctor` says whether the kernel has them.",
        "",
        "## Room for bursts; the default of 64 loses records under load.",
        "-b 16384",
        "--backlog_wait_time 60000",
        "",
        "## Every access to a dataset.",
        *(rule(d.path, "rwxa", "seqwatch") for d in settings.datasets),
        "",
        "## Keys, and what seqwatch itself keeps.",
        *(path_rule(p, "rwa", "seqwatch_keys") for p in _key_places(settings)),
        rule(settings.state_dir, "wa", "seqwatch_state"),
        "",
        "## The audit trail itself.",
        *(rule(Path(p), "wa", "seqwatch_trail") for p in TRAIL),
        "",
        "## io_uring: needs auditctl 3.1 and Linux 5.16; without it reads by io_uring are not seen.",
        *_io_uring(auditctl_version),
        "",
        "## Nobody may change their login uid; last of all (once the set is right): lock the rules until the next boot.",
        "--loginuid-immutable",
        "## -e 2",
    ]
    return "\n".join(lines) + "\n"


def dir_rule(path: Path, permissions: str, key: str) -> str:
    """Return the rule for everything beneath a directory; spaces and other odd characters are escaped."""
    return f"-a always,exit -F arch=b64 -F dir={escape(str(path))} -F perm={permissions} -F key={key}"


def path_rule(path: Path, permissions: str, key: str) -> str:
    """Return the rule for one file."""
    return f"-a always,exit -F arch=b64 -F path={escape(str(path))} -F perm={permissions} -F key={key}"


def escape(path: str) -> str:
    """Escape a path as auditctl -R reads it: a backslash before a space; what it cannot carry is a ValueError."""
    if "\n" in path or "\\" in path:
        raise ValueError(f"{path!r} cannot be written in an audit rules file: it holds a newline or a backslash")
    return _PLAIN.sub(lambda m: "\\ " if m[0] == " " else m[0], path)


def _key_places(settings: Settings) -> Sequence[Path]:
    return [settings.keys.register] if settings.keys.register else []


def _io_uring(version: tuple[int, ...] | None) -> list[str]:
    rule = f"-a always,io_uring {' '.join(f'-S {call}' for call in _IO_URING_CALLS)} -F key=seqwatch_iouring"
    if version is not None and version >= IO_URING:
        return [rule]
    found = "not found here" if version is None else ".".join(map(str, version)) + " here cannot load them"
    return [f"## (auditctl {found})", "## " + rule]


def missing_rules(settings: Settings, loaded: str) -> list[str]:
    """Return the dataset directories that `auditctl -l` (its output as `loaded`) does not report reads of."""
    watched = set()
    for line in loaded.splitlines():
        found = re.search(r"(?:-w |-F dir=|-F path=)(.+?)(?= -[FpkS] | -F|$)", line)
        if found and re.search(r"perm=\w*r|-p \w*r", line):
            watched.add(Path(found[1].strip()))
    return [
        str(d.path)
        for d in settings.datasets
        if not any(w == Path(d.path) or w in Path(d.path).parents for w in watched)
    ]
