"""Who is behind auid and ses: names and addresses learnt from the trail itself, as of the record.

Sources of a name: ENRICHED fields of LOGIN and user-space records, acct= of the programs that set the login identity,
and acct= of the process that LOGIN names. Sources of an address: addr= of records with that ses, and of the process
that LOGIN names (sshd authenticates before it has a session). Nothing is learnt from sudo or su: their acct= is the
target. What is not learnt stays unknown. Shared by both auditd parsers and LAUREL; knows nothing of lines or Arrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from seqwatch_tui.model.evidence import Session, Switch
from seqwatch_tui.parse.fields import login_name, number, plain_value, text_value
from seqwatch_tui.parse.interface import Knowledge
from seqwatch_tui.parse.memo import Memo
from seqwatch_tui.parse.normalise import LOGIN_PROGRAMS, SWITCHERS, TERMINALS, outcome_of, program_of, unset_to_none
from seqwatch_tui.parse.switching import Switching

_OPENING = frozenset({"USER_ACCT", "USER_AUTH", "CRED_ACQ", "CRED_REFR", "USER_START", "USER_LOGIN"})
_CLOSING = frozenset({"USER_END", "USER_LOGOUT"})
TEACHING = _OPENING | _CLOSING | {"LOGIN", "USER_CMD", "CRYPTO_KEY_USER"}
"""Record types that tell about a login, its end, or who became whom in it."""

_PENDING_LIMIT, _ADDRESSES = 1024, 4096
"""Logins under way that are remembered, by pid; and addresses that are, as text."""


class _Pending(NamedTuple):
    """What a process has told before it had a session."""

    account: str | None = None
    address: str | None = None
    program: str | None = None
    fingerprint: str | None = None
    auid: int | None = None
    session: int | None = None


class Told(NamedTuple):
    """What one record of another kind than audit's says of a login; `ts` epoch seconds, null where it says nothing."""

    ts: float
    host: str
    pid: int | None
    session: int | None
    auid: int | None
    account: str | None
    address: str | None
    tty: str | None
    program: str | None
    fingerprint: str | None


_NOTHING = _Pending()


class Identities:
    """What one parser knows about logins; `knowledge` is read and kept up to date."""

    def __init__(self, source: str, knowledge: Knowledge) -> None:
        self._source = source
        self._knowledge = knowledge
        self._pending: dict[int, _Pending] = {}
        self._changed: dict[tuple[int, float], Session] = {}
        self.news: set[int] = set()
        """Uids and sessions of which the last record said something new."""
        self._switching = Switching(source, self.name_of)
        self._addresses: Memo[str, str | None] = Memo(address_value, _ADDRESSES)

    def name_of(self, uid: int | None, *, foreign: bool = False) -> str | None:
        """Name of a uid: from the trail, else from the host, else null. 4294967295 has none.

        `foreign`: the record is of another host, where every number but root's may be somebody else's.
        """
        uid = unset_to_none(uid)
        if uid is None:
            return None
        return self._knowledge.names.get(uid) or (None if foreign and uid else self._knowledge.host_names.get(uid))

    def address_of(self, session: int | None) -> str | None:
        """Address the session was opened from, or null."""
        known = self._knowledge.sessions.get(session) if session is not None else None
        return known.src_ip if known else None

    def address(self, text: str | None) -> str | None:
        """As `address_value`, remembered."""
        return self._addresses[text] if text else None

    def take_changed(self) -> tuple[Session, ...]:
        """Sessions opened or completed since the last call."""
        changed = tuple(self._changed.values())
        self._changed.clear()
        self.news.clear()
        return changed

    def take_switches(self) -> tuple[Switch, ...]:
        """Who became whom since the last call."""
        return self._switching.take()

    def reboot(self, ts: float) -> None:
        """Session numbers start again at `ts`: what they meant before the boot no longer holds, and all have ended."""
        for session in list(self._knowledge.sessions.values()):
            if session.ended is None:
                self._store(replace(session, ended=ts, end_reason="boot"))
        self._knowledge.sessions.clear()
        self._pending.clear()

    def learn(
        self, kind: str, fields: Mapping[str, bytes], names: Mapping[str, str], ts: float, host: str = ""
    ) -> None:
        """Learn from a record of a TEACHING type. `names` are its ENRICHED fields, `ts` epoch seconds."""
        self.news.clear()
        auid = unset_to_none(number(fields.get("auid")))
        for uid, name in ((auid, names.get("AUID")), (number(fields.get("uid")), names.get("UID"))):
            self._learn_name(uid, login_name(name))
        session = unset_to_none(number(fields.get("ses")))
        self._switching.hear(kind, fields, names, (session, auid, ts, host))
        if outcome_of(plain_value(fields.get("res"))) == "failure":
            return
        pid = number(fields.get("pid"))
        if kind == "LOGIN":
            self._login(pid, auid, session, ts, host)
        elif session is None:
            self._remember(kind, pid, fields)
        elif auid is not None and kind in _OPENING:
            self._user_record(auid, session, kind, fields, ts, host)
        elif kind in _CLOSING:
            self._close(auid, session, kind, fields, ts)
        elif kind == "CRYPTO_KEY_USER" and (old := self._knowledge.sessions.get(session)) is not None:
            self._update(old, replace(old, key_fingerprint=old.key_fingerprint or _fingerprint(kind, fields)))

    def learn_again(self, kind: str, fields: Mapping[str, bytes]) -> None:
        """Learn from a record of a TEACHING type that Knowledge holds already: what a process told before its session."""
        pid = number(fields.get("pid"))
        if outcome_of(plain_value(fields.get("res"))) == "failure" or pid is None:
            return
        if kind == "LOGIN":
            self._pending.pop(pid, None)
        elif unset_to_none(number(fields.get("ses"))) is None:
            self._remember(kind, pid, fields)

    def let_in(self, told: Told) -> None:
        """A process let somebody in; what it says next belongs to that login. A session of its own is another's."""
        if told.pid is not None:
            self._pending.pop(told.pid, None)
        self._merged(told._replace(auid=None, session=None))

    def opened(self, told: Told) -> None:
        """A session began, or more is told of it; until its number and its login identity are known, it waits."""
        known = self._merged(told)
        auid, session = known.auid, known.session
        if auid is None or session is None:
            return
        old = self._knowledge.sessions.get(session)
        new = Session(
            self._source, session, auid, known.account, known.address, told.tty, told.ts, told.host,
            known.program, known.fingerprint,
        )  # fmt: skip
        if old is not None and old.auid == auid and old.ended is None:
            facts = {
                f: getattr(old, f) or getattr(new, f)
                for f in ("user_name", "src_ip", "tty", "program", "key_fingerprint")
            }
            self._update(old, replace(old, **facts))
            return
        if old is not None and old.ended is None:
            self._store(replace(old, ended=told.ts, end_reason="unknown"))
        self._store(new)

    def closed(self, told: Told) -> None:
        """A session ended: the one that is named, else the one that the process opened."""
        known = self._pending.pop(told.pid, _NOTHING) if told.pid is not None else _NOTHING
        session = told.session if told.session is not None else known.session
        old = self._knowledge.sessions.get(session) if session is not None else None
        if old is not None and old.ended is None and told.auid in (None, old.auid):
            self._store(replace(old, ended=told.ts, end_reason="closed"))

    def _merged(self, told: Told) -> _Pending:
        """What the process has told so far."""
        known = self._pending.get(told.pid, _NOTHING) if told.pid is not None else _NOTHING
        merged = _Pending(
            told.account or known.account, told.address or known.address, known.program or told.program,
            told.fingerprint or known.fingerprint, known.auid if told.auid is None else told.auid,
            known.session if told.session is None else told.session,
        )  # fmt: skip
        if told.pid is not None:
            self._keep(told.pid, merged)
        return merged

    def _keep(self, pid: int, pending: _Pending) -> None:
        if pid not in self._pending and len(self._pending) >= _PENDING_LIMIT:
            del self._pending[next(iter(self._pending))]
        self._pending[pid] = pending

    def _login(self, pid: int | None, auid: int | None, session: int | None, ts: float, host: str) -> None:
        """The kernel set a login identity: the process before it has told account, address and key."""
        pending = self._pending.pop(pid, _NOTHING) if pid is not None else _NOTHING
        if auid is None or session is None:
            return
        self._learn_name(auid, pending.account)
        old = self._knowledge.sessions.get(session)
        if old is not None and old.auid == auid and old.opened == ts:
            return
        if old is not None and old.ended is None:
            self._store(replace(old, ended=ts, end_reason="unknown"))
        name = self.name_of(auid)
        self._store(
            Session(
                self._source, session, auid, name, pending.address, None, ts, host, pending.program, pending.fingerprint
            )
        )

    def _remember(self, kind: str, pid: int | None, fields: Mapping[str, bytes]) -> None:
        program = program_of(text_value(fields.get("exe")))
        if pid is None or program in SWITCHERS or kind in _CLOSING:
            return
        known = self._pending.get(pid, _NOTHING)
        told = _Pending(
            text_value(fields.get("acct")) or known.account,
            self.address(plain_value(fields.get("addr"))) or known.address,
            (program if program in LOGIN_PROGRAMS else None) or known.program,
            _fingerprint(kind, fields) or known.fingerprint,
        )
        self._keep(pid, told)

    def _user_record(  # noqa: PLR0917 - a record, when and where
        self, auid: int, session: int, kind: str, fields: Mapping[str, bytes], ts: float, host: str
    ) -> None:
        program = program_of(text_value(fields.get("exe")))
        if program in LOGIN_PROGRAMS:
            self._learn_name(auid, text_value(fields.get("acct")))
        old = self._knowledge.sessions.get(session)
        if old is None or old.auid != auid:
            old = Session(self._source, session, auid, None, None, None, ts, host)
        again = old.ended is not None and program in LOGIN_PROGRAMS and kind in ("USER_START", "USER_LOGIN")
        terminal = plain_value(fields.get("terminal")) or ""
        new = replace(
            old,
            user_name=self.name_of(auid),
            src_ip=old.src_ip or self.address(plain_value(fields.get("addr"))),
            tty=old.tty or (terminal if terminal.startswith(TERMINALS) else None),
            program=old.program or (program if program in LOGIN_PROGRAMS else None),
            ended=None if again else old.ended,
            end_reason=None if again else old.end_reason,
        )
        self._update(self._knowledge.sessions.get(session), new)

    def _close(self, auid: int | None, session: int, kind: str, fields: Mapping[str, bytes], ts: float) -> None:
        """The program that opened the session says that it is over; the last word counts."""
        old = self._knowledge.sessions.get(session)
        if old is None or old.auid != auid or program_of(text_value(fields.get("exe"))) not in LOGIN_PROGRAMS:
            return
        self._update(old, replace(old, ended=ts, end_reason="logout" if kind == "USER_LOGOUT" else "closed"))

    def _update(self, old: Session | None, new: Session) -> None:
        if new != old:
            self._store(new)

    def _store(self, session: Session) -> None:
        self._knowledge.sessions[session.session_id] = session
        self._changed[session.session_id, session.opened] = session
        self.news.add(session.session_id)

    def _learn_name(self, uid: int | None, name: str | None) -> None:
        if not name or uid is None or unset_to_none(uid) is None or self._knowledge.names.get(uid) == name:
            return
        self._knowledge.names[uid] = name
        self.news.add(uid)


def same_host(one: str, other: str) -> bool:
    """Whether two names are of one host, of which one may be without its domain."""
    one, other = one.lower(), other.lower()
    return one == other or (("." in one) != ("." in other) and one.partition(".")[0] == other.partition(".")[0])


def _fingerprint(kind: str, fields: Mapping[str, bytes]) -> str | None:
    """The user's key (`kind=auth-key`); sshd logs the host's own keys in the same form."""
    if kind == "CRYPTO_KEY_USER" and plain_value(fields.get("kind")) != "auth-key":
        return None
    return plain_value(fields.get("fp"))


def address_value(text: str | None) -> str | None:
    """Text of an IP address, an IPv4 one in IPv6 clothes (::ffff:10.0.0.1) as IPv4; null for anything else."""
    if not text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
