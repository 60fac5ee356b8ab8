"""Reads a Delta table with another engine and prints its rows as the server would.

read.py ENGINE FOLDER VERSION prints the types in the first line, then a line for each row, its values
with bars between, in the order of the first column. VERSION may be "latest".
"""

import glob
import json
import os
import sys
from datetime import date, datetime, timezone
from decimal import Decimal

import pyarrow


def with_duckdb(folder, version):
    import duckdb
    import duckdb_ext

    pattern = list(duckdb_ext.__path__)[0] + "/extensions/**/delta.duckdb_extension"
    connection = duckdb.connect()
    connection.execute(f"LOAD '{glob.glob(pattern, recursive=True)[0]}'")
    at = "" if version is None else f", VERSION {version}"
    connection.execute(f"ATTACH '{folder}' AS delta_table (TYPE delta{at})")
    return connection.execute("SELECT * FROM delta_table").arrow().read_all()


def with_deltalake(folder, version):
    from deltalake import DeltaTable, QueryBuilder

    table = DeltaTable(folder, version=version)
    found = QueryBuilder().register("delta_table", table).execute("SELECT * FROM delta_table")
    return pyarrow.table(found.read_all())


def with_pyarrow(folder, version):
    from deltalake import DeltaTable

    return DeltaTable(folder, version=version).to_pyarrow_table()


def with_polars(folder, version):
    import polars

    return polars.scan_delta(folder, version=version).collect().to_arrow()


def quoted(text, special, escape):
    """An element of an array or record in Postgres' notation."""
    if text and not any(c in special or c.isspace() for c in text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', escape) + '"'


def shown(value):
    """A value as Postgres writes it."""
    match value:
        case bool():
            return "t" if value else "f"
        case float():
            names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
            text = repr(value)
            return names.get(text, text.removesuffix(".0"))
        case Decimal():
            return format(value, "f")
        case bytes():
            return "\\x" + value.hex()
        case datetime():
            zone = "" if value.tzinfo is None else "+00"
            if zone:
                value = value.astimezone(timezone.utc).replace(tzinfo=None)
            text = value.isoformat(" ")
            return (text.rstrip("0") if "." in text else text) + zone
        case date():
            return value.isoformat()
        case [(str(), _), *_]:
            return json.dumps(dict(value), separators=(",", ":"))
        case list():
            parts = ["NULL" if v is None else quoted(shown(v), '"\\{}(),', '\\"') for v in value]
            return "{" + ",".join(parts) + "}"
        case dict():
            parts = ["" if v is None else quoted(shown(v), '"\\(),', '""') for v in value.values()]
            return "(" + ",".join(parts) + ")"
        case _:
            return str(value)


def main():
    engine, folder, version = sys.argv[1:]
    version = None if version == "latest" else int(version)
    table = globals()[f"with_{engine}"](folder, version)
    print(", ".join(f"{field.name} {field.type}" for field in table.schema))
    rows = sorted((list(row.values()) for row in table.to_pylist()), key=lambda row: row[0])
    for row in rows:
        print("|".join("NULL" if value is None else shown(value) for value in row))


main()
# Threads of PyArrow that still run at the end of the interpreter abort it at times.
sys.stdout.flush()
os._exit(0)
