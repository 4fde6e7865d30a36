"""Frozen value types that every room shares; the standard library only, no I/O but `safefile`."""
