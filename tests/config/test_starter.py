"""The first configuration of a host loads as it stands, whatever the host is called."""

from __future__ import annotations

from pathlib import Path

from seqwatch_tui.config.settings import loads
from seqwatch_tui.config.starter import HostFacts, starter


def test_a_host_with_nothing_found() -> None:
    settings = loads(starter(HostFacts("seq01", Path("/var/lib/seqwatch"))), "x")
    assert (settings.site, settings.sources, settings.datasets) == ("seq01", (), ())


def test_what_was_found_is_in_it() -> None:
    facts = HostFacts(
        "seq01", Path("/srv/state"), "Europe/Berlin",
        Path("/var/log/audit/audit.log"), Path("/var/log/laurel/audit.log"),
        (Path("/data/run 240117_A00123"), Path("/data/x: [y]"), Path("/other/x- -y-")),
    )  # fmt: skip
    settings = loads(starter(facts), "x")
    assert [s.type for s in settings.sources] == ["auditd", "laurel"]
    assert [d.path for d in settings.datasets] == list(facts.datasets)
    assert len({d.id for d in settings.datasets}) == 3
    assert all(d.grants is None for d in settings.datasets)


def test_the_commented_examples_load_once_the_marks_are_taken_off() -> None:
    text = starter(HostFacts("seq01", Path("/srv/state")))
    for key in ("datasets", "roles", "operators"):
        text = text.replace(f"\n{key}: []\n", "\n").replace(f"\n{key}: {{}}\n", "\n")
    lines = [line[2:] if line.startswith("# ") and not line.endswith(".") else line for line in text.splitlines()]
    lines = [line[1:] if line.startswith("#  ") else line for line in lines]
    settings = loads("\n".join(lines), "x")
    assert settings.networks is not None
    assert settings.business_hours is not None
    assert settings.operators.approver.users == {"lead"}
    assert settings.datasets[0].grants == {"bioinformatician": frozenset({"read"})}
