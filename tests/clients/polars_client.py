"""Polars, both ways: by ADBC, ConnectorX, SQLAlchemy and psycopg."""

import datetime

import connectorx
import polars
import psycopg
import sqlalchemy
from common import DATABASE, HOST, PORT, USER, create_shop, tell

URI = f"postgresql://{USER}@{HOST}:{PORT}/{DATABASE}"
engine = sqlalchemy.create_engine(f"postgresql+psycopg://{USER}@{HOST}:{PORT}/{DATABASE}")
frame = polars.DataFrame({"id": [1, 2, None], "name": ["a", None, "c"], "part": [0.5, None, 2.0], "day": [datetime.date(2026, 1, 2), None, None], "at": [datetime.datetime(2026, 1, 2, 3, 4, 5), None, None], "flag": [True, None, False]})


def told(what, action):
    try:
        found = action()
        tell(what, (found.schema if hasattr(found, "schema") else found, found.rows() if hasattr(found, "rows") else None))
    except Exception as error:  # noqa: BLE001
        tell(what, (type(error).__name__, str(error)[:300]))


for name in ("adbc", "sqlalchemy"):
    for if_exists in ("replace", "append"):
        told(f"{name} {if_exists}", lambda: frame.write_database(f"public.frame_{name}", URI if name == "adbc" else engine, engine=name, if_table_exists=if_exists))
    query = f"SELECT * FROM frame_{name} ORDER BY id, name"
    told("by connectorx", lambda: polars.read_database_uri(query, URI, engine="connectorx"))
    told("by adbc", lambda: polars.read_database_uri(query, URI, engine="adbc"))
    told("by sqlalchemy", lambda: polars.read_database(query, engine))
    told("in batches", lambda: polars.concat(polars.read_database(query, engine, iter_batches=True, batch_size=2)))
    told("by psycopg", lambda: polars.read_database(query, psycopg.connect(URI)))
connection = psycopg.connect(URI, autocommit=True)
create_shop(connection.execute)
told("all types", lambda: polars.read_database('SELECT * FROM shop."Odd ""Name" ORDER BY 1', connection))
# Polars has no type for what ADBC makes of an interval.
told("all types by adbc", lambda: polars.read_database_uri('SELECT "Key", small, "real", "double", code, label, note, flag, raw, day, clock, moment, at, id, written, stored, numbers, words, exact, sum FROM shop."Odd ""Name" ORDER BY 1', URI, engine="adbc"))
told("in parts", lambda: polars.read_database_uri("SELECT n, n * 1.5 AS m FROM generate_series(1, 10) AS numbers (n)", URI, partition_on="n", partition_num=3, engine="connectorx").sort("n"))
for protocol in ("binary", "csv", "cursor"):
    told(f"connectorx {protocol}", lambda: connectorx.read_sql(f"{URI}", "SELECT id, email, country, spent, since FROM shop.customer ORDER BY id", protocol=protocol, return_type="polars"))
    told(f"connectorx {protocol}", lambda: connectorx.read_sql(f"{URI}", 'SELECT "Key", small, "real", "double", code, label, note, flag, raw, day, clock, moment, at, id, written, stored, exact FROM shop."Odd ""Name" ORDER BY 1', protocol=protocol, return_type="polars"))
