"""A real auditd and a real sshd for one test, each with its own configuration, stopped by pid afterwards."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

PEOPLE = ("sqw-ana", "sqw-bob")
TOOLS = ("auditd", "auditctl", "sshd", "ssh", "ssh-keygen", "useradd")


def missing_tools() -> list[str]:
    """Return what this test needs and the host does not have."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return [tool for tool in TOOLS if shutil.which(tool, path=path) is None]


def auditd_is_busy() -> bool:
    """Whether another auditd owns the kernel's audit socket."""
    done = subprocess.run(["/usr/sbin/auditctl", "-s"], capture_output=True, text=True, check=False)
    return done.returncode != 0 or "pid 0" not in done.stdout


@contextlib.contextmanager
def auditd(folder: Path, rules: str, log_format: str = "ENRICHED") -> Iterator[Path]:
    """Run auditd with `rules` loaded; yield its log. `log_format` is ENRICHED or RAW."""
    log = folder / "audit" / "audit.log"
    log.parent.mkdir(mode=0o700, exist_ok=True)
    (folder / "conf").mkdir()
    (folder / "plugins").mkdir()
    (folder / "conf" / "auditd.conf").write_text(
        f"local_events = yes\nwrite_logs = yes\nlog_file = {log}\nlog_group = root\nlog_format = {log_format}\n"
        "flush = INCREMENTAL_ASYNC\nfreq = 50\nmax_log_file = 64\nnum_logs = 5\nmax_log_file_action = ROTATE\n"
        "space_left = 75\nspace_left_action = IGNORE\nadmin_space_left = 50\nadmin_space_left_action = IGNORE\n"
        f"disk_full_action = IGNORE\ndisk_error_action = IGNORE\nname_format = NONE\nplugin_dir = {folder / 'plugins'}\n"
    )
    (folder / "conf" / "auditd.conf").chmod(0o640)
    subprocess.run(["/usr/sbin/auditctl", "-D"], check=True, capture_output=True)
    daemon = subprocess.Popen(
        ["/usr/sbin/auditd", "-n", "-c", str(folder / "conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _until(log.exists)
        rule_file = folder / "seqwatch.rules"
        rule_file.write_text(rules)
        done = subprocess.run(["/usr/sbin/auditctl", "-R", str(rule_file)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        yield log
    finally:
        subprocess.run(["/usr/sbin/auditctl", "-D"], check=False, capture_output=True)
        subprocess.run(["/usr/sbin/auditctl", "-e", "0"], check=False, capture_output=True)
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(timeout=10)


@contextlib.contextmanager
def people(names: tuple[str, ...] = PEOPLE) -> Iterator[tuple[str, ...]]:
    """Make the test's accounts; remove them afterwards."""
    for name in names:
        subprocess.run(
            ["/usr/sbin/useradd", "--create-home", "--shell", "/bin/sh", "--password", "*", name],
            check=True,
            capture_output=True,
        )
    try:
        yield names
    finally:
        for name in names:
            subprocess.run(["/usr/sbin/userdel", "--remove", name], check=False, capture_output=True)


@contextlib.contextmanager
def sshd(folder: Path, names: tuple[str, ...] = PEOPLE) -> Iterator[tuple[int, Path]]:
    """Run sshd on loopback with PAM and one key for everybody; yield its port and that key."""
    port, key = _free_port(), folder / "key"
    for path in (key, folder / "host_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    for name in names:
        home = pwd.getpwnam(name)
        ssh = Path(home.pw_dir) / ".ssh"
        ssh.mkdir(mode=0o700)
        shutil.copy(key.with_suffix(".pub"), ssh / "authorized_keys")
        for path in (ssh, ssh / "authorized_keys"):
            os.chown(path, home.pw_uid, home.pw_gid)
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 0.0.0.0\nHostKey {folder / 'host_key'}\nPidFile none\nUsePAM yes\nPasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\nStrictModes no\nPrintMotd no\n"
    )
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    daemon = subprocess.Popen(
        ["/usr/sbin/sshd", "-D", "-f", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _until(lambda: _listens(port))
        yield port, key
    finally:
        daemon.terminate()
        daemon.wait(timeout=10)


def ssh(port: int, key: Path, user: str, source: str, command: str) -> str:
    """Run a command as `user`, coming from the loopback address `source`; return its output."""
    done = subprocess.run(
        ["ssh", "-p", str(port), "-i", str(key), "-b", source, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
         "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", f"{user}@127.0.0.1", command],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(true, seconds: float = 10.0) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
