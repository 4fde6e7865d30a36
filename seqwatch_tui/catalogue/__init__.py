"""Whose data and whose right: path to dataset, person to role to grant, and from both to allowed or not, and why.

Pure: it is given settings and the groups of each user, and judges tables of events. It must not know files, the host's
user database, the clock, or what becomes of the verdict.
"""
