"""Integrity: is every dataset still what its source delivered? Disk in, verdict out.

Reads manifests and files, compares, and says of each file exactly one verdict. It never writes to a dataset, knows
nothing of the store (it only gives row dictionaries), and reads no clock of its own.
"""
