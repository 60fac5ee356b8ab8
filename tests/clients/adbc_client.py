"""ADBC: tables in by COPY, rows out as Arrow, the catalog."""

import datetime
import decimal

import adbc_driver_postgresql
import adbc_driver_postgresql.dbapi
import pyarrow
from common import DATABASE, HOST, PORT, USER, create_shop, tell

URI = f"postgresql://{USER}@{HOST}:{PORT}/{DATABASE}"

connection = adbc_driver_postgresql.dbapi.connect(URI, autocommit=True)
cursor = connection.cursor()
create_shop(cursor.execute)


def failing(what, action):
    try:
        tell(what, action())
    except Exception as error:  # noqa: BLE001
        tell(what, (type(error).__name__, getattr(error, "sqlstate", None)))


def table(what, action):
    """Tells an Arrow table, or how it fails."""
    try:
        found = action()
        tell(what, [(field.name, str(field.type), {key: value for key, value in (field.metadata or {}).items()}) for field in found.schema])
        for row in found.to_pylist():
            print("   ", row)
    except Exception as error:  # noqa: BLE001
        tell(what, (type(error).__name__, getattr(error, "sqlstate", None), str(error)[:300]))


def fetched(sql, parameters=None):
    cursor.execute(sql, parameters)
    return cursor.fetch_arrow_table()


tell("vendor", connection.adbc_get_info()["vendor_name"])
table("customer", lambda: fetched("SELECT * FROM shop.customer ORDER BY id"))
table("all types", lambda: fetched('SELECT * FROM shop."Odd ""Name" ORDER BY 1'))
table("none", lambda: fetched("SELECT * FROM shop.customer WHERE false"))
table("parameters", lambda: fetched("SELECT id, email FROM shop.customer WHERE id = $1 OR email = $2 ORDER BY id", (1, "nobody")))
table("computed", lambda: fetched("SELECT 1, 1.5, 'x', NULL, now() > '2020-01-01', ARRAY[1, 2], '1 day'::interval, 'a'::name, 1::oid, 'r'::\"char\", ARRAY['a'], 1::real, 5::money IS NULL"))
failing("schema", lambda: str(connection.adbc_get_table_schema("customer", db_schema_filter="shop")))
failing("schema", lambda: str(connection.adbc_get_table_schema("nowhere")))
failing("executed schema", lambda: str(cursor.adbc_execute_schema("SELECT id, email, $1::int + 1 AS n FROM shop.customer")))
tell("kinds", sorted(connection.adbc_get_table_types()))

objects = connection.adbc_get_objects(depth="all", db_schema_filter="shop").read_all().to_pylist()
for catalog in objects:
    if catalog["catalog_name"] != DATABASE:
        continue
    for schema in catalog["catalog_db_schemas"]:
        tell("schema", schema["db_schema_name"])
        for found in sorted(schema["db_schema_tables"], key=lambda found: found["table_name"]):
            tell("  table", (found["table_name"], found["table_type"]))
            for column in sorted(found["table_columns"], key=lambda column: column["ordinal_position"]):
                print("     ", {key: value for key, value in column.items() if value is not None})
            for constraint in sorted(found["table_constraints"], key=lambda constraint: constraint["constraint_name"] or ""):
                print("     ", constraint)
for depth in ("catalogs", "db_schemas", "tables"):
    objects = connection.adbc_get_objects(depth=depth, catalog_filter=DATABASE, db_schema_filter="shop", table_types_filter=["table", "view"] if depth == "tables" else None).read_all().to_pylist()
    tell(depth, objects)
tell("current", (connection.adbc_current_catalog == DATABASE, connection.adbc_current_db_schema))

# Whole tables in, each with its types, then more of them.
utc = pyarrow.timestamp("us", tz="UTC")
rows = pyarrow.table({
    "id": pyarrow.array([1, 2, None], pyarrow.int64()), "small": pyarrow.array([1, -2, None], pyarrow.int16()),
    "name": ["a", "\u00e4\u20ac", None], "flag": [True, False, None], "part": [1.5, float("nan"), None],
    "single": pyarrow.array([1.5, 2.5, None], pyarrow.float32()), "raw": [b"\x00\xff", b"", None],
    "day": pyarrow.array([datetime.date(2026, 1, 2), None, None]), "moment": pyarrow.array([datetime.datetime(2026, 1, 2, 3, 4, 5), None, None], pyarrow.timestamp("us")),
    "at": pyarrow.array([datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc), None, None], utc),
    "clock": pyarrow.array([datetime.time(1, 2, 3), None, None], pyarrow.time64("us")),
    "exact": pyarrow.array([decimal.Decimal("1.50"), decimal.Decimal("-2.25"), None], pyarrow.decimal128(10, 2)),
    "numbers": pyarrow.array([[1, None, 3], [], None], pyarrow.list_(pyarrow.int32())), "words": pyarrow.array([["a"], None, []], pyarrow.list_(pyarrow.string())),
})
for mode in ("create", "append", "replace", "create_append"):
    failing(mode, lambda mode=mode: cursor.adbc_ingest("taken", rows, mode=mode, db_schema_name="shop"))
table("taken", lambda: fetched("SELECT * FROM shop.taken ORDER BY id LIMIT 2"))
table("types", lambda: fetched("SELECT column_name::text, data_type::text FROM information_schema.columns WHERE table_name = 'taken' ORDER BY ordinal_position"))
failing("again", lambda: cursor.adbc_ingest("taken", rows, mode="create", db_schema_name="shop"))
failing("temporary", lambda: cursor.adbc_ingest("passing", rows.select(["id", "name"]), mode="create", temporary=True))
table("temporary", lambda: fetched("SELECT * FROM passing ORDER BY id"))
failing("many", lambda: cursor.executemany("INSERT INTO shop.line (customer, amount) VALUES ($1, $2)", [(7, "1.5"), (8, "2.5")]))
failing("many", lambda: cursor.executemany("INSERT INTO shop.line (customer, amount) VALUES ($1, $2::text::numeric)", [(7, "1.5"), (8, "2.5")]))
table("many", lambda: fetched("SELECT customer, amount FROM shop.line WHERE customer > 6 ORDER BY 1"))
with adbc_driver_postgresql.dbapi.connect(URI) as other, other.cursor() as changing:
    changing.execute("DELETE FROM shop.line")
    other.rollback()
table("rolled back", lambda: fetched("SELECT count(*) FROM shop.line"))
failing("wrong", lambda: cursor.execute("SELECT * FROM nowhere"))
failing("divided", lambda: fetched("SELECT 1 / 0"))
cursor.execute("SELECT n, n::text FROM generate_series(1, 100000) AS numbers (n)")
tell("batches", sum(batch.num_rows for batch in cursor.fetch_record_batch()))
cursor.close()
connection.close()
