"""How `reason` begins for events on a canary and for seqwatch's own reads: rules, history and screens know them by it.

No sentence of the policy begins so, for none begins with a bracket.
"""

from __future__ import annotations

TOUCHED = "[canary] touched"
"""Somebody did something to a file that nobody has a reason to open."""
OF_DRILL = "[canary] drill"
"""The drill did; known by the process that the engine itself started, so nobody else can say so."""
BY_ENGINE = "[seqwatch]"
"""The engine or its sensor read something, a canary or not: integrity, encryption, marking what is to be watched."""
