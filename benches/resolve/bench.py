"""Entity resolution, this server and Splink side by side over the same files.

Each engine runs in a process of its own. Seconds are those from the file to the clusters: for this
server CREATE MODEL, which reads the file, learns, compares and clusters; for Splink reading,
training, predicting and one clustering. F1 is that of pairs of records in one cluster. Of Splink,
the best of its thresholds is taken; of this server, the one it has by default, and nothing is
said to it but the name of the id, and of the system where there are two.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from pathlib import Path

import people
import psycopg2
from server import peak_mb, tributary_server


def pairs(sizes):
    return sum(size * (size - 1) // 2 for size in sizes)


def f1(clusters, truth):
    """Precision, recall and F1 of the pairs of records in one cluster."""
    found = pairs(Counter(clusters.values()).values())
    true = pairs(Counter(truth.values()).values())
    both = pairs(Counter((clusters[record], truth[record]) for record in truth).values())
    precision = both / found if found else 0.0
    recall = both / true if true else 0.0
    total = precision + recall
    return precision, recall, 2 * precision * recall / total if total else 0.0


def read_clusters(path):
    with path.open(newline="") as file:
        lines = csv.reader(file)
        next(lines)
        return dict(lines)


def create_model(name, relation, columns):
    options = "model_type = 'entity_resolution', unique_id = 'record_id'"
    if "system" in columns:
        options += ", source = 'system', link = 'link_only'"
    return f"CREATE MODEL {name} OPTIONS ({options}) AS SELECT {', '.join(columns)} FROM {relation}"


def create_external_table(file):
    declared = ", ".join(f'"{name}" text' for name in columns_of(file))
    return (
        f"CREATE EXTERNAL TABLE record ({declared}) STORED AS CSV "
        f"LOCATION '{file}' OPTIONS (header 'true')"
    )


def compared(file):
    return [name for name in columns_of(file) if name not in ("truth", "country")]


# How many records are looked up.
LOOKUPS = 1500
# Which records change from one refresh to the next: one in a hundred, and one in ten thousand.
CHANGES = [
    "substr(md5(record_id), 1, 2) IN ('a0', 'a1', 'a2')",
    "substr(md5(record_id), 1, 3) = 'bad'",
]
# Where the ranges of probabilities begin that pairs are counted in.
RANGES = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]
CALIBRATION = f"""
    SELECT max(range), count(*), round(avg(probability), 4), round(avg(one), 4)
    FROM (
        SELECT probability, CAST(l.truth = r.truth AS INT) AS one,
            {" + ".join(f"CAST(probability >= {it} AS INT)" for it in RANGES)} AS range
        FROM entity_pairs('person') p
        JOIN record l ON l.record_id = left_record_id
        JOIN record r ON r.record_id = right_record_id
    ) s
    GROUP BY range ORDER BY range"""


def ours(file, folder, options):
    with tributary_server(options.server, options.memory_limit) as (server, run):
        run(create_external_table(file))
        columns = compared(file)
        start = time.perf_counter()
        run(create_model("person", "record", columns))
        seconds = time.perf_counter() - start
        peak = peak_mb(Path(f"/proc/{server.pid}/status").read_text())
        target = folder / "ours.csv"
        run(
            f"\\copy (SELECT record_id, entity_id FROM entity_clusters('person')) "
            f"TO '{target}' (FORMAT csv, HEADER)"
        )
        names = [name for name in ("record_id", "system") if name in columns]
        run(f"CREATE VIEW truth AS SELECT {', '.join(names)}, truth FROM record")
        best = run("SELECT max(pairwise_f1) FROM entity_evaluate('person', 'truth')")
        calibration = [line.split("|") for line in run(CALIBRATION).splitlines()]
        return seconds, peak, read_clusters(target), float(best), calibration


def kept_fresh(file, options):
    """Looks records up one by one, and refreshes the model when some have changed."""
    columns = compared(file)
    with file.open(newline="") as lines:
        sample = [row for row in csv.DictReader(lines) if zlib.crc32(row["record_id"].encode()) % 512 == 0]
    with tributary_server(options.server, options.memory_limit) as (server, run):
        run(create_external_table(file))
        run("CREATE TABLE kept AS SELECT * FROM record")
        run(create_model("person", "kept", columns))
        fields = [name for name in columns if name != "record_id"]
        with psycopg2.connect(
            host="127.0.0.1", port=server.port, user="tributary", dbname="tributary"
        ) as connection, connection.cursor() as cursor:
            record = ", ".join(f"'{name}', ${at}" for at, name in enumerate(fields, 1))
            cursor.execute(
                f"PREPARE find({', '.join(['text'] * len(fields))}) AS "
                f"SELECT * FROM entity_lookup('person', named_struct({record}))"
            )
            execute = f"EXECUTE find({', '.join(['%s'] * len(fields))})"
            took = []
            for row in sample[:LOOKUPS]:
                start = time.perf_counter()
                cursor.execute(execute, [row[name] or None for name in fields])
                cursor.fetchall()
                took.append((time.perf_counter() - start) * 1000)
        first, took = took[0], sorted(took[1:])
        refreshes = []
        for change in CHANGES:
            changed = int(run(f"SELECT count(*) FROM kept WHERE {change}"))
            run(f"UPDATE kept SET phone = NULL, last_name = last_name || 'e' WHERE {change}")
            start = time.perf_counter()
            run("REFRESH MODEL person")
            refreshes.append((changed, time.perf_counter() - start))
        peak = peak_mb(Path(f"/proc/{server.pid}/status").read_text())
        return first, took, refreshes, peak


def columns_of(file):
    with file.open(newline="") as lines:
        return next(csv.reader(lines))


def splink(model, file, folder, options):
    command = [sys.executable, Path(__file__).with_name("peer.py"), model, file, folder]
    command += ["--threads", str(options.threads)]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"Splink failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def compare(name, model, file, options):
    with file.open(newline="") as lines:
        truth = {row["record_id"]: row["truth"] for row in csv.DictReader(lines)}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        seconds, peak, clusters, best, calibration = ours(file, folder, options)
        precision, recall, own = f1(clusters, truth)
        row = [f"{name}, {len(truth):,} records", f"{seconds:.1f}", f"{peak:,}"]
        row += [f"{precision:.4f}", f"{recall:.4f}", f"{own:.4f}", f"{best:.4f}"]
        if not options.alone:
            peer = splink(model, file, folder, options)
            scores = [
                (f1(read_clusters(path), truth)[2], int(path.stem.removeprefix("weight_")))
                for path in folder.glob("weight_*.csv")
            ]
            (score, weight), half = max(scores), next(score for score, weight in scores if weight == 0)
            row += [f"{peer['seconds']:.1f}", f"{peer['peak_mb']:,}"]
            row += [f"{score:.4f} (at weight {weight})", f"{half:.4f}"]
            row += [f"{peer['seconds'] / seconds:.1f}", f"{peer['peak_mb'] / peak:.1f}"]
        print("| " + " | ".join(row) + " |", flush=True)
        return name, len(truth), calibration


def print_calibration(name, records, calibration):
    print(f"\nCalibration, {name}, {records:,} records\n")
    print("| pairs of a probability from | pairs | mean probability | share that are one |")
    print("|---|---|---|---|")
    for place, count, expected, observed in calibration:
        print(f"| {RANGES[max(int(place) - 1, 0)]} | {int(count):,} | {expected} | {observed} |")


def print_kept_fresh(file, options):
    first, took, refreshes, peak = kept_fresh(file, options)
    at = lambda share: took[min(int(len(took) * share), len(took) - 1)]
    print(f"\n{len(took):,} lookups, one after the other, prepared; the first took {first:,.0f} ms\n")
    print("| ms of the median | of 99 in 100 | of the longest |\n|---|---|---|")
    print(f"| {at(0.5):.1f} | {at(0.99):.1f} | {took[-1]:.1f} |")
    print("\n| records changed | seconds of REFRESH MODEL |\n|---|---|")
    for changed, seconds in refreshes:
        print(f"| {changed:,} | {seconds:.2f} |")
    print(f"\nMB at most: {peak:,}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="tributary")
    parser.add_argument("--customers", default="50000,500000", help="two records each, about")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--febrl", action="store_true", help="datasets 3 and 4 of Febrl, too")
    parser.add_argument("--fake-1000", type=Path, help="Splink's fake_1000.csv, too")
    parser.add_argument("--fresh", action="store_true", help="lookups and refreshes, too")
    parser.add_argument("--alone", action="store_true", help="without Splink")
    parser.add_argument("--memory-limit", default="8GB", help="of this server's pool")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()

    header = ["data", "ours s", "MB", "precision", "recall", "F1", "at best threshold"]
    if not options.alone:
        header += ["Splink s", "MB", "F1 at best threshold", "at 0.5", "times faster"]
        header += ["times less memory"]
    print("| " + " | ".join(header) + " |")
    print("|---" * len(header) + "|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        compared = []
        if options.febrl:
            for name, write, model in [
                ("Febrl 3", people.febrl3, "febrl"),
                ("Febrl 4", people.febrl4, "febrl_link"),
            ]:
                write(file := folder / "febrl.csv")
                compared.append(compare(name, model, file, options))
        if options.fake_1000:
            people.fake_1000(options.fake_1000, file := folder / "fake_1000.csv")
            compared.append(compare("fake_1000", "fake_1000", file, options))
        files = []
        for customers in filter(None, options.customers.split(",")):
            files.append(folder / f"{customers}.csv")
            people.generated(options.server, customers, options.seed, files[-1])
            compared.append(compare("generated", "people", files[-1], options))
        for calibration in compared:
            print_calibration(*calibration)
        if options.fresh:
            for file in files:
                print_kept_fresh(file, options)


if __name__ == "__main__":
    main()
