"""What clients wait for, this server and a PostgreSQL side by side.

Both hold the same tables and take the same clients, figure by figure one after the other. Statements
are counted by pgbench; of a large result, the best of three runs is taken. A ratio above 1 is where
this server is ahead. Of what takes memory, the processes of a server are counted together, and what
they share once.
"""

import argparse
import asyncio
import glob
import re
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import adbc_driver_postgresql.dbapi
import asyncpg
import psycopg
from server import postgres_server, tributary_server

# Ten columns of the types that tables mostly have.
WIDE = """
CREATE TABLE wide AS SELECT
    i::BIGINT AS id, (i % 1000)::INTEGER AS small, (i::BIGINT * 7919) % 1000003 AS spread,
    (i % 10007)::DOUBLE PRECISION / 7 AS ratio, (i % 100000)::NUMERIC(12, 2) AS price,
    'customer ' || i AS name, 'a' || (i % 97) || '@example.com' AS email, i % 2 = 0 AS ok,
    DATE '2020-01-01' + (i % 2000)::INTEGER AS day,
    to_timestamp(1577836800 + i % 100000) AS moment
FROM generate_series(1, {rows}) AS g(i)"""

KEYED = "CREATE TABLE account (id BIGINT PRIMARY KEY, branch BIGINT, name TEXT)"

ACCOUNTS = """
INSERT INTO account SELECT i, i % 7, 'name ' || i FROM generate_series(1, {accounts}) AS g(i)"""

# What \\d has to find its way among.
MANY = [
    f"CREATE TABLE many_{i} (id BIGINT PRIMARY KEY, name TEXT NOT NULL, day DATE)"
    for i in range(1000)
]

POINT = """\\set id random(1, {accounts})
SELECT branch, name FROM account WHERE id = :id;
"""

# A client's variables last from one transaction to the next.
ADDED = """\\set added :added + 1
INSERT INTO account VALUES (:added, 1, 'one more');
"""


def per_second(server, user, database, script, clients, options, *flags):
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = ["pgbench", "-n", "-h", "127.0.0.1", "-p", server.port, "-U", user]
        command += ["-f", file.name, "-c", clients, "-T", options.seconds, *flags, database]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    return float(re.search(r"tps = ([0-9.]+)", done.stdout)[1])


def proportional_mb(server):
    """The memory of a server: of what several of its processes have in common, each has its share."""
    parents = {}
    for status in glob.glob("/proc/[0-9]*/stat"):
        try:
            after_name = Path(status).read_text().rpartition(")")[2]
            parents[int(status.split("/")[2])] = int(after_name.split()[1])
        except (FileNotFoundError, ProcessLookupError):
            pass

    def is_of_server(process):
        while process not in (server.pid, 0):
            process = parents.get(process, 0)
        return process != 0

    kilobytes = 0
    for process in filter(is_of_server, parents):
        try:
            memory = Path(f"/proc/{process}/smaps_rollup").read_text()
            kilobytes += int(re.search(r"Pss:\s+(\d+)", memory)[1])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return kilobytes / 1024


def connected(server, user, database):
    """A connection that has sent one query and has its answer."""
    connection = socket.create_connection(("127.0.0.1", server.port))
    settings = f"user\0{user}\0database\0{database}\0\0".encode()
    connection.sendall(struct.pack("!ii", len(settings) + 8, 196608) + settings)
    query = b"SELECT 1\0"
    answer = b""
    for message in [None, b"Q" + struct.pack("!i", len(query) + 4) + query]:
        if message is not None:
            connection.sendall(message)
        # Ready for the next query, outside of a transaction.
        while not answer.endswith(b"Z\0\0\0\5I"):
            answer += (part := connection.recv(65536))
            if not part:
                raise ConnectionError("the server closed the connection")
        answer = b""
    return connection


def idle_mb(server, user, database):
    """What 1,000 connections that wait take."""
    before = proportional_mb(server)
    connections = [connected(server, user, database) for _ in range(1000)]
    taken = proportional_mb(server) - before
    for connection in connections:
        connection.close()
    return taken


def best(run):
    def timed():
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    return min(timed() for _ in range(3))


def measure(server, run, user, database, options):
    """Each figure of one server with its name, measured when it is asked for."""
    run(WIDE.format(rows=options.rows), KEYED, ACCOUNTS.format(accounts=options.accounts))
    if user == "bench":
        run("VACUUM ANALYZE account", "VACUUM wide")
    url = f"postgresql://{user}@127.0.0.1:{server.port}/{database}"
    point = POINT.format(accounts=options.accounts)
    rate = lambda *arguments: per_second(server, user, database, *arguments)
    yield "SELECT 1, prepared, 1 client", rate("SELECT 1;", 1, options, "-M", "prepared")
    yield "SELECT 1, simple, 1 client", rate("SELECT 1;", 1, options)
    yield "point select, prepared, 1 client", rate(point, 1, options, "-M", "prepared")
    yield "point select, prepared, 8 clients", rate(point, 8, options, "-M", "prepared")
    yield "point select, prepared, 64 clients", rate(point, 64, options, "-M", "prepared")
    yield "connect and select", rate("SELECT 1;", 1, options, "-C")

    def by_psql(*arguments):
        command = ["psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(server.port), "-U", user]
        subprocess.run([*command, *arguments, database], check=True, stdout=subprocess.DEVNULL)

    def by_psycopg(copy):
        with psycopg.connect(url, autocommit=True) as connection:
            if copy:
                with connection.cursor().copy(copy) as rows:
                    for _ in rows:
                        pass
            else:
                connection.cursor(binary=True).execute("SELECT * FROM wide").fetchall()

    def by_adbc():
        with adbc_driver_postgresql.dbapi.connect(url) as connection:
            with connection.cursor() as cursor:
                cursor.execute("SELECT * FROM wide")
                cursor.fetch_arrow_table()

    def first_row():
        with psycopg.connect(url, autocommit=True) as connection:
            rows = connection.cursor(binary=True).stream("SELECT * FROM wide")
            start = time.perf_counter()
            next(rows)
            took = time.perf_counter() - start
            connection.cancel()
            try:
                for _ in rows:
                    pass
            except psycopg.errors.QueryCanceled:
                pass
        return took

    async def fetch():
        connection = await asyncpg.connect(url)
        await connection.fetch("SELECT * FROM wide")
        await connection.close()

    binary, text = "COPY wide TO STDOUT (FORMAT binary)", "COPY wide TO STDOUT"
    yield "psql COPY binary, s", best(lambda: by_psql("-c", binary))
    yield "psql COPY text, s", best(lambda: by_psql("-c", text))
    yield "psql COPY csv, s", best(lambda: by_psql("-c", text + " (FORMAT csv)"))
    yield "psql -At select, s", best(lambda: by_psql("-At", "-c", "SELECT * FROM wide"))
    yield "psycopg binary fetch, s", best(lambda: by_psycopg(None))
    yield "asyncpg fetch, s", best(lambda: asyncio.run(fetch()))
    yield "ADBC fetch, s", best(by_adbc)
    yield "first of the rows, s", min(first_row() for _ in range(3))
    yield "1,000 idle connections, MB", idle_mb(server, user, database)
    # What a server tidies up after it falls into no other figure.
    yield "single-row insert with a key, prepared", rate(
        ADDED, 1, options, "-M", "prepared", "-D", f"added={options.accounts}"
    )
    run(*MANY)
    yield "psql \\d+ among 1,000 tables, s", best(lambda: by_psql("-c", "\\d+ account"))
    yield "psql \\dt of 1,000 tables, s", best(lambda: by_psql("-c", "\\dt"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="the binary of this server")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the large result")
    parser.add_argument("--accounts", type=int, default=1_000_000, help="rows of the keyed table")
    parser.add_argument("--seconds", type=int, default=5, help="of each run of pgbench")
    options = parser.parse_args()
    binary = Path(options.server).resolve()
    with (
        postgres_server(max_connections=1100) as (postgres, run_there),
        tributary_server(binary, max_connections=1100) as (tributary, run_here),
    ):
        theirs = measure(postgres, run_there, "bench", "postgres", options)
        ours = measure(tributary, run_here, "tributary", "tributary", options)
        print(f"{'':38} {'PostgreSQL':>12} {'Tributary':>12} {'ratio':>7}")
        for (name, there), (_, here) in zip(theirs, ours, strict=True):
            ratio = there / here if name.endswith((", s", ", MB")) else here / there
            digits = 3 if name.endswith(", s") else 0
            line = f"{name:38} {there:12.{digits}f} {here:12.{digits}f} {ratio:6.2f}x"
            print(line, flush=True)


main()
