"""pgjdbc, by a Java machine within this process: all of DatabaseMetaData, batches, cursors, binary transfer."""

import re

import jpype
import jpype.imports  # noqa: F401
from common import DATABASE, HOST, PORT, USER, create_shop, tell

JAR = "/usr/share/java/postgresql.jar"

jpype.startJVM("-Xmx256m", "-Duser.timezone=UTC", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", classpath=[JAR], convertStrings=True)
from java.lang import Class, Integer, Object, String  # noqa: E402
from java.math import BigDecimal  # noqa: E402
from java.sql import Connection, DriverManager, ResultSet, SQLException, Statement, Types  # noqa: E402
from java.util import Properties  # noqa: E402

Class.forName("org.postgresql.Driver")


def connect(**options):
    properties = Properties()
    properties.setProperty("user", USER)
    for name, value in options.items():
        properties.setProperty(name, str(value))
    return DriverManager.getConnection(f"jdbc:postgresql://{HOST}:{PORT}/{DATABASE}", properties)


def shown(value):
    # Addresses of arrays and numbers of objects are others each time.
    return None if value is None else re.sub(r"(\[B@|twice_)[0-9a-f]+", r"\1", str(value))


def columns(result):
    described = result.getMetaData()
    return [
        (
            str(described.getColumnName(n)), described.getColumnType(n), str(described.getColumnTypeName(n)),
            described.getPrecision(n), described.getScale(n), described.getColumnDisplaySize(n), described.isNullable(n),
            bool(described.isAutoIncrement(n)), str(described.getTableName(n)), str(described.getSchemaName(n)), str(described.getColumnClassName(n)),
        )
        for n in range(1, described.getColumnCount() + 1)
    ]


def rows(result, hidden=()):
    described = result.getMetaData()
    places = [n for n in range(1, described.getColumnCount() + 1) if str(described.getColumnName(n)) not in hidden]
    found = []
    while result.next():
        found.append([shown(result.getString(n)) for n in places])
    return [str(described.getColumnName(n)) for n in places], found


def told(what, action, hidden=()):
    """Tells what a method gives, or how it fails."""
    try:
        result = action()
        if isinstance(result, ResultSet):
            names, found = rows(result, hidden)
            tell(what, names)
            for row in found:
                # The schema of the server's own is one more.
                if "tributary" not in row[:3] or row[1] == "shop":
                    print("   ", row)
            result.close()
        else:
            tell(what, shown(result))
    except SQLException as error:
        tell(what, ("error", shown(error.getSQLState()), shown(error.getMessage())))


connection = connect()
statement = connection.createStatement()
create_shop(statement.execute)
statement.execute("SET search_path = shop, public")
data = connection.getMetaData()

# What the server is and has.
for name in sorted(
    str(method.getName()) for method in Class.forName("java.sql.DatabaseMetaData").getMethods() if method.getParameterCount() == 0
):
    if name not in {"getConnection", "getURL", "getDatabaseProductVersion", "getDriverVersion", "getDatabaseMinorVersion", "getTypeInfo", "getCatalogs"}:
        told(name, lambda name=name: getattr(data, name)())
told("getCatalogs", lambda: str(DATABASE in [row[0] for row in rows(data.getCatalogs())[1]]))
# Types of rows of the system's relations, and domains of information_schema's, are not listed here.
tell("getTypeInfo", [row for row in rows(data.getTypeInfo())[1] if row[0] != "line" and row[1] not in ("2001", "2002") and not row[0].startswith("_pg_") or row[0] in ("_pg_lsn", "_pg_snapshot")])
told("getTables", lambda: data.getTables(None, "shop", "%", None))
told("getTables of kinds", lambda: data.getTables(None, "%", "c%", ["TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE", "INDEX"]))
told("getTables of the system", lambda: data.getTables(None, "pg_catalog", "pg\\_class", ["SYSTEM TABLE"]))
told("getColumns", lambda: data.getColumns(None, "shop", "%", "%"))
told("getColumns of one", lambda: data.getColumns(None, "shop", "customer", "s%"))
told("getColumns of the system", lambda: data.getColumns(None, "pg_catalog", "pg_index", "%"), {"REMARKS"})
for table in ("customer", 'Odd "Name', "nowhere"):
    told(f"getPrimaryKeys {table}", lambda table=table: data.getPrimaryKeys(None, "shop", table))
    told(f"getIndexInfo {table}", lambda table=table: data.getIndexInfo(None, "shop", table, False, True), {"CARDINALITY", "PAGES"})
    told(f"getIndexInfo unique {table}", lambda table=table: data.getIndexInfo(None, "shop", table, True, True), {"CARDINALITY", "PAGES"})
    told(f"getBestRowIdentifier {table}", lambda table=table: data.getBestRowIdentifier(None, "shop", table, 2, True))
    told(f"getImportedKeys {table}", lambda table=table: data.getImportedKeys(None, "shop", table))
    told(f"getExportedKeys {table}", lambda table=table: data.getExportedKeys(None, "shop", table))
    told(f"getVersionColumns {table}", lambda table=table: data.getVersionColumns(None, "shop", table))
    told(f"getTablePrivileges {table}", lambda table=table: data.getTablePrivileges(None, "shop", table))
    told(f"getColumnPrivileges {table}", lambda table=table: data.getColumnPrivileges(None, "shop", table, "%"))
told("getCrossReference", lambda: data.getCrossReference(None, "shop", "customer", None, "shop", "line"))
told("getSchemas of a pattern", lambda: data.getSchemas(None, "s%"))
told("getProcedures", lambda: data.getProcedures(None, "shop", "%"))
told("getProcedureColumns", lambda: data.getProcedureColumns(None, "shop", "%", "%"))
told("getFunctions", lambda: data.getFunctions(None, "shop", "%"))
told("getFunctions of the system", lambda: data.getFunctions(None, "pg_catalog", "to_ch%"), {"SPECIFIC_NAME"})
told("getFunctionColumns", lambda: data.getFunctionColumns(None, "shop", "%", "%"))
told("getUDTs", lambda: data.getUDTs(None, "shop", "%", None))
told("getClientInfoProperties", lambda: data.getClientInfoProperties())
told("getSuperTables", lambda: data.getSuperTables(None, "shop", "%"))
told("getAttributes", lambda: data.getAttributes(None, "shop", "%", "%"))
told("getPseudoColumns", lambda: data.getPseudoColumns(None, "shop", "%", "%"))
told("getSchema", connection.getSchema)

# What is told of the columns of a result.
for table in ("customer", '"Odd ""Name"', "line", "cheap", "countries"):
    result = statement.executeQuery(f"SELECT * FROM shop.{table}")
    for column in columns(result):
        print("   ", column)
prepared = connection.prepareStatement("SELECT id, spent + ?, lower(?) FROM shop.customer WHERE since > ? AND email = ?")
parameters = prepared.getParameterMetaData()
tell("parameters", [(parameters.getParameterType(n), str(parameters.getParameterTypeName(n)), str(parameters.getParameterClassName(n))) for n in range(1, parameters.getParameterCount() + 1)])
for column in columns(prepared):
    print("   ", column)

# All values by text and, after a few executions, in binary.
for options in ({}, {"prepareThreshold": -1}, {"prepareThreshold": 1, "binaryTransfer": "true"}, {"preferQueryMode": "simple"}):
    other = connect(**options)
    prepared = other.prepareStatement('SELECT * FROM shop."Odd ""Name" WHERE "Key" > ? ORDER BY 1')
    for _ in range(3):
        prepared.setInt(1, 0)
        result = prepared.executeQuery()
        found = rows(result)[1]
    tell(f"values {options}", len(found))
    for row in found:
        for value in row:
            print("   ", value)
    result = prepared.executeQuery()
    result.next()
    read = []
    for n in range(1, 22):
        try:
            read.append(shown(result.getObject(n)) if n != 9 else bytes(result.getBytes(n)))
        except SQLException as error:
            read.append(shown(error.getMessage()))
    tell("objects", read)
    prepared = other.prepareStatement("SELECT ?, ?, ?, ?, ?, ?, ?::date, ?::numeric, ?::text, ?::int[]")
    for _ in range(2):
        prepared.setInt(1, 7)
        prepared.setLong(2, 2**40)
        prepared.setDouble(3, 1.5)
        prepared.setString(4, "it's")
        prepared.setBoolean(5, True)
        prepared.setBytes(6, jpype.JArray(jpype.JByte)([0, -1]))
        prepared.setString(7, "2026-02-28")
        prepared.setBigDecimal(8, BigDecimal("1.50"))
        prepared.setNull(9, Types.VARCHAR)
        prepared.setArray(10, other.createArrayOf("int4", jpype.JArray(Object)([Integer(1), None, Integer(3)])))
        try:
            result = prepared.executeQuery()
            described = [(column[1], column[2]) for column in columns(result)]
            tell("sent", (rows(result)[1], described))
        except SQLException as error:
            tell("sent", (shown(error.getSQLState()), shown(error.getMessage())))
    other.close()

# Batches.
for options in ({}, {"reWriteBatchedInserts": "true"}):
    other = connect(**options)
    other.createStatement().execute("CREATE TABLE IF NOT EXISTS shop.batch (id INT, name TEXT, at TIMESTAMPTZ)")
    prepared = other.prepareStatement("INSERT INTO shop.batch (id, name) VALUES (?, ?)")
    for n in range(10):
        prepared.setInt(1, n)
        prepared.setString(2, f"n{n}")
        prepared.addBatch()
    tell(f"batch {options}", list(prepared.executeBatch()))
    plain = other.createStatement()
    for sql in ("UPDATE shop.batch SET name = 'x' WHERE id < 3", "DELETE FROM shop.batch WHERE id = 9", "INSERT INTO shop.batch SELECT 20, 'y'"):
        plain.addBatch(sql)
    try:
        tell("statements", list(plain.executeBatch()))
    except SQLException as error:
        tell("statements", shown(error.getSQLState()))
    plain.clearBatch()
    for sql in ("INSERT INTO shop.batch VALUES (30)", "INSERT INTO shop.batch VALUES ('no number')", "INSERT INTO shop.batch VALUES (31)"):
        plain.addBatch(sql)
    try:
        plain.executeBatch()
    except SQLException as error:
        tell("failed batch", (shown(error.getSQLState()), [int(count) for count in error.getUpdateCounts()]))
    told("after it", lambda: other.createStatement().executeQuery("SELECT id, count(*) FROM shop.batch GROUP BY id ORDER BY id"))
    other.close()

# Keys that the server makes.
prepared = connection.prepareStatement("INSERT INTO shop.line (customer, amount) VALUES (?, ?)", Statement.RETURN_GENERATED_KEYS)
prepared.setLong(1, 3)
prepared.setBigDecimal(2, BigDecimal("2.5"))
tell("inserted", prepared.executeUpdate())
told("generated", prepared.getGeneratedKeys)
prepared = connection.prepareStatement("INSERT INTO shop.line (customer) VALUES (?)", jpype.JArray(String)(["id"]))
for n in (4, 5):
    prepared.setLong(1, n)
    prepared.addBatch()
tell("inserted", list(prepared.executeBatch()))
told("generated", prepared.getGeneratedKeys)

# Cursors with a fetch size, which need a transaction; results that scroll and can be updated.
connection.setAutoCommit(False)
statement = connection.createStatement()
statement.setFetchSize(3)
result = statement.executeQuery("SELECT n, n * n FROM generate_series(1, 10) AS numbers (n)")
tell("fetched", rows(result)[1])
statement.setMaxRows(4)
tell("at most", rows(statement.executeQuery("SELECT n FROM generate_series(1, 10) AS numbers (n)"))[1])
connection.commit()
statement = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE)
result = statement.executeQuery("SELECT id, email, spent FROM shop.customer ORDER BY id")
tell("last", (bool(result.last()), result.getRow(), shown(result.getString(1))))
tell("absolute", (bool(result.absolute(2)), shown(result.getString(2))))
result.updateString("email", "new@example.com")
result.updateRow()
result.moveToInsertRow()
result.updateLong("id", 9)
result.updateString("email", "nine@example.com")
try:
    result.insertRow()
except SQLException as error:
    tell("inserted", shown(error.getSQLState()))
connection.commit()
told("rows", lambda: connection.createStatement().executeQuery("SELECT id, email, spent FROM shop.customer ORDER BY id"))

# Transactions, savepoints, errors.
statement = connection.createStatement()
savepoint = connection.setSavepoint("before")
statement.execute("DELETE FROM shop.customer")
connection.rollback(savepoint)
told("kept", lambda: statement.executeQuery("SELECT count(*) FROM shop.customer"))
connection.rollback()
for level in (Connection.TRANSACTION_READ_COMMITTED, Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE):
    connection.setTransactionIsolation(level)
    tell("isolation", connection.getTransactionIsolation())
connection.setReadOnly(True)
told("read only", lambda: statement.executeUpdate("DELETE FROM shop.customer"))
connection.rollback()
connection.setReadOnly(False)
connection.setAutoCommit(True)
for sql in ("SELECT * FROM nowhere", "SELECT missing FROM shop.customer", "INSERT INTO shop.customer (id) VALUES (1)", "SELECT 1 / 0"):
    try:
        statement.execute(sql)
    except SQLException as error:
        found = error.getServerErrorMessage()
        tell("error", [shown(value) for value in (found.getSQLState(), found.getMessage(), found.getTable(), found.getConstraint(), found.getColumn(), found.getPosition())])
told("call", lambda: rows(connection.prepareCall("{? = call shop.twice(?)}").getConnection().createStatement().executeQuery("SELECT shop.twice(4)"))[1])
called = connection.prepareCall("{? = call shop.twice(?)}")
called.registerOutParameter(1, Types.INTEGER)
called.setInt(2, 21)
try:
    called.execute()
    tell("called", called.getInt(1))
except SQLException as error:
    tell("called", shown(error.getSQLState()))
told("escapes", lambda: statement.executeQuery("SELECT {fn ucase('x')}, {fn concat('a', 'b')}, {d '2026-01-02'}, {ts '2026-01-02 03:04:05'}, {fn mod(7, 3)}, {fn left('abc', 2)}, {fn dayofweek({d '2026-01-02'})}, {fn timestampadd(SQL_TSI_DAY, 3, {d '2026-01-02'})}"))
statement.setQueryTimeout(1)
told("timeout", lambda: statement.executeQuery("SELECT pg_sleep(30)"))
copies = Class.forName("org.postgresql.PGConnection")
from java.io import StringReader, StringWriter  # noqa: E402
copier = connection.getCopyAPI()
tell("copied in", copier.copyIn("COPY shop.batch (id, name) FROM STDIN WITH (FORMAT csv)", StringReader("40,forty\n41,\n")))
out = StringWriter()
tell("copied out", copier.copyOut("COPY (SELECT id, name FROM shop.batch WHERE id >= 40 ORDER BY id) TO STDOUT", out))
tell("text", str(out))
connection.close()
tell("closed", bool(connection.isClosed()))
