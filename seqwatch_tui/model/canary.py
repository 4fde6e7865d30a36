"""How `reason` begins for events on a canary: what rules, history and screens know them by. No person's name begins so."""

from __future__ import annotations

TOUCHED = "[canary] touched"
"""Somebody did something to a file that nobody has a reason to open."""
OF_DRILL = "[canary] drill"
"""The drill did; known by the process that the engine itself started, so nobody else can say so."""
OF_ENGINE = "[canary] seqwatch"
"""The engine itself did, checking integrity or encryption."""
