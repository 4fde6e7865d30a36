"""A plan before it is carried out, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.app import ComposeResult

from seqwatch_tui.console import when
from seqwatch_tui.console.host import Host
from seqwatch_tui.console.views.base import View
from seqwatch_tui.console.widgets.pager import Pager, Paragraph
from seqwatch_tui.model.action import Outcome, Plan

_STEP = {"done": "pass", "failed": "fail", "undone": "warn", "skipped": "dim", "planned": "text"}
_PROVED = {"yes": "pass", "no": "fail", "unknown": "unknown"}


class PlanView(View):
    """What would be done, to what, who would feel it, and how it is undone. Nothing has happened yet."""

    context = "plan"

    def __init__(self, host: Host, plan: Plan, ask: Callable[[Plan], None]) -> None:
        super().__init__(host)
        self.crumb = f"{plan.verb} {plan.dataset}"
        self._plan, self._ask = plan, ask
        self.pager = Pager(self.desk)

    def compose(self) -> ComposeResult:
        """The plan as text."""
        yield self.pager

    def on_mount(self) -> None:
        """Show it; the question stands on the line below."""
        self.pager.show(self._paragraphs())

    def open(self) -> None:
        """Ask for the dataset's name."""
        self._ask(self._plan)

    def copy(self) -> str:
        """The command line it equals."""
        return self._plan.command

    def _paragraphs(self) -> Iterable[Paragraph]:
        plan = self._plan
        yield "PLAN", f"{plan.verb} {plan.dataset}: nothing has happened yet", "warn"
        yield "path", plan.path, "strong"
        yield "reason", plan.reason, "text"
        yield "operator", f"{plan.operator}, {when.stamp(plan.created, self.desk.zone)}", "text"
        for warning in plan.warnings:
            yield "warning", warning, "warn"
        for sentence in plan.blast_radius or ("nobody is known to be using it",):
            yield "who feels it", sentence, "warn"
        for step in plan.steps:
            yield f"step {step.number}", step.text, "strong"
            yield "  undo", step.undo, "dim"
        yield "equals", plan.command, "text"


class OutcomeView(View):
    """What became of a plan, step by step, and what the probe proves."""

    context = "outcome"

    def __init__(self, host: Host, outcome: Outcome) -> None:
        super().__init__(host)
        self.crumb = f"{outcome.verb} {outcome.dataset}: {outcome.state}"
        self._outcome = outcome
        self.pager = Pager(self.desk)

    def compose(self) -> ComposeResult:
        """The outcome as text."""
        yield self.pager

    def on_mount(self) -> None:
        """Show it."""
        self.pager.show(self._paragraphs())

    def dataset(self) -> str | None:
        """The dataset of the plan: it can be released, quarantined or verified from here."""
        return self._outcome.dataset

    def copy(self) -> str:
        """All of it."""
        return self.pager.whole()

    def _paragraphs(self) -> Iterable[Paragraph]:
        outcome = self._outcome
        state = {"done": "pass", "partial": "warn"}.get(outcome.state, "fail")
        took = outcome.finished - outcome.started
        yield "OUTCOME", f"{outcome.verb} {outcome.dataset}: {outcome.state} in {took:.1f} s", state
        yield "probe", outcome.probe, _PROVED.get(outcome.proved, "unknown")
        yield "proved", outcome.proved, _PROVED.get(outcome.proved, "unknown")
        for step in outcome.steps:
            yield f"step {step.number}", f"{step.state}: {step.text}", _STEP.get(step.state, "unknown")
            if step.detail:
                yield " ", step.detail, "dim"
        key, undo = ("U", "release") if outcome.verb == "quarantine" else ("Q", "quarantine")
        yield "undo", f"{key}, or seqwatch {undo} {outcome.dataset} --reason ...", "dim"
