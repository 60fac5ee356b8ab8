"""Prints one Markdown table of what was measured.

Usage: table.py FILE..., of lines as peers.py prints them.
"""

import sys

US = "tributary"
PEERS = ["DuckDB", "PostgreSQL", "rapidfuzz", "polars_ds", "strsim", "DataFusion"]
LENGTHS = ["short", "long"]


def read(paths):
    rates = {}
    for path in paths:
        with open(path) as lines:
            for line in lines:
                function, length, peer, rate = line.rstrip("\n").split("\t")
                rates.setdefault(function, {})[length, peer] = float(rate)
    return rates


def show(rate):
    return "" if rate is None else f"{rate:.3g}" if rate < 100 else f"{rate:.0f}"


def main(paths):
    rates = read(paths)
    print("Million pairs a second in one thread, short / long texts; the ratio is to the fastest peer.\n")
    print(f"| function | ours | ratio | {' | '.join(PEERS)} |")
    print("|" + "---|" * (3 + len(PEERS)))
    for function, measured in rates.items():
        ours, ratios = [], []
        for length in LENGTHS:
            our = measured.get((length, US))
            fastest = max((measured.get((length, peer), 0.0) for peer in PEERS), default=0.0)
            ours.append(show(our))
            ratios.append(f"{our / fastest:.1f}" if our and fastest else "")
        cells = [" / ".join(ours), " / ".join(ratios) if any(ratios) else ""]
        for peer in PEERS:
            pair = [measured.get((length, peer)) for length in LENGTHS]
            cells.append(" / ".join(map(show, pair)) if any(pair) else "")
        print(f"| {function} | {' | '.join(cells)} |")


main(sys.argv[1:])
