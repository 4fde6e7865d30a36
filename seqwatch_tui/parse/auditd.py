"""The reference auditd parser: always right, and fast enough for the live tail. Both log formats, RAW and ENRICHED.

Three stages, each pure: `lines` and `records` (bytes to values), `reassembly` (records to groups), `event` (a group
to a row). This module joins them, keeps the accounts (every line is a row of `records` or a counted duplicate) and
says where to read on. It knows no file, no clock and no policy. Sources: auditd.conf(5), kernel/audit.c, auditsc.c.
"""

from __future__ import annotations

from seqwatch_tui.model.evidence import Resume
from seqwatch_tui.parse.event import row_of
from seqwatch_tui.parse.facts import facts_of
from seqwatch_tui.parse.gaps import GapWatch
from seqwatch_tui.parse.group import Group, event_key
from seqwatch_tui.parse.identities import TEACHING, Identities
from seqwatch_tui.parse.interface import Knowledge, Parsed
from seqwatch_tui.parse.lines import AUDIT_LINE_LIMIT, Lines, LineSplitter
from seqwatch_tui.parse.mark import Mark, read_mark, write_mark
from seqwatch_tui.parse.memo import Memo
from seqwatch_tui.parse.normalise import UNPARSED
from seqwatch_tui.parse.reassembly import Reassembler
from seqwatch_tui.parse.records import Records
from seqwatch_tui.parse.tables import Batch

_DAEMON = frozenset({
    "DAEMON_START", "DAEMON_END", "DAEMON_ABORT", "DAEMON_CONFIG", "DAEMON_RECONFIG", "DAEMON_ROTATE", "DAEMON_RESUME",
    "DAEMON_ACCEPT", "DAEMON_CLOSE", "DAEMON_ERR",
})  # fmt: skip
_TELLING = TEACHING | _DAEMON | {"KERNEL", "CONFIG_CHANGE"}
"""Record types from which something is learnt on arrival."""


class AuditdParser:
    """interface.Parser for audit.log. `source` names the source, `host` is shown where a record names no node.

    `knowledge` is kept up to date in place; `resume` is where an earlier parser stopped: the first bytes fed must
    then begin at resume.offset, else it is taken as another file and nothing is skipped.
    """

    telling = _TELLING

    def __init__(
        self, source: str, host: str, knowledge: Knowledge | None = None, resume: Resume | None = None
    ) -> None:
        self._source, self._host = source, host
        self._knowledge = knowledge if knowledge is not None else Knowledge()
        self._resume = resume
        self._identity = resume.identity if resume else ""
        self._started = False
        self._records = Records()
        self._keys: Memo[bytes, str] = Memo(event_key)
        self._identities = Identities(source, self._knowledge)
        self._batch = Batch(source)
        self._begin(*read_mark(resume))

    def _begin(self, mark: Mark | None, done: frozenset[str]) -> None:
        self._upto = mark.upto if mark else 0
        self._done = done
        inside = mark is not None and mark.inside and self._resume is not None and mark.upto == self._resume.offset
        self._splitter = LineSplitter(AUDIT_LINE_LIMIT, inside=inside)
        self._reassembler = Reassembler(self._records, mark, done, self)
        self._gaps = GapWatch(self._source, self._knowledge, mark)
        self._handled: list[tuple[int, bytes]] = []

    def feed(self, data: bytes | memoryview, offset: int) -> None:
        """Take bytes that begin at `offset` of the file."""
        if not self._started:
            self._started = True
            if self._resume is not None and offset != self._resume.offset:
                self._begin(None, frozenset())
        elif self._splitter.end not in (None, offset):
            self._reassembler.expire_all()
            self._leave_file()
        for lines in self._splitter.feed(data, offset):
            self._feed_lines(lines)

    def _leave_file(self) -> None:
        """Positions of another file (or another place of this one) come next: what was said of the old ones is void."""
        self._upto, self._done, self._handled = 0, frozenset(), []
        self._reassembler.leave_file()

    def _feed_lines(self, lines: Lines) -> None:
        if not lines.pieces:
            self._reassembler.add(lines)
            return
        position = lines.start
        for index, line in enumerate(lines.lines):
            if index in lines.pieces:
                self._keep_piece(position, line)
            else:
                self._reassembler.add(Lines(position, [line]))
            position += len(line)

    def _keep_piece(self, position: int, line: bytes) -> None:
        """A part of a line that is too long: kept, unless it was handed over before a restart."""
        if position >= self._upto:
            self._batch.add_piece(line, position)
            self._gaps.unparsed(position, oversize=True)

    def on_begin(self, group: Group, kind: str, position: int) -> None:
        """A new event was opened: its serial tells of gaps and boots (auditd's own DAEMON_* serials do not)."""
        if position >= self._upto and kind not in _DAEMON and self._gaps.see(group.node, group.serial, group.ts_ms):
            self._identities.reboot(group.ts_ms / 1000)
            self._knowledge.places.reboot()

    def on_record(self, group: Group) -> None:
        """Learn names, addresses and losses from the newest record of a group, before its event ends."""
        kind, body, _, position = group.records[-1]
        if kind in TEACHING:
            self._identities.learn(kind, *self._records.said(body), group.ts_ms / 1000, group.node or self._host)
        elif position >= self._upto:
            self._gaps.hear(kind, body, group.ts_ms / 1000)

    def on_again(self, kind: str, body: bytes) -> None:
        """Of what was read before a restart only logins under way are not in Knowledge."""
        if kind in TEACHING:
            self._identities.learn_again(kind, self._records.said(body)[0])

    def on_end(self, group: Group) -> None:
        """An event is complete: its row, with what is known at this point of the trail."""
        self._batch.add_event(self._row(group), group.records)

    def _row(self, group: Group) -> tuple[object, ...]:
        return row_of(facts_of(group, self._host, self._records), self._identities, self._knowledge.places)

    def take(self, *, now: float | None = None, final: bool = False) -> Parsed:
        """Hand over what is complete (see interface.Parser)."""
        reassembler, batch = self._reassembler, self._batch
        if final:
            self._finish_file()
        elif now is not None:
            reassembler.expire_wall(now)
        for position, kind, line in reassembler.take_orphans():
            batch.add_record(kind, line, position)
            if kind == UNPARSED:
                self._gaps.unparsed(position, oversize=False)
        batch.duplicates, batch.duplicate_bytes = reassembler.take_duplicates()
        gaps = self._gaps.take(reassembler.clock_ms, final=final)
        resume, held = self._next_resume(), self._lines_held()
        if final:
            self._leave_file()
        self._batch = Batch(self._source)
        changed = self._identities.take_changed()
        named = self._knowledge.places.take_changed(self._source, (reassembler.clock_ms or 0) / 1000)
        switches = self._identities.take_switches()
        return Parsed(batch.events(), batch.records(), resume, batch.counts(), gaps, changed, named, switches, held)

    def _lines_held(self) -> int | None:
        """Lines of open events; null until what was read before a restart has been read again."""
        upto = self._splitter.upto
        return None if upto is None or upto < self._upto else self._reassembler.lines_open

    def ends_whole(self) -> bool:
        """Never (see interface.Parser): a record without its newline may have been cut anywhere."""
        return False

    def _finish_file(self) -> None:
        self._batch.parts -= self._splitter.inside  # what was cut last ends the line
        for lines in self._splitter.rest():
            if lines.pieces:
                self._feed_lines(lines)
            else:
                self._reassembler.add_unterminated(lines.start, lines.lines[0])
        self._reassembler.expire_all()

    def _next_resume(self) -> Resume:
        """Where to read on: the first byte of the oldest open event, and what after it was handed over."""
        if self._splitter.upto is None:
            return self._resume or Resume(self._identity, 0)
        upto = self._splitter.upto
        first = self._reassembler.first_open
        offset = upto if first is None else first
        self._handled = [x for x in self._handled + self._reassembler.take_handled() if x[0] >= offset]
        seen = "".join(sorted(self._reassembler.seen))
        mark = Mark(max(upto, self._upto), seen, self._splitter.inside, self._gaps.lost, self._gaps.holes)
        done = list(dict.fromkeys([self._keys[stamp] for _, stamp in self._handled]))
        if offset < self._upto:
            done += sorted(self._done.difference(done))
        return write_mark(self._identity, offset, mark, done)
