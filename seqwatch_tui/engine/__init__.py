"""Wiring: the one process that reads sources, judges, detects, stores and answers; the only room that reads the clock."""
