"""What can go wrong with an act: each error says what happened, where, and what to do next."""

from __future__ import annotations


class ResponseError(Exception):
    """An act cannot be planned, carried out or accounted for."""


class JournalBusy(ResponseError):
    """Another process is carrying out an act on the same journal."""


class JournalDamaged(ResponseError):
    """The journal's chain does not hold: a line was changed, removed or put in."""


class JournalFailed(ResponseError):
    """A line could not be made durable; nothing more is done, and the fsync is not tried again."""
