"""What every mapping of the configuration is: frozen, and a key that is not a field is an error."""

from __future__ import annotations

import msgspec


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The base of every section; the sentence under each field is its manual."""
