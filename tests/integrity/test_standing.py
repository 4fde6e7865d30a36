from __future__ import annotations

from dataclasses import replace

import pytest

from seqwatch_tui.integrity.manifest import read_manifest
from seqwatch_tui.integrity.standing import standing

DAY = 86400.0


def stand(site, *, days: float = 0.0, manifest: bool = True):
    read = read_manifest(site.root, "SHA256SUMS") if manifest else None
    return standing("d", site.known, read, site.now + days * DAY, 7 * DAY)


def test_never_checked_is_unknown(site):
    site.add("a")
    found = stand(site)
    assert (found.state, found.text, found.not_checked, found.checked) == ("unknown", "1 not checked", 1, None)
    assert standing("d", {}, None, site.now).state == "unknown"


def test_all_read_and_right_is_a_pass(site):
    site.add("a")
    site.add("b")
    site.run()
    found = stand(site)
    assert (found.state, found.text, found.ok, found.checked) == ("pass", "2 ok", 2, site.now)
    assert found.finding(site.now).kind == "INT-01"


def test_a_pass_ages_into_not_checked(site):
    site.add("a")
    site.run()
    assert stand(site, days=7).state == "pass"
    old = stand(site, days=7.1)
    assert (old.state, old.ok, old.not_checked, old.outdated) == ("warn", 0, 1, 1)
    assert stand(site, days=-1).state == "warn"  # read in the future: the clock was stepped back


def test_a_quick_check_does_not_make_it_younger(site):
    site.add("a")
    site.run()
    site.now += 8 * DAY
    assert site.run(quick=True).totals.ok == 1
    assert stand(site).state == "warn"


@pytest.mark.parametrize(
    ("harm", "state", "text"),
    [
        (lambda s: (s.root / "a").write_bytes(b"ACGA"), "fail", "1 changed"),
        (lambda s: (s.root / "a").unlink(), "fail", "1 missing"),
        (lambda s: s.add("x", listed=False), "warn", "1 extra"),
        (lambda s: (s.root / "x").symlink_to("a"), "warn", "1 not regular files"),
        (lambda s: ((s.root / "a").unlink(), (s.root / "a").symlink_to("b")), "unknown", "1 unreadable"),
        (lambda s: (s.root / "SHA256SUMS").unlink(), "fail", "1 missing"),
        (lambda s: s.list(b"../outside"), "warn", "1 problems in the manifest"),
    ],
)
def test_what_is_wrong_is_the_state(site, harm, state, text):
    site.add("a")
    site.add("b")
    site.run()
    harm(site)
    site.run()
    found = stand(site)
    assert found.state == state
    assert text in found.text


def test_a_new_line_in_the_manifest_is_not_a_pass(site):
    site.add("a")
    site.run()
    site.add("b")
    assert (stand(site).state, stand(site).not_checked) == ("unknown", 1)


def test_history_does_not_count(site):
    site.add("a")
    extra = site.add("extra", listed=False)
    site.run()
    extra.unlink()
    site.run()
    assert stand(site).state == "pass"


def test_changed_during_read_is_not_a_pass(site):
    site.add("a")
    site.run()
    known = site.known["a"]
    site.known["a"] = replace(known, check=replace(known.check, verdict="changed during read"))
    found = stand(site)
    assert (found.state, found.changed_during_read) == ("unknown", 1)
