"""Statements of programs that do not run here, as they are known to send them.

Each file of statements/ is a session of one program, written after its public source or published traces.
A heading in comments goes before each message:

    -- what the program asks
    -- $1 a value: the text of a parameter, \\N for NULL; `$1 int8 a value` where its type is told
    -- hidden: columns whose values are others in each server, as times are
    -- in any order: of rows whose order the statement leaves open, or gives by numbers of objects
    -- plain: the message goes by the simple protocol in every run, as it has several statements

The session runs three times: as simple queries, prepared with rows as text, and prepared with rows in binary.
{shop.orders} stands for the oid of a relation and {shop} for that of a schema, as programs take them from one
answer into the next question. Numbers of objects that users made are told by their names.
"""

import re
import sys
from pathlib import Path

import psycopg
from psycopg import pq
from psycopg.adapt import Loader, Transformer
from psycopg.pq import Format
from psycopg.types.array import ArrayBinaryLoader
from psycopg.types.numeric import OidBinaryLoader

from common import DATABASE, HOST, PORT, USER

FOLDER = Path(__file__).parent / "statements"
FIRST_USER_OID = 16384

# What a server writes down of its own files, transactions and expressions.
OWN_MATTERS = {
    "relfilenode", "relpages", "reltuples", "relallvisible", "reltoastrelid", "relfrozenxid", "relminmxid",
    "datfrozenxid", "datminmxid", "xmin", "adbin", "conbin", "ev_action", "indexprs", "indpred", "proargdefaults",
}

# regproc and the like: names as text, and numbers in binary.
NAMES_OF_OBJECTS = {24, 2202, 2203, 2204, 2205, 2206, 4089, 4096}

NAMES = """
SELECT oid, 'schema ' || nspname FROM pg_catalog.pg_namespace UNION ALL
SELECT oid, 'class ' || relnamespace::regnamespace || '.' || relname FROM pg_catalog.pg_class UNION ALL
SELECT oid, 'type ' || typnamespace::regnamespace || '.' || typname FROM pg_catalog.pg_type UNION ALL
SELECT oid, 'function ' || proname FROM pg_catalog.pg_proc UNION ALL
SELECT oid, 'constraint ' || conrelid::regclass || '.' || conname FROM pg_catalog.pg_constraint UNION ALL
SELECT oid, 'default ' || adrelid::regclass || '.' || adnum FROM pg_catalog.pg_attrdef UNION ALL
SELECT oid, 'rule ' || ev_class::regclass || '.' || rulename FROM pg_catalog.pg_rewrite UNION ALL
SELECT oid, 'label ' || enumlabel FROM pg_catalog.pg_enum UNION ALL
SELECT oid, 'role ' || rolname FROM pg_catalog.pg_roles UNION ALL
SELECT oid, 'database ' || datname FROM pg_catalog.pg_database
"""


class VectorLoader(Loader):
    """int2vector and oidvector as text."""

    def load(self, data):
        return [int(number) for number in bytes(data).split()]


class Message:
    """What is sent at once: its heading and its text."""

    def __init__(self, heading, text):
        self.title, self.text = heading[0], text
        self.plain, self.in_any_order = "plain" in heading, "in any order" in heading
        self.hidden, self.parameters = set(), []
        for line in heading[1:]:
            if line.startswith("hidden: "):
                self.hidden.update(line.removeprefix("hidden: ").split(", "))
            elif found := re.fullmatch(r"\$\d+ (?:(bool|int2|int4|int8|float8|numeric|varchar|text|name|oid|date|timestamp|timestamptz)(\[\])? )?(.*)", line):
                known = psycopg.postgres.types[found[1]] if found[1] else None
                oid = 0 if known is None else known.array_oid if found[2] else known.oid
                cast = f"::{found[1]}{found[2] or ''}" if known else ""
                self.parameters.append((oid, cast, None if found[3] == "\\N" else found[3]))
            elif line not in ("plain", "in any order"):
                raise ValueError(f"not a line of a heading: {line}")

    def literal(self):
        """The text with its parameters written out, for the simple protocol."""
        def value(found):
            _, cast, text = self.parameters[int(found[1]) - 1]
            return ("NULL" if text is None else "'" + text.replace("'", "''") + "'") + cast

        return re.sub(r"\$(\d+)\b", value, self.text) if self.parameters else self.text

    def is_ordered(self):
        return not self.in_any_order and "order by" in self.text.lower()


def read(program):
    """The messages of a program's session."""
    heading, lines = [], []
    for line in (FOLDER / f"{program}.sql").read_text().splitlines() + ["-- end"]:
        if line.startswith("-- "):
            if lines:
                yield Message(heading, "\n".join(lines))
                heading, lines = [], []
            heading.append(line[3:])
        elif line.strip():
            lines.append(line)


def connect():
    return psycopg.connect(host=HOST, port=PORT, user=USER, dbname=DATABASE, autocommit=True)


class Session:
    """A connection through which a program's messages go, in one way: simple, prepared or binary."""

    def __init__(self, way):
        self.way, self.known = way, {}
        self.connection = connect()
        self.beside = connect()  # by which names and numbers are looked up, whatever the program's transaction does
        self.pgconn = self.connection.pgconn
        self.pgconn.exec_(b"SET TimeZone = 'UTC'")
        self.transformer = Transformer()
        for oid in (22, 30):  # int2vector and oidvector, which are arrays in binary
            self.transformer.adapters.register_loader(oid, VectorLoader)
            self.transformer.adapters.register_loader(oid, ArrayBinaryLoader)
        self.transformer.adapters.register_loader(28, OidBinaryLoader)  # xid

    def close(self):
        self.connection.close()
        self.beside.close()

    def with_oids(self, text):
        def oid(found):
            kind = "regclass" if "." in found[1] else "regnamespace"
            return self.beside.execute(f"SELECT '{found[1]}'::{kind}::oid::text").fetchone()[0]

        return re.sub(r"\{(shop[\w.]*)\}", oid, text).encode()

    def results(self, message):
        """The results of a message: of each of its statements, or of its description and of its run."""
        if self.way == "simple" or message.plain:
            self.pgconn.send_query(self.with_oids(message.literal()))
            found = []
            while (result := self.pgconn.get_result()) is not None:
                found.append(result)
            return found
        text = self.with_oids(message.text)
        values = [None if value is None else self.with_oids(value) for *_, value in message.parameters]
        result = self.pgconn.prepare(b"", text, [oid for oid, *_ in message.parameters] or None)
        if result.status == pq.ExecStatus.FATAL_ERROR:
            return [result]
        described = self.pgconn.describe_prepared(b"")
        format = Format.BINARY if self.way == "binary" else Format.TEXT
        return [described, self.pgconn.exec_prepared(b"", values, result_format=format)]

    def name(self, oid):
        """The name of an object that users made."""
        if oid not in self.known:
            self.known.update(self.beside.execute(NAMES).fetchall())
        return self.known.get(oid)

    def named(self, text):
        """A cell whose numbers of objects are told by their names."""
        def name(found):
            number = int(found[0])
            return (self.name(number) or found[0]) if FIRST_USER_OID <= number < 2**32 else found[0]

        if re.fullmatch(r"[\d ,{}]+", text):
            text = re.sub(r"\d+", name, text)
        return re.sub(r"pg_toast_\d+", "pg_toast_n", text)

    def typed(self, result, column):
        oid, modifier = result.ftype(column), result.fmod(column)
        known = self.name(oid) if oid >= FIRST_USER_OID else oid
        return f"{result.fname(column).decode()} {known}" + (f"({modifier})" if modifier != -1 else "")

    def cell(self, result, row, column):
        """A value as it came, and as Python knows it, by which text and binary are compared."""
        data, oid = result.get_value(row, column), result.ftype(column)
        if data is None:
            return None, None
        value = self.transformer.get_loader(oid, Format(result.fformat(column))).load(data)
        if isinstance(value, (bytes, memoryview)) and oid != 17:
            value = bytes(value).decode("utf-8", "replace").rstrip("\0")
        if oid == 700:
            value = float(f"{value:.6g}")
        text = data.decode() if result.fformat(column) == Format.TEXT else repr(value)
        return self.named(text), "an object" if oid in NAMES_OF_OBJECTS else self.named(str(value))

    def told(self, message):
        """The lines that tell what a message is answered, and its values."""
        lines, values = [], []
        for result in self.results(message):
            if result.status == pq.ExecStatus.FATAL_ERROR:
                lines.append(f"error {result.error_field(pq.DiagnosticField.SQLSTATE).decode()}")
                continue
            if result.nparams:
                kinds = [result.param_type(number) for number in range(result.nparams)]
                lines.append("parameters: " + ", ".join(str(kind) for kind in kinds))
            columns = range(result.nfields)
            hidden = {n for n in columns if result.fname(n).decode() in OWN_MATTERS | message.hidden}
            if result.nfields and not (lines and lines[-1].startswith("columns: ")):
                lines.append("columns: " + ", ".join(self.typed(result, n) for n in columns))
            rows = []
            for row in range(result.ntuples):
                cells = [("~", "~") if n in hidden else self.cell(result, row, n) for n in columns]
                rows.append(([text for text, _ in cells], [value for _, value in cells]))
            if not message.is_ordered():
                rows.sort(key=lambda row: str(row[1]))
            lines += [f"  {texts}" for texts, _ in rows]
            values += [values for _, values in rows]
            if result.command_status:
                lines.append(result.command_status.decode())
        return lines, values


def replay(program):
    """The session of a program, each message in all ways."""
    ways = {}
    for way in ("simple", "prepared", "binary"):
        session = Session(way)
        ways[way] = [(message, *session.told(message)) for message in read(program)]
        session.close()
    for (message, simple, values), (_, prepared, _), (_, binary, binaries) in zip(*ways.values()):
        print(f"== {message.title}")
        print("\n".join(simple))
        if message.plain:
            continue
        parameters = [line for line in prepared if line.startswith("parameters: ")]
        rest = [line for line in prepared if line not in parameters]
        print("\n".join(parameters + (["prepared: the same"] if rest == simple else ["prepared:", *rest])))
        said = [line for line in binary if not line.startswith(("parameters: ", "  "))]
        if said != [line for line in simple if not line.startswith("  ")] or len(binaries) != len(values):
            print("\n".join(["in binary:", *binary]))
        elif binaries == values:
            print("in binary: the same")
        else:
            print("in binary, of rows that are others:")
            others = [row for row, value in zip(binaries, values) if row != value]
            print("\n".join(f"  {row}" for row in others))


def create_store():
    with connect() as connection:
        for statement in (FOLDER / "store.sql").read_text().split(";\n"):
            if statement.strip():
                connection.execute(statement)


create_store()
replay(sys.argv[5])
