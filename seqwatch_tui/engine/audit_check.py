"""Does the kernel have the rules it should: the wanted set against the one that is loaded, and what the kernel says of itself.

A rule can be there and yet not report: a `never` rule in front of it, a test that narrows it, a record type excluded, or
auditing switched off. Each is told apart, because each is mended differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from seqwatch_tui.engine.audit_rule import AuditRule, parse_listing
from seqwatch_tui.engine.audit_rules import BACKLOG, Wanted
from seqwatch_tui.model.verdict import State

Standing = Literal["loaded", "missing", "narrowed", "shadowed", "cannot be loaded"]
LOST = "lost records"
_LOAD = "seqwatch audit-rules > /etc/audit/rules.d/70-seqwatch.rules && augenrules --load"
_LEAST_BACKLOG = 8192
_NEEDED_TYPES = {
    "SYSCALL": "no access is recorded at all", "PATH": "no file is named", "CWD": "relative names cannot be resolved",
    "PROCTITLE": "command lines are missing", "EXECVE": "arguments of programs are missing",
    "LOGIN": "logins cannot be joined to addresses", "USER_LOGIN": "addresses of logins are missing",
    "USER_START": "addresses of sessions are missing", "CONFIG_CHANGE": "changes of the rules are not recorded",
}  # fmt: skip

_HARMLESS = frozenset({"fstype=tracefs", "fstype=debugfs", "fstype=0x74726163", "fstype=0x64626720"})
"""File systems of the kernel's own, which no dataset lies on (linux/magic.h)."""


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """One wanted rule as it stands in the kernel; `why` is empty when it is loaded and works."""

    rule: str
    about: str
    standing: Standing
    state: State
    why: str = ""
    do: str = ""


@dataclass(frozen=True, slots=True)
class KernelCheck:
    """One fact of the audit subsystem itself."""

    name: str
    state: State
    seen: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found; `extra` are loaded rules that were not asked for, as auditctl prints them."""

    rules: tuple[RuleCheck, ...]
    kernel: tuple[KernelCheck, ...]
    extra: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether the kernel reports all it should from now on; what it lost before does not count here."""
        states = [c.state for c in self.rules] + [c.state for c in self.kernel if c.name != LOST]
        return "fail" not in states


def check(wanted: Sequence[Wanted], listing: str, status: Mapping[str, str]) -> Report:
    """Hold the output of `auditctl -l` and the facts of `auditctl -s` against the wanted rules."""
    loaded = _both_kinds(parse_listing(listing))
    rules = tuple(_judge(one, loaded) for one in wanted)
    served = {id(rule) for one in wanted for rule in loaded if _covers(rule, one.rule) or rule.text == one.rule.text}
    extra = tuple(rule.text for rule in loaded if id(rule) not in served)
    return Report(rules, (*_kernel(status), *_excluded(loaded)), extra)


def _both_kinds(loaded: Sequence[AuditRule]) -> tuple[AuditRule, ...]:
    """Two rules that differ in nothing but `arch` are one for all programs, at the place of the later one."""
    seen: dict[AuditRule, int] = {}
    found: list[AuditRule] = []
    for rule in loaded:
        plain = replace(rule, arch=None, text="")
        if rule.arch and rule.target and plain in seen and found[seen[plain]].arch not in (None, rule.arch):
            rule = replace(rule, arch=None)  # noqa: PLW2901 - it stands for both from here on
        seen[plain] = len(found)
        found.append(rule)
    return tuple(found)


def _judge(one: Wanted, loaded: Sequence[AuditRule]) -> RuleCheck:
    rule, about = one.rule, one.about
    places = [n for n, other in enumerate(loaded) if _covers(other, rule)]
    if not places:
        return _absent(one, loaded)
    if blocking := [other for other in loaded[: places[0]] if _shadows(other, rule)]:
        why = f"the rule `{blocking[0].text}` stands in front of it"
        return RuleCheck(rule.text, about, "shadowed", "fail", why, "remove that rule, or load it after this one")
    if _task_never(loaded):
        why = "the rule `-a never,task` switches auditing off for every process started since"
        return RuleCheck(
            rule.text, about, "shadowed", "fail", why, "remove it from /etc/audit/rules.d and restart what runs"
        )
    return RuleCheck(rule.text, about, "loaded", "pass")


def _absent(one: Wanted, loaded: Sequence[AuditRule]) -> RuleCheck:
    rule, about = one.rule, one.about
    if one.obstacle:
        uring = rule.listed == "io_uring"
        do = "upgrade the audit package, or sysctl kernel.io_uring_disabled=2" if uring else f"make it, then {_LOAD}"
        return RuleCheck(rule.text, about, "cannot be loaded", "warn" if uring else "fail", one.obstacle, do)
    near = next((other for other in loaded if _same_subject(other, rule)), None)
    if near is None:
        return RuleCheck(rule.text, about, "missing", "fail", "no rule of the kernel reports it", _LOAD)
    return RuleCheck(rule.text, about, "narrowed", "fail", f"`{near.text}` reports only {_limits(near, rule)}", _LOAD)


def _covers(loaded: AuditRule, wanted: AuditRule) -> bool:
    """Whether a loaded rule reports everything that the wanted one would."""
    return _same_subject(loaded, wanted) and not _limits(loaded, wanted)


def _same_subject(loaded: AuditRule, wanted: AuditRule) -> bool:
    """Same list, and about the same file or folder, one above it, or (for rules on calls) one of the calls."""
    if (loaded.listed, loaded.action) != (wanted.listed, "always"):
        return False
    if wanted.target is None:
        return loaded.target is None and bool(loaded.syscalls & wanted.syscalls) and loaded.arch in (None, wanted.arch)
    return loaded.target is not None and _within(wanted.target, loaded.target)


def _limits(loaded: AuditRule, wanted: AuditRule) -> str:
    """What a loaded rule is limited to where the wanted one is not; empty when it is not."""
    said = list(loaded.others)
    if loaded.permissions and not wanted.permissions <= loaded.permissions:
        said.append(f"perm={''.join(sorted(loaded.permissions))}")
    if loaded.syscalls and not (wanted.syscalls and wanted.syscalls <= loaded.syscalls):
        said.append(f"the calls {', '.join(sorted(loaded.syscalls))}")
    if loaded.arch and loaded.arch != wanted.arch:
        said.append(f"programs of arch={loaded.arch}")
    return " and ".join(said)


def _shadows(other: AuditRule, wanted: AuditRule) -> bool:
    """Whether a `never` rule takes away anything of the wanted one; if only for some people, that is a hole as well."""
    if (other.listed, other.action) != (wanted.listed, "never"):
        return False
    if other.arch and wanted.arch and other.arch != wanted.arch:
        return False
    if wanted.target is None:
        return other.target is None and (not other.syscalls or bool(other.syscalls & wanted.syscalls))
    if other.permissions and not other.permissions & wanted.permissions:
        return False
    return other.target is None or _within(wanted.target, other.target) or _within(other.target, wanted.target)


def _within(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


def _task_never(loaded: Sequence[AuditRule]) -> bool:
    first = next((rule for rule in loaded if rule.listed == "task"), None)
    return first is not None and first.action == "never"


def _excluded(loaded: Sequence[AuditRule]) -> Iterator[KernelCheck]:
    """Records that never reach the trail: of some types, or of somebody, or of a whole kind of file system."""
    for rule in loaded:
        if rule.listed == "exclude":
            yield from (found for test in rule.others if (found := _exclusion(rule, test)))
        elif (rule.listed, rule.action) == ("filesystem", "never") and not set(rule.others) <= _HARMLESS:
            yield KernelCheck(
                "file systems", "fail", f"excluded by `{rule.text}`: no file there is named", "remove that rule"
            )


def _exclusion(rule: AuditRule, test: str) -> KernelCheck | None:
    """What one test of an `exclude` rule costs; null when it is nothing that is needed."""
    if not test.startswith("msgtype="):
        return KernelCheck(
            "exclusion", "fail", f"`{rule.text}` keeps what `{test}` is about out of the trail", "remove that rule"
        )
    kind = test.removeprefix("msgtype=")
    if kind not in _NEEDED_TYPES:
        return None
    state: State = "fail" if kind in ("SYSCALL", "PATH") else "warn"
    return KernelCheck(
        f"record type {kind}", state, f"excluded by `{rule.text}`: {_NEEDED_TYPES[kind]}", "remove that rule"
    )


def _kernel(status: Mapping[str, str]) -> Iterator[KernelCheck]:
    enabled, daemon = status.get("enabled", "?"), status.get("pid", "?")
    on = enabled in ("1", "2")
    yield KernelCheck("auditing", "pass" if on else "fail", f"enabled {enabled}", "" if on else "auditctl -e 1")
    runs: State = "unknown" if daemon == "?" else "fail" if daemon == "0" else "pass"
    yield KernelCheck("audit daemon", runs, "none runs" if runs == "fail" else f"pid {daemon}",
                      "" if runs == "pass" else "systemctl start auditd")  # fmt: skip
    locked = enabled == "2"
    yield KernelCheck("rules locked", "pass" if locked else "warn", "until the next boot" if locked else "no: root can change them",
                      "" if locked else "once the set is right: seqwatch audit-rules --immutable")  # fmt: skip
    failure = status.get("failure", "?")
    yield KernelCheck("failure mode", "warn" if failure in ("0", "?") else "pass", f"failure {failure}",
                      "auditctl -f 1: with 0 the kernel loses records without a word" if failure in ("0", "?") else "")  # fmt: skip
    yield from _queue(status)


def _queue(status: Mapping[str, str]) -> Iterator[KernelCheck]:
    limit, lost, rate = (status.get(name, "?") for name in ("backlog_limit", "lost", "rate_limit"))
    enough = limit.isdigit() and (int(limit) >= _LEAST_BACKLOG or limit == "0")
    yield KernelCheck("backlog", "pass" if enough else "warn", f"backlog_limit {limit}",
                      "" if enough else f"auditctl -b {BACKLOG}: a burst beyond it is lost")  # fmt: skip
    if rate != "0":
        yield KernelCheck(
            "rate limit", "warn", f"rate_limit {rate} records a second", "auditctl -r 0: what is beyond it is lost"
        )
    yield KernelCheck(LOST, "pass" if lost == "0" else "unknown" if lost == "?" else "fail", f"lost {lost} since boot",
                      "" if lost == "0" else f"raise the backlog (auditctl -b {BACKLOG}): what was lost cannot be had again")  # fmt: skip
