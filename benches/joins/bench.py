"""Runs the joins of every engine one after the other, and prints and plots what they took.

Each measurement is a process of its own (for servers: a server of its own), so that its peak of
memory is its own. Seconds are those of the join alone: the file is loaded before, and so is
PostgreSQL's index built; of servers, they are those that psql's \\timing tells, connected. An engine that takes longer than the limit is stopped, and is not asked
for more names of the same join.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

import names
from joins import JOINS

ENGINES = {
    "tributary": ("Tributary", "C0"),
    "duckdb_deletions": ("DuckDB, deletion neighbourhoods in SQL", "C1"),
    "duckdb_nested_loop": ("DuckDB, as written (nested loop)", "C2"),
    "rapidfuzz": ("rapidfuzz, cdist on all cores", "C3"),
    "postgres": ("PostgreSQL, GIN trigram index", "C4"),
}


def write_data(folder, kind, size, seed):
    """A Parquet file of `size` distinct texts, with numbers."""
    path = folder / f"{kind}_{size}_{seed}.parquet"
    if not path.exists():
        texts = getattr(names, kind)(size, seed)
        lines = folder / "lines.csv"
        lines.write_text("".join(f'{number},"{text}"\n' for number, text in enumerate(texts)))
        columns = "{'id': 'BIGINT', 'name': 'VARCHAR'}"
        source = f"read_csv('{lines}', header = false, columns = {columns})"
        duckdb.sql(f"COPY (FROM {source}) TO '{path}' (FORMAT parquet)")
        lines.unlink()
    return path


# Seconds in which an engine that is stopped cleans up after itself.
GRACE = 5


def measure(engine, join, path, options):
    """What one engine takes for one join: seconds, pairs and peak of memory, or why not."""
    command = [sys.executable, Path(__file__).with_name("engines.py"), engine, join, path]
    command += ["--server", options.server, "--threads", str(options.threads)]
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        # Loading counts as well, and an index takes longer than the join now and then.
        out, err = process.communicate(timeout=3 * options.limit)
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            process.communicate(timeout=GRACE)
        except subprocess.TimeoutExpired:
            # An engine that computes outside of Python hears no signal.
            process.kill()
            process.communicate()
        return {"error": f"over {options.limit} s"}
    if process.returncode != 0:
        lines = err.strip().splitlines() or ["no message"]
        return {"error": lines[-1][:100]}
    return json.loads(out.splitlines()[-1])


def run(options):
    options.out.mkdir(parents=True, exist_ok=True)
    rows, gave_up = [], set()
    paths = {
        size: write_data(options.out, options.kind, size, options.seed) for size in options.sizes
    }
    # Nothing is left to be written while an engine is measured.
    os.sync()
    for join in options.joins:
        for size in options.sizes:
            path = paths[size]
            for engine in options.engines:
                if (engine, join) in gave_up or engine not in JOINS[join]["engines"]:
                    continue
                results = [measure(engine, join, path, options) for _ in range(options.repeats)]
                result = min(results, key=lambda result: result.get("seconds", float("inf")))
                rows.append({"join": join, "size": size, "engine": engine} | result)
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
                if result.get("seconds", options.limit + 1) > options.limit:
                    gave_up.add((engine, join))
    return rows


def table(rows):
    """The measurements as Markdown, with how many times as long as ours each took."""
    ours = {(r["join"], r["size"]): r for r in rows if r["engine"] == "tributary"}
    lines = [
        "| join | names | engine | seconds | times ours | pairs | peak MB |",
        "|---|--:|---|--:|--:|--:|--:|",
    ]
    for row in rows:
        cells = [JOINS[row["join"]]["title"], f"{row['size']:,}", ENGINES[row["engine"]][0]]
        if "error" in row:
            cells += [row["error"], "", "", ""]
        else:
            own = ours.get((row["join"], row["size"]), {}).get("seconds")
            ratio = f"{row['seconds'] / own:,.1f}" if own else ""
            cells += [f"{row['seconds']:.3f}", ratio, f"{row['pairs']:,}", f"{row['peak_mb']:,}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def disagreements(rows):
    """Joins of which engines found different numbers of pairs."""
    found = {}
    for row in rows:
        if "pairs" in row:
            found.setdefault((row["join"], row["size"]), {})[row["engine"]] = row["pairs"]
    return {key: pairs for key, pairs in found.items() if len(set(pairs.values())) > 1}


def plot(rows, path):
    """Seconds by names, one panel a join, both axes logarithmic: linear growth is the dotted line."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    joins = list(dict.fromkeys(row["join"] for row in rows))
    figure, panels = pyplot.subplots(1, len(joins), figsize=(4.5 * len(joins), 4), squeeze=False)
    for join, panel in zip(joins, panels[0]):
        for engine, (title, colour) in ENGINES.items():
            own = [r for r in rows if (r["join"], r["engine"]) == (join, engine) and "seconds" in r]
            if own:
                sizes, seconds = [r["size"] for r in own], [r["seconds"] for r in own]
                panel.loglog(sizes, seconds, "o-", color=colour, label=title)
                if engine == "tributary":
                    linear = [seconds[0] * size / sizes[0] for size in sizes]
                    panel.loglog(sizes, linear, ":", color=colour)
        panel.set(title=JOINS[join]["title"], xlabel="distinct names", ylabel="seconds")
        panel.grid(True, which="major", alpha=0.3)
        panel.legend(fontsize="x-small")
    figure.tight_layout()
    figure.savefig(path)


def main():
    numbers = lambda text: [int(part.replace("_", "")) for part in text.split(",")]
    words = lambda text: text.split(",")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", default="tributary", help="the server's binary")
    parser.add_argument("--sizes", type=numbers, default="10000,50000,100000,559000,1000000")
    parser.add_argument("--joins", type=words, default=",".join(JOINS), help="which joins")
    parser.add_argument("--engines", type=words, default=",".join(ENGINES), help="which engines")
    parser.add_argument("--kind", choices=("people", "addresses"), default="people")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=300, help="seconds for one join")
    repeats = "how often each is measured; the fastest counts, which the machine disturbs least"
    parser.add_argument("--repeats", type=int, default=1, help=repeats)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    folder = Path(tempfile.gettempdir()) / "tributary-bench-joins"
    parser.add_argument("--out", type=Path, default=folder, help="for data, results and plot")
    options = parser.parse_args()
    rows = run(options)
    (options.out / "joins.json").write_text(json.dumps(rows, indent=1))
    plot(rows, options.out / "joins.svg")
    print(table(rows))
    print(f"\nresults and plot: {options.out}/joins.json, joins.svg")
    for (join, size), pairs in disagreements(rows).items():
        print(f"error: {join} of {size} names: engines found different pairs: {pairs}")
    if disagreements(rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
