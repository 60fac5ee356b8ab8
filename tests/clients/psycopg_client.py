"""psycopg 3: parameters and rows as text and in binary, server-side cursors, COPY, pipelines."""

import datetime
import decimal

import psycopg
from psycopg.types.json import Json, Jsonb
from common import DATABASE, HOST, PORT, TABLE, USER, tell

VALUES = [
    1, 2**40, 1.5, "it's", True, None, b"\x00\xff",
    datetime.date(2026, 2, 28), datetime.time(12, 34, 56), datetime.datetime(2026, 1, 2, 3, 4, 5),
    datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
    datetime.timedelta(days=2, seconds=3), [1, 2, None], ["a", "b c"],
]

with psycopg.connect(host=HOST, port=PORT, user=USER, dbname=DATABASE, autocommit=True) as connection:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(TABLE)
    for binary in (False, True):
        mark = "%b" if binary else "%t"
        for value in VALUES:
            try:
                cursor = connection.cursor(binary=binary).execute(f"SELECT {mark}", (value,))
                tell("value", (cursor.fetchone()[0], cursor.description[0].type_code))
            except psycopg.Error as error:
                tell("error", (value, error.sqlstate))
    insert = "INSERT INTO item (id, name, price, made, tags) VALUES (%s, %s, %s, %s, %s)"
    rows = [(number, f"n{number}", decimal.Decimal(number) / 4, None, ["x"]) for number in range(5)]
    cursor = connection.cursor()
    cursor.executemany(insert, rows)
    tell("inserted", cursor.rowcount)
    tell("rows", connection.execute("SELECT id, name, price, ok, tags FROM item ORDER BY id").fetchall())
    with connection.transaction():
        with connection.cursor(name="scan") as cursor:
            cursor.itersize = 2
            tell("cursor", [row[0] for row in cursor.execute("SELECT id FROM item ORDER BY id")])
    with connection.cursor() as cursor:
        with cursor.copy("COPY item (id, name) TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int8", "varchar"])
            tell("copied", sorted(copy.rows()))
        with cursor.copy("COPY item (id, name, price, ok) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int8", "varchar", "numeric", "bool"])
            copy.write_row((100, "hundred", decimal.Decimal("1.50"), False))
        tell("tag", cursor.statusmessage)
        with cursor.copy("COPY item (id, name, price, ok) FROM STDIN") as copy:
            copy.write_row((101, "tab\tand\\", None, True))
        tell("text", cursor.execute("SELECT name, price, ok FROM item WHERE id > 99 ORDER BY id").fetchall())
    with connection.pipeline():
        cursors = [connection.execute("SELECT %s::int", (number,)) for number in range(3)]
    tell("pipeline", [cursor.fetchone() for cursor in cursors])
    document = {"b": [1, 2.5, None, "\u00e4\n"], "a": {"c": True}}
    connection.execute("CREATE TABLE document (id INT, written JSON, stored JSONB)")
    connection.execute("INSERT INTO document VALUES (1, %s, %s), (2, NULL, NULL)", (Json(document), Jsonb(document)))
    for binary in (False, True):
        cursor = connection.cursor(binary=binary).execute("SELECT id, written, stored, stored -> 'b', stored ->> 'a' FROM document ORDER BY id")
        tell("documents", (cursor.fetchall(), [column.type_code for column in cursor.description]))
        mark = "%b" if binary else "%t"
        tell("document", connection.execute(f"SELECT {mark}::jsonb -> 'a'", (Jsonb(document),)).fetchone())
    for _ in range(7):
        found = connection.execute("SELECT name FROM item WHERE id = %s", (1,), prepare=True).fetchall()
    tell("prepared", found)
    for sql in ("INSERT INTO item (id, name) VALUES (1, 'twice')", "INSERT INTO item (id, name) VALUES (9, NULL)", "UPDATE item SET price = -1"):
        try:
            connection.execute(sql)
        except psycopg.Error as error:
            tell("error", error.sqlstate)
    tell("info", (connection.info.server_version // 10000, connection.info.encoding, connection.info.parameter_status("standard_conforming_strings")))
    heard = []
    connection.add_notify_handler(lambda told: heard.append((told.channel, told.payload)))
    connection.execute("LISTEN news")
    connection.execute("NOTIFY news, 'one'")
    connection.execute("SELECT pg_notify('news', %s)", ("two",))
    tell("notified", heard)
