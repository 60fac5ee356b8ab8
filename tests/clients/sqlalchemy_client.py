"""SQLAlchemy: the reflection of a schema, and what pandas reads and writes by it."""

import warnings

import pandas
import sqlalchemy
from common import DATABASE, HOST, PORT, TABLE, USER, tell

warnings.simplefilter("ignore")
engine = sqlalchemy.create_engine(f"postgresql+psycopg://{USER}@{HOST}:{PORT}/{DATABASE}", isolation_level="AUTOCOMMIT")
with engine.connect() as connection:
    connection.execute(sqlalchemy.text(TABLE))
    connection.execute(sqlalchemy.text("COMMENT ON TABLE item IS 'things'"))
    connection.execute(sqlalchemy.text("COMMENT ON COLUMN item.name IS 'what it is called'"))
    connection.execute(sqlalchemy.text("CREATE VIEW cheap AS SELECT id, name FROM item WHERE price < 10"))
    connection.execute(sqlalchemy.text("CREATE MATERIALIZED VIEW names AS SELECT name FROM item"))
inspector = sqlalchemy.inspect(engine)
tell("schemas", [name for name in inspector.get_schema_names() if name == "public"])
tell("default", inspector.default_schema_name)
tell("tables", inspector.get_table_names())
tell("views", inspector.get_view_names())
tell("materialized", inspector.get_materialized_view_names())
for column in inspector.get_columns("item"):
    tell("column", sorted((key, str(value)) for key, value in column.items()))
tell("key", inspector.get_pk_constraint("item"))
tell("unique", inspector.get_unique_constraints("item"))
tell("checks", inspector.get_check_constraints("item"))
tell("indexes", inspector.get_indexes("item"))
tell("foreign", inspector.get_foreign_keys("item"))
tell("comment", inspector.get_table_comment("item"))
tell("view columns", [column["name"] for column in inspector.get_columns("cheap")])
tell("has", (inspector.has_table("item"), inspector.has_table("nowhere")))
metadata = sqlalchemy.MetaData()
metadata.reflect(engine, views=True)
tell("reflected", sorted(metadata.tables))
frame = pandas.DataFrame({"id": [1, 2], "name": ["a", None], "price": [1.5, 2.5], "day": pandas.to_datetime(["2026-01-01", "2026-01-02"])})
with engine.connect() as connection:
    frame.to_sql("frame", connection, index=False)
    back = pandas.read_sql("SELECT * FROM frame ORDER BY id", connection)
    tell("frame", back.to_csv())
    tell("types", [str(kind) for kind in back.dtypes])
    frame.to_sql("frame", connection, index=False, if_exists="append", method="multi")
    tell("again", pandas.read_sql_table("frame", connection).shape)
with engine.connect() as connection:
    connection.execute(sqlalchemy.text("CREATE TABLE document (id INT, written JSON, stored JSONB)"))
    table = sqlalchemy.Table("document", sqlalchemy.MetaData(), autoload_with=connection)
    tell("document types", [str(column.type) for column in table.columns])
    connection.execute(table.insert(), [{"id": 1, "written": {"a": [1]}, "stored": {"b": "x", "a": 2}}])
    query = sqlalchemy.select(table.c.id).where(table.c.stored["b"].astext == "x")
    tell("found", connection.execute(query).fetchall())
    tell("documents", pandas.read_sql("SELECT * FROM document", connection).to_dict("records"))
