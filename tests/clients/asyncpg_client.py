"""asyncpg: everything is prepared and in binary."""

import asyncio
import datetime
import decimal
import io

import asyncpg
from common import DATABASE, HOST, PORT, TABLE, USER, tell

UTC = datetime.timezone.utc
COLUMNS = "id, name, price, made, at, ok, score, raw"
MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
ROWS = [
    (1, "one", decimal.Decimal("1.25"), MOMENT.date(), MOMENT, True, 0.5, b"\x00\xff"),
    (2, "two", None, None, None, None, None, None),
]


async def main():
    connection = await asyncpg.connect(host=HOST, port=PORT, user=USER, database=DATABASE)
    tell("version", connection.get_server_version()[:2])
    tell("create", await connection.execute(TABLE))
    marks = ", ".join(f"${number}" for number in range(1, 9))
    await connection.executemany(f"INSERT INTO item ({COLUMNS}) VALUES ({marks})", ROWS)
    for row in await connection.fetch(f"SELECT {COLUMNS} FROM item ORDER BY id"):
        tell("row", tuple(row))
    statement = await connection.prepare("SELECT id, name FROM item WHERE id = $1 OR name = $2")
    tell("parameters", [known.name for known in statement.get_parameters()])
    tell("columns", [column.name for column in statement.get_attributes()])
    tell("found", [tuple(row) for row in await statement.fetch(1, "none")])
    span = datetime.timedelta(days=1, hours=2)
    tell("interval", await connection.fetchval("SELECT $1::interval", span))
    async with connection.transaction():
        query = "SELECT id FROM item ORDER BY id"
        tell("cursor", [row["id"] async for row in connection.cursor(query, prefetch=1)])
    out = io.BytesIO()
    query = "SELECT id, name FROM item ORDER BY id"
    tell("copied", await connection.copy_from_query(query, output=out, format="binary"))
    tell("bytes", out.getvalue())
    out.seek(0)
    await connection.execute("CREATE TABLE copied (id BIGINT, name TEXT)")
    tell("taken", await connection.copy_to_table("copied", source=out, format="binary"))
    records = [(3, "three"), (4, None)]
    tell("records", await connection.copy_records_to_table("copied", records=records))
    rows = await connection.fetch("SELECT * FROM copied ORDER BY id")
    tell("rows", [tuple(row) for row in rows])
    await connection.execute("CREATE TABLE document (id INT, written JSON, stored JSONB)")
    document = '{"b": [1, 2.50], "a": null}'
    await connection.execute("INSERT INTO document VALUES (1, $1::json, $2::jsonb)", document, document)
    rows = await connection.fetch("SELECT written, stored, stored -> 'b' FROM document")
    tell("documents", [tuple(row) for row in rows])
    for sql in ("SELECT nothing FROM item", "SELECT * FROM nowhere", "SELECT 1 / 0", "SELEC"):
        try:
            await connection.fetch(sql)
        except asyncpg.PostgresError as error:
            tell("error", (type(error).__name__, error.sqlstate))
    heard = asyncio.Queue()
    listener = lambda _, process, channel, payload: heard.put_nowait((channel, payload))
    await connection.add_listener("news", listener)
    await connection.execute("NOTIFY news, 'one'")
    await connection.fetchval("SELECT pg_notify($1, $2)", "news", "two")
    tell("notified", [await heard.get(), await heard.get()])
    await connection.remove_listener("news", listener)
    await connection.close()


asyncio.run(main())
