"""What a table is: its name, its columns, the sentence on each; DDL, comments and docs derive from it."""

from __future__ import annotations

from dataclasses import dataclass

TIME = "TIMESTAMP"
TEXTS = "VARCHAR[]"


@dataclass(frozen=True, slots=True)
class Field:
    """One column: name, SQL type, the sentence of `COMMENT ON`."""

    name: str
    sql: str
    doc: str


@dataclass(frozen=True, slots=True)
class TableDef:
    """One table. `key` names the columns by which a new row replaces an old one; no key = rows are only added."""

    name: str
    doc: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()

    @property
    def ddl(self) -> str:
        """The CREATE TABLE statement."""
        columns = ", ".join(f'"{f.name}" {f.sql}' for f in self.fields)
        return f"create table {self.name} ({columns})"


@dataclass(frozen=True, slots=True)
class ViewDef:
    """A table that is made of others: what it looks like, and the SELECT that makes it."""

    shape: TableDef
    select: str


def table(name: str, doc: str, key: str, *fields: tuple[str, str, str]) -> TableDef:
    """Return a table; `key` is a list of column names with spaces between, `fields` are (name, SQL type, sentence)."""
    return TableDef(name, doc, tuple(Field(*f) for f in fields), tuple(key.split()))


def quote(text: str) -> str:
    """Return `text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def comments(table: TableDef, kind: str) -> list[str]:
    """Return the COMMENT ON statements of a table or view (`kind`)."""
    columns = [f'comment on column {table.name}."{f.name}" is {quote(f.doc)}' for f in table.fields]
    return [f"comment on {kind} {table.name} is {quote(table.doc)}", *columns]
