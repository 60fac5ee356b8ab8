"""What a batch of changes, and a look at one key, cost over tables of several sizes.

Of each size a table is loaded, and given the same batches: of each number of rows three, of which
the median counts. Keys are then looked up one by one; beside the time stand the bytes that the
server has read for each. What does not grow with the table is as it should be.
"""

import argparse
import random
import tempfile
from pathlib import Path
from statistics import median

from bench import INSERT, KEYED, SOURCE, connected, make_files, timed
from server import peak_mb, tributary_server

# Batches of each number of rows.
REPEATS = 3

LOOKS = 200


def read_bytes(pid):
    told = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in told if line.startswith("rchar"))


def measure(options, rows, batches):
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        make_files(folder, rows, [size for size in batches for _ in range(REPEATS)], False)
        binary = Path(options.server).resolve()
        with tributary_server(binary, options.memory_limit) as (server, _):
            _, run = connected(server, "tributary", "tributary")
            run(KEYED)
            for name in ["base", *range(len(batches) * REPEATS)]:
                run(SOURCE.format(name=name, folder=folder))
            load = timed(run, INSERT.format(source="base"))
            Path(folder, "base.parquet").unlink()
            run(INSERT.format(source=0) + " LIMIT 0")
            seconds = [
                median(
                    timed(run, INSERT.format(source=place * REPEATS + repeat))
                    for repeat in range(REPEATS)
                )
                for place in range(len(batches))
            ]
            keys = random.Random(1)
            look = "SELECT * FROM account WHERE id = {}"
            run(look.format(0))
            before = read_bytes(server.pid)
            looks = [timed(run, look.format(keys.randrange(rows))) for _ in range(LOOKS)]
            a_look = (read_bytes(server.pid) - before) // LOOKS
            peak = peak_mb(Path(f"/proc/{server.pid}/status").read_text())
    return load, seconds, median(looks), a_look, peak


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="the binary of this server")
    parser.add_argument("--rows", default="1000000,10000000,100000000", help="of the tables")
    parser.add_argument("--batches", default="1000,10000,100000", help="their rows")
    parser.add_argument("--memory-limit", default="1GB", help="of the server")
    parser.add_argument("--folder", help="where files and tables are meanwhile")
    options = parser.parse_args()
    if options.folder:
        # The server's own files go there too.
        tempfile.tempdir = options.folder
    batches = [int(size) for size in options.batches.split(",")]
    sizes = "".join(f"{size:>12,}" for size in batches)
    print(f"{'rows':>13}{'load':>10}{sizes}{'a look, ms':>12}{'bytes read':>12}{'MB':>8}")
    for rows in map(int, options.rows.split(",")):
        load, seconds, look, read, peak = measure(options, rows, batches)
        cells = "".join(f"{one:>12.3f}" for one in seconds)
        print(f"{rows:>13,}{load:>10.2f}{cells}{look * 1000:>12.2f}{read:>12,}{peak:>8}", flush=True)


if __name__ == "__main__":
    main()
