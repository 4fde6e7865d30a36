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

from seqwatch_tui.model.evidence import Session
from seqwatch_tui.parse.fields import login_name, number, plain_value, text_value
from seqwatch_tui.parse.interface import Knowledge
from seqwatch_tui.parse.normalise import LOGIN_PROGRAMS, SWITCHERS, TERMINALS, outcome_of, program_of, unset_to_none

TEACHING = frozenset({"LOGIN", "USER_ACCT", "USER_AUTH", "CRED_ACQ", "CRED_REFR", "USER_START", "USER_LOGIN"})
"""Record types that tell about a login."""

_PENDING_LIMIT = 1024
"""Logins under way that are remembered, by pid."""


class Identities:
    """What one parser knows about logins; `knowledge` is read and kept up to date."""

    def __init__(self, source: str, knowledge: Knowledge) -> None:
        self._source = source
        self._knowledge = knowledge
        self._pending: dict[int, tuple[str | None, str | None]] = {}
        self._changed: dict[int, Session] = {}

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

    def take_changed(self) -> tuple[Session, ...]:
        """Sessions opened or completed since the last call."""
        changed = tuple(self._changed.values())
        self._changed.clear()
        return changed

    def reboot(self) -> None:
        """Session numbers start again: what they meant before the boot no longer holds."""
        self._knowledge.sessions.clear()
        self._pending.clear()

    def learn(self, kind: str, fields: Mapping[str, bytes], names: Mapping[str, str], ts: float) -> None:
        """Learn from a record of a TEACHING type. `names` are its ENRICHED fields, `ts` epoch seconds."""
        auid = unset_to_none(number(fields.get("auid")))
        for uid, name in ((auid, names.get("AUID")), (number(fields.get("uid")), names.get("UID"))):
            self._learn_name(uid, login_name(name))
        if outcome_of(plain_value(fields.get("res"))) == "failure":
            return
        session = unset_to_none(number(fields.get("ses")))
        pid = number(fields.get("pid"))
        if kind == "LOGIN":
            self._login(pid, auid, session, ts)
        elif session is None:
            self._remember(pid, fields)
        elif auid is not None:
            self._user_record(auid, session, fields, ts)

    def _login(self, pid: int | None, auid: int | None, session: int | None, ts: float) -> None:
        """The kernel set a login identity: the process before it has told account and address."""
        account, address = self._pending.pop(pid, (None, None)) if pid is not None else (None, None)
        if auid is None or session is None:
            return
        self._learn_name(auid, account)
        old = self._knowledge.sessions.get(session)
        if old is None or old.auid != auid or old.opened != ts:
            self._store(Session(self._source, session, auid, self.name_of(auid), address, None, ts))

    def _remember(self, pid: int | None, fields: Mapping[str, bytes]) -> None:
        if pid is None or program_of(text_value(fields.get("exe"))) in SWITCHERS:
            return
        account, address = self._pending.get(pid, (None, None))
        if pid not in self._pending and len(self._pending) >= _PENDING_LIMIT:
            del self._pending[next(iter(self._pending))]
        self._pending[pid] = (
            text_value(fields.get("acct")) or account,
            address_value(plain_value(fields.get("addr"))) or address,
        )

    def _user_record(self, auid: int, session: int, fields: Mapping[str, bytes], ts: float) -> None:
        if program_of(text_value(fields.get("exe"))) in LOGIN_PROGRAMS:
            self._learn_name(auid, text_value(fields.get("acct")))
        old = self._knowledge.sessions.get(session)
        if old is None or old.auid != auid:
            old = Session(self._source, session, auid, None, None, None, ts)
        terminal = plain_value(fields.get("terminal")) or ""
        new = replace(
            old,
            user_name=self.name_of(auid),
            src_ip=old.src_ip or address_value(plain_value(fields.get("addr"))),
            tty=old.tty or (terminal if terminal.startswith(TERMINALS) else None),
        )
        if new != self._knowledge.sessions.get(session):
            self._store(new)

    def _store(self, session: Session) -> None:
        self._knowledge.sessions[session.session_id] = session
        self._changed[session.session_id] = session

    def _learn_name(self, uid: int | None, name: str | None) -> None:
        if uid is not None and unset_to_none(uid) is not None and name:
            self._knowledge.names[uid] = name


def same_host(one: str, other: str) -> bool:
    """Whether two names are of one host, of which one may be without its domain."""
    one, other = one.lower(), other.lower()
    return one == other or (("." in one) != ("." in other) and one.partition(".")[0] == other.partition(".")[0])


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
