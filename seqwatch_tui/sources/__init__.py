"""Bytes in, each with its position, and word of everything that may have been missed.

The room opens, follows and unpacks files. It must not know what a record, an event or a dataset is, reads no clock
(where a loss needs a time, the file's own times are used) and writes nothing.
"""
