"""A stream of small batches of changes into a keyed table, for as long as is asked for.

Each batch is a COPY of its own: four of five rows are of random keys that are there, half of them
older than what is there, and the fifth is new. Every few seconds an aggregate over the table is
read. At the end the table is compacted, by OPTIMIZE, the aggregate is read again, and the rows are
held against what was sent. Throughput that stays, and reads that stay near those of the compacted
table, are what this is to show; beside it stands in how many files the rows lie, and how many bytes
the server has written for each byte that was sent.
"""

import argparse
import csv
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench import COLUMNS, INSERT, KEYED, SOURCE, connected, make_files, timed
from server import peak_mb, tributary_server

QUESTION = "SELECT sum(price), avg(ratio), max(name) FROM account"

# How often the question is asked where its time is measured, of which the median counts.
READS = 5

# The version of all rows of the base.
FIRST = 1000


class Changes:
    """Batches of changes, and what they must leave behind."""

    def __init__(self, rows, batch):
        self.random = random.Random(1)
        self.rows, self.batch, self.number = rows, batch, 0
        # Of the keys whose version is another one than that of the base.
        self.versions = {}

    def next(self):
        self.number += 1
        added = self.batch // 5
        lines = []
        for place, key in enumerate(self.random.sample(range(self.rows), self.batch - added)):
            is_stale = place % 2 == 1
            version = self.number % FIRST if is_stale else FIRST + self.number
            if not is_stale:
                self.versions[key] = version
            lines.append(line(key, version))
        lines += [line(key, FIRST) for key in range(self.rows, self.rows + added)]
        self.rows += added
        return "".join(lines).encode()

    def expected(self):
        return self.rows, FIRST * (self.rows - len(self.versions)) + sum(self.versions.values())


def line(key, version):
    """A row as those of the base, in CSV."""
    return (
        f"{key},{version},{key % 1000},{key % 10007 / 7},{key % 100000}.00,customer {key},"
        f"a{key % 97}-{version}@example.com,{key % 2 == 0},2020-01-01,2020-01-01 00:00:00\n"
    )


class Files:
    """The files of the latest version, followed by the table's log."""

    def __init__(self, data):
        self.log = next(data.glob("**/*account*/_delta_log"))
        self.next, self.there, self.bytes = 0, {}, 0

    def look(self):
        while (entry := self.log / f"{self.next:020}.json").exists():
            actions = [json.loads(line) for line in entry.read_text().splitlines()]
            for action in actions:
                if remove := action.get("remove"):
                    self.there.pop(remove["path"], None)
            for action in actions:
                if add := action.get("add"):
                    vector = add.get("deletionVector") or {}
                    self.there[add["path"]] = vector.get("cardinality", 0)
            self.next += 1
        return len(self.there), sum(self.there.values())


def written(pid):
    """The bytes that a process has given to the disk."""
    told = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in told if line.startswith("write_bytes"))


def stream(options, server):
    connection, run = connected(server, "tributary", "tributary")
    _, read = connected(server, "tributary", "tributary")
    run(KEYED)
    run(SOURCE.format(name="base", folder=options.folder))
    run(INSERT.format(source="base"))
    run(INSERT.format(source="base") + " LIMIT 0")
    fresh = median(timed(read, QUESTION) for _ in range(READS))
    files, changes = Files(server.data), Changes(options.rows, options.batch)

    def copy(rows):
        with connection.cursor().copy(f"COPY account ({COLUMNS}) FROM STDIN (FORMAT csv)") as copying:
            copying.write(rows)

    before, sent, samples = written(server.pid), 0, []
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < options.seconds:
        batches = []
        while time.perf_counter() - start < elapsed + options.every:
            rows = changes.next()
            sent += len(rows)
            batches.append(timed(copy, rows))
        there, gone = files.look()
        samples.append(
            {
                "second": round(elapsed + options.every),
                "batches": len(batches),
                "batch_median": round(median(batches), 4),
                "batch_worst": round(max(batches), 4),
                "read": round(median(timed(read, QUESTION) for _ in range(READS)), 4),
                "files": there,
                "rows_gone": gone,
                "written_mb": (written(server.pid) - before) >> 20,
                "sent_mb": sent >> 20,
            }
        )
        print(*samples[-1].values(), sep="\t", flush=True)
    amplification = (written(server.pid) - before) / sent
    found = run("SELECT count(*), sum(version) FROM account")[0]
    seconds = timed(run, "OPTIMIZE account")
    compacted = median(timed(read, QUESTION) for _ in range(READS))
    if tuple(map(int, found)) != changes.expected():
        sys.exit(f"the table has other rows: {found}, not {changes.expected()}")
    return samples, {
        "batches": changes.number,
        "peak MB": peak_mb(Path(f"/proc/{server.pid}/status").read_text()),
        "bytes written for a byte sent": round(amplification, 1),
        "files at the end": files.look()[0],
        "seconds of OPTIMIZE": round(seconds, 2),
        "read before the stream": round(fresh, 4),
        "read, median": median(sample["read"] for sample in samples),
        "read, compacted": round(compacted, 4),
        "read, median / compacted": round(
            median(sample["read"] for sample in samples) / compacted, 2
        ),
        "batches a second, last quarter / first": round(
            quarter(samples, -1) / quarter(samples, 0), 2
        ),
    }


def quarter(samples, which):
    """The median of batches a sample, of the first quarter or the last."""
    size = max(1, len(samples) // 4)
    part = samples[:size] if which == 0 else samples[-size:]
    return median(sample["batches"] for sample in part)


def plot(samples, every, file):
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, (rate, read) = pyplot.subplots(2, sharex=True, figsize=(9, 6))
    seconds = [sample["second"] for sample in samples]
    rate.plot(seconds, [sample["batches"] / every for sample in samples])
    rate.set(ylabel="batches a second", ylim=(0, None))
    read.plot(seconds, [sample["read"] for sample in samples])
    read.set(ylabel="seconds of the aggregate", xlabel="second", ylim=(0, None))
    figure.savefig(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="the binary of this server")
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the base")
    parser.add_argument("--batch", type=int, default=1000, help="rows of a batch")
    parser.add_argument("--seconds", type=int, default=600, help="of the stream")
    parser.add_argument("--every", type=int, default=5, help="seconds between two reads")
    parser.add_argument("--memory-limit", default="1GB", help="of the server")
    parser.add_argument("--folder", help="where the base is, or is to stay")
    parser.add_argument("--csv", help="where the samples go")
    parser.add_argument("--plot", help="where a drawing of them goes, as SVG")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as own:
        options.folder = options.folder or own
        if not Path(options.folder, "base.parquet").exists():
            Path(options.folder).mkdir(exist_ok=True)
            make_files(options.folder, options.rows, [], with_csv=False)
        with tributary_server(Path(options.server).resolve(), options.memory_limit) as (server, _):
            samples, told = stream(options, server)
    for name, value in told.items():
        print(f"{name:42}{value}")
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            rows = csv.DictWriter(file, samples[0])
            rows.writeheader()
            rows.writerows(samples)
    if options.plot:
        plot(samples, options.every, options.plot)


if __name__ == "__main__":
    main()
