"""pg8000: a driver in pure Python, which sends parameters as text of unknown type."""

import datetime
import decimal

import pg8000.native
from common import DATABASE, HOST, PORT, TABLE, USER, tell

connection = pg8000.native.Connection(USER, host=HOST, port=PORT, database=DATABASE)
connection.run(TABLE)
connection.run(
    "INSERT INTO item (id, name, price, made, tags, raw) VALUES (:id, :name, :price, :made, :tags, :raw)",
    id=1, name="one", price=decimal.Decimal("1.5"), made=datetime.date(2026, 1, 2), tags=["a", "b"], raw=b"\x01",
)
tell("count", connection.row_count)
tell("rows", connection.run("SELECT * FROM item"))
tell("columns", [column["name"] for column in connection.columns])
tell("value", connection.run("SELECT CAST(:a AS int) + 1, CAST(:b AS text)", a=1, b="x"))
try:
    connection.run("SELECT * FROM nowhere")
except pg8000.native.DatabaseError as error:
    tell("error", (error.args[0]["C"], error.args[0]["M"]))
connection.run("BEGIN")
tell("transaction", connection.run("SELECT count(*) FROM item"))
connection.run("ROLLBACK")
connection.close()
