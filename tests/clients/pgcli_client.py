"""pgcli: all that its completion asks of the catalog, and what it prints of queries and commands."""

import subprocess
import sys
from pathlib import Path

import psycopg
from common import DATABASE, HOST, PORT, USER, create_shop, tell
from pgcli.pgexecute import PGExecute

with psycopg.connect(host=HOST, port=PORT, user=USER, dbname=DATABASE, autocommit=True) as connection:
    create_shop(connection.execute)

executor = PGExecute(DATABASE, USER, "", HOST, PORT, None)
tell("path", executor.search_path())
tell("schemas", [name for name in executor.schemata() if name != "tributary"])
tell("databases", DATABASE in executor.databases())
tell("listed", [len(row) for row in executor.full_databases()[1]][:1] if isinstance(executor.full_databases(), tuple) else None)


def of_shop(rows):
    return sorted(tuple(row) for row in rows if row[0] == "shop")


tell("tables", of_shop(executor.tables()))
tell("views", of_shop(executor.views()))
for column in of_shop(executor.table_columns()):
    tell("  column", column)
for column in of_shop(executor.view_columns()):
    tell("  column", column)
tell("keys", [tuple(key) for key in executor.foreignkeys()])
tell("types", of_shop(executor.datatypes()))
try:
    functions = list(executor.functions())
except psycopg.Error as error:
    functions = []
    tell("functions", error.sqlstate)
for function in functions:
    if function.schema_name == "shop":
        tell("function", vars(function))
tell("built-in functions", len([function for function in functions if function.schema_name == "pg_catalog"]) > 2000)
for what, ask in (
    ("casing", lambda: sorted(set(executor.casing()))),
    ("definition", lambda: executor.view_definition("shop.cheap")),
    ("function text", lambda: executor.function_definition("shop.twice")),
):
    try:
        tell(what, ask())
    except psycopg.Error as error:
        tell(what, error.sqlstate)
tell("server", (executor.server_version, executor.is_superuser() if hasattr(executor, "is_superuser") else None))
for sql in ("SELECT id, email FROM shop.customer ORDER BY id", "SELECT 1 / 0", "INSERT INTO shop.line (customer) VALUES (9)"):
    try:
        for title, rows, headers, status, *_ in executor.run(sql):
            tell("ran", (title, headers, status, list(rows) if headers else None))
    except psycopg.Error as error:
        tell("failed", error.sqlstate)
for command in (r"\dt shop.*", r"\d shop.customer", r"\dv shop.*", r"\di shop.*", r"\df shop.*", r"\dn shop", r"\ds shop.*", r"\dm shop.*", r"\dT shop.*", r"\dp shop.*"):
    try:
        for title, rows, headers, status, *_ in executor.run(command):
            tell(command, (title, headers, status, [tuple(row) for row in rows] if rows is not None and not isinstance(rows, str) else rows))
    except psycopg.Error as error:
        tell(command, error.sqlstate)
command = [str(Path(sys.executable).parent / "pgcli"), "--host", HOST, "--port", str(PORT), "--username", USER, "--no-password", "--dbname", DATABASE, "--less-chatty"]
ran = subprocess.run([*command, "--list"], capture_output=True, text=True, env={"HOME": "/nonexistent", "PATH": "/usr/bin", "LANG": "C.UTF-8"})
tell("pgcli --list", (ran.returncode, DATABASE in ran.stdout))
