"""Plans that wait for their word: the newest few, for half an hour, so that nobody confirms what was true yesterday.

A plan shows who has files open and what lies in the dataset as of the moment it was made. One that is being carried out
stays until that is over, however old it is.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator

from seqwatch_tui.engine.clock import Clock
from seqwatch_tui.model.action import Plan, Refused

KEPT = 64
"""Most plans that wait; one more, and the oldest leaves."""
GOOD_SECONDS = 1800.0
"""How long a plan may be confirmed."""
ASK_AGAIN = "ask for it again: who has files open and what lies there may have changed"


class Plans:
    """The plans of one engine. For any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._plans: dict[str, tuple[Plan, float]] = {}
        """Each with the monotonic time it came, oldest first: a step of the host's clock makes no plan older."""
        self._carried: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._plans)

    def add(self, plan: Plan) -> None:
        """Keep a plan until it is carried out or too old."""
        with self._lock:
            self._plans.pop(plan.plan_id, None)
            self._plans[plan.plan_id] = plan, self._clock.monotonic()
            waiting = [number for number in self._plans if number not in self._carried]
            for number in waiting[:-KEPT]:
                del self._plans[number]

    def find(self, plan_id: str) -> Plan | Refused | None:
        """Return a plan that may be confirmed; Refused when it is too old; null when there is none."""
        with self._lock:
            found = self._plans.get(plan_id)
        if found is None:
            return None
        plan, made = found
        if self._clock.monotonic() - made > GOOD_SECONDS:
            old = f"the plan to {plan.verb} {plan.dataset} is too old (plans are good for {GOOD_SECONDS / 60:.0f} minutes)"
            return Refused(f"{old}; nothing was changed", ASK_AGAIN)
        return plan

    @contextlib.contextmanager
    def carrying(self, plan: Plan) -> Iterator[None]:
        """Keep a plan while it is carried out; after that it is gone, unless it could not be begun."""
        with self._lock:
            self._carried[plan.plan_id] += 1
        try:
            yield
            with self._lock:
                self._plans.pop(plan.plan_id, None)
        finally:
            with self._lock:
                self._carried -= Counter([plan.plan_id])
