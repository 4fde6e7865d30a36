"""Plans wait for half an hour and are few; a stale one is refused in a sentence; one being carried out stays."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from seqwatch_tui.engine.api import act
from seqwatch_tui.engine.api.server import ENGINE, PEER, ApiError
from seqwatch_tui.engine.lookout import NoAnswer
from seqwatch_tui.engine.plans import GOOD_SECONDS, KEPT, Plans
from seqwatch_tui.model.action import Plan, Refused


class Clock:
    """Goes on when told to."""

    seconds = 1000.0

    def now(self) -> float:
        raise AssertionError("a step of the host's clock must not make plans older")

    def monotonic(self) -> float:
        return self.seconds


def made(number: int) -> Plan:
    return Plan(f"{number:016x}", "quarantine", "cohort", "/d", "why", "op", 0.0, (), (), (), "")


def confirm(plans: Plans, plan_id: str, typed: str = "cohort") -> Any:
    """Confirm a plan over the API's handler, of an engine for which no file system answers."""

    async def read() -> bytes:
        return json.dumps({"typed": typed}).encode()

    lookout = SimpleNamespace(look=lambda subject, *_: NoAnswer(subject, 0.0))
    app = {ENGINE: SimpleNamespace(plans=plans, lookout=lookout)}
    request = type("Request", (dict,), {"app": app, "read": staticmethod(read), "match_info": {"id": plan_id}})
    return asyncio.run(act.carry_out(request({PEER: None})))


def test_ten_thousand_plans_leave_only_the_newest() -> None:
    plans = Plans(Clock())
    for number in range(10_000):
        plans.add(made(number))
    assert len(plans) == KEPT
    assert plans.find(made(9_999).plan_id) == made(9_999)
    assert plans.find(made(10_000 - KEPT).plan_id) == made(10_000 - KEPT)
    assert plans.find(made(9_999 - KEPT).plan_id) is None


def test_an_old_plan_is_refused_and_nothing_is_changed() -> None:
    clock = Clock()
    plans = Plans(clock)
    plans.add(made(1))
    clock.seconds += GOOD_SECONDS
    assert plans.find(made(1).plan_id) == made(1)
    clock.seconds += 1
    assert isinstance(plans.find(made(1).plan_id), Refused)
    with pytest.raises(ApiError) as said:
        confirm(plans, made(1).plan_id)
    text = "the plan to quarantine cohort is too old (plans are good for 30 minutes); nothing was changed"
    assert (said.value.status, said.value.error) == (409, text)
    assert said.value.hint.startswith("ask for it again")
    plans.add(made(1))
    with pytest.raises(ApiError, match="is not cohort; nothing was changed"):
        confirm(plans, made(1).plan_id, "cohor")


def test_a_plan_for_a_mount_that_died_since_is_refused_and_stays() -> None:
    plans = Plans(Clock())
    plans.add(made(1))
    with pytest.raises(ApiError, match="the file system of /d does not answer; nothing was changed"):
        confirm(plans, made(1).plan_id)
    assert plans.find(made(1).plan_id) == made(1)


def test_a_plan_that_is_not_there_says_what_to_do() -> None:
    with pytest.raises(ApiError) as said:
        confirm(Plans(Clock()), "zz")
    assert (said.value.status, said.value.hint.partition(":")[0]) == (404, "ask for it again")


def test_a_plan_that_is_being_carried_out_stays_and_then_leaves() -> None:
    plans = Plans(Clock())
    plans.add(made(0))
    with plans.carrying(made(0)):
        for number in range(1, 2 * KEPT):
            plans.add(made(number))
        assert plans.find(made(0).plan_id) == made(0)
    assert plans.find(made(0).plan_id) is None
    assert len(plans) == KEPT


def test_an_act_that_could_not_begin_keeps_its_plan() -> None:
    plans = Plans(Clock())
    plans.add(made(0))
    with pytest.raises(BlockingIOError), plans.carrying(made(0)):
        raise BlockingIOError
    assert plans.find(made(0).plan_id) == made(0)
    for number in range(1, KEPT + 1):
        plans.add(made(number))
    assert plans.find(made(0).plan_id) is None, "it is carried out no more"
