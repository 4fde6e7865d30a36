"""Verdicts by what they depend on, kept from batch to batch: a batch looks up its combinations, few of them new."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqwatch_tui.catalogue.coded import Coded, Codes
from seqwatch_tui.catalogue.people import NO_DATASET, Verdict

_MEMO = 65_536
Which = npt.NDArray[np.intp]
Judge = Callable[[str | None, int, int, int], Verdict]
"""User, number of the dataset, of the need and of the phase."""


class Verdicts:
    """Answers of `judge`, each asked for once; at most 65,536 are kept."""

    def __init__(self, judge: Judge, datasets: int, needs: int, phases: int) -> None:
        """Numbers are below these."""
        self._judge, self._sizes = judge, (datasets, needs, phases)
        self._forget()

    def _forget(self) -> None:
        self._users: dict[str | None, int] = {}
        self._known: dict[int, int] = {-1: 0}
        self._distinct: dict[Verdict, int] = {NO_DATASET: 0}
        self._verdicts: list[Verdict] = [NO_DATASET]

    def of(self, users: Coded, datasets: Codes, needs: Codes, phases: Codes | int) -> tuple[list[Verdict], Which]:
        """Return the distinct verdicts of the rows, and which of them each row has; a dataset below 0 is none."""
        if len(self._known) >= _MEMO or len(self._users) >= _MEMO:
            self._forget()
        width, kinds, stretches = self._sizes
        numbers = np.array([self._users.setdefault(word, len(self._users)) for word in users.words], np.int64)
        combination = ((numbers[users.codes] * width + datasets) * kinds + needs) * stretches + phases
        combination[datasets < 0] = -1
        encoded = pa.array(combination).dictionary_encode()
        found, place = np.unique(self._numbers(encoded.dictionary.to_pylist()), return_inverse=True)
        return [self._verdicts[number] for number in found.tolist()], place[encoded.indices.to_numpy()]

    def _numbers(self, combinations: list[int]) -> list[int]:
        """The number of the verdict on each combination."""
        known = self._known
        new = [combination for combination in combinations if combination not in known]
        if new:
            names = list(self._users)
            for combination in new:
                known[combination] = self._number(names, combination)
        return [known[combination] for combination in combinations]

    def _number(self, names: list[str | None], combination: int) -> int:
        width, kinds, stretches = self._sizes
        rest, phase = divmod(combination, stretches)
        rest, need = divmod(rest, kinds)
        user, dataset = divmod(rest, width)
        verdict = self._judge(names[user], dataset, need, phase)
        number = self._distinct.setdefault(verdict, len(self._verdicts))
        if number == len(self._verdicts):
            self._verdicts.append(verdict)
        return number
