"""What can be said about a dataset in a window: spans, gaps by certainty, the sentence, and the command on a real trail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqwatch_tui.engine import coverage as coverage_of
from seqwatch_tui.engine.audit_host import Kernel
from seqwatch_tui.engine.blindness import URING, cannot_see
from seqwatch_tui.engine.coverage import Losses, Reach, losses_of, summary, watched
from seqwatch_tui.engine.spans import joined, seconds, spoken, within, without
from tests.engine.running import WORKLOAD, WORKLOAD_SITE, engine, ingest, seqwatch, until, write_site

_spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda s: (float(s[0]), float(s[1]))), max_size=6
)


def _points(spans: list[tuple[float, float]]) -> set[int]:
    return {second for start, end in spans for second in range(int(start), int(end))}


@given(one=_spans, other=_spans)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_spans_are_sets_of_seconds(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> None:
    assert _points(joined(one)) == _points(one)
    assert seconds(joined(one)) == len(_points(one))
    assert _points(without(one, other)) == _points(one) - _points(other)
    assert _points(within(one, (5.0, 20.0))) == {p for p in _points(one) if 5 <= p < 20}
    assert all(a[1] < b[0] for a, b in zip(joined(one), joined(one)[1:], strict=False))


def test_lengths_of_time_as_one_says_them() -> None:
    assert [spoken(n) for n in (0.0, 0.2, 45, 3600, 12_000, 90_000, 7 * 86_400)] == [
        "0 s", "less than a second", "45 s", "1 h", "3 h 20 min", "1 d 1 h", "7 d",
    ]  # fmt: skip


def _gap(
    start: float, end: float, kind: str = "downtime", count: int | None = None, certainty: str = "unknown"
) -> dict[str, Any]:
    return {"first_ts": start, "last_ts": end, "kind": kind, "count": count, "certainty": certainty, "source": "a"}


def _reach(first: float | None, last: float | None, *, live: bool = True) -> Reach:
    return Reach("a", "auditd", "live", True, live, first, last)


@pytest.mark.parametrize(
    ("reach", "gaps", "expected"),
    [
        (_reach(0, 50), [], [(100, 200)]),
        (_reach(150, 160), [], [(150, 200)]),
        (_reach(0, 120, live=False), [], [(100, 120)]),
        (_reach(None, None), [], []),
        (_reach(0, 90, live=False), [], []),
        (_reach(0, 50), [_gap(110, 130), _gap(190, 300)], [(100, 110), (130, 190)]),
        (_reach(0, 50), [_gap(110, 130, "unparsed", 3, "exact")], [(100, 200)]),
        (_reach(0, 50), [_gap(150, 150, "kernel_lost", 3, "exact")], [(100, 200)]),
    ],
)
def test_when_a_source_watched(reach: Reach, gaps: list[dict[str, Any]], expected: list[tuple[float, float]]) -> None:
    assert watched(reach, gaps, (100.0, 200.0)) == expected


def _source(*spans: tuple[float, float], unresolved: int = 0) -> dict[str, Any]:
    return {"watched": [list(span) for span in spans], "unresolved": unresolved}


def test_a_time_is_seen_when_one_source_watched() -> None:
    day = (0.0, 86_400.0)
    said = summary([_source((0.0, 50_000.0)), _source((40_000.0, 86_400.0))], [], day)
    assert (said["complete"], said["unseen_seconds"]) == (True, 0)
    assert (
        said["verdict"]
        == "nothing is known to be missing; 'nobody else read it' can be said, as far as these sources can see"
    )
    said = summary([_source((0.0, 75_600.0))], [_gap(1, 1, "kernel_lost", 412, "exact")], day)
    assert (said["complete"], said["known_lost"], said["unseen"]) == (False, 412, [[75_600.0, 86_400.0]])
    assert said["verdict"] == "3 h of 1 d unseen; 412 records known lost; 'nobody else read it' cannot be said"
    said = summary([_source(day, unresolved=2)], [_gap(1, 1, "serial", 7, "at_least"), _gap(2, 2)], day)
    assert said["verdict"] == (
        "7 more possibly lost; 1 loss without a number; 2 accesses under names that could not be resolved; "
        "'nobody else read it' cannot be said"
    )
    assert summary([], [], day)["unseen_seconds"] == 86_400


def test_gaps_count_by_their_certainty_whatever_their_kind() -> None:
    gaps = [
        _gap(1, 2, "sensor", 5, "exact"), _gap(1, 2, "a kind of tomorrow", 6, "exact"), _gap(1, 2, "serial", 7, "at_least"),
        _gap(1, 2, "downtime"), _gap(1, 2, "unparsed", 8, "exact"),
    ]  # fmt: skip
    assert losses_of(gaps) == Losses(known=11, possible=7, uncounted=1, kept=8)


@pytest.mark.parametrize("kind", ["auditd", "laurel", "fanotify", "jsonl", ""])
def test_every_type_of_source_has_limits_that_are_said(kind: str) -> None:
    limits = cannot_see(kind, "missing")
    assert any("NFS" in limit for limit in limits)
    assert (URING["missing"] in limits) == (kind in ("auditd", "laurel"))
    assert URING["missing"] not in cannot_see(kind, "loaded")


def test_the_command_on_a_recorded_trail(tmp_path: Path) -> None:
    """Four and a half seconds of trail: complete within them, and not beyond."""
    log = tmp_path / "audit.log"
    log.write_bytes(WORKLOAD.read_bytes())
    sources = f"sources: [{{name: audit, type: auditd, path: {log}}}]"
    config = write_site(tmp_path, (*WORKLOAD_SITE, sources))
    with engine(config) as running:
        until(lambda: running.api.status()["events"] == 278, "the trail")
        within_it = running.cli("coverage", "wgs-cohort-a", "--since", "1795344496", "--until", "1795344500")
        beyond = running.cli(
            "coverage", "wgs-cohort-a", "--since", "1795344000", "--until", "1795344500", "--format", "json"
        )
        other = ingest(running, log)
        assert other["failures"] == []
    assert (within_it.returncode, within_it.stderr) == (0, "")
    assert within_it.stdout.splitlines()[1].startswith(
        "nothing is known to be missing; 'nobody else read it' can be said"
    )
    assert "audit (auditd, live): " in within_it.stdout
    found = json.loads(beyond.stdout)
    assert (beyond.returncode, found["complete"], found["known_lost"]) == (1, False, 0)
    assert found["unseen"] == [[1795344000.0, pytest.approx(1795344495.0, abs=1)]]
    (source,) = found["sources"]
    assert (source["on_dataset"], source["reads"], source["unattributed"], source["unresolved"]) == (116, 100, 1, 0)


@pytest.mark.parametrize(
    "arguments", [["nosuch"], ["wgs-cohort-a", "--since", "frog"], ["wgs-cohort-a", "--since", "1h", "--until", "2h"]]
)
def test_what_cannot_be_asked_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    done = seqwatch(write_site(tmp_path, WORKLOAD_SITE), "coverage", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("seqwatch: ")


@pytest.mark.parametrize(
    ("listing", "said"),
    [
        ("-a always,io_uring -S openat -F key=u", "loaded"),
        ("-a never,io_uring -S openat", "missing"),
        ("-a never,io_uring -S openat\n-a always,io_uring -S openat -F key=u", "missing"),
        ("-w /data/io_uring -p r -k io_uring", "missing"),
    ],
)
def test_only_the_rule_for_io_uring_itself_counts(listing: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage_of, "ask_kernel", lambda: Kernel(listing, {}))
    assert coverage_of._kernel_has_uring() == said
