"""Measures the peers on the arrays that the library was measured on, each in one thread.

Usage: peers.py FOLDER, where FOLDER has short.parquet and long.parquet with the columns l and r.
Prints lines of function, length, peer and million pairs a second, separated by tabs.
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import time

os.environ["POLARS_MAX_THREADS"] = "1"

import duckdb
import polars
import polars_ds
from pyarrow import csv, parquet
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Hamming, Jaro, JaroWinkler, LCSseq, Levenshtein, OSA
from rapidfuzz.distance import DamerauLevenshtein

REPEATS = 5


def fastest(run):
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best


DUCKDB = {
    "levenshtein": "levenshtein(l, r)",
    "levenshtein <= 2": "levenshtein(l, r) <= 2",
    "damerau_levenshtein": "damerau_levenshtein(l, r)",
    "damerau_levenshtein <= 2": "damerau_levenshtein(l, r) <= 2",
    "jaro_similarity": "jaro_similarity(l, r)",
    "jaro_similarity >= 0.9": "jaro_similarity(l, r, 0.9)",
    "jaro_winkler_similarity": "jaro_winkler_similarity(l, r)",
    "jaro_winkler_similarity >= 0.9": "jaro_winkler_similarity(l, r, 0.9)",
    "jaccard": "jaccard(l, r)",
    "levenshtein, one side constant": "levenshtein('{constant}', r)",
    "jaro_winkler_similarity, one side constant": "jaro_winkler_similarity('{constant}', r)",
}


def measure_duckdb(table):
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.register("arrow", table)
    connection.execute("CREATE TABLE t AS SELECT * FROM arrow")
    constant = table["l"][0].as_py()
    for function, expression in DUCKDB.items():
        expression = expression.format(constant=constant)
        query = f"SELECT sum(CAST({expression} AS DOUBLE)) FROM t"
        yield function, fastest(lambda: connection.execute(query).fetchall())


RAPIDFUZZ = {
    "levenshtein": (Levenshtein.distance, None),
    "levenshtein <= 2": (Levenshtein.distance, 2),
    "osa_distance": (OSA.distance, None),
    "osa_distance <= 2": (OSA.distance, 2),
    "damerau_levenshtein": (DamerauLevenshtein.distance, None),
    "damerau_levenshtein <= 2": (DamerauLevenshtein.distance, 2),
    "jaro_similarity": (Jaro.similarity, None),
    "jaro_similarity >= 0.9": (Jaro.similarity, 0.9),
    "jaro_winkler_similarity": (JaroWinkler.similarity, None),
    "jaro_winkler_similarity >= 0.9": (JaroWinkler.similarity, 0.9),
    "normalized_levenshtein": (Levenshtein.normalized_similarity, None),
    "normalized_levenshtein >= 0.9": (Levenshtein.normalized_similarity, 0.9),
    "hamming": (Hamming.distance, None),
    "lcs_similarity": (LCSseq.normalized_similarity, None),
    "partial_ratio": (fuzz.partial_ratio, None),
    "token_sort_ratio": (fuzz.token_sort_ratio, None),
    "token_set_ratio": (fuzz.token_set_ratio, None),
}


def measure_rapidfuzz(table):
    left, right = table["l"].to_pylist(), table["r"].to_pylist()
    for function, (scorer, cutoff) in RAPIDFUZZ.items():
        run = lambda: process.cpdist(left, right, scorer=scorer, score_cutoff=cutoff, workers=1)
        yield function, fastest(run)


POLARS_DS = {
    "levenshtein": lambda: polars_ds.str_leven("l", "r"),
    "levenshtein <= 2": lambda: polars_ds.filter_by_levenshtein("l", "r", 2),
    "osa_distance": lambda: polars_ds.str_osa("l", "r"),
    "damerau_levenshtein": lambda: polars_ds.str_d_leven("l", "r"),
    "jaro_similarity": lambda: polars_ds.str_jaro("l", "r"),
    "jaro_winkler_similarity": lambda: polars_ds.str_jw("l", "r"),
    "normalized_levenshtein": lambda: polars_ds.str_leven("l", "r", return_sim=True),
    "hamming": lambda: polars_ds.str_hamming("l", "r"),
    "lcs_similarity": lambda: polars_ds.str_lcs_subseq_dist("l", "r", return_sim=True),
    "jaccard, 2": lambda: polars_ds.str_jaccard("l", "r", substr_size=2),
    "sorensen_dice, 2": lambda: polars_ds.str_sorensen_dice("l", "r", substr_size=2),
}


def measure_polars_ds(table):
    frame = polars.from_arrow(table)
    for function, expression in POLARS_DS.items():
        yield function, fastest(lambda: frame.select(expression().alias("answer")))


POSTGRESQL = {
    "levenshtein": "levenshtein(l, r)",
    "levenshtein <= 2": "levenshtein_less_equal(l, r, 2)",
    "similarity": "similarity(l, r)",
    "word_similarity": "word_similarity(l, r)",
    "strict_word_similarity": "strict_word_similarity(l, r)",
    "soundex": "length(soundex(l))",
    "metaphone": "length(metaphone(l, 10))",
    "dmetaphone": "length(dmetaphone(l))",
    "dmetaphone_alt": "length(dmetaphone_alt(l))",
    "daitch_mokotoff": "array_length(daitch_mokotoff(l), 1)",
    "levenshtein, one side constant": "levenshtein('{constant}', r)",
}


class Postgres:
    """A cluster of its own, from Debian's package, reached by a socket in its folder."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="tributary-bench-")
        versions = glob.glob("/usr/lib/postgresql/*/bin")
        self.bin = max(versions, key=lambda path: int(path.split("/")[-2]))
        self.user = []
        if os.getuid() == 0:
            # PostgreSQL refuses to run as root.
            self.user = ["runuser", "-u", "postgres", "--"]
            shutil.chown(self.folder, "postgres")
        self.data = f"{self.folder}/data"
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8")
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        options += " -c max_parallel_workers_per_gather=0 -c jit=off"
        self.run("pg_ctl", "-D", self.data, "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def run(self, program, *arguments, **more):
        command = [*self.user, f"{self.bin}/{program}", *arguments]
        more.setdefault("stdout", subprocess.DEVNULL)
        return subprocess.run(command, check=True, cwd="/", **more)

    def sql(self, *statements, stdin=None):
        commands = [part for statement in statements for part in ("-c", statement)]
        connect = ["-h", self.folder, "-U", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1"]
        done = self.run("psql", *connect, *commands, stdin=stdin, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def stop(self):
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.folder)


def measure_postgresql(table):
    server = Postgres()
    try:
        server.sql("CREATE EXTENSION fuzzystrmatch", "CREATE EXTENSION pg_trgm")
        server.sql("CREATE UNLOGGED TABLE t (l text, r text)")
        rows = f"{server.folder}/rows.csv"
        csv.write_csv(table, rows)
        with open(rows) as stdin:
            server.sql("COPY t FROM STDIN (FORMAT csv, HEADER)", stdin=stdin)
        server.sql("VACUUM ANALYZE t")
        constant = table["l"][0].as_py()
        # daitch_mokotoff came with PostgreSQL 16.
        known = set(server.sql("SELECT DISTINCT proname FROM pg_proc").split())
        for function, expression in POSTGRESQL.items():
            expression = expression.format(constant=constant)
            name = expression.removeprefix("length(").removeprefix("array_length(").split("(")[0]
            if name not in known:
                continue
            query = f"SELECT sum({expression}) FROM t"
            timed = server.sql("\\timing on", *[query] * REPEATS)
            times = [line.split()[1] for line in timed.splitlines() if line.startswith("Time:")]
            yield function, min(map(float, times)) / 1000
    finally:
        server.stop()


def main(folder):
    peers = {
        "DuckDB": measure_duckdb,
        "rapidfuzz": measure_rapidfuzz,
        "polars_ds": measure_polars_ds,
        "PostgreSQL": measure_postgresql,
    }
    for length in ("short", "long"):
        table = parquet.read_table(f"{folder}/{length}.parquet")
        for peer, measure in peers.items():
            for function, seconds in measure(table):
                print(function, length, peer, table.num_rows / seconds / 1e6, sep="\t", flush=True)


main(sys.argv[1])
