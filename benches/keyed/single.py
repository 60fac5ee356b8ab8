"""Rows that are put in one by one, each a statement and a commit of its own, beside PostgreSQL.

Each client has a connection and sends the next row when the one before is committed. The tables have
a primary key; one of this server's is keyed besides, with a version, so that each row is looked up
and the later one stays. At the end the rows are counted.
"""

import argparse
import sys
import threading
import time
from pathlib import Path

from bench import connected
from server import postgres_server, tributary_server

COLUMNS = "(id BIGINT{key}, version BIGINT NOT NULL, name TEXT)"

TABLES = {
    "plain": "CREATE TABLE plain " + COLUMNS.format(key=""),
    "primary key": "CREATE TABLE keys " + COLUMNS.format(key=" PRIMARY KEY"),
    "unique_key": "CREATE TABLE keyed "
    + COLUMNS.format(key="")
    + " WITH (unique_key = 'id', version_column = 'version')",
}


def rate(connect, table, clients, seconds, first):
    """Rows a second, and how many there were."""
    counts = [0] * clients
    failures = []
    end = time.perf_counter() + seconds

    def insert(client):
        connection, _ = connect()
        try:
            key = first + client
            while time.perf_counter() < end:
                connection.execute(
                    f"INSERT INTO {table} VALUES (%s, %s, %s)",
                    (key, counts[client], f"customer {key}"),
                    prepare=True,
                )
                counts[client] += 1
                key += clients
        except Exception as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=insert, args=(client,)) for client in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        sys.exit(f"{table}: {failures[0]}")
    return sum(counts) / (time.perf_counter() - start), sum(counts)


def measure(name, connect, options, tables):
    _, run = connect()
    for kind in tables:
        create = TABLES[kind]
        table = create.split()[2]
        run(create)
        sent, rates = 0, []
        for clients in options.clients:
            # Keys that no one before has had.
            one, rows = rate(connect, table, clients, options.seconds, sent * 10)
            sent += rows
            rates.append(one)
        found = run(f"SELECT count(*) FROM {table}")[0][0]
        if found != sent:
            sys.exit(f"{table} has {found} rows, and {sent} were sent")
        cells = "".join(f"{one:>12,.0f}" for one in rates)
        print(f"{name:14}{kind:14}{cells}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="the binary of this server")
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement")
    parser.add_argument("--clients", default="1,8", help="how many at a time")
    parser.add_argument("--without", action="append", default=[], help="postgres")
    options = parser.parse_args()
    options.clients = [int(clients) for clients in options.clients.split(",")]
    heads = "".join(f"{clients:>9} cl." for clients in options.clients)
    print(f"{'rows a second':28}{heads}")
    with tributary_server(Path(options.server).resolve()) as (server, _):
        measure(
            "Tributary", lambda: connected(server, "tributary", "tributary"), options, TABLES
        )
    if "postgres" not in options.without:
        with postgres_server() as (server, _):
            tables = ["plain", "primary key"]
            measure("PostgreSQL", lambda: connected(server, "bench", "postgres"), options, tables)


if __name__ == "__main__":
    main()
