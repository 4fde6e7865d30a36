"""Bytes of a log into events: auditd (RAW and ENRICHED), LAUREL, flat JSON by a mapping file.

Exists so that every other room sees one kind of row, whatever wrote it, with the raw line beside it. Pure: no file but
the shipped mappings, no clock, no policy; it must not know what a dataset, a rule or a screen is.
"""
