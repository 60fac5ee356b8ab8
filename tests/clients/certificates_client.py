"""Drivers that show a certificate: psycopg 2 and 3, asyncpg, pg8000 and pgjdbc, each with the right one and another's."""

import asyncio
import ssl
import sys

import asyncpg
import jpype
import jpype.imports  # noqa: F401
import pg8000.native
import psycopg
import psycopg2
from common import DATABASE, HOST, PORT, tell

FOLDER = sys.argv[5]
JAR = "/usr/share/java/postgresql.jar"
QUESTION = "SELECT current_user || CASE WHEN (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) THEN ' True' ELSE ' False' END"


def libpq(name):
    files = {"sslrootcert": f"{FOLDER}/authority.crt", "sslcert": f"{FOLDER}/{name}.crt", "sslkey": f"{FOLDER}/{name}.key"}
    return {"host": HOST, "port": PORT, "user": "jane", "dbname": DATABASE, "sslmode": "verify-full", **files}


def context(name):
    made = ssl.create_default_context(cafile=f"{FOLDER}/authority.crt")
    made.load_cert_chain(f"{FOLDER}/{name}.crt", f"{FOLDER}/{name}.key")
    return made


def by_psycopg(name):
    with psycopg.connect(**libpq(name)) as connection:
        return connection.execute(QUESTION).fetchone()[0]


def by_psycopg2(name):
    connection = psycopg2.connect(**libpq(name))
    with connection.cursor() as cursor:
        cursor.execute(QUESTION)
        return cursor.fetchone()[0]


def by_asyncpg(name):
    async def ask():
        connection = await asyncpg.connect(host=HOST, port=PORT, user="jane", database=DATABASE, ssl=context(name))
        try:
            return await connection.fetchval(QUESTION)
        finally:
            await connection.close()

    return asyncio.run(ask())


def by_pg8000(name):
    with pg8000.native.Connection("jane", host=HOST, port=PORT, database=DATABASE, ssl_context=context(name)) as connection:
        return connection.run(QUESTION)[0][0]


jpype.startJVM("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", classpath=[JAR], convertStrings=True)
from java.lang import Class  # noqa: E402
from java.sql import DriverManager  # noqa: E402
from java.util import Properties  # noqa: E402

Class.forName("org.postgresql.Driver")


def by_jdbc(name):
    properties = Properties()
    files = {"sslrootcert": f"{FOLDER}/authority.crt", "sslcert": f"{FOLDER}/{name}.crt", "sslkey": f"{FOLDER}/{name}.pk8"}
    for option, value in {"user": "jane", "ssl": "true", "sslmode": "verify-full", **files}.items():
        properties.setProperty(option, value)
    connection = DriverManager.getConnection(f"jdbc:postgresql://{HOST}:{PORT}/{DATABASE}", properties)
    try:
        result = connection.createStatement().executeQuery(QUESTION)
        result.next()
        return str(result.getString(1))
    finally:
        connection.close()


for client, connect in [("psycopg", by_psycopg), ("psycopg2", by_psycopg2), ("asyncpg", by_asyncpg), ("pg8000", by_pg8000), ("jdbc", by_jdbc)]:
    for name in ("jane", "doe"):
        try:
            tell(f"{client} with the certificate of {name}", connect(name))
        except pg8000.exceptions.DatabaseError as error:
            tell(f"{client} with the certificate of {name}", {field: error.args[0][field] for field in "SCM"})
        except Exception as error:
            tell(f"{client} with the certificate of {name}", str(error).replace(str(PORT), "PORT").splitlines()[0])
