"""psycopg2: values of all types, many rows at once, named cursors, COPY, what errors tell."""

import datetime
import decimal
import io
import uuid

import psycopg2
import psycopg2.errorcodes
import psycopg2.extensions
import psycopg2.extras
import psycopg2.sql
from common import DATABASE, HOST, PORT, TABLE, USER, tell

psycopg2.extras.register_uuid()
connection = psycopg2.connect(host=HOST, port=PORT, user=USER, dbname=DATABASE, options="-c timezone=UTC")
tell("info", (connection.encoding, connection.server_version // 10000, connection.info.ssl_in_use, connection.status))
tell("parameters", [connection.get_parameter_status(name) for name in ("DateStyle", "TimeZone", "is_superuser", "integer_datetimes", "server_encoding")])
cursor = connection.cursor()
cursor.execute(TABLE)

utc = datetime.timezone.utc
for value in [
    1, 2**40, 2**70, 1.5, float("nan"), float("-inf"), decimal.Decimal("1.50"), "it's \\ a", "", True, None, b"\x00\xff",
    datetime.date(2026, 2, 28), datetime.time(12, 34, 56, 7), datetime.datetime(2026, 1, 2, 3, 4, 5, 6),
    datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=utc), datetime.timedelta(days=2, seconds=3, microseconds=4),
    [1, 2, None], ["a", "b c", 'q"'], [], (1, "a"), uuid.UUID(int=7), psycopg2.extras.Json({"a": [1, None]}),
    [datetime.date(2026, 2, 28)], [decimal.Decimal("1.5")], [True, False], [[1, 2], [3, 4]],
]:
    try:
        cursor.execute("SELECT %s", (value,)) if not isinstance(value, tuple) else cursor.execute("SELECT 1 IN %s", (value[:1],))
        column, found = cursor.description[0], cursor.fetchone()[0]
        found = bytes(found) if isinstance(found, memoryview) else found
        tell("value", (found, column.name, column.type_code, column.internal_size, column.precision, column.scale))
    except psycopg2.Error as error:
        connection.rollback()
        cursor.execute(TABLE)
        tell("error", (value, error.pgcode))

rows = [(number, f"n{number}", decimal.Decimal(number) / 4, None, ["x"]) for number in range(7)]
insert = "INSERT INTO item (id, name, price, made, tags) VALUES %s"
returned = psycopg2.extras.execute_values(cursor, insert + " RETURNING id, ok", rows, page_size=3, fetch=True)
tell("values", (sorted(returned), cursor.rowcount, cursor.statusmessage))
psycopg2.extras.execute_values(
    cursor, "UPDATE item SET score = data.score FROM (VALUES %s) AS data (id, score) WHERE item.id = data.id",
    [(1, 0.5), (2, 2.5)], template="(%s, %s)",
)
tell("updated", cursor.rowcount)
psycopg2.extras.execute_batch(cursor, "INSERT INTO item (id, name) VALUES (%s, %s)", [(20 + n, f"b{n}") for n in range(5)], page_size=2)
cursor.executemany("DELETE FROM item WHERE id = %s", [(20,), (21,)])
cursor.execute("SELECT id, name, price, ok, score, tags FROM item ORDER BY id")
tell("rows", cursor.fetchall())
connection.commit()

with connection.cursor(name="scan") as named:
    named.itersize = 2
    named.execute("SELECT id FROM item ORDER BY id")
    tell("described", named.description)
    tell("first", named.fetchone())
    tell("described", [column.name for column in named.description])
    tell("many", named.fetchmany(3))
    tell("rest", [row[0] for row in named])
with connection.cursor("scroll", scrollable=True) as named:
    named.execute("SELECT id FROM item ORDER BY id")
    named.scroll(3)
    tell("scrolled", named.fetchone())
    named.scroll(-2)
    tell("back", named.fetchone())
    named.scroll(0, mode="absolute")
    tell("start", named.fetchmany(2))
with connection.cursor("kept", withhold=True) as named:
    named.execute("SELECT id FROM item WHERE id < %s ORDER BY id", (3,))
    connection.commit()
    tell("kept", named.fetchall())
connection.commit()

for options in ("", " WITH (FORMAT csv, HEADER)", " WITH (FORMAT csv, DELIMITER ';', NULL 'none', FORCE_QUOTE *)", " WITH CSV QUOTE '''' HEADER", " (FORMAT binary)"):
    out = io.BytesIO()
    try:
        cursor.copy_expert("COPY (SELECT id, name, price, tags FROM item ORDER BY id) TO STDOUT" + options, out)
        tell("copied", (options, out.getvalue(), cursor.rowcount, cursor.statusmessage))
    except psycopg2.Error as error:
        connection.rollback()
        tell("not copied", (options, error.pgcode))
out = io.StringIO()
cursor.copy_to(out, "item", columns=("id", "name"), sep="|", null="-")
tell("copy_to", sorted(out.getvalue().splitlines()))
cursor.copy_from(io.StringIO("30|c\n31|-x\n"), "item", columns=("id", "name"), sep="|", null="-")
cursor.copy_expert("COPY item (id, name, price) FROM STDIN WITH (FORMAT csv, HEADER)", io.StringIO('id,name,price\n32,"quoted ""x""",1.25\n'))
tell("copy_expert", (cursor.rowcount, cursor.statusmessage))
cursor.execute("SELECT id, name, price FROM item WHERE id >= 30 ORDER BY id")
tell("rows", cursor.fetchall())
connection.commit()

for sql in (
    "SELECT * FROM nowhere", "SELECT missing FROM item", "SELECT nothing(1)", "SELEC 1", "SELECT 1 / 0", "SELECT 'x'::int",
    "INSERT INTO item (id, name) VALUES (1, 'twice')", "INSERT INTO item (id, name) VALUES (99, NULL)",
    "INSERT INTO item (id, name, price) VALUES (99, 'x', -1)", "INSERT INTO item (id, name) VALUES (99, repeat('x', 30))",
    "SELECT 1 FROM item GROUP BY name HAVING id = 1", "SELECT 1::smallint + 100000::bigint::smallint", "COPY item FROM STDIN WITH (FORMAT nothing)",
):
    try:
        cursor.execute(sql)
    except psycopg2.Error as error:
        found = error.diag
        tell("error", (sql, type(error).__name__, error.pgcode, found.severity, found.message_primary, found.constraint_name, found.table_name, found.schema_name, found.column_name, found.statement_position))
    try:
        cursor.execute("SELECT 1")
    except psycopg2.errors.InFailedSqlTransaction as error:
        tell("failed", str(error))
    connection.rollback()

connection.set_session(isolation_level="SERIALIZABLE", readonly=True, deferrable=True)
cursor.execute("SHOW transaction_isolation")
tell("isolation", cursor.fetchone())
cursor.execute("SHOW transaction_read_only")
tell("read only", cursor.fetchone())
try:
    cursor.execute("DELETE FROM item")
except psycopg2.Error as error:
    tell("error", (error.pgcode, error.diag.message_primary))
connection.rollback()
connection.set_session(isolation_level="DEFAULT", readonly=False, deferrable=False)

with connection:
    with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as found:
        found.execute("SELECT id, name FROM item WHERE id = ANY(%s) ORDER BY id", ([1, 2],))
        tell("dicts", [dict(row) for row in found])
    with connection.cursor(cursor_factory=psycopg2.extras.NamedTupleCursor) as found:
        found.execute("SELECT id, name FROM item WHERE id IN %s ORDER BY id", ((1, 2),))
        tell("tuples", found.fetchall())
    query = psycopg2.sql.SQL("SELECT {} FROM {} WHERE {} = %s").format(psycopg2.sql.Identifier("na me"), psycopg2.sql.Identifier("odd \"table"), psycopg2.sql.Identifier("K"))
    cursor.execute('CREATE TABLE "odd ""table" ("K" INT, "na me" TEXT)')
    cursor.execute('INSERT INTO "odd ""table" VALUES (1, %s)', ("percent % and {}",))
    cursor.execute(query, (1,))
    tell("composed", (cursor.fetchone(), cursor.query))

# Types of a database's own: composites and enumerations by their names, hstore where there is one.
connection.autocommit = True
try:
    cursor.execute("CREATE TYPE pair AS (a INT, b TEXT)")
    pair = psycopg2.extras.register_composite("pair", cursor)
    tell("pair", (pair.name, pair.attnames, pair.atttypes, pair.schema))
    cursor.execute("SELECT ROW(1, 'x')::pair")
    tell("pair", cursor.fetchone())
except psycopg2.Error as error:
    tell("pair", error.pgcode)
try:
    cursor.execute("CREATE DOMAIN positive AS INT CHECK (VALUE > 0)")
    cursor.execute("SELECT 5::positive")
    tell("domain", (cursor.fetchone(), cursor.description[0].type_code))
except psycopg2.Error as error:
    tell("domain", error.pgcode)
cursor.execute("LISTEN news")
cursor.execute("SELECT pg_notify('news', 'hello')")
connection.poll()
tell("notified", [(notify.channel, notify.payload) for notify in connection.notifies])
cursor.execute("DROP TABLE IF EXISTS nowhere")
tell("notices", connection.notices)
connection.notices.clear()
identifier = connection.xid(1, "transaction", "branch")
try:
    connection.autocommit = False
    connection.tpc_begin(identifier)
    cursor.execute("SELECT 1")
    connection.tpc_prepare()
except psycopg2.Error as error:
    tell("two phases", error.pgcode)
connection.close()
