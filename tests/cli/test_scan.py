"""`seqwatch scan`: hits on stdout in the form asked for, everything else on stderr, and an exit status that says it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqwatch_tui.cli.exits import CommandError
from seqwatch_tui.cli.scan import COLUMNS, _check_type

TESTS = Path(__file__).parent.parent
LOG = TESTS / "golden" / "generated.audit.log"
NAME = "=cmd \x1b[31m\u202e\x7f"
HOSTILE = (
    b'type=SYSCALL msg=audit(1799999999.000:7): arch=c000003e syscall=59 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=0 ppid=1 '
    b'pid=2 auid=1 uid=1 gid=1 euid=1 suid=1 fsuid=1 egid=1 sgid=1 fsgid=1 tty=pts0 ses=1 comm="x" exe="/usr/bin/x" key=(null)\n'
    b"type=EXECVE msg=audit(1799999999.000:7): argc=2 a0=\"x\" a1=" + NAME.encode().hex().upper().encode() + b"\n"
    b"type=PROCTITLE msg=audit(1799999999.000:7): proctitle=78\n"
    b"type=USER_MSG msg=audit(1799999999.000:8): pid=1 uid=0 msg='op=\x1b[31m hostile res=success'\n"
)  # fmt: skip
RULE = """title: Hostile
id: 11111111-2222-4333-8444-555555555555
status: test
logsource: {product: linux, service: auditd}
tags: [attack.execution, attack.t1059]
detection:
  one: {type: EXECVE, a1|contains: cmd}
  two: {type: USER_MSG, op|contains: '['}
  condition: one or two
level: high
"""
BROKEN = RULE.replace("a1|contains: cmd", "a1|re: '(?<=x)y'").replace("11111111", "99999999").replace("Hostile", "Bad")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scan")
    (folder / "rules").mkdir()
    (folder / "rules" / "hostile.yml").write_text(RULE)
    (folder / "rules" / "broken.yml").write_text(BROKEN)
    (folder / "audit.log").write_bytes(LOG.read_bytes() + HOSTILE)
    return folder


def _scan(folder: Path, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    command = [sys.executable, "-m", "seqwatch_tui", "scan", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, env=env, check=False)


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_what_a_record_says_is_only_ever_text(folder: Path, form: str) -> None:
    done = _scan(folder, folder / "audit.log", "--rules", folder / "rules", "--format", form)
    assert done.returncode == 1
    assert not set((done.stdout + done.stderr).decode()) & {"\x1b", "\u202e", "\x7f", "\x1d"}
    assert b"broken.yml" in done.stderr
    if form == "json":
        document = json.loads(done.stdout)
        hit = document["hits"][0]
        assert tuple(hit) == COLUMNS
        assert hit["command_line"].endswith(f"{NAME}'")
        assert (hit["rule"], hit["level"], hit["tags"]) == ("Hostile", "high", ["attack.execution", "attack.t1059"])
        assert hit["record"].encode() == HOSTILE.splitlines()[1]
        data = (folder / "audit.log").read_bytes()
        assert data[hit["position"] :].startswith(b"type=EXECVE msg=audit(1799999999.000:7)")
        assert document["summary"]["rules"][0]["hits"] == 2
        assert [failed["line"] for failed in document["summary"]["rules_failed"]] != []
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
        assert [row["type"] for row in rows] == ["EXECVE", "USER_MSG"]


def test_the_exit_status_says_what_came_of_it(folder: Path) -> None:
    (folder / "quiet.log").write_bytes(LOG.read_bytes())
    quiet = _scan(folder, folder / "quiet.log", "--rules", folder / "rules" / "hostile.yml")
    assert (quiet.returncode, quiet.stdout) == (0, b"")
    assert b"quiet.log: auditd" in quiet.stderr
    assert _scan(folder, folder / "none.log").returncode == 2
    assert _scan(folder, folder / "quiet.log", "--rules", folder / "rules" / "broken.yml").returncode == 2
    (folder / "noise").write_bytes(b"nothing that is known\n" * 9)
    failed = _scan(folder, folder / "noise", folder / "audit.log", "--rules", folder / "rules" / "hostile.yml")
    assert failed.returncode == 3
    assert b"neither an auditd record" in failed.stderr
    assert failed.stdout


def test_the_shipped_rules_need_no_configuration(folder: Path) -> None:
    done = _scan(folder, LOG, "--format", "json")
    document = json.loads(done.stdout)
    assert done.returncode == (1 if document["hits"] else 0)
    assert "access-without-grant" in document["summary"]["rules_left_out"]
    assert (folder / "cache" / "seqwatch" / "rules.json").exists()


def test_a_type_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(CommandError):
        _check_type("no-such-mapping")
    _check_type("laurel")
