"""The rules a site needs, and what is said about the rules a kernel has. Listings are as auditctl 3.0.9 prints them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqwatch_tui.config.settings import Settings, loads
from seqwatch_tui.engine import audit_host
from seqwatch_tui.engine.audit_check import Report, check
from seqwatch_tui.engine.audit_rule import parse_listing, tree_rule
from seqwatch_tui.engine.audit_rules import Host, Wanted, rules_text, wanted_rules
from tests.engine.running import command, write_site

SITE = """site: s
state_dir: /var/lib/seqwatch
sources: [{name: audit, type: auditd, path: /data/log/audit.log}]
datasets: [{id: one, path: /data/one}, {id: two, path: "/data/two words"}]
keys: {register: /etc/keys.yaml}
"""
STATUS = {"enabled": "2", "failure": "1", "pid": "312", "rate_limit": "0", "backlog_limit": "16384", "lost": "0"}
THERE = {"/data/one", "/data/two words", "/data/log", "/etc/keys.yaml", "/etc/lab.sec", "/etc/audit", "/var/log/audit",
         "/var/lib/seqwatch", "/etc/seqwatch.yaml", "/etc/passwd", "/usr/sbin/auditctl"}  # fmt: skip
LOADED = """-w /data/one -p rwxa -k seqwatch
-w /data/two words -p rwxa -k seqwatch
-w /etc/keys.yaml -p rwa -k seqwatch_keys
-w /etc/lab.sec -p rwa -k seqwatch_keys
-w /var/lib/seqwatch -p wa -k seqwatch_state
-w /etc/seqwatch.yaml -p wa -k seqwatch_state
-w /etc/audit -p wa -k seqwatch_trail
-w /var/log/audit -p wa -k seqwatch_trail
-w /data/log -p wa -k seqwatch_trail
-w /etc/passwd -p wa -k seqwatch_login
-a always,exit -F arch=b64 -S settimeofday,clock_settime -F key=seqwatch_time
-a always,exit -F arch=b32 -S settimeofday,clock_settime -F key=seqwatch_time
-w /usr/sbin/auditctl -p x -k seqwatch_control
"""


def _settings() -> Settings:
    return loads(SITE, "/etc/seqwatch.yaml")


def _wanted(version: tuple[int, ...] | None = (3, 0, 9), missing: str = ""):  # type: ignore[no-untyped-def]
    host = Host(version, lambda path: str(path) in THERE and str(path) != missing)
    return wanted_rules(_settings(), host, [Path("/etc/lab.sec")], Path("/etc/seqwatch.yaml"))


def _report(listing: str, **status: str) -> Report:
    return check(_wanted(), listing, STATUS | status)


def _wrong(report: Report) -> dict[str, tuple[str, str]]:
    return {c.about: (c.standing, c.why) for c in report.rules if c.state != "pass" and c.about != "io_uring"}


def test_the_file_has_every_rule_and_comments_what_cannot_be_loaded() -> None:
    lines = rules_text(_settings(), _wanted(missing="/data/one")).splitlines()
    assert "## (/data/one does not exist) -a always,exit -F dir=/data/one -F perm=rwxa -F key=seqwatch" in lines
    assert "-a always,exit -F dir=/data/two\\ words -F perm=rwxa -F key=seqwatch" in lines
    assert "-a always,exit -F path=/etc/lab.sec -F perm=rwa -F key=seqwatch_keys" in lines
    assert "-a always,exit -F dir=/data/log -F perm=wa -F key=seqwatch_trail" in lines
    assert [line for line in lines if "io_uring" in line and not line.startswith("##")] == []
    assert lines[-2:] == [
        "## Not locked: root can change the rules (seqwatch audit-rules --immutable locks them).",
        "## -e 2",
    ]
    newer = rules_text(_settings(), _wanted((3, 1, 2)), immutable=True).splitlines()
    assert [line.split(" -S ")[0] for line in newer if "io_uring" in line] == ["-a always,io_uring"]
    assert newer[-2:] == ["## Last of all: the rules are locked until the next boot.", "-e 2"]


def test_a_path_that_no_rule_can_carry_is_refused() -> None:
    site = loads('site: s\nstate_dir: /s\ndatasets: [{id: a, path: "/data/a\\nb"}]\n', "x")
    with pytest.raises(ValueError, match="newline"):
        wanted_rules(site, Host(None))


def test_a_kernel_with_the_whole_set_is_complete_and_says_why_io_uring_is_not_there() -> None:
    report = _report(LOADED)
    assert (report.complete, _wrong(report), report.extra) == (True, {}, ())
    (uring,) = [c for c in report.rules if c.about == "io_uring"]
    assert (uring.standing, uring.state) == ("cannot be loaded", "warn")
    assert "auditctl 3.0.9 cannot load" in uring.why
    assert {c.state for c in report.kernel} == {"pass"}


def test_an_io_uring_rule_that_could_be_loaded_and_is_not_is_missing() -> None:
    report = check(_wanted((3, 1, 2)), LOADED, STATUS)
    assert [c.standing for c in report.rules if c.state == "fail"] == ["missing"]


@pytest.mark.parametrize(
    ("before", "after", "about", "standing", "why"),
    [
        ("-w /data/one -p rwxa -k seqwatch\n", "", "dataset one", "missing", "no rule"),
        ("-w /data/one -p rwxa -k seqwatch", "-w /data/one -p wa -k x", "dataset one", "narrowed", "perm=aw"),
        ("-w /data/one -p rwxa -k seqwatch", "-a always,exit -F arch=b64 -S all -F dir=/data/one -F perm=rwxa -F key=x",
         "dataset one", "narrowed", "programs of arch=b64"),
        ("-w /data/one -p rwxa -k seqwatch", "-a always,exit -S all -F dir=/data/one -F perm=rwxa -F auid>=1000",
         "dataset one", "narrowed", "auid>=1000"),
        ("-w /data/one -p", "-a never,exit -S all -F dir=/data/one/sub\n-w /data/one -p", "dataset one", "shadowed", "sub"),
        ("-w /data/one -p", "-a never,exit -S all -F auid=993\n-w /data/one -p", "dataset two", "shadowed", "auid=993"),
        ("-w /data/one -p", "-a never,task\n-w /data/one -p", "dataset one", "shadowed", "never,task"),
    ],
)  # fmt: skip
def test_each_way_not_to_report_is_told_apart(before: str, after: str, about: str, standing: str, why: str) -> None:
    report = _report(LOADED.replace(before, after, 1))
    assert not report.complete
    found = _wrong(report)[about]
    assert found[0] == standing
    assert why in found[1]


@pytest.mark.parametrize(
    "line",
    [
        "-a never,exit -S all -F dir=/srv/other",
        "-a never,exit -S all -F path=/data/onerous",
        "-a never,exit -F arch=b64 -S all -F dir=/data/one/sub -F perm=x",
    ],
)
def test_a_never_rule_elsewhere_shadows_nothing_that_it_does_not_touch(line: str) -> None:
    shadowed = _wrong(_report(f"{line}\n{LOADED}"))
    assert set(shadowed) == ({"dataset one"} if "perm=x" in line else set())


def test_a_never_rule_behind_is_harmless_and_a_rule_on_a_folder_above_serves() -> None:
    report = _report(LOADED.replace("-w /data/one -p", "-w /data -p") + "-a never,exit -S all -F dir=/data/one\n")
    assert (report.complete, _wrong(report)) == (True, {})
    assert report.extra == ("-a never,exit -S all -F dir=/data/one",)


def test_a_pair_of_rules_for_both_kinds_of_programs_is_as_good_as_one() -> None:
    pair = "".join(
        f"-a always,exit -F arch={a} -S all -F dir=/data/one -F perm=rwxa -F key=x\n" for a in ("b64", "b32")
    )
    assert _report(LOADED.replace("-w /data/one -p rwxa -k seqwatch\n", pair)).complete


@pytest.mark.parametrize(
    ("status", "name", "state", "complete"),
    [
        ({"enabled": "0"}, "auditing", "fail", False),
        ({"pid": "0"}, "audit daemon", "fail", False),
        ({"enabled": "1"}, "rules locked", "warn", True),
        ({"failure": "0"}, "failure mode", "warn", True),
        ({"backlog_limit": "64"}, "backlog", "warn", True),
        ({"rate_limit": "100"}, "rate limit", "warn", True),
        ({"lost": "7"}, "lost records", "fail", True),
    ],
)
def test_what_the_kernel_says_of_itself(status: dict[str, str], name: str, state: str, complete: bool) -> None:
    report = _report(LOADED, **status)
    assert [c.state for c in report.kernel if c.name == name] == [state]
    assert report.complete is complete


@pytest.mark.parametrize(("kind", "complete"), [("PATH", False), ("CWD", True), ("BPF", True)])
def test_excluded_record_types(kind: str, complete: bool) -> None:
    report = _report(LOADED + f"-a always,exclude -F msgtype={kind}\n")
    assert report.complete is complete
    assert [c.name for c in report.kernel if "record type" in c.name] == (
        [f"record type {kind}"] if kind != "BPF" else []
    )


@pytest.mark.parametrize(
    ("line", "complete"),
    [
        ("-a always,exclude -F auid=1001", False),
        ("-a never,exclude -F exe=/usr/bin/cat", False),
        ("-a always,exclude -F msgtype>=SYSCALL", False),
        ("-a always,exclude -F msgtype=BPF -F uid=0", False),
        ("-a never,filesystem -F fstype=0xef53", False),
        ("-a never,filesystem -F fstype=tracefs", True),
    ],
)
def test_what_keeps_somebody_or_a_place_out_of_the_trail_is_a_failure(line: str, complete: bool) -> None:
    report = _report(LOADED + line + "\n")
    assert report.complete is complete
    assert [line in c.seen for c in report.kernel if c.state == "fail"] == [True] * (not complete)


def test_what_the_kernel_does_not_say_is_no_pass() -> None:
    assert {c.name for c in check([], "", {}).kernel if c.state == "pass"} == set()


def test_a_listing_is_read_as_it_is_meant() -> None:
    watch, call, nothing = parse_listing(
        "-w /a b/-p x -p rwa -k two words\n-a exit,always -F arch=b64 -S open,openat -F auid!=-1 -F key=k\nrubbish\nNo rules\n"
    )
    assert (str(watch.target), watch.permissions, watch.key) == ("/a b/-p x", frozenset("rwa"), "two words")
    assert (call.listed, call.action, call.syscalls, call.others) == (
        "exit",
        "always",
        {"open", "openat"},
        ("auid!=-1",),
    )
    assert (nothing.listed, nothing.action) == ("", "")


_WORDS = st.sampled_from(["/data/a", "/data/a b", "/srv/x.y", "/d/-p", "/d/-F x"])
_PERMISSIONS = st.sets(st.sampled_from("rwxa"), min_size=1).map(lambda p: "".join(sorted(p)))


@given(
    st.lists(
        st.tuples(st.sampled_from(["always", "never"]), _WORDS, _PERMISSIONS, st.sampled_from(["b64", "b32", ""])),
        max_size=6,
    )
)
@settings(derandomize=True, max_examples=200, deadline=None)
def test_a_wanted_rule_is_loaded_only_if_the_first_rule_that_matches_says_always(
    drawn: list[tuple[str, str, str, str]],
) -> None:
    """Held against the kernel's own way: for each access, the first rule of the list whose tests all hold decides."""
    lines = [
        f"-a {do},exit {f'-F arch={arch} ' if arch else ''}-S all -F dir={path} -F perm={perm}"
        for do, path, perm, arch in drawn
    ]
    wanted = Wanted(tree_rule(Path("/data/a"), "rwxa", "seqwatch"), "dataset a")
    (found,) = check([wanted], "\n".join(lines), STATUS).rules
    if found.standing == "loaded":
        for access in "rwxa":
            for machine in ("b64", "b32"):
                hit = next(
                    (
                        do
                        for do, path, perm, arch in drawn
                        if path == "/data/a" and access in perm and arch in ("", machine)
                    ),
                    "no rule",
                )
                assert hit == "always", (access, machine, lines)


def test_whoever_may_not_ask_the_kernel_is_told_so_and_the_status_is_3(tmp_path: Path) -> None:
    config = write_site(tmp_path, ["site: s"])
    prefix: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv (util-linux) is not installed")
        prefix = ["setpriv", "--inh-caps=-audit_control", "--bounding-set=-audit_control"]
    done = subprocess.run(
        [*prefix, *command(config, "audit-rules", "--check")], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "auditctl is not installed" in done.stderr or "the kernel does not tell its audit rules" in done.stderr


def test_an_auditctl_that_does_not_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "auditctl"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(audit_host, "_SECONDS", 0.2)
    found = audit_host.ask_kernel()
    assert isinstance(found, audit_host.CannotAsk)
    assert "no answer" in found.why
    assert audit_host.auditctl_version() is None
