"""Quarantine and release: plan, carry out, prove, undo; the only room that writes to watched data.

This room exists so that an operator's one key does exactly what was shown before, survives a crash at any instant and
can be taken back to the last bit. It acts on descriptors only and writes every intent to a journal before the first
step. It must not know the store, the rules, the screens or why somebody wants a dataset shut.
"""
