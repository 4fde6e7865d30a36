"""One act under way: the steps of a plan on the descriptor of its directory, each counted and journalled.

Shutting goes from the leaves to the root after the root was closed to others; giving back goes the same way, so the
root opens last: at no moment can a stranger reach a half-treated dataset by path.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from seqwatch_tui.model.action import Outcome, Step, StepState
from seqwatch_tui.model.text import safe_text
from seqwatch_tui.response.inode import Inode, inspect, set_flags, set_mode
from seqwatch_tui.response.journal import Pen
from seqwatch_tui.response.lock import cannot_return, differences, give_back, is_shut, shut
from seqwatch_tui.response.probe import Asked, Probe, judge
from seqwatch_tui.response.state import Intent, Recorded, quarantines
from seqwatch_tui.response.tree import Node, Unseen, walk

Clock = Callable[[], float]
_State = Literal["done", "failed", "partial"]
_TOLD = 5
_TO_LIST = 0o500  # what an owner needs to read and enter a directory


@dataclass(slots=True)
class _Tally:
    """What a step did: how many inodes, each that is not as it should be, and what a file system would not do besides."""

    done: int = 0
    left: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def leave(self, path: bytes, why: str) -> None:
        self.left.append(f"{safe_text(os.fsdecode(path)) or '.'}: {why}")

    @property
    def text(self) -> str:
        more = f"; and {len(self.left) - _TOLD} more" if len(self.left) > _TOLD else ""
        refused = [f"{why} on {count}" for why, count in self.refused.items()]
        return "; ".join([f"{self.done} done", *refused, *self.left[:_TOLD]]) + more


@dataclass(slots=True)
class Act:
    """One act under way on the descriptor `root`; `fresh` is False when it is finished after a crash."""

    intent: Intent
    root: int
    pen: Pen
    clock: Clock
    probe: Probe
    fresh: bool

    def finish(self, started: float) -> Outcome:
        """Run the steps, prove the result, write the outcome."""
        plan, verb = self.intent.plan, self.intent.plan.verb
        if verb == "release" and not self.fresh:
            self._take_record()
        shutting = (self._close, self._shut_all, self._shut_root)
        works = shutting if verb == "quarantine" else (self._open, self._give_all, self._give_root)
        steps, state = self._run(works)
        after = self.probe(Asked(self.intent.offender, self.intent.root.uid), self.root, self.intent.samples)
        text, proved = judge(verb, self.intent.before, after)
        outcome = Outcome(plan.plan_id, verb, plan.dataset, state, steps, text, proved, started, self.clock())
        self.pen.append("outcome", outcome.finished, asdict(outcome))
        return outcome

    def _take_record(self) -> None:
        """A release's own intent holds no record: it gives back from the quarantine's."""
        held = quarantines(self.pen.entries)[self.intent.plan.dataset]
        self.intent = replace(held, plan=self.intent.plan)

    def _run(self, works: tuple[Callable[[], _Tally], ...]) -> tuple[tuple[Step, ...], _State]:
        """Run each step and journal it; one that cannot be done at all ends the act."""
        steps, left = list(self.intent.plan.steps), False
        for index, work in enumerate(works):
            try:
                tally = work()
            except OSError as error:
                if index == 0:
                    self._revert()
                self._tell(steps, index, "failed", _Tally(0, [error.strerror or str(error)]))
                return tuple(steps), "partial" if index else "failed"
            left = left or bool(tally.left)
            self._tell(steps, index, "done", tally)
        return tuple(steps), "partial" if left else "done"

    def _tell(self, steps: list[Step], index: int, state: StepState, tally: _Tally) -> None:
        steps[index] = replace(steps[index], state=state, detail=tally.text)
        body = {"plan_id": self.intent.plan.plan_id, "number": index + 1, "state": state, "detail": tally.text}
        self.pen.append("step", self.clock(), {**body, "left": tally.left})

    def _close(self) -> _Tally:
        if not is_shut(inspect(self.root), privileged=self.intent.privileged):
            shut(self.root, privileged=self.intent.privileged, mode=0o700)
        return _Tally(1)

    def _shut_all(self) -> _Tally:
        tally = _Tally()
        if not self.fresh and not self._may_enter(Node(self.root, b"", inspect(self.root))):
            return tally  # the root was shut last, so all beneath it is done
        for found in self._walk(self._may_enter):
            if isinstance(found, Unseen):
                tally.leave(found.path, found.why)
            else:
                self._shut(found, tally)
        return tally

    def _shut(self, node: Node, tally: _Tally) -> None:
        if why := cannot_return(node.inode, privileged=self.intent.privileged):
            tally.leave(node.path, why)
            return
        self._amend(node)
        try:
            refused = shut(node.fd, privileged=self.intent.privileged)
        except OSError as error:
            tally.leave(node.path, f"could not be shut: {error.strerror}")
            return
        tally.done += 1
        if refused:
            tally.refused[refused] += 1

    def _amend(self, node: Node) -> None:
        """Record what the intent does not know yet: an inode made since, or changed before we came to it.

        After a crash a known inode may be half shut by ourselves, so then only unknown ones are recorded.
        """
        known = self.intent.record.get(node.inode.identity)
        if known and (not self.fresh or is_shut(node.inode, privileged=self.intent.privileged)):
            return
        if known is None or differences(node.inode, known.inode):
            item = Recorded(node.path, node.inode)
            self.intent.record[node.inode.identity] = item
            self.pen.append("amend", self.clock(), {"plan_id": self.intent.plan.plan_id, "inode": item.to_json()})

    def _may_enter(self, node: Node) -> bool:
        """Without privilege a shut directory cannot be read, and its children were shut before it."""
        return self.intent.privileged or not is_shut(node.inode, privileged=False)

    def _shut_root(self) -> _Tally:
        tally = _Tally(1)
        if refused := shut(self.root, privileged=self.intent.privileged):
            tally.refused[refused] += 1
        return tally

    def _open(self) -> _Tally:
        now = inspect(self.root)
        if differences(now, self.intent.root):
            if now.flags:
                set_flags(self.root, 0)
            set_mode(self.root, 0o700)
        return _Tally(1)

    def _give_all(self) -> _Tally:
        tally, missing, unread = _Tally(), dict(self.intent.record), []
        paths = {item.path for item in missing.values()}
        for found in self._walk(self._reopen):
            if isinstance(found, Unseen):
                unread.append(found.path)
                tally.leave(found.path, found.why)
            elif known := self.intent.record.get(found.inode.identity):
                missing.pop(found.inode.identity, None)
                self._give(found, known.inode, tally)
            else:
                what = "was replaced" if found.path in paths else "is new"
                tally.leave(found.path, f"{what} since the quarantine; left as it is")
        for item in missing.values():
            if not any(_is_below(item.path, path) for path in unread):
                tally.leave(item.path, "is gone; nothing to give back to")
        return tally

    def _give(self, node: Node, old: Inode, tally: _Tally) -> None:
        try:
            if why := give_back(node.fd, old):
                tally.leave(node.path, why)
                return
        except OSError as error:
            tally.leave(node.path, f"could not be given back: {error.strerror}")
            return
        tally.done += 1

    def _reopen(self, node: Node) -> bool:
        """Without privilege a shut directory has to be opened to ourselves before it can be read."""
        known = self.intent.record.get(node.inode.identity)
        if self.intent.privileged or known is None:
            return True
        if known.inode.mode & _TO_LIST != _TO_LIST:
            return False  # it could not be read when it was shut, so nothing was taken beneath
        if is_shut(node.inode, privileged=False):
            set_mode(node.fd, 0o700)
        return True

    def _give_root(self) -> _Tally:
        tally = _Tally(1)
        if why := give_back(self.root, self.intent.root):
            tally.leave(b"", why)
        return tally

    def _revert(self) -> None:
        """A quarantine that cannot even close the directory leaves it as it was, as far as it can."""
        if self.intent.plan.verb == "quarantine":
            with contextlib.suppress(OSError):
                give_back(self.root, self.intent.root)

    def _walk(self, enter: Callable[[Node], bool]) -> Iterator[Node | Unseen]:
        return walk(Node(self.root, b"", inspect(self.root)), enter)


def _is_below(path: bytes, directory: bytes) -> bool:
    return not directory or path.startswith(directory + b"/")
