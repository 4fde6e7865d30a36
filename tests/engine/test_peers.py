"""Who may do what: the role of a peer, and what a peer without one gets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqwatch_tui.config.settings import load, loads
from seqwatch_tui.engine.api.routes import ROUTES
from seqwatch_tui.engine.peers import Peer, Role, groups_of, role_of
from tests.engine.conftest import RESPONDER, STRANGER, VIEWER, name_of
from tests.engine.running import ROOT, WORKLOAD, Running, engine, write_site

SETTINGS = loads(
    "site: s\nstate_dir: /nonexistent/s\noperators:\n"
    "  viewer: {users: [vic], groups: [seqops]}\n  auditor: {groups: [auditors]}\n"
    "  responder: {users: [oncall, vic2]}\n  approver: {users: [lead], groups: [leads]}\n",
    "roles.yaml",
)
OVERFLOW = 65534


@pytest.mark.parametrize(
    ("uid", "name", "groups", "role"),
    [
        (7001, "vic", set(), "viewer"),
        (7001, "ann", {"seqops"}, "viewer"),
        (7001, "ann", {"auditors"}, "auditor"),
        (7001, "ann", {"auditors", "seqops"}, "auditor"),
        (7001, "oncall", {"seqops"}, "responder"),
        (7001, "lead", set(), "approver"),
        (7001, "vic", {"leads"}, "approver"),
        (7001, "nobody-special", {"users"}, None),
        (7001, "VIC", set(), None),
        (7001, "seqops", set(), None),  # a group's name is no user's
        (0, "root", set(), "approver"),
        (OVERFLOW, "lead", {"leads"}, None),  # whoever has no uid here: a foreign user namespace
    ],
)
def test_role_of(uid: int, name: str, groups: set[str], role: Role | None) -> None:
    assert role_of(uid, name, frozenset(groups), SETTINGS) == role


def test_the_engine_s_own_user_is_approver() -> None:
    assert role_of(os.geteuid(), "whoever", frozenset(), SETTINGS) == "approver"


@pytest.mark.parametrize(
    ("role", "may"),
    [(None, 0), ("viewer", 1), ("auditor", 2), ("responder", 3), ("approver", 4)],
)
def test_each_role_includes_the_ones_before(role: Role | None, may: int) -> None:
    order: tuple[Role, ...] = ("viewer", "auditor", "responder", "approver")
    assert [Peer(1, "p", role).may(needed) for needed in order] == [n < may for n in range(4)]


def test_every_route_that_changes_something_needs_more_than_viewer() -> None:
    assert [path for method, path, role, _ in ROUTES if method != "GET" and role in (None, "viewer")] == []
    assert [path for _, path, role, _ in ROUTES if role is None] == ["/v1/hello"]


def test_groups_of_an_unknown_user_are_none() -> None:
    assert groups_of("no-such-user-here") == frozenset()


ASK = """
import os, sys
from pathlib import Path
from tests.engine.running import Api
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
api = Api(Path(sys.argv[1]))
for line in sys.stdin:
    method, path = line.split()
    answer = api.send(method, path, b"{}" if method == "POST" else None)
    print(method, path, answer.status, answer.value["error"] if answer.status >= 400 else "")
"""


def _ask(site: Running, uid: int) -> dict[tuple[str, str], tuple[int, str]]:
    lines = "".join(f"{method} {path.replace('{id}', '1')}\n" for method, path, _, _ in ROUTES)
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(site.api.path), str(uid)],
        input=lines, capture_output=True, text=True, check=True, cwd=ROOT, timeout=60,
    )  # fmt: skip
    parts = [line.split(" ", 3) for line in done.stdout.splitlines()]
    return {(m, p): (int(status), rest[0] if rest else "") for m, p, status, *rest in parts}


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_peer_without_a_role_gets_hello_and_nothing_else(site: Running) -> None:
    said = _ask(site, STRANGER)
    assert {key: status for key, (status, _) in said.items()} == {
        (method, path.replace("{id}", "1")): 200 if path == "/v1/hello" else 403 for method, path, _, _ in ROUTES
    }
    assert said["GET", "/v1/status"][1] == "61234 has the role none here; this needs viewer"


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_viewer_may_look_and_not_touch(site: Running) -> None:
    said = _ask(site, VIEWER)
    refused = {(m, p) for (m, p), (status, _) in said.items() if status == 403}
    assert refused == {(m, p.replace("{id}", "1")) for m, p, role, _ in ROUTES if role not in (None, "viewer")}


INGEST = """
import json, os, sys
from pathlib import Path
from tests.engine.running import Api
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
answer = Api(Path(sys.argv[1])).post("/v1/ingest", {"paths": [sys.argv[3]], "format": sys.argv[4]})
print(answer.status, answer.body.decode())
"""


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
@pytest.mark.parametrize("form", ["auto", "auditd"])
def test_nobody_reads_through_the_engine_what_they_may_not_read(site: Running, tmp_path: Path, form: str) -> None:
    """`auto` shows the first bytes in its error, a named format stores every line as a record, which SQL shows."""
    secret = tmp_path / "shadow"
    secret.write_text(f"root:hash-of-{form}:19000:0:::::\n")
    secret.chmod(0o600)
    done = subprocess.run(
        [sys.executable, "-c", INGEST, str(site.api.path), str(RESPONDER), str(secret), form],
        capture_output=True, text=True, check=True, cwd=ROOT, timeout=60,
    )  # fmt: skip
    assert f"hash-of-{form}" not in done.stdout
    assert site.api.sql(f"select * from records where raw like '%hash-of-{form}%'") == []


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_an_approver_is_read_what_an_approver_can_read(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(folder.stat().st_mode | 0o711)
    secret, shared = tmp_path / "shadow", tmp_path / "shared.log"
    secret.write_text("root:hash-of-root:19000:0:::::\n")
    secret.chmod(0o600)
    shared.write_bytes(WORKLOAD.read_bytes())
    shared.chmod(0o644)
    config = write_site(tmp_path, ["site: t", f"operators: {{approver: {{users: [{name_of(RESPONDER)}]}}}}"])
    with engine(config, "--no-sources") as running:
        for path, form, status in ((secret, "auto", "403"), (secret, "auditd", "403"), (shared, "auto", "200")):
            done = subprocess.run(
                [sys.executable, "-c", INGEST, str(running.api.path), str(RESPONDER), str(path), form],
                capture_output=True, text=True, check=True, cwd=ROOT, timeout=60,
            )  # fmt: skip
            assert done.stdout.split()[0] == status, done.stdout
            assert "hash-of-root" not in done.stdout
        assert running.api.sql("select * from records where raw like '%hash-of-root%'") == []


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_the_state_folder_shows_nothing_to_others(site: Running) -> None:
    state = site.api.path.parent
    peek = "import os,sys; os.setgid(61234); os.setuid(61234); "
    for attempt in (
        "os.listdir(sys.argv[1])",
        "open(sys.argv[1] + '/store.duckdb')",
        "os.listdir(sys.argv[1] + '/ledger')",
    ):
        done = subprocess.run(
            [sys.executable, "-c", peek + attempt, str(state)], capture_output=True, text=True, check=False
        )
        assert "PermissionError" in done.stderr, attempt


def test_a_site_without_operators_keeps_its_socket_to_itself(tmp_path: Path) -> None:
    config = write_site(tmp_path, ["site: alone"])
    with engine(config) as running:
        assert running.api.path.stat().st_mode & 0o777 == 0o600
        assert load(config).state_dir.stat().st_mode & 0o777 == 0o700
