"""auditd with our own rules, two sshd logins from two loopback addresses, reads and writes: rows and the alert."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqwatch_tui.config.settings import load
from seqwatch_tui.engine.audit_host import wanted_here
from seqwatch_tui.engine.audit_rules import rules_text
from tests.live.host import PEOPLE, auditd, auditd_is_busy, missing_tools, people, ssh, sshd

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
]
FILES = 45
READS = """select user_name, src_ip, count(distinct path) as files, bool_and(allowed) as allowed from events
where dataset = 'cohort' and action = 'read' and outcome = 'success' group by all order by user_name"""


def _site(folder: Path, data: Path) -> Path:
    config = folder / "seqwatch.yaml"
    config.write_text(
        f"site: live\nstate_dir: {folder / 'state'}\nsources: [{{name: audit, type: auditd, path: {folder / 'audit/audit.log'}}}]\n"
        f"datasets: [{{id: cohort, path: {data}, grants: {{analyst: [read]}}}}]\nroles: {{analyst: {{users: [{PEOPLE[0]}]}}}}\n"
        "networks: {allowed: [127.0.0.2/32]}\n"
    )
    return config


def _seqwatch(config: Path, *arguments: str) -> list[dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-m", "seqwatch_tui", "--config", str(config), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def _wait_for(config: Path, query: str, enough: int, seconds: float = 20.0) -> list[dict[str, object]]:
    deadline = time.monotonic() + seconds
    while True:
        rows = _seqwatch(config, "sql", query, "--format", "json", "--limit", "0")
        if len(rows) >= enough or time.monotonic() > deadline:
            return rows
        time.sleep(0.3)


def test_two_people_from_two_addresses_are_seen_and_the_wrong_one_raises_an_alert(tmp_path: Path) -> None:
    if auditd_is_busy():
        pytest.skip("another auditd owns the kernel's audit socket")
    data = Path("/srv") / f"sqw-live-{os.getpid()}"
    data.mkdir(mode=0o777)
    data.chmod(0o777)
    tmp_path.chmod(0o700)
    try:
        for n in range(FILES):
            (data / f"lane{n}.fastq.gz").write_bytes(b"\x1f\x8b" + bytes(100))
            (data / f"lane{n}.fastq.gz").chmod(0o644)
        _run_and_check(tmp_path, data)
    finally:
        for path in data.iterdir():
            path.unlink()
        data.rmdir()


def _run_and_check(folder: Path, data: Path) -> None:
    config = _site(folder, data)
    (folder / "state").mkdir(mode=0o700)
    settings = load(config)
    text = rules_text(settings, wanted_here(settings))
    rules = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    with people(), auditd(folder, rules + "\n"), sshd(folder) as (port, key):
        engine = subprocess.Popen(
            [sys.executable, "-m", "seqwatch_tui", "--config", str(config), "engine"], stderr=subprocess.DEVNULL
        )
        try:
            good, bad = PEOPLE
            assert ssh(port, key, good, "127.0.0.2", f"cat {data}/lane1.fastq.gz | wc -c").strip() == "102"
            ssh(port, key, bad, "127.0.0.3", f"cat {data}/*.fastq.gz > /dev/null; echo x > '{data}/new file.txt'")
            reads = _wait_for(config, READS, 2)
            mine = [r for r in reads if r["user_name"] in PEOPLE]
            assert mine == [
                {"user_name": good, "src_ip": "127.0.0.2", "files": 1, "allowed": True},
                {"user_name": bad, "src_ip": "127.0.0.3", "files": FILES, "allowed": False},
            ]
            writes = _wait_for(
                config, f"select user_name, action, path from events where path = '{data}/new file.txt'", 1
            )
            assert {"user_name": bad, "action": "create", "path": f"{data}/new file.txt"} in writes
            alerts = _seqwatch(config, "alerts", "--format", "json")
            titles = {(a["rule_title"], a["actor"]) for a in alerts if a["dataset"] == "cohort"}
            assert sum("ulk" in title for title, _ in titles) == 1, titles
            assert {actor for _, actor in titles} <= {bad, "unattributed"}, titles
        finally:
            engine.terminate()
            assert engine.wait(timeout=20) == 0
