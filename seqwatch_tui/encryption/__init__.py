"""Encryption: is every dataset still encrypted as far as this host can see, and are its keys young enough?

Looks at file headers, file-system policies, the chain of block devices and the key register. It knows no store (it only
gives row dictionaries), reads no clock, opens no key and never writes to a dataset.
"""
