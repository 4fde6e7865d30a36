"""The PATH records of usual events: which item an event is about, and its absolute path, for all events at once.

Follows `event.choose_items` and `normalise.resolve_path`; renames and links, which are few, go through them one by one.
Distinct names are decoded once. Knows nothing of system calls but what they ask for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from seqwatch_tui.parse.bulk_columns import (
    Codes,
    Distinct,
    cut,
    distinct,
    encode,
)
from seqwatch_tui.parse.bulk_index import Bools, Index, Ints
from seqwatch_tui.parse.bulk_layout import Usual
from seqwatch_tui.parse.bulk_memory import Memory
from seqwatch_tui.parse.bulk_names import Directories, Names
from seqwatch_tui.parse.event import PathItem, choose_items
from seqwatch_tui.parse.normalise import resolve_path

NO_BASE, CWD_BASE, OTHER_BASE = 0, 1, 2
"""What a relative name is relative to: the call has no directory argument, it is AT_FDCWD, or it is a descriptor."""
_BASES = (None, "ffffff9c", "3")
_PAIR = 4


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
    plain_pair: Bools
    """A rename or link of just two names, each below its directory."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Absolute paths: a number per event (-1: none) into `paths`, and the events each warning is about."""

    codes: Codes
    paths: Distinct
    warned: dict[str, list[int]]


class Items:
    """The PATH lines of a piece's usual events, in line order (so the items of one event ascend)."""

    def __init__(self, index: Index, usual: Usual, memory: Memory) -> None:
        lines = usual.path
        self._memory, self._events = memory, len(usual)
        self.event: Ints = usual.event[lines]
        buffer = pa.py_buffer(index.data)
        row = index.row(lines, 5)
        start, end = row.start(3) + 5, row.end(3)
        encoded = cut(buffer, start, end).dictionary_encode()
        self.name: Codes = encoded.indices.to_numpy(zero_copy_only=False)
        self._names = Names(encoded.dictionary, memory)
        tails, tail = encode(cut(buffer, row.start(5), index.end[lines]))
        quoted = (index.bytes[start] == 34) & (end - start > 2)
        kinds, kind = distinct(tail.astype(np.int64) * 2 + quoted, 2 * len(tails))
        items = [memory.item(tails[code // 2], quoted=bool(code % 2)) for code in kinds.tolist()]
        self.nametypes = [item.nametype for item in items]
        self.kind: Ints = kind
        # One longer than there are items: no item (-1) is neither created nor a directory.
        self.directory: Bools = np.append(np.array([item.directory for item in items], np.bool_)[kind], False)
        self.created: Bools = np.append(self._of_type("CREATE"), False)
        self.removed: Bools = np.append(self._of_type("DELETE"), False)
        self.line: Ints = np.append(lines, -1)
        self.is_parent = self._of_type("PARENT")
        self._named: Bools = self._names.named[self.name]
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
        thing = self._first(self._named & ~self.is_parent)
        named = self._first(self._named)
        first = self._first(np.ones(len(self.event), np.bool_))
        item = np.where(thing >= 0, thing, named)
        headed = first >= 0
        headed[headed] = self.is_parent[first[headed]]
        chosen = Chosen(
            item,
            np.full(self._events, -1, np.int64),
            np.where(headed, first, -1),
            (thing < 0) & (named >= 0),
            (first >= 0) & (named < 0),
            np.zeros(self._events, np.bool_),
        )
        for action, events in renames.items():
            self._choose_pairs(action, events, chosen)
        return chosen

    def _choose_pairs(self, action: str, events: Ints, chosen: Chosen) -> None:
        """Renames and links have two items; interleaved events mean that an event's items need not be neighbours."""
        wanted = np.zeros(self._events, np.bool_)
        wanted[events] = True
        chosen.parent[events] = -1
        if action == "rename":
            wanted[self._choose_moved(wanted, chosen)] = False
        places: dict[int, list[int]] = {}
        for place in np.flatnonzero(wanted[self.event]).tolist():
            places.setdefault(int(self.event[place]), []).append(place)
        for event, mine in places.items():
            items = [
                PathItem(self._names.text(int(self.name[p])), self.nametypes[self.kind[p]], bool(self.directory[p]))
                for p in mine
            ]
            item, old = choose_items(items, action)
            place_of = {id(value): place for value, place in zip(items, mine, strict=True)}
            chosen.item[event] = place_of[id(item)] if item is not None else -1
            chosen.old[event] = place_of[id(old)] if old is not None else -1
            chosen.plain_pair[event] = len(mine) == _PAIR and old is not None

    def _choose_moved(self, wanted: Bools, chosen: Chosen) -> Ints:
        """Choose for the renames of one name to another, each below its directory; returns which events these are."""
        places = np.flatnonzero(wanted[self.event])
        event = self.event[places]
        count = {
            key: np.bincount(event[which[places]], minlength=self._events)
            for key, which in (
                ("new", self.created),
                ("old", self.removed),
                ("above", self.is_parent),
                ("named", self._named),
            )
        }
        usual = wanted & (count["new"] == 1) & (count["old"] == 1) & (count["above"] == _PAIR - 2)
        usual &= (count["named"] == _PAIR) & (np.bincount(event, minlength=self._events) == _PAIR)
        events: Ints = np.flatnonzero(usual)
        new, old = self._first(self.created[:-1])[events], self._first(self.removed[:-1])[events]
        one, other = self.name[new], self.name[old]
        # Those that are not written in the same way may be the same name all the same; they are looked at closely.
        sure = (one != other) & self._names.alike(one, other)
        found: Ints = events[sure]
        chosen.item[found], chosen.old[found], chosen.plain_pair[found] = new[sure], old[sure], True
        return found

    def relative(self, item: Ints) -> Bools:
        """Events whose `item` has a name that is not plainly absolute."""
        events = np.flatnonzero(item >= 0)
        found = np.zeros(self._events, np.bool_)
        found[events] = ~self._names.absolute[self.name[item[events]]]
        return found

    def resolved(self, item: Ints, base: Codes, parent: Ints | None, cwds: Directories) -> Resolved:
        """The absolute paths of `item` of every event."""
        names = self._names
        codes = np.full(self._events, -1, np.int32)
        events = np.flatnonzero(item >= 0)
        name = self.name[item[events]]
        plain = names.absolute[name]
        codes[events[plain]] = names.place[name[plain]]
        cwd = cwds.codes[events]
        joined = names.relative[name] & (base[events] != OTHER_BASE) & cwds.plain[cwd]
        both = name[joined] * np.int64(len(cwds.texts)) + cwd[joined]
        pairs, pair = distinct(both, len(names.absolute) * len(cwds.texts))
        codes[events[joined]] = len(names.texts) + pair
        texts = pa.concat_arrays([names.texts, names.below(cwds, pairs)]) if len(pairs) else names.texts
        out = Resolved(codes, Distinct(texts), {})
        rest = ~(plain | joined)
        self._resolve_each(events[rest], name[rest], base, parent, cwds, out=out)
        return out

    def _resolve_each(
        self, events: Ints, name: Codes, base: Codes, parent: Ints | None, cwds: Directories, *, out: Resolved
    ) -> None:
        above = np.full(len(events), -1, np.int64) if parent is None else parent[events]
        above = np.where(above >= 0, self.name[above], -1) if len(self.name) else above
        keys = zip(name.tolist(), base[events].tolist(), above.tolist(), cwds.codes[events].tolist(), strict=True)
        known: dict[tuple[int, int, int, int], tuple[int, str | None]] = {}
        for event, key in zip(events.tolist(), keys, strict=True):
            answer = known.get(key)
            if answer is None:
                answer = known[key] = self._resolve(key, cwds, out.paths)
            out.codes[event] = answer[0]
            if answer[1]:
                out.warned.setdefault(answer[1], []).append(event)

    def _resolve(self, key: tuple[int, int, int, int], cwds: Directories, paths: Distinct) -> tuple[int, str | None]:
        name, base, above, cwd = key
        text = self._names.text(name)
        if text is None:
            raise ValueError("an item without a name cannot be resolved")
        parent = self._names.text(above) if above >= 0 else None
        path, warning = resolve_path(text, cwds.texts[cwd] if cwd >= 0 else None, _BASES[base], parent)
        return paths.number(path), warning
