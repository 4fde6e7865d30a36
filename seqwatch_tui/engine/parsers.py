"""Which parser reads which source, and what it may already know."""

from __future__ import annotations

import pwd
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from seqwatch_tui.model.evidence import Resume, Session
from seqwatch_tui.parse.bulk import BulkAuditdParser
from seqwatch_tui.parse.interface import Knowledge, Parser
from seqwatch_tui.parse.places import Places

if TYPE_CHECKING:
    from seqwatch_tui.config.settings import Settings
    from seqwatch_tui.store.store import Store

_REMEMBER_SECONDS = 35 * 86400.0


def knowledge_of(source: str, store: Store, now: float) -> Knowledge:
    """Return what the trail of this source has taught so far, and this host's own accounts for where it is silent."""
    sessions: dict[int, Session] = {}
    for session in store.sessions(now - _REMEMBER_SECONDS):
        if session.source == source:
            sessions[session.session_id] = session
    names = {s.auid: s.user_name for s in sessions.values() if s.user_name}
    places = Places()
    places.restore(store.directories(source))
    return Knowledge(sessions=sessions, names=names, host_names=host_names(), places=places)


def host_names() -> dict[int, str]:
    """Return the accounts of this host by uid."""
    return {p.pw_uid: p.pw_name for p in pwd.getpwall()}


def mapping_problems(settings: Settings) -> list[str]:
    """What is wrong with the mappings of the configured sources: one sentence each, with file, line and what to write."""
    problems = []
    for source in settings.sources:
        if source.mapping is not None:
            from seqwatch_tui.parse.mapping_file import MappingError, load_mapping

            try:
                load_mapping(source.mapping)
            except MappingError as error:
                problems += [f"source {source.name}: {line}" for line in str(error).splitlines()]
    return problems


def make_parser(
    source: str, kind: str, mapping: str | None, knowledge: Knowledge, host: str | None = None
) -> Callable[[Resume | None], Parser]:
    """Return the maker of parsers for one source; they share what they learn."""
    name = host or socket.gethostname()
    if kind == "auditd":
        return lambda resume: BulkAuditdParser(source, name, knowledge, resume)
    if kind == "fanotify":
        from seqwatch_tui.parse.sensor import SensorParser

        return lambda resume: SensorParser(source, name, knowledge, resume)
    from seqwatch_tui.parse.json_lines import JsonParser, load_mapping

    loaded = load_mapping(mapping or kind)
    return lambda resume: JsonParser(source, name, loaded, knowledge, resume)
