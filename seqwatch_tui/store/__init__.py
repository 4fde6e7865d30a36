"""The store: DuckDB as the index of what the ledger records. The only room that imports duckdb.

One writer (`lock`, `store`), readers on cursors, saved queries from queries/, and ad-hoc SQL in a process of its own
(`worker`) that never sees the database file. It must not know rules, HTTP or the screen. Nothing in the writer's
process ever opens the database file by other means than DuckDB: one close() of it silently drops DuckDB's lock.
"""
