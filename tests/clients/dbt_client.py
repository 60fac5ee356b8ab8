"""dbt-core with dbt-postgres: a project is seeded, built twice, tested and documented."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from common import DATABASE, HOST, PORT, USER, tell

TABLES = [
    "customers", "orders", "customer_view", "customer_table", "orders_append",
    "orders_delete_insert", "orders_merge", "customers_history",
]

folder = tempfile.TemporaryDirectory()
project = Path(folder.name) / "dbt"
shutil.copytree(Path(__file__).parent / "dbt", project)
environment = dict(
    os.environ, DBT_HOST=HOST, DBT_PORT=str(PORT), DBT_USER=USER, DBT_DATABASE=DATABASE,
    DBT_SEND_ANONYMOUS_USAGE_STATS="false", DO_NOT_TRACK="1",
)
connection = psycopg.connect(host=HOST, port=PORT, user=USER, dbname=DATABASE, autocommit=True)


def dbt(*arguments):
    command = [str(Path(sys.executable).parent / "dbt"), *arguments, "--no-use-colors"]
    paths = ["--profiles-dir", "profiles"]
    ran = subprocess.run(command + paths, cwd=project, env=environment, capture_output=True, text=True)
    name = " ".join(arguments)
    tell(name, ran.returncode)
    if ran.returncode != 0:
        print(ran.stdout[-3000:], file=sys.stderr)
    results = project / "target" / "run_results.json"
    if results.exists():
        nodes = json.loads(results.read_text())["results"]
        for node in sorted(nodes, key=lambda node: node["unique_id"]):
            tell(f"  {node['unique_id']}", (node["status"], node["message"], node["failures"]))
        results.unlink()


def rows():
    for table in TABLES:
        cursor = connection.execute(f"SELECT * FROM shop.{table} ORDER BY 1, 2, 3")
        columns = [column.name for column in cursor.description]
        # Moments of the run are others each time.
        shown = [place for place, name in enumerate(columns) if not name.startswith("dbt_")]
        tell(f"  {table}", columns)
        for row in cursor:
            print("   ", [row[place] for place in shown], [value is None for value in row])


def replace(file, old, new):
    path = project / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


dbt("debug")
dbt("seed")
dbt("run")
dbt("snapshot")
rows()

# Rows come and change; each incremental model takes them in its way.
replace("seeds/orders.csv", "12,2,99.99", "12,2,100.5")
with open(project / "seeds" / "orders.csv", "a") as orders:
    orders.write("13,3,5,2024-05-04 08:00:00\n")
replace("seeds/customers.csv", "ben@example.com", "ben@example.org")
with open(project / "seeds" / "customers.csv", "a") as customers:
    customers.write("4,Dora,,2024-04-01\n")
dbt("seed")
dbt("run")
dbt("snapshot")
rows()

# A new column of an incremental model.
replace("models/orders_merge.sql", "amount, at from", "amount, at, amount * 2 as doubled from")
replace("models/orders_merge.sql", "unique_key='id'", "unique_key='id', on_schema_change='append_new_columns'")
dbt("run", "--select", "orders_merge")
rows()

dbt("test")
dbt("run", "--full-refresh")
rows()
dbt("docs", "generate")
catalog = json.loads((project / "target" / "catalog.json").read_text())
for kind in ["nodes", "sources"]:
    for name, node in sorted(catalog[kind].items()):
        tell(name, {key: node["metadata"][key] for key in ["type", "schema", "name", "comment", "owner"]})
        for column in node["columns"].values():
            tell("  column", (column["name"], column["index"], column["type"], column["comment"]))

# A model that fails leaves what was there.
replace("models/customer_table.sql", "count(o.id)", "1 / 0")
dbt("run", "--select", "customer_table")
rows()
