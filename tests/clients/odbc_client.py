"""psqlODBC by pyodbc: the catalog functions, and rows with and without cursors of the server's."""

import datetime
import decimal
import glob
import uuid

import pyodbc
from common import DATABASE, HOST, PORT, USER, create_shop, tell

DRIVER = glob.glob("/usr/lib/*/odbc/psqlodbcw.so")[0]
pyodbc.pooling = False


def connect(autocommit=True, **options):
    given = "".join(f"{name}={value};" for name, value in options.items())
    return pyodbc.connect(f"DRIVER={DRIVER};SERVER={HOST};PORT={PORT};UID={USER};DATABASE={DATABASE};{given}", autocommit=autocommit)


def told(what, action, hidden=("table oid",)):
    """Tells the rows that a catalog function gives, or how it fails."""
    try:
        cursor = action()
        names = [column[0] for column in cursor.description]
        places = [place for place, name in enumerate(names) if name not in hidden]
        tell(what, [(names[place], cursor.description[place][1].__name__) for place in places])
        for row in sorted(cursor.fetchall(), key=repr) if what == "kinds" else cursor.fetchall():
            # The schema of the server's own is one more, and PostgreSQL's for long values one less.
            if row[1] not in ("tributary", "pg_toast"):
                print("   ", [row[place] for place in places])
    except pyodbc.Error as error:
        tell(what, ("error", error.args))


connection = connect()
cursor = connection.cursor()
create_shop(cursor.execute)

INFORMATION = [
    "SQL_ACCESSIBLE_PROCEDURES", "SQL_ACCESSIBLE_TABLES", "SQL_CATALOG_NAME", "SQL_COLLATION_SEQ", "SQL_CURSOR_COMMIT_BEHAVIOR", "SQL_CURSOR_ROLLBACK_BEHAVIOR",
    "SQL_DATA_SOURCE_READ_ONLY", "SQL_DATABASE_NAME", "SQL_DBMS_NAME", "SQL_DEFAULT_TXN_ISOLATION", "SQL_DRIVER_NAME", "SQL_IDENTIFIER_CASE", "SQL_IDENTIFIER_QUOTE_CHAR",
    "SQL_KEYWORDS", "SQL_MAX_COLUMN_NAME_LEN", "SQL_MAX_IDENTIFIER_LEN", "SQL_MAX_SCHEMA_NAME_LEN", "SQL_MAX_TABLE_NAME_LEN", "SQL_MAX_COLUMNS_IN_INDEX", "SQL_NUMERIC_FUNCTIONS",
    "SQL_SCHEMA_TERM", "SQL_SCHEMA_USAGE", "SQL_SPECIAL_CHARACTERS", "SQL_STRING_FUNCTIONS", "SQL_TXN_CAPABLE", "SQL_TXN_ISOLATION_OPTION", "SQL_USER_NAME",
]
for name in INFORMATION:
    tell(name, connection.getinfo(getattr(pyodbc, name)))
for options in ({}, {"UseDeclareFetch": 1, "Fetch": 2, "BoolsAsChar": 0, "TextAsLongVarchar": 0, "UnknownSizes": 1, "ShowOidColumn": 1, "ShowSystemTables": 1}):
    print(options)
    other = connect(**options)

    def at():
        return other.cursor()

    told("tables", lambda: at().tables(schema="shop"))
    told("tables of a kind", lambda: at().tables(schema="shop", tableType="TABLE"))
    told("views", lambda: at().tables(schema="%", table="c%", tableType="VIEW,MATVIEW"))
    told("a table of the system", lambda: at().tables(schema="pg_catalog", table="pg_class"))
    told("schemas", lambda: at().tables(catalog="", schema="%", table=""))
    told("kinds", lambda: at().tables(catalog="", schema="", table="", tableType="%"))
    told("columns", lambda: at().columns(schema="shop"))
    told("columns of one", lambda: at().columns(schema="shop", table="customer", column="s%"))
    for table in ("line",) if options else ("customer", 'Odd "Name', "cheap", "nowhere"):
        told(f"primary keys {table}", lambda: at().primaryKeys(table, schema="shop"))
        told(f"foreign keys {table}", lambda: at().foreignKeys(table, schema="shop"))
        told(f"statistics {table}", lambda: at().statistics(table, schema="shop"), {"cardinality", "pages", "table oid"})
        told(f"unique {table}", lambda: at().statistics(table, schema="shop", unique=True), {"cardinality", "pages", "table oid"})
        told(f"row id {table}", lambda: at().rowIdColumns(table, schema="shop"))
        told(f"row version {table}", lambda: at().rowVerColumns(table, schema="shop"))
    told("procedures", lambda: at().procedures(schema="shop"))
    told("procedure columns", lambda: at().procedureColumns(schema="shop"))
    told("types", lambda: at().getTypeInfo())
    told("a type", lambda: at().getTypeInfo(pyodbc.SQL_TYPE_TIMESTAMP))
    other.close()

VALUES = [
    1, 2**40, 1.5, decimal.Decimal("1.50"), "it's", "", True, None, b"\x00\xff", datetime.date(2026, 2, 28),
    datetime.time(12, 34, 56), datetime.datetime(2026, 1, 2, 3, 4, 5), uuid.UUID(int=7), "\u00e4\u20ac",
]
for options in ({}, {"UseServerSidePrepare": 0}, {"UseDeclareFetch": 1, "Fetch": 2}, {"BoolsAsChar": 0}, {"Protocol": "7.4-0"}, {"UpdatableCursors": 1}):
    print(options)
    other = connect(autocommit=False, **options)
    cursor = other.cursor()
    cursor.execute("SET TIME ZONE 'UTC'")
    for value in VALUES:
        try:
            cursor.execute("SELECT CAST(? AS VARCHAR(20))" if isinstance(value, str) else "SELECT ?", (value,))
            tell("value", (cursor.fetchone(), cursor.description[0][1:]))
        except pyodbc.Error as error:
            other.rollback()
            tell("error", (value, error.args[0]))
    cursor.execute('SELECT * FROM shop."Odd ""Name" ORDER BY 1')
    tell("described", cursor.description)
    for row in cursor.fetchall():
        tell("row", row)
    cursor.execute("SELECT id, email, spent, since FROM shop.customer WHERE id > ? ORDER BY id", (0,))
    tell("one", cursor.fetchone())
    tell("many", cursor.fetchmany(5))
    cursor.execute("SELECT n FROM generate_series(1, 250) AS numbers (n)")
    tell("fetched", sum(row[0] for row in cursor.fetchall()))
    cursor.execute("INSERT INTO shop.line (customer, amount) VALUES (?, ?)", (7, decimal.Decimal("2.25")))
    tell("count", cursor.rowcount)
    cursor.executemany("INSERT INTO shop.line (customer, amount) VALUES (?, ?)", [(8, decimal.Decimal("1.5")), (9, None)])
    cursor.fast_executemany = True
    cursor.executemany("INSERT INTO shop.line (customer, amount) VALUES (?, ?)", [(8, decimal.Decimal("1.5")), (9, None)])
    cursor.execute("SELECT customer, amount, count(*) FROM shop.line GROUP BY customer, amount ORDER BY 1, 2")
    tell("rows", cursor.fetchall())
    other.rollback()
    cursor.execute("UPDATE shop.line SET amount = amount + 1 WHERE customer = ?", (1,))
    tell("updated", cursor.rowcount)
    other.rollback()
    for sql in ("SELECT * FROM nowhere", "SELECT missing FROM shop.customer", "SELEC 1", "INSERT INTO shop.customer (id) VALUES (1)", "SELECT 1/0"):
        try:
            cursor.execute(sql)
        except pyodbc.Error as error:
            tell("error", error.args)
        other.rollback()
    cursor.execute("SELECT {fn UCASE('x')}, {d '2026-01-02'}, {fn CONCAT('a', 'b')}, {fn CONVERT('1', SQL_INTEGER)}, {fn LEFT('abc', 2)}")
    tell("escapes", cursor.fetchone())
    cursor.execute("{? = CALL shop.twice(?)}".replace("? = ", ""), (21,))
    tell("called", cursor.fetchall())
    cursor.execute("SELECT 1; SELECT 2, 3")
    found = [cursor.fetchall()]
    while cursor.nextset():
        found.append(cursor.fetchall())
    tell("results", found)
    other.rollback()
    other.close()
