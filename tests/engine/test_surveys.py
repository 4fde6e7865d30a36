"""Tests of the surveys: a key register that cannot be read is shown beside the keys, and forgotten once it can."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from seqwatch_tui.config.settings import Settings, loads
from seqwatch_tui.engine.doctor import examine
from seqwatch_tui.engine.lookout import Lookout
from seqwatch_tui.engine.surveys import survey_all
from seqwatch_tui.store.store import Store

NOW = 1_790_000_000.0
KEY = "- {id: c4gh-1, kind: crypt4gh, owner: lab, created: 2026-09-01}\n"


def site(folder: Path) -> Settings:
    return loads(f"site: a\nstate_dir: {folder}\nkeys: {{register: keys.yaml}}\n", str(folder / "x.yaml"))


def keys_shown(store: Store, settings: Settings) -> list[tuple[str, str]]:
    clock = SimpleNamespace(now=lambda: NOW)
    engine = SimpleNamespace(settings=settings, clock=clock, submit=store.commit, lookout=Lookout(clock))  # type: ignore[arg-type]
    survey_all(engine)  # type: ignore[arg-type]
    found = store.query("encryption", {}, now=NOW)
    rows = (dict(zip(found.columns, row, strict=True)) for row in found.rows)
    return [(row["id"], row["state"]) for row in rows if row["kind"] == "key"]


def test_a_register_that_cannot_be_read_is_unknown_until_it_can(tmp_path: Path) -> None:
    settings, register = site(tmp_path), tmp_path / "keys.yaml"
    store = Store.open(tmp_path)
    try:
        assert keys_shown(store, settings) == [("key register", "unknown")]
        register.write_text(KEY + KEY.replace("c4gh-1", "c4gh-2"))
        assert keys_shown(store, settings) == [("c4gh-1", "pass"), ("c4gh-2", "pass")]
        register.write_text(KEY)
        assert keys_shown(store, settings) == [("c4gh-1", "pass")], "a key that left the register is gone"
        register.write_text("- {id: c4gh-1, knd: crypt4gh}\n")
        assert keys_shown(store, settings) == [("key register", "unknown")]
    finally:
        store.close()


def test_doctor_reads_the_register(tmp_path: Path) -> None:
    (tmp_path / "keys.yaml").write_text(KEY)
    read = next(c for c in examine(site(tmp_path)) if c.name == "key register")
    assert (read.state, read.seen) == ("pass", f"1 keys in {tmp_path / 'keys.yaml'}")
    (tmp_path / "keys.yaml").unlink()
    missing = next(c for c in examine(site(tmp_path)) if c.name == "key register")
    assert missing.state == "fail"
    assert "keys.yaml" in missing.seen


@pytest.mark.root
def test_doctor_for_somebody_who_may_not_look_says_so(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "a").mkdir(parents=True)
    closed.chmod(0o700)
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom seqwatch_tui.engine import doctor\n"
        "os.setgroups([]), os.setgid(61234), os.setuid(61234)\nplace = Path(sys.argv[1])\n"
        "print(doctor._dataset('a', place / 'a').state, doctor._disk(place / 'state').state)"
    )
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(parent.stat().st_mode | 0o711)
    done = subprocess.run([sys.executable, "-c", code, str(closed)], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["unknown", "fail"], done.stderr
