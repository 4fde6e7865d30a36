"""The PATH records of usual events: which item an event is about, and its absolute path, for all events at once.

Follows `event.choose_items` and `normalise.resolve_path`; renames and links, which are few, go through them one by one.
Distinct names are decoded once. Knows nothing of system calls but what they ask for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from seqwatch_tui.parse.bulk_columns import Codes, Distinct, cut, encode
from seqwatch_tui.parse.bulk_index import Bools, Index, Ints
from seqwatch_tui.parse.bulk_layout import Usual
from seqwatch_tui.parse.bulk_memory import Memory
from seqwatch_tui.parse.event import PathItem, choose_items
from seqwatch_tui.parse.normalise import normalise_path

NO_BASE, CWD_BASE, OTHER_BASE = 0, 1, 2
"""What a relative name is relative to: the call has no directory argument, it is AT_FDCWD, or it is a descriptor."""
_BASES = (None, "ffffff9c", "3")


@dataclass(slots=True)
class Chosen:
    """Per event: positions (in `Items`) of the item acted on, the old one, and the PARENT item that came first; -1 none."""

    item: Ints
    old: Ints
    parent: Ints
    parent_only: Bools
    """The item is the directory: the object was not recorded."""
    unnamed: Bools
    """Items came, none with a name."""


class Items:
    """The PATH lines of a piece's usual events, in line order (so the items of one event ascend)."""

    def __init__(self, index: Index, usual: Usual, memory: Memory) -> None:
        lines = usual.path
        self._memory, self._events = memory, len(usual)
        self.event: Ints = usual.event[lines]
        buffer = pa.py_buffer(index.data)
        start, end = index.token_start(lines, 3) + 5, index.token_end(lines, 3)
        self.tokens, self.name = encode(cut(buffer, start, end))
        self.names = [memory.name(token) for token in self.tokens]
        tails, tail = encode(cut(buffer, index.token_start(lines, 5), index.end[lines]))
        quoted = (index.bytes[start] == 34) & (end - start > 2)
        kinds, kind = np.unique(tail.astype(np.int64) * 2 + quoted, return_inverse=True)
        items = [memory.item(tails[code // 2], quoted=bool(code % 2)) for code in kinds.tolist()]
        named = np.array([name is not None for name in self.names], np.bool_)
        self.nametypes = [item.nametype for item in items]
        self.kind: Ints = kind
        # One longer than there are items: no item (-1) is neither created nor a directory.
        self.directory: Bools = np.append(np.array([item.directory for item in items], np.bool_)[kind], False)
        self.created: Bools = np.append(self._of_type("CREATE"), False)
        self._is_parent = self._of_type("PARENT")
        self._named: Bools = named[self.name]
        self.unusual: Bools = np.zeros(self._events, np.bool_)
        """Events with a record that says more than the usual layout does."""
        self.unusual[self.event[~np.array([item.usual for item in items], np.bool_)[kind]]] = True

    def _of_type(self, nametype: str) -> Bools:
        return np.array([found == nametype for found in self.nametypes], np.bool_)[self.kind]

    def _first(self, which: Bools) -> Ints:
        """Position of the first item of each event for which `which` holds, -1 where none does."""
        found = np.full(self._events, -1, np.int64)
        places = np.flatnonzero(which)[::-1]
        found[self.event[places]] = places
        return found

    def choose(self, renames: dict[str, Ints]) -> Chosen:
        """The items of every event; `renames` are the events whose action is `rename` or `link`."""
        thing = self._first(self._named & ~self._is_parent)
        named = self._first(self._named)
        first = self._first(np.ones(len(self.event), np.bool_))
        item = np.where(thing >= 0, thing, named)
        headed = first >= 0
        headed[headed] = self._is_parent[first[headed]]
        chosen = Chosen(
            item,
            np.full(self._events, -1, np.int64),
            np.where(headed, first, -1),
            (thing < 0) & (named >= 0),
            (first >= 0) & (named < 0),
        )
        for action, events in renames.items():
            self._choose_pairs(action, events, chosen)
        return chosen

    def _choose_pairs(self, action: str, events: Ints, chosen: Chosen) -> None:
        """Renames and links have two items; interleaved events mean that an event's items need not be neighbours."""
        wanted = np.zeros(self._events, np.bool_)
        wanted[events] = True
        places: dict[int, list[int]] = {}
        for place in np.flatnonzero(wanted[self.event]).tolist():
            places.setdefault(int(self.event[place]), []).append(place)
        for event, mine in places.items():
            items = [
                PathItem(self.names[self.name[p]], self.nametypes[self.kind[p]], bool(self.directory[p])) for p in mine
            ]
            item, old = choose_items(items, action)
            place_of = {id(value): place for value, place in zip(items, mine, strict=True)}
            chosen.item[event] = place_of[id(item)] if item is not None else -1
            chosen.old[event] = place_of[id(old)] if old is not None else -1

    def resolved(
        self, item: Ints, base: Codes, parent: Ints | None, cwds: tuple[list[str | None], Codes], paths: Distinct
    ) -> tuple[Codes, dict[str, list[int]]]:
        """Numbers (in `paths`) of the absolute paths of `item` of every event, and the events each warning is about."""
        out = np.full(self._events, -1, np.int32)
        events = np.flatnonzero(item >= 0)
        names = self.name[item[events]]
        absolute = np.array([name is not None and name.startswith("/") for name in self.names], np.bool_)
        direct = absolute[names]
        used = np.unique(names[direct])
        number = np.full(len(self.names), -1, np.int32)
        for name in used.tolist():
            text = self.names[name]
            assert text is not None  # noqa: S101 - `absolute` says so
            number[name] = paths.number(normalise_path(text))
        out[events[direct]] = number[names[direct]]
        return out, self._relative(events[~direct], item, base, parent, cwds, paths, out)

    def _relative(
        self, events: Ints, item: Ints, base: Codes, parent: Ints | None, cwds: tuple[list[str | None], Codes],
        paths: Distinct, out: Codes,
    ) -> dict[str, list[int]]:  # fmt: skip
        warned: dict[str, list[int]] = {}
        parents = np.full(len(events), -1, np.int64) if parent is None else parent[events]
        rows = zip(
            events.tolist(), self.name[item[events]].tolist(), base[events].tolist(), parents.tolist(),
            cwds[1][events].tolist(), strict=True,
        )  # fmt: skip
        for event, name, relative_to, above, cwd in rows:
            text = self.names[name]
            assert text is not None  # noqa: S101 - only items with names are chosen
            above_name = self.names[self.name[above]] if above >= 0 else None
            path, warning = self._memory.resolve(
                self.tokens[name], text, cwds[0][cwd] if cwd >= 0 else None, _BASES[relative_to], above_name
            )
            out[event] = paths.number(path)
            if warning:
                warned.setdefault(warning, []).append(event)
        return warned
