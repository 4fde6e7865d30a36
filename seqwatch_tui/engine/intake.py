"""Intake: one thread a source, from bytes to batches. Knows files and parsers, not policy or storage."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from seqwatch_tui.engine.account import Account, without_file
from seqwatch_tui.engine.clock import Clock
from seqwatch_tui.engine.work import Batch
from seqwatch_tui.model.evidence import Counts, Gap, Resume, SourceState
from seqwatch_tui.parse.interface import Parsed, Parser
from seqwatch_tui.sources.interface import Chunk, Source

FULL_PIECE = 4 << 20
"""A piece this long says that the source has more at once: it is behind, and latency is not what counts."""
BATCH_BYTES = 16 << 20
"""Bytes of a source that is behind which are parsed before they are handed over: bounds memory and transactions."""
PACE_SECONDS = 0.012
"""A live source is asked at most this often: a batch costs about the same for one event as for twenty."""
MakeParser = Callable[[Resume | None], Parser]


class Intake(threading.Thread):
    """Reads one source until stopped (or, for a file to ingest, its end) and submits what it hands over."""

    def __init__(  # noqa: PLR0917 - where bytes come from, and where batches and troubles go
        self,
        source: Source,
        make_parser: MakeParser,
        state: SourceState,
        submit: Callable[[Batch], None],
        clock: Clock,
        fail: Callable[[str, BaseException], None],
        *,
        live: bool = True,
        known_gaps: frozenset[str] = frozenset(),
    ) -> None:
        """`state` is the source as last stored; `make_parser` gives a parser for a new file of the same source.

        A source that is not `live` is a file read once: what ends inside a line waits for the whole file, and gaps
        whose detail is in `known_gaps` have been declared before.
        """
        super().__init__(name=f"intake-{state.name}", daemon=True)
        self.state = state
        self.stopping = threading.Event()
        self.parsed = Counts()
        self.gaps = 0
        self.damage = ""
        """Why the file could not be read to its end."""
        self.incomplete = False
        """The file ends inside a line; the event that belongs to it was left for a later reading."""
        self._source, self._make, self._submit, self._clock, self._fail = source, make_parser, submit, clock, fail
        self._live, self._known_gaps = live, known_gaps
        self._parser: Parser | None = None
        self._account = Account(Resume("", 0))
        self._declared: tuple[Gap, ...] = ()
        self._identity, self._fed, self._last_byte = "", 0, b"\n"
        self._own = 0

    def run(self) -> None:
        """Read until stopped."""
        try:
            self.read()
        except Exception as error:  # noqa: BLE001 - root of a thread: shown as a failed source, the engine goes on
            self.state = replace(self.state, state="failed", reason=f"reading stopped: {error}")
            self._fail(f"source {self.state.name}", error)

    def read(self) -> None:
        """Read until stopped, in the caller's thread."""
        for chunk in self._source.chunks(self.stopping):
            began = self._clock.monotonic()
            self._take(chunk)
            if self._live and chunk.data and len(chunk.data) < FULL_PIECE:
                self.stopping.wait(max(PACE_SECONDS - (self._clock.monotonic() - began), 0.0))

    def _take(self, chunk: Chunk) -> None:
        parser = self._parser_for(chunk)
        if chunk.data:
            self._account.feed(chunk.data, chunk.offset)
            parser.feed(chunk.data, chunk.offset)
            self._fed += len(chunk.data)
            self._last_byte = chunk.data[-1:]
        if len(chunk.data) >= FULL_PIECE and self._fed < BATCH_BYTES and not chunk.end and not chunk.gaps:
            return
        self._fed = 0
        before = (self.state.state, self.state.reason)
        self.state = replace(self.state, state=chunk.state, reason=chunk.reason, size=chunk.size)  # type: ignore[arg-type]
        final = chunk.end and not self._incomplete(parser, chunk)
        for parsed in self._parsed(parser, chunk):
            changed = chunk.keep or (self.state.state, self.state.reason) != before
            self._emit(parsed, changed=changed, final=final)

    def _parsed(self, parser: Parser, chunk: Chunk) -> Iterator[Parsed]:
        gaps = tuple(gap for gap in chunk.gaps if gap.detail not in self._known_gaps)
        self.incomplete = self._incomplete(parser, chunk)
        if self.incomplete:
            yield parser.take()  # the next take has what this one may keep back
            last = parser.take()
        else:
            last = parser.take(now=self._clock.now() if len(chunk.data) < FULL_PIECE else None, final=chunk.end)
        if chunk.gaps and not self._live:
            self.damage = chunk.gaps[-1].detail
        yield replace(last, gaps=(*last.gaps, *gaps)) if gaps else last

    def _incomplete(self, parser: Parser, chunk: Chunk) -> bool:
        return chunk.end and not self._live and self._last_byte != b"\n" and not parser.ends_whole()

    def _parser_for(self, chunk: Chunk) -> Parser:
        if self._parser is None or chunk.identity != self._identity:
            if self._parser is not None:
                self._emit(self._parser.take(final=True), final=True)
            resume = self.state.resume
            known = resume if resume is not None and resume.identity == chunk.identity else None
            self.state, self._declared = without_file(self.state, chunk.identity, self._clock.now())
            begin = known or Resume(chunk.identity, chunk.offset)
            self._parser, self._account = self._make(begin), Account(begin)
            self._identity = chunk.identity
        return self._parser

    def _emit(self, parsed: Parsed, *, changed: bool = False, final: bool = False) -> None:
        if self._declared:
            parsed, self._declared = replace(parsed, gaps=(*parsed.gaps, *self._declared)), ()
        parsed, self._own = replace(parsed, own=parsed.own + self._own), 0
        if final:
            self._account.end()
        elif not (changed or _told(parsed)):
            self._own = parsed.own  # the lines are in the account already: entered with the next that is stored
            return
        state, parsed = self._account.settle(self.state, parsed, final=final, now=self._clock.now())
        if not (changed or parsed.counts.read or _told(parsed)):
            return
        self.parsed += parsed.counts
        self.gaps += len(parsed.gaps)
        self.state = replace(state, resume=parsed.resume, last_ts=self._last_ts(parsed) or state.last_ts)
        self._submit(Batch(parsed, self.state, self._clock.monotonic()))

    @staticmethod
    def _last_ts(parsed: Parsed) -> float | None:
        if not parsed.events.num_rows:
            return None
        last = parsed.events["ts"][parsed.events.num_rows - 1]
        return last.value / 1e6 if last.is_valid else None


def _told(parsed: Parsed) -> bool:
    """Whether there is anything to store."""
    rows = parsed.counts.records or parsed.records.num_rows or parsed.events.num_rows
    return bool(rows or parsed.gaps or parsed.sessions or parsed.directories or parsed.switches)
