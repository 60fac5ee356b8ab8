"""Enum types as clients look them up and use them: psycopg, psycopg2 and SQLAlchemy."""

import enum

import psycopg
import psycopg2
import sqlalchemy
from psycopg.types.enum import EnumInfo, register_enum
from sqlalchemy import orm

from common import DATABASE, HOST, PORT, USER, tell

SQL = """CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE person (id INT PRIMARY KEY, mood mood NOT NULL DEFAULT 'ok', moods mood[])"""


class Mood(enum.Enum):
    sad = 1
    ok = 2
    happy = 3


def with_psycopg():
    where = f"host={HOST} port={PORT} user={USER} dbname={DATABASE}"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(SQL)
        info = EnumInfo.fetch(connection, "mood")
        tell("labels", (info.name, info.labels, info.oid > 0, info.array_oid > 0))
        register_enum(info, connection, Mood)
        insert = "INSERT INTO person VALUES (%s, %s, %s)"
        connection.execute(insert, (1, Mood.happy, [Mood.sad, Mood.ok]))
        connection.execute(insert, (2, "sad", None))
        for binary in (False, True):
            cursor = connection.cursor(binary=binary)
            query = "SELECT mood, moods FROM person WHERE mood >= %s ORDER BY mood"
            tell("rows", cursor.execute(query, (Mood.sad,)).fetchall())
            tell("type", cursor.description[0].type_code == info.oid)
            tell("types", cursor.description[1].type_code == info.array_oid)
        try:
            connection.execute(insert, (3, "angry", None))
        except psycopg.Error as error:
            tell("error", (error.sqlstate, str(error).splitlines()[0]))
        with connection.cursor().copy("COPY person FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "mood", "mood[]"])
            copy.write_row((4, Mood.ok, [Mood.happy]))
        with connection.cursor().copy("COPY person FROM STDIN") as copy:
            copy.write_row((5, "happy", None))
        copied = "COPY (SELECT * FROM person ORDER BY mood, id) TO STDOUT"
        with connection.cursor().copy(copied) as copy:
            tell("copied", b"".join(copy))


class Base(orm.DeclarativeBase):
    pass


class Feeling(Base):
    __tablename__ = "feeling"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    mood: orm.Mapped[Mood]
    kind: orm.Mapped[str] = orm.mapped_column(
        sqlalchemy.Enum("big", "small", name="kind_of"), server_default="small"
    )


def with_sqlalchemy(driver):
    engine = sqlalchemy.create_engine(f"postgresql+{driver}://{USER}@{HOST}:{PORT}/{DATABASE}")
    Base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        session.add_all([Feeling(id=1, mood=Mood.happy), Feeling(id=2, mood=Mood.sad, kind="big")])
        session.commit()
        found = session.scalars(sqlalchemy.select(Feeling).order_by(Feeling.mood))
        tell("found", [(it.id, it.mood, it.kind) for it in found])
        query = sqlalchemy.select(Feeling.id).where(Feeling.mood == Mood.sad)
        tell("sad", session.scalars(query).all())
        tell("greatest", session.scalar(sqlalchemy.select(sqlalchemy.func.max(Feeling.mood))))
    inspector = sqlalchemy.inspect(engine)
    tell("enums", inspector.get_enums())
    for column in inspector.get_columns("feeling"):
        tell("column", (column["name"], repr(column["type"]), column["default"], column["nullable"]))
    table = sqlalchemy.Table("feeling", sqlalchemy.MetaData(), autoload_with=engine)
    tell("reflected", [repr(column.type) for column in table.columns])
    Base.metadata.drop_all(engine)
    tell("enums", [it["name"] for it in sqlalchemy.inspect(engine).get_enums()])
    engine.dispose()


def with_psycopg2():
    connection = psycopg2.connect(host=HOST, port=PORT, user=USER, dbname=DATABASE)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SELECT mood, moods FROM person WHERE mood > %s ORDER BY mood, id", ("sad",))
    tell("rows", cursor.fetchall())
    cursor.execute("ALTER TYPE mood ADD VALUE 'meh' BEFORE 'ok'")
    cursor.execute("INSERT INTO person VALUES (9, 'meh') RETURNING mood")
    tell("added", cursor.fetchall())
    cursor.execute("SELECT id, mood FROM person ORDER BY mood, id")
    tell("rows", cursor.fetchall())
    cursor.execute("DROP TABLE person; DROP TYPE mood")
    connection.close()


with_psycopg()
with_psycopg2()
for driver in ("psycopg", "psycopg2"):
    with_sqlalchemy(driver)
