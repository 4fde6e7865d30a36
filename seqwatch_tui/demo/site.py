"""The demo site on disk: four datasets of real formats with manifests, a configuration, a key register, the logs.

Everything is below the folder given. The same `now` and `seed` give the same files (but for the random keys of
Crypt4GH); nothing here reads the clock.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from seqwatch_tui.demo import history, policy
from seqwatch_tui.demo.files import Dataset, make_datasets
from seqwatch_tui.demo.laurel import Laurel
from seqwatch_tui.demo.stage import Stage
from seqwatch_tui.demo.trail import Trail


@dataclass(frozen=True, slots=True)
class Site:
    """A site ready to be watched. `trail` and `laurel` write its logs and count what they wrote."""

    folder: Path
    config: Path
    state_dir: Path
    audit_log: Path
    laurel_log: Path
    timezone: str
    created: float
    datasets: dict[str, Dataset]
    trail: Trail
    laurel: Laurel
    story: list[dict[str, object]] = field(default_factory=list)
    """What the incident has done so far: `ts`, `what` and what it was done to."""

    @classmethod
    def create(cls, folder: Path, now: float, operator: str, *, seed: int = 7) -> Site:
        """Make a site in `folder` (made if missing, 0700), as of `now` (epoch seconds); `operator` runs the demo.

        Raises FileExistsError when the folder already holds a site.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = folder.resolve()
        for name in ("audit", "laurel", "state", "data"):
            (folder / name).mkdir(mode=0o700)
        dice = random.Random(seed)  # noqa: S311 (file contents, not secrets)
        site = cls(
            folder, folder / "seqwatch.yaml", folder / "state", folder / "audit/audit.log", folder / "laurel/audit.log",
            policy.night_zone(now), now, make_datasets(folder, dice), Trail(dice), Laurel(dice),
        )  # fmt: skip
        site.config.write_text(policy.config_text(folder, site.state_dir, now, operator), encoding="utf-8")
        (folder / "keys.yaml").write_text(policy.keys_text(now), encoding="utf-8")
        site.audit_log.touch(0o600)
        site.laurel_log.touch(0o600)
        audit, laurel = history.before(site.stage(dice), now, site.timezone)
        site.append(audit, laurel)
        return site

    def stage(self, dice: random.Random) -> Stage:
        """A stage on this site's logs; one at a time, for who is logged in is kept there."""
        return Stage(self.datasets, self.trail, self.laurel, dice)

    def append(self, audit: str = "", laurel: str = "") -> None:
        """Append lines to the logs, each with one write."""
        for path, text in ((self.audit_log, audit), (self.laurel_log, laurel)):
            if text:
                with path.open("ab") as log:
                    log.write(text.encode())

    def headless_summary(self) -> dict[str, object]:
        """What truly happened so far: events and records by source and kind, and the steps of the incident."""
        return {
            "audit": dict(sorted(self.trail.truth.items())),
            "nas": dict(sorted(self.laurel.truth.items())),
            "accesses": dict(sorted((self.trail.truth + self.laurel.truth).items())),
            "incident": list(self.story),
            "datasets": {name: len(dataset.files) for name, dataset in self.datasets.items()},
        }
