"""Where an index begins to pay: self-joins with it and without it, by their sizes.

Holds three constants of udfs/src/join against measurements: NESTED_LOOP_PAIRS and KEYED_PARTNERS of
cost.rs, up to which a join stays as DataFusion plans it, and INDEXED_FROM of built.rs, from which
texts of one key on an index is built over them. Each time is the median of many runs of one session.
Below a constant both columns show the same plan; from it on, the index should take no longer.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import names
from server import tributary_server

CONDITIONS = {
    "levenshtein <= 2": "levenshtein(x.name, y.name) <= 2",
    "jaro_winkler >= 0.92": "jaro_winkler_similarity(x.name, y.name) >= 0.92",
    "trigram >= 0.6": "similarity(x.name, y.name) >= 0.6",
}

# Rows of either side of a join without keys: their squares are around NESTED_LOOP_PAIRS.
SIDES = [32, 48, 64, 65, 80, 96, 128, 192, 256, 384, 512]
# Rows that have the same key: around KEYED_PARTNERS, then around INDEXED_FROM.
GROUPS = [1, 2, 3, 4, 8, 16, 32, 48, 64, 96, 128, 256]


def median_ms(run, setting, query, runs):
    """The median of what a query takes, in milliseconds, once it has run."""
    lines = run(f"SET tributary.similarity_join = {setting}", query, "\\timing on", *[query] * runs)
    times = [float(line.split()[1]) for line in lines.splitlines() if line.startswith("Time: ")]
    return statistics.median(times)


def measured(run, table, on, runs):
    for title, condition in CONDITIONS.items():
        query = f"SELECT count(*) FROM {table} x JOIN {table} y ON {on}x.id < y.id AND {condition}"
        index, loop = (median_ms(run, setting, query, runs) for setting in ("on", "off"))
        yield f"{title} | {index:.2f} | {loop:.2f} | {loop / index:.2f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", default="tributary", help="the server's binary")
    parser.add_argument("--kind", choices=("people", "addresses"), default="people")
    parser.add_argument("--rows", type=int, default=20_000, help="of joins with keys")
    parser.add_argument("--runs", type=int, default=31)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    texts = getattr(names, options.kind)(max(options.rows, *SIDES), options.seed)
    with tempfile.TemporaryDirectory() as folder, tributary_server(options.server) as (_, run):
        path = Path(folder) / "names.csv"
        lines = (f'{number},"{text}"\n' for number, text in enumerate(texts))
        path.write_text("id,name\n" + "".join(lines))
        run(f"CREATE EXTERNAL TABLE file STORED AS CSV LOCATION '{path}'")
        print("| rows | with a key | join | index ms | no index ms | ratio |")
        print("|--:|--:|---|--:|--:|--:|")
        for rows in SIDES:
            table = f"side_{rows}"
            run(f"CREATE TABLE {table} AS SELECT * FROM file WHERE id < {rows}")
            for cells in measured(run, table, "", options.runs):
                print(f"| {rows} | | {cells}", flush=True)
        for rows in GROUPS:
            table = f"group_{rows}"
            key = f"CAST(id AS BIGINT) / {rows}"
            select = f"SELECT *, {key} AS k FROM file WHERE id < {options.rows}"
            run(f"CREATE TABLE {table} AS {select}")
            for cells in measured(run, table, "x.k = y.k AND ", max(options.runs // 4, 3)):
                print(f"| {options.rows} | {rows} | {cells}", flush=True)


if __name__ == "__main__":
    main()
