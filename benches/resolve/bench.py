"""Entity resolution, this server and Splink side by side over the same files.

Each engine runs in a process of its own. Seconds are those from the file to the clusters: for this
server CREATE MODEL, which reads the file, learns, compares and clusters; for Splink reading,
training, predicting and one clustering. F1 is that of pairs of records in one cluster. Of Splink,
the best threshold of twenty is taken; of this server, the one it has by default, and nothing is
said to it but the name of the id.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import people
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


def ours(file, folder, options):
    with tributary_server(options.server, options.memory_limit) as (server, run):
        with file.open(newline="") as lines:
            columns = [name for name in next(csv.reader(lines)) if name not in ("truth", "country")]
        declared = ", ".join(f'"{name}" text' for name in columns_of(file))
        run(
            f"CREATE EXTERNAL TABLE record ({declared}) STORED AS CSV "
            f"LOCATION '{file}' OPTIONS (header 'true')"
        )
        start = time.perf_counter()
        run(
            "CREATE MODEL person OPTIONS (model_type = 'entity_resolution', "
            f"unique_id = 'record_id') AS SELECT {', '.join(columns)} FROM record"
        )
        seconds = time.perf_counter() - start
        target = folder / "ours.csv"
        run(
            f"\\copy (SELECT record_id, entity_id FROM entity_clusters('person')) "
            f"TO '{target}' (FORMAT csv, HEADER)"
        )
        run("CREATE VIEW truth AS SELECT record_id, truth FROM record")
        best = run("SELECT max(pairwise_f1) FROM entity_evaluate('person', 'truth')")
        peak = peak_mb(Path(f"/proc/{server.pid}/status").read_text())
        return seconds, peak, read_clusters(target), float(best)


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
        seconds, peak, clusters, best = ours(file, folder, options)
        precision, recall, own = f1(clusters, truth)
        row = [f"{name}, {len(truth):,} records", f"{seconds:.1f}", f"{peak:,}"]
        row += [f"{precision:.4f}", f"{recall:.4f}", f"{own:.4f}", f"{best:.4f}"]
        if not options.alone:
            peer = splink(model, file, folder, options)
            scores = [
                (f1(read_clusters(path), truth)[2], int(path.stem))
                for path in folder.glob("[0-9]*.csv")
            ]
            (score, weight), half = max(scores), max(scores, key=lambda it: -it[1])[0]
            row += [f"{peer['seconds']:.1f}", f"{peer['peak_mb']:,}"]
            row += [f"{score:.4f} (at weight {weight})", f"{half:.4f}"]
            row += [f"{peer['seconds'] / seconds:.1f}", f"{peer['peak_mb'] / peak:.1f}"]
        print("| " + " | ".join(row) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="tributary")
    parser.add_argument("--customers", default="50000,500000", help="two records each, about")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--febrl", action="store_true", help="the 5,000 records of Febrl, too")
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
        if options.febrl:
            file = folder / "febrl3.csv"
            people.febrl3(file)
            compare("Febrl 3", "febrl", file, options)
        for customers in filter(None, options.customers.split(",")):
            file = folder / f"{customers}.csv"
            people.generated(options.server, customers, options.seed, file)
            compare("generated", "people", file, options)
            file.unlink()


if __name__ == "__main__":
    main()
