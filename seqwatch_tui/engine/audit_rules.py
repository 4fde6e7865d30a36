"""The auditd rules that make the kernel report on the configured datasets, keys and the trail itself; pure text.

Source: auditctl(8), audit.rules(7). One `dir` rule with `perm=rwxa` covers open, openat, openat2, open_by_handle_at,
creat and everything that changes names, modes, owners or attributes, of 64-bit and of 32-bit programs (no `arch`).
io_uring requests pass the exit list by and need their own list (audit 3.1 and newer, Linux 5.16 and newer).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui.config.settings import Settings
from seqwatch_tui.engine.audit_rule import AuditRule, call_rule, file_rule, tree_rule

BACKLOG = 16384
IO_URING = (3, 1)
TRAIL = (Path("/etc/audit"), Path("/var/log/audit"))
LOGIN = ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d", "/etc/pam.d",
         "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d")  # fmt: skip
"""Who may come in and become whom."""
CONTROL = ("auditctl", "augenrules", "systemctl", "service", "pkill", "killall", "chattr")
"""Programs that can end or change the watch; the rule `audit-trail-attacked` needs their executions."""
CARRIERS = (
    "scp",
    "sftp",
    "rsync",
    "rclone",
    "curl",
    "wget",
    "nc",
    "ncat",
    "socat",
    "ftp",
    "lftp",
    "aws",
    "gpg",
    "age",
    "croc",
)
"""Programs that carry data away; that they read a dataset is seen by the dataset's own rule, that they ran by these."""
_BIN = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/sbin:/bin"
_URING_CALLS = ("openat", "openat2", "unlinkat", "renameat", "linkat", "symlinkat", "mkdirat")
_CLOCK_CALLS = ("clock_settime", "settimeofday")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One rule the kernel should have, what for, and why it cannot be loaded just now (empty: it can)."""

    rule: AuditRule
    about: str
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """What the rules depend on: which paths there are, where programs are, and auditctl's version (null = none)."""

    version: tuple[int, ...] | None
    exists: Callable[[Path], bool] = Path.exists
    programs: str = _BIN
    """Folders that programs are looked for in, as in $PATH."""


def wanted_rules(
    settings: Settings, host: Host, more_keys: Sequence[Path] = (), config: Path | None = None
) -> list[Wanted]:
    """Return every rule this site needs, in the order they are to be loaded. ValueError: a path no rule can carry.

    `more_keys` are the key files named by the register; `config` is the configuration file itself.
    """

    def watch(
        make: Callable[[Path, str, str], AuditRule], path: Path, permissions: str, key: str, about: str
    ) -> Wanted:
        return Wanted(make(path, permissions, key), about, "" if host.exists(path) else f"{path} does not exist")

    found = [watch(tree_rule, d.path, "rwxa", "seqwatch", f"dataset {d.id}") for d in settings.datasets]
    found += [watch(file_rule, p, "rwa", "seqwatch_keys", "key register") for p in [settings.keys.register] if p]
    found += [watch(file_rule, p, "rwa", "seqwatch_keys", "key file") for p in dict.fromkeys(more_keys)]
    found.append(watch(tree_rule, settings.state_dir, "wa", "seqwatch_state", "what seqwatch keeps"))
    found += [watch(file_rule, p, "wa", "seqwatch_state", "configuration") for p in [config] if p]
    found += [watch(tree_rule, p, "wa", "seqwatch_trail", "audit trail") for p in _trail(settings)]
    found += list(_host_rules(host))
    found.append(
        Wanted(call_rule("io_uring", None, _URING_CALLS, "seqwatch_iouring"), "io_uring", _uring(host.version))
    )
    return found


def _trail(settings: Settings) -> list[Path]:
    """The folders of the trail: the usual ones, and those of the configured logs."""
    logs = [s.path.parent for s in settings.sources if s.path is not None and s.type in ("auditd", "laurel")]
    return [p for p in dict.fromkeys([*TRAIL, *logs]) if not any(other in p.parents for other in TRAIL)]


def _host_rules(host: Host) -> Iterator[Wanted]:
    """Logins, the clock, and the programs that matter; what this host does not have needs no rule."""
    for path in map(Path, LOGIN):
        if host.exists(path):
            yield Wanted((tree_rule if path.is_dir() else file_rule)(path, "wa", "seqwatch_login"), "who may log in")
    for arch in ("b64", "b32"):
        yield Wanted(call_rule("exit", arch, _CLOCK_CALLS, "seqwatch_time"), "the clock set by hand")
    for names, key, about in (
        (CONTROL, "seqwatch_control", "control of the watch"),
        (CARRIERS, "seqwatch_carry", "data carried away"),
    ):
        for path in dict.fromkeys(filter(None, (_program(name, host) for name in names))):
            yield Wanted(file_rule(path, "x", key), f"{about}: {path.name}")


def _program(name: str, host: Host) -> Path | None:
    """The real file behind a program: a rule on a link is not asked when the program runs."""
    for folder in host.programs.split(":"):
        path = Path(folder, name)
        if host.exists(path):
            return Path(os.path.realpath(path))
    return None


def _uring(version: tuple[int, ...] | None) -> str:
    if version is None:
        return "auditctl is not installed here"
    if version < IO_URING:
        return f"auditctl {'.'.join(map(str, version))} cannot load rules of this list, 3.1 can; reads by io_uring are not seen"
    return ""


def rules_text(settings: Settings, wanted: Sequence[Wanted], *, immutable: bool = False) -> str:
    """Return the rules file. What cannot be loaded is a comment: auditctl refuses a whole file for one such line."""
    lines = [
        f"## seqwatch: what the kernel must report for site {settings.site}.",
        "## Put this into /etc/audit/rules.d/70-seqwatch.rules and run: augenrules --load",
        "## Then `seqwatch audit-rules --check` says whether the kernel has them, `seqwatch doctor --drill` whether they work.",
        "",
        "## Room for bursts; the default of 64 loses records under load.",
        f"-b {BACKLOG}",
        "--backlog_wait_time 60000",
    ]
    heading = ""
    for one in wanted:
        about = one.about.partition(":")[0].partition(" dataset")[0]
        about = "datasets" if about.startswith("dataset ") else about
        lines += ["", f"## {about[0].upper()}{about[1:]}."] if about != heading else []
        lines.append(f"## ({one.obstacle}) {one.rule.text}" if one.obstacle else one.rule.text)
        heading = about
    lines += ["", "## Nobody may change their login uid.", "--loginuid-immutable", ""]
    open_ = "## Not locked: root can change the rules (seqwatch audit-rules --immutable locks them)."
    lines += ["## Last of all: the rules are locked until the next boot.", "-e 2"] if immutable else [open_, "## -e 2"]
    return "\n".join(lines) + "\n"
