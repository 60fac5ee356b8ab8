"""Batches of changes into a keyed table, this server, PostgreSQL, DuckDB and delta-rs side by side.

Each starts with the same table of ten columns, and is given the same batches of changes: four of
five are of random keys that are there, half of them older than what is there, and the fifth is new.
The seconds are those until the changes are committed and seen, over a connection that is there. All
of them must hold the same rows at the end. Memory is the peak of the process that does the work.
"""

import argparse
import multiprocessing
import shutil
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psycopg
import pyarrow
import pyarrow.parquet
from server import peak_mb, postgres_server, tributary_server

COLUMNS = "id, version, small, ratio, price, name, email, ok, day, moment"

TYPES = """id BIGINT{key}, version BIGINT, small INTEGER, ratio DOUBLE PRECISION,
price NUMERIC(12, 2), name TEXT, email TEXT, ok BOOLEAN, day DATE, moment TIMESTAMP"""

# The rows of ids and versions, the same in all that run SQL.
ROWS = """SELECT id::BIGINT AS id, version::BIGINT AS version, (id % 1000)::INTEGER AS small,
(id % 10007)::DOUBLE PRECISION / 7 AS ratio, (id % 100000)::NUMERIC(12, 2) AS price,
'customer ' || id AS name, 'a' || (id % 97) || '-' || version || '@example.com' AS email,
id % 2 = 0 AS ok, DATE '2020-01-01' + (id % 2000)::INTEGER AS day,
TIMESTAMP '2020-01-01' + to_seconds(id % 100000) AS moment"""

# How this server is told.
KEYED = (
    f"CREATE TABLE account ({TYPES.format(key='')}) "
    "WITH (unique_key = 'id', version_column = 'version')"
)
SOURCE = (
    "CREATE EXTERNAL TABLE source_{name} STORED AS PARQUET LOCATION '{folder}/{name}.parquet'"
)
INSERT = f"INSERT INTO account SELECT {COLUMNS} FROM source_{{source}}"

CHECK = "SELECT count(*), sum(version), sum(small), count(DISTINCT id) FROM account"


def make_files(folder, rows, batches, with_csv=True):
    """The base and the batches as Parquet files, by DuckDB, and as CSV for who reads no Parquet."""
    import duckdb

    duckdb.sql("SET threads = 2")
    base = f"{ROWS} FROM (SELECT i AS id, 1000 AS version FROM range({rows}) g(i))"
    duckdb.sql(f"COPY ({base}) TO '{folder}/base.parquet' (ROW_GROUP_SIZE 1000000)")
    first = rows
    for number, size in enumerate(batches):
        # A permutation of the keys by a prime, so that none is there twice in a batch.
        changed, added = size * 4 // 5, size - size * 4 // 5
        source = f"""SELECT (i * 7919 + {number} * 104729) % {rows} AS id,
            CASE WHEN i % 2 = 0 THEN 2000 + {number} ELSE {number} END AS version
            FROM range({changed}) g(i)
            UNION ALL SELECT {first} + i, 1000 FROM range({added}) g(i)"""
        first += added
        duckdb.sql(f"COPY ({ROWS} FROM ({source})) TO '{folder}/{number}.parquet'")
    for name in ["base", *range(len(batches))] if with_csv else []:
        copy = f"COPY (FROM '{folder}/{name}.parquet') TO '{folder}/{name}.csv' (HEADER false)"
        duckdb.sql(copy)


def timed(work, *arguments):
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def peak(pid):
    return peak_mb(Path(f"/proc/{pid}/status").read_text())


def connected(server, user, database):
    """What runs a statement on one connection, and answers the rows of a query."""
    connection = psycopg.connect(
        host="127.0.0.1", port=server.port, user=user, dbname=database, autocommit=True
    )

    def run(statement):
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []

    return connection, run


def told(rows):
    return "|".join(str(int(value)) for value in rows[0])


def copy_in(connection, table, file):
    copy = f"COPY {table} ({COLUMNS}) FROM STDIN (FORMAT csv)"
    with connection.cursor().copy(copy) as copying, open(file, "rb") as rows:
        while piece := rows.read(1 << 20):
            copying.write(piece)


def tributary(folder, batches, options):
    binary = Path(options.server).resolve()
    with tributary_server(binary, options.memory_limit) as (server, _):
        _, run = connected(server, "tributary", "tributary")
        run(KEYED)
        for name in ["base", *range(len(batches))]:
            run(SOURCE.format(name=name, folder=folder))
        load = timed(lambda: run(INSERT.format(source="base")))
        # The index of the base is made by the first who needs it.
        run(INSERT.format(source=0) + " LIMIT 0")
        seconds = [
            timed(lambda: run(INSERT.format(source=number))) for number in range(len(batches))
        ]
        read = timed(lambda: run("SELECT sum(price), avg(ratio), max(name) FROM account"))
        return seconds, load, read, told(run(CHECK)), peak(server.pid)


def postgres(folder, batches, options):
    settings = {"shared_buffers": "1GB", "max_wal_size": "8GB"}
    with postgres_server(**settings) as (server, _):
        connection, run = connected(server, "bench", "postgres")
        run(f"CREATE TABLE account ({TYPES.format(key=' PRIMARY KEY')})")
        load = timed(lambda: copy_in(connection, "account", f"{folder}/base.csv"))
        run("VACUUM ANALYZE account")
        run("CHECKPOINT")
        assigned = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS.split(", ")[1:])
        seconds = []
        for number in range(len(batches)):
            # The batch is a table already, as a source is to this server.
            run(f"CREATE UNLOGGED TABLE batch_{number} ({TYPES.format(key='')})")
            copy_in(connection, f"batch_{number}", f"{folder}/{number}.csv")
            merge = (
                f"INSERT INTO account SELECT * FROM batch_{number} ON CONFLICT (id) "
                f"DO UPDATE SET {assigned} WHERE excluded.version > account.version"
            )
            seconds.append(timed(lambda: run(merge)))
        read = timed(lambda: run("SELECT sum(price), avg(ratio), max(name) FROM account"))
        return seconds, load, read, told(run(CHECK)), None


def duckdb_work(folder, batches):
    import duckdb

    with tempfile.TemporaryDirectory() as place:
        connection = duckdb.connect(f"{place}/db")
        connection.execute("SET threads = 2; SET wal_autocheckpoint = '1TB'")
        create = f"CREATE TABLE account ({TYPES.format(key='')})"
        connection.execute(create)
        load = timed(lambda: connection.execute(f"INSERT INTO account FROM '{folder}/base.parquet'"))
        connection.execute("CHECKPOINT")
        assigned = ", ".join(f"{name} = s.{name}" for name in COLUMNS.split(", ")[1:])
        seconds = [
            timed(
                lambda: connection.execute(
                    f"MERGE INTO account AS t USING (FROM '{folder}/{number}.parquet') AS s "
                    "ON t.id = s.id WHEN MATCHED AND s.version > t.version THEN "
                    f"UPDATE SET {assigned} WHEN NOT MATCHED THEN INSERT"
                )
            )
            for number in range(len(batches))
        ]
        question = "SELECT sum(price), avg(ratio), max(name) FROM account"
        read = timed(lambda: connection.execute(question).fetchall())
        check = told(connection.execute(CHECK).fetchall())
    return seconds, load, read, check, peak("self")


def delta_work(folder, batches):
    import duckdb
    from deltalake import DeltaTable, write_deltalake

    place = tempfile.mkdtemp()
    base = pyarrow.parquet.ParquetFile(f"{folder}/base.parquet")
    rows = pyarrow.RecordBatchReader.from_batches(base.schema_arrow, base.iter_batches())
    load = timed(lambda: write_deltalake(place, rows))
    seconds = []
    for number in range(len(batches)):
        batch = pyarrow.parquet.read_table(f"{folder}/{number}.parquet")
        merge = (
            DeltaTable(place)
            .merge(batch, "t.id = s.id", source_alias="s", target_alias="t")
            .when_matched_update_all("s.version > t.version")
            .when_not_matched_insert_all()
        )
        seconds.append(timed(merge.execute))
    connection = duckdb.connect()
    connection.register("account", DeltaTable(place).to_pyarrow_dataset())
    question = "SELECT sum(price), avg(ratio), max(name) FROM account"
    read = timed(lambda: connection.execute(question).fetchall())
    check = told(connection.execute(CHECK).fetchall())
    shutil.rmtree(place, ignore_errors=True)
    return seconds, load, read, check, peak("self")


def apart(work, folder, batches):
    """Runs work in a process of its own, so that its memory is its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(work, folder, batches).result()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="the binary of this server")
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the base")
    parser.add_argument("--memory-limit", default="1GB", help="of this server")
    parser.add_argument("--without", action="append", default=[], help="a peer to leave out")
    parser.add_argument("--folder", help="where the files of an earlier run are, or are to stay")
    parser.add_argument("--batches", default="1000,10000,100000,1000000", help="their rows")
    options = parser.parse_args()
    batches = [int(size) for size in options.batches.split(",")]
    folder = options.folder or tempfile.mkdtemp()
    try:
        if not Path(folder, "base.csv").exists():
            Path(folder).mkdir(exist_ok=True)
            make_files(folder, options.rows, batches)
        found = {"Tributary": tributary(folder, batches, options)}
        if "postgres" not in options.without:
            found["PostgreSQL"] = postgres(folder, batches, options)
        if "duckdb" not in options.without:
            found["DuckDB"] = apart(duckdb_work, folder, batches)
        if "delta" not in options.without:
            found["delta-rs"] = apart(delta_work, folder, batches)
    finally:
        if not options.folder:
            shutil.rmtree(folder, ignore_errors=True)
    ours = found["Tributary"]
    sizes = "".join(f"{size:>18,}" for size in batches)
    print(f"{'seconds of a batch (ratio)':26}{sizes}{'load':>9}{'read':>9}{'MB':>8}")
    for name, (seconds, load, read, check, memory) in found.items():
        cells = "".join(
            f"{theirs:>10.3f} ({theirs / own:5.1f})" for theirs, own in zip(seconds, ours[0])
        )
        print(f"{name:26}{cells}{load:>9.2f}{read:>9.3f}{memory or '':>8}")
        if check != ours[3]:
            print(f"  {name} has other rows: {check}, not {ours[3]}")


if __name__ == "__main__":
    main()
