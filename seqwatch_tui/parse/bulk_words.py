"""Eight digits at a time: numbers written in 64-bit words, all at once and without a loop (SWAR).

A word is eight bytes of a log as a little-endian machine reads them. Knows bytes, not where they come from.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_Words = npt.NDArray[np.uint64]
_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]

ZEROS, _NIBBLES = np.uint64(0x3030303030303030), np.uint64(0xF0F0F0F0F0F0F0F0)
_SIX = np.uint64(0x0606060606060606)
_STEPS = tuple(
    (np.uint64(power), np.uint64(shift), np.uint64(mask))
    for power, shift, mask in ((10, 8, 0x00FF00FF00FF00FF), (100, 16, 0x0000FFFF0000FFFF), (10_000, 32, 0xFFFFFFFF))
)
"""How digits become pairs, pairs fours, fours a number."""
_HEX_STEPS = tuple((np.uint64(1 << 4 * n), shift, mask) for n, (_, shift, mask) in zip((1, 2, 4), _STEPS, strict=True))
"""The same for hexadecimal digits."""
_ONES = np.uint64(0x0101010101010101)


def decimal_value(word: _Words) -> tuple[_Ints, _Bools]:
    """Eight bytes 0..9 as a number, and whether that is what they are; `word` is overwritten."""
    ok: _Bools = ((word + _SIX | word) & _NIBBLES) == 0
    for power, shift, mask in _STEPS:
        high = word >> shift
        word *= power
        word += high
        word &= mask
    return word.view(np.int64), ok


def hexadecimal_value(word: _Words) -> tuple[_Ints, _Bools]:
    """Eight lower-case hexadecimal digits as a number, and whether that is what they are."""
    letter = word >> np.uint64(6) & _ONES
    wrong = word >> np.uint64(4) & _ONES * np.uint64(15)  # the upper half: three for digits, six for letters
    wrong ^= (letter + _ONES) * np.uint64(3)
    value = (word & _ONES * np.uint64(15)) + letter * np.uint64(9)
    wrong |= value + (_ONES - letter) * np.uint64(6) & _ONES * np.uint64(16)  # above nine, or above f
    wrong |= (value + letter * np.uint64(0x76) ^ letter << np.uint64(7)) & _ONES * np.uint64(0x80)  # below a
    ok: _Bools = wrong == 0
    for power, shift, mask in _HEX_STEPS:
        value = (value * power + (value >> shift)) & mask
    return value.view(np.int64), ok
