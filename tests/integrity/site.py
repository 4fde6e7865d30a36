"""A dataset folder for tests, a clock that stands still, and a run in one call."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from seqwatch_tui.integrity.interface import CheckedFile, VerificationResult
from seqwatch_tui.integrity.verify import Verification

NOW = 1_790_000_000.0


class Site:
    """A dataset `d` with a SHA256SUMS that lists what `add` has written."""

    def __init__(self, root: Path) -> None:
        self.root = root / "d"
        self.root.mkdir()
        self.now = NOW
        self.known: dict[str, CheckedFile] = {}

    def clock(self) -> float:
        return self.now

    def add(self, name: bytes | str, data: bytes = b"ACGT", listed: bool = True) -> Path:
        raw = name.encode() if isinstance(name, str) else name
        path = Path(self.root.as_posix() + "/" + raw.decode("utf-8", "surrogateescape"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if listed:
            self.list(raw, hashlib.sha256(data).hexdigest())
        return path

    def list(self, name: bytes, digest: str = "0" * 64) -> None:
        escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
        line = (b"\\" if escaped != name else b"") + digest.encode() + b"  " + escaped + b"\n"
        with (self.root / "SHA256SUMS").open("ab") as file:
            file.write(line)

    def verification(self, *, quick: bool = False, manifest: str | None = "SHA256SUMS", **more: object) -> Verification:
        clock: Callable[[], float] = self.clock
        previous: Mapping[str, CheckedFile] = self.known
        return Verification("d", self.root, manifest, previous, quick, clock, **more)  # type: ignore[arg-type]

    def run(self, **more: object) -> VerificationResult:
        """Verify, remember as the store would, return the result."""
        result = self.verification(**more).run()  # type: ignore[arg-type]
        for known in (*result.files, *result.gone):
            if known.check.path not in result.kept:
                self.known[known.check.path] = known
        return result


def verdicts(result: VerificationResult) -> dict[str, str]:
    return {check.path: check.verdict for check in result.checks}
