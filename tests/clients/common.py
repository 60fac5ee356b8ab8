"""What the scripts of clients share: where the server is, and how results are told.

Each script prints what its client was answered, a line each. It runs against a PostgreSQL and against
this server, and the lines must be the same.
"""

import sys
from pathlib import Path

HOST, PORT, USER, DATABASE = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]

TABLE = """CREATE TABLE item (
    id BIGINT PRIMARY KEY, name VARCHAR(20) NOT NULL, price NUMERIC(10, 2) DEFAULT 0, made DATE,
    at TIMESTAMPTZ, ok BOOLEAN DEFAULT true, score DOUBLE PRECISION, tags TEXT[], raw BYTEA,
    CONSTRAINT dear CHECK (price >= 0), UNIQUE (name, made))"""


def tell(what, value):
    print(f"{what}: {value!r}")


def create_shop(execute):
    """Makes the objects of shop.sql, a statement at a time."""
    text = (Path(__file__).parent / "shop.sql").read_text()
    for statement in text.split(";\n"):
        if statement.strip():
            execute(statement)
