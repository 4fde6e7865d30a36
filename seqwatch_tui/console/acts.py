"""What an operator can change: quarantine, release, verify, jobs (alerts: `alert_acts`). Each asks; the default is no."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from seqwatch_tui.console import answers
from seqwatch_tui.console.alert_acts import AlertActs
from seqwatch_tui.console.views.telling import quoted
from seqwatch_tui.console.widgets.prompt import Question
from seqwatch_tui.model.action import Outcome, Plan

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console

_MAY_ACT = ("responder", "approver")
_PATIENCE = 300.0
"""Seconds a plan may take to be carried out before the console stops waiting; the engine does not stop."""


class Acts:
    """Asks the operator, then the engine; every answer is shown."""

    def __init__(self, app: Console) -> None:
        self._app = app
        self.alerts = AlertActs(app, self)

    def plan(self, verb: str, argument: str) -> None:
        """Ask for a reason, get the plan, show it, and ask for the dataset's name."""
        dataset = argument or self._app.view.dataset()
        if not self.may(verb) or self.none(dataset, "dataset"):
            return
        self.ask_reason(f"{verb} {dataset}, reason:", lambda reason: self._plan(verb, str(dataset), reason))

    def verify(self, argument: str) -> None:
        """Ask whether to read every file, or the sizes and changed files only, and start the job."""
        dataset = argument or self._app.view.dataset()
        if not self.may("verifying") or self.none(dataset, "dataset"):
            return
        label = f"verify {dataset}? y = read every file, k = quick, any other key = no"
        self._app.ask(Question(label, lambda key: self._verify(str(dataset), key), keys="yk"))

    def job(self, do: str, argument: str) -> None:
        """Ask, then pause, resume or cancel the job on the dataset."""
        dataset = argument or self._app.view.dataset()
        if not self.may(f"to {do} a job") or self.none(dataset, "dataset"):
            return
        status = self._app.desk.snapshot.status if self._app.desk.snapshot else None
        open_ = ("running", "paused", "queued")
        found = [job for job in (status.jobs if status else ()) if job.dataset == dataset and job.state in open_]
        if not found:
            self._app.say(f"no job works on {dataset}; V starts a verification", "warn")
            return
        job = found[0]
        do = "resume" if do == "pause" and job.state == "paused" else do
        label = f"{do} the {job.kind} of {dataset}? y = yes, any other key = no"
        self._app.ask(Question(label, lambda key: self._job(job.id, do, key), keys="y"))

    def may(self, what: str) -> bool:
        """Whether this console and this user may change anything; says why not."""
        desk = self._app.desk
        if desk.read_only:
            self._app.say(f"read-only: {what} is switched off here", "warn")
        elif desk.hello is None or desk.trouble:
            self._app.say("the engine does not answer: nothing can be done from here now", "warn")
        elif desk.hello.role not in _MAY_ACT:
            self._app.say(f"{what} needs the role responder; yours is {desk.hello.role or 'none'}", "warn")
        else:
            return True
        return False

    def none(self, subject: object, kind: str) -> bool:
        """Whether there is nothing to act on; says so."""
        if subject is None:
            self._app.say(f"no {kind} under the cursor", "warn")
        return subject is None

    def ask_reason(self, label: str, answered: Callable[[str], None]) -> None:
        """Ask for a reason, which may not be empty."""

        def heard(reason: str) -> None:
            if reason.strip():
                self._app.close_prompt()
                answered(reason.strip())
            else:
                self._app.label_prompt(f"{label} (needed; Esc = no)")

        self._app.ask(Question(label, heard))

    def _plan(self, verb: str, dataset: str, reason: str) -> None:
        self._app.say(f"planning the {verb} of {dataset} ...")
        body = {"verb": verb, "dataset": dataset, "reason": reason}
        self._app.errand(lambda client: client.post("/v1/plans", body, answers.plan, timeout=60.0), self._planned)

    def _planned(self, plan: Plan) -> None:
        from seqwatch_tui.console.views.act import PlanView

        self._app.push(PlanView(self._app, plan, self._ask_name))
        self._ask_name(plan)

    def _ask_name(self, plan: Plan) -> None:
        label = f"type {plan.dataset} to {plan.verb} it (↑↓ scroll, Esc = no):"

        def heard(typed: str) -> None:
            if typed.strip() == plan.dataset:
                self._app.close_prompt()
                self._carry_out(plan)
            elif typed.strip():
                self._app.refuse(f"that is not {plan.dataset}; type it in full (Esc = no):")
            else:
                self._app.close_prompt()
                self._app.say("nothing was done; Enter asks again, Esc leaves the plan")

        left = "nothing was done; Enter asks again, Esc leaves the plan"
        self._app.ask(Question(label, heard, left=lambda: self._app.say(left)))

    def _carry_out(self, plan: Plan) -> None:
        def done(outcome: Outcome) -> None:
            from seqwatch_tui.console.views.act import OutcomeView

            self._app.back()
            self._app.push(OutcomeView(self._app, outcome))
            self._app.say("Esc comes back; the journal holds every step")
            self._app.refresh_now()

        self._app.say(f"carrying out: {plan.verb} {plan.dataset} ...", "warn")
        path, body = f"/v1/plans/{quoted(plan.plan_id)}", {"typed": plan.dataset}
        self._app.errand(
            lambda client: client.post(path, body, answers.outcome, timeout=_PATIENCE), done, timeout=_PATIENCE
        )

    def _verify(self, dataset: str, key: str) -> None:
        self._app.close_prompt()
        if not key:
            self._app.say("nothing was done")
            return
        body = {"dataset": dataset, "quick": key == "k"}

        def done(answer: dict[str, Any]) -> None:
            self._app.say(f"verification {answer['job']} of {dataset} runs in the background; 4 shows it")
            self._app.refresh_now()

        self._app.errand(lambda client: client.post("/v1/verify", body, dict), done)

    def _job(self, job: str, do: str, key: str) -> None:
        self._app.close_prompt()
        if not key:
            self._app.say("nothing was done")
            return

        def done(_job: dict[str, Any]) -> None:
            self._app.say(f"{do}: done")
            self._app.refresh_now()

        self._app.errand(lambda client: client.post(f"/v1/jobs/{quoted(job)}", {"do": do}, dict), done)
