"""Notice that the configuration, the site's rules or the key register were edited, and take them over.

What does not load changes nothing: the old set stays in force, and the status says which edit was rejected and why.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from watchfiles import Change, watch

from seqwatch_tui.engine.reload import reload_engine
from seqwatch_tui.engine.rules import SITE_RULES
from seqwatch_tui.engine.surveys import survey_all

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

LOG = logging.getLogger("seqwatch")
_DEBOUNCE_MS, _STEP_MS, _IDLE_MS = 1_600, 100, 5_000
_AGAIN_SECONDS = 5.0


class EditWatch(threading.Thread):
    """Runs until `stop`. Watches folders, because editors replace files."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(name="edit-watch", daemon=True)
        self._engine, self._stopping = engine, threading.Event()
        self._config = engine.config.absolute()
        self._rules = engine.state_dir / SITE_RULES
        self._register = engine.settings.keys.register

    def run(self) -> None:
        """Wait for edits, take them over; what goes wrong with one is told, and the next is taken over all the same."""
        while not self._stopping.is_set():
            try:
                self._watch()
            except Exception as error:  # noqa: BLE001 - root of a thread: operators see it, the next edit is tried again
                self._engine.trouble("taking over an edit of the configuration", error)
                self._stopping.wait(_AGAIN_SECONDS)

    def _watch(self) -> None:
        for _ in watch(
            *self._folders(), watch_filter=self._wanted, stop_event=self._stopping, debounce=_DEBOUNCE_MS, step=_STEP_MS,
            rust_timeout=_IDLE_MS, recursive=False, raise_interrupt=False,
        ):  # fmt: skip
            self._take_over()

    def stop(self) -> None:
        """Stop after the current edit."""
        self._stopping.set()

    def _folders(self) -> list[Path]:
        self._rules.mkdir(mode=0o700, exist_ok=True)
        folders = [self._config.parent, self._rules]
        if self._register is not None and self._register.parent.is_dir():
            folders.append(self._register.parent)
        return folders

    def _wanted(self, _: Change, path: str) -> bool:
        changed = Path(path)
        return changed in (self._config, self._register) or (
            changed.parent == self._rules and changed.suffix in (".yml", ".yaml")
        )

    def _take_over(self) -> None:
        engine = self._engine
        problems = reload_engine(engine)
        engine.rejected = [f"the edited configuration is not in force: {problem}" for problem in problems]
        for rejected in engine.rejected:
            LOG.warning(rejected)
        if not problems:
            LOG.info("the edited configuration and rules are in force")
            survey_all(engine)
