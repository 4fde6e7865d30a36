"""The record: every event and raw line in hash-chained Parquet segments, from which a lost store is rebuilt.

This room writes `<state_dir>/ledger/` and nothing else (docs/ledger.md shows the format). It must not know the store's
tables, DuckDB, sources or what an event means; it takes batches, and gives them back exactly as they came.
"""
