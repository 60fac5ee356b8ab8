"""Runs one join with one engine, and prints seconds, pairs and the peak of memory as JSON."""

import argparse
import glob
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from joins import JOINS
from server import peak_mb, psql, tributary_server

# How many rows of the matrix of all pairs rapidfuzz computes at a time.
CHUNK = 1000


def own_peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def timed(action):
    start = time.perf_counter()
    pairs = action()
    return time.perf_counter() - start, pairs


def duckdb(query, path, options):
    import duckdb

    database = duckdb.connect(config={"threads": options.threads})
    database.execute(f"CREATE TABLE names AS FROM '{path}'")
    seconds, pairs = timed(lambda: database.execute(query).fetchone()[0])
    return seconds, pairs, own_peak_mb()


def rapidfuzz(scorer, path, options):
    import duckdb
    import numpy
    from rapidfuzz import process
    from rapidfuzz.distance import JaroWinkler, Levenshtein

    name, bound = scorer
    texts = [row[0] for row in duckdb.execute(f"SELECT name FROM '{path}'").fetchall()]

    def count():
        found = 0
        for start in range(0, len(texts), CHUNK):
            chunk = texts[start : start + CHUNK]
            if name == "Levenshtein":
                distances = process.cdist(
                    chunk,
                    texts,
                    scorer=Levenshtein.distance,
                    score_cutoff=bound,
                    dtype=numpy.uint8,
                    workers=options.threads,
                )
                found += int((distances <= bound).sum())
            else:
                # Its cutoff is rounded on the way, and loses pairs that are at the bound.
                similarities = process.cdist(
                    chunk,
                    texts,
                    scorer=JaroWinkler.similarity,
                    score_cutoff=bound - 1e-6,
                    dtype=numpy.float64,
                    workers=options.threads,
                )
                found += int((similarities >= bound).sum())
        # Each pair was found twice, and each text with itself.
        return (found - len(texts)) // 2

    seconds, pairs = timed(count)
    return seconds, pairs, own_peak_mb()


def timed_psql(run, query, *others):
    """The seconds of a query by psql's own clock, which starts once it is connected, as DuckDB's
    users are, and the lines of all answers."""
    lines = run("\\timing on", query, *others).splitlines()
    times = [line for line in lines if line.startswith("Time: ")]
    answers = [line for line in lines if not line.startswith("Time: ")]
    return float(times[0].split()[1]) / 1000, answers


def tributary(query, path, options):
    with tributary_server(options.server) as (server, run):
        run(f"CREATE EXTERNAL TABLE file STORED AS PARQUET LOCATION '{path}'")
        run("CREATE TABLE names AS SELECT * FROM file")
        seconds, (pairs,) = timed_psql(run, query)
        return seconds, int(pairs), peak_mb(Path(f"/proc/{server.pid}/status").read_text())


# As an expert sets it for one large query on a machine of its own; the pages of the table and the
# index stay in memory.
POSTGRES_SETTINGS = {
    "shared_buffers": "2GB",
    "work_mem": "512MB",
    "maintenance_work_mem": "1GB",
    "effective_cache_size": "8GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "fsync": "off",
    "synchronous_commit": "off",
    "max_wal_size": "4GB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "pg_trgm.similarity_threshold": "0.6",
}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def postgres(query, path, options):
    import duckdb

    binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not binaries:
        sys.exit("PostgreSQL is not installed")
    binaries = Path(binaries[-1]).parent
    # PostgreSQL does not run as root.
    owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp())
    server = None
    try:
        if owner:
            shutil.chown(folder, "postgres")
        data, lines, port = folder / "data", folder / "names.csv", free_port()
        initdb = [binaries / "initdb", "-D", data, "-U", "bench", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(owner + list(map(str, initdb)), check=True, stdout=subprocess.DEVNULL)
        duckdb.sql(f"COPY (SELECT id, name FROM '{path}') TO '{lines}' (HEADER false)")
        lines.chmod(0o644)
        command = [binaries / "postgres", "-D", data, "-p", port]
        for name, value in POSTGRES_SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        command += ["-c", f"max_parallel_workers_per_gather={options.threads}"]
        server = subprocess.Popen(
            owner + list(map(str, command)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        run = lambda *sql: psql(port, "bench", "postgres", *sql)
        ready = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", port]
        while subprocess.run(list(map(str, ready))).returncode != 0:
            if server.poll() is not None:
                sys.exit("PostgreSQL did not start")
            time.sleep(0.1)
        run("CREATE EXTENSION pg_trgm")
        run("CREATE TABLE names (id bigint, name text)")
        run(f"COPY names FROM '{lines}' (FORMAT csv)")
        run("CREATE INDEX ON names USING gin (name gin_trgm_ops)")
        run("VACUUM ANALYZE names")
        # The planner takes the index by itself; without bitmaps it would not.
        # The memory is that of the session's own process, which ends with it.
        status = "SELECT pg_read_file('/proc/self/status')"
        seconds, (pairs, *answer) = timed_psql(run, query, status)
        return seconds, int(pairs), peak_mb("\n".join(answer))
    finally:
        if server is not None:
            pid_file = folder / "data" / "postmaster.pid"
            if pid_file.exists():
                os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


ENGINES = {
    "tributary": tributary,
    "duckdb_deletions": duckdb,
    "duckdb_nested_loop": duckdb,
    "rapidfuzz": rapidfuzz,
    "postgres": postgres,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("join", choices=JOINS)
    parser.add_argument("path", type=Path)
    parser.add_argument("--server", default="tributary")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    # So that what is stopped for its time cleans up after itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    ask = JOINS[options.join]["engines"][options.engine]
    seconds, pairs, peak = ENGINES[options.engine](ask, options.path, options)
    print(json.dumps({"seconds": round(seconds, 4), "pairs": pairs, "peak_mb": peak}))


if __name__ == "__main__":
    main()
