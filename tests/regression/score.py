"""PostgreSQL's own regression files, run by psql against a PostgreSQL and against this server.

A unit of a file (mostly a statement) counts where psql prints the same on both: rows, headings, tags,
and of errors the SQLSTATE. Rows whose order no statement asks for count in any. Prints the score of each
file, and with --show FILE what differs in one.

    score.py --server target/debug/tributary --sources FOLDER [--show FILE] [--keep SCORES] [FILE ...]

FOLDER is src/test/regress of PostgreSQL's sources.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from servers import postgresql, tributary
from statements import units

FILES = """boolean char name varchar text int2 int4 int8 oid float4 float8 bit numeric uuid strings
numerology date time timetz timestamp timestamptz interval type_sanity opr_sanity expressions unicode
create_table create_view create_index insert insert_conflict constraints select select_into
select_distinct select_distinct_on select_implicit select_having subselect union case join aggregates
transactions random portals arrays update delete namespace prepared_xacts limit plancache temp
prepare copy copyselect copy2 window groupingsets with tablesample json jsonb jsonpath jsonb_jsonpath
regex merge truncate alter_table sequence identity returning drop_if_exists matview rangefuncs txid
portals_p2 dependency conversion async dbsize tsrf xid misc_functions sysviews explain guc
roleattributes privileges comments psql""".split()

MARK = "@@unit "
# A file that hangs must not hang the score.
SECONDS = 240


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--server", required=True)
    arguments.add_argument("--sources", required=True, type=pathlib.Path)
    arguments.add_argument("--show", action="store_true", help="what differs")
    arguments.add_argument("--keep", type=pathlib.Path, help="a file of scores, which may not fall")
    arguments.add_argument("files", nargs="*")
    options = arguments.parse_args()
    files = options.files or FILES
    scores = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        sources = folder / "regress"
        shutil.copytree(options.sources, sources)
        theirs, ours = {}, {}
        with postgresql(folder / "postgresql") as server:
            server.query("postgres", "CREATE DATABASE template_regression")
            run("test_setup", sources, server, "template_regression")
            for file in files:
                server.query("postgres", f"CREATE DATABASE r_{file} TEMPLATE template_regression")
                theirs[file] = run(file, sources, server, f"r_{file}")
                server.query("postgres", f"DROP DATABASE r_{file} WITH (FORCE)")
        data = folder / "data"
        with tributary(options.server, folder, data) as server:
            run("test_setup", sources, server, "tributary")
        for file in files:
            copy = folder / "copy"
            shutil.copytree(data, copy)
            with tributary(options.server, folder, copy) as server:
                ours[file] = run(file, sources, server, "tributary")
            shutil.rmtree(copy)
    for file in files:
        # What PostgreSQL's psql did not come to is no unit.
        pairs = [pair for pair in zip(theirs[file], ours[file]) if pair[0][1] is not None]
        same = sum(is_same(*pair) for pair in pairs)
        scores[file] = (same, len(pairs))
        print(f"{file:20} {same:5} of {len(pairs):5}  {100 * same / max(1, len(pairs)):5.1f} %")
        if options.show:
            show(pairs)
    same, all_units = (sum(score[i] for score in scores.values()) for i in (0, 1))
    print(f"{'all':20} {same:5} of {all_units:5}  {100 * same / max(1, all_units):5.1f} %")
    if options.keep:
        return kept(scores, options.keep)
    return 0


def run(file, sources, server, database):
    """What psql prints for each unit of a file."""
    text = (sources / "sql" / f"{file}.sql").read_text(encoding="utf-8", errors="surrogateescape")
    pieces = [piece for piece in units(from_stdin(text, sources)) if not blank(piece)]
    script = "\\set VERBOSITY sqlstate\n\\set SHOW_CONTEXT never\n" + "".join(
        f"\\echo {MARK}{number}\n{piece}" for number, piece in enumerate(pieces)
    )
    environment = {
        **os.environ,
        "PG_ABS_SRCDIR": str(sources),
        "PG_ABS_BUILDDIR": str(sources),
        "PG_LIBDIR": "/nowhere",
        "PG_DLSUFFIX": ".so",
        # PST8PDT is this zone in recent databases of zones, and one of its own in what Debian makes of them.
        "PGTZ": "America/Los_Angeles",
        "PGDATESTYLE": "ISO, MDY",
        "PGOPTIONS": "-c statement_timeout=20s",
        "PGAPPNAME": "regression",
    }
    command = ["timeout", str(SECONDS), "psql", "-X", *server.arguments(database)]
    ended = subprocess.run(
        command,
        input=script.encode("utf-8", "surrogateescape"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=sources,
    )
    answers = [None] * len(pieces)
    printed = ended.stdout.decode("utf-8", "replace")
    for found in re.finditer(rf"^{MARK}(\d+)\n(.*?)(?=^{MARK}|\Z)", printed, re.DOTALL | re.MULTILINE):
        answers[int(found.group(1))] = found.group(2)
    return list(zip(pieces, answers))


def from_stdin(text, sources):
    """The text with the data itself where it has the server read a data file, which ours never does."""
    files = {}

    def line(found):
        if found.group("path"):
            files["filename"] = sources / found.group("path").lstrip("/")
            return found.group()
        if files["filename"].exists():
            return f"{found.group('copy')} STDIN;\n{files['filename'].read_text()}\\.\n"
        return found.group()

    return re.sub(
        r"^\\set filename :abs_\w+ '(?P<path>[^']*)'\n|^(?P<copy>copy \w+ from) :'filename';\n",
        line,
        text,
        flags=re.MULTILINE | re.IGNORECASE,
    )


def blank(piece):
    """Whether psql would do nothing."""
    return not re.sub(r"/\*.*?\*/|--[^\n]*", "", piece, flags=re.DOTALL).strip()


def is_same(theirs, ours):
    """Whether both printed the same, in the same order where one is asked for."""
    (piece, answer), (_, other) = theirs, ours
    if other is None or re.search(r"\border\s+by\b", piece, re.IGNORECASE):
        return answer == other
    return sorted(answer.splitlines()) == sorted(other.splitlines())


def show(pairs):
    for (piece, answer), (_, other) in pairs:
        if not is_same((piece, answer), (piece, other)):
            print("-" * 20, piece.strip(), sep="\n")
            print(">>> PostgreSQL", answer, ">>> here", other, sep="\n")


def kept(scores, file):
    """Holds the scores against those in the file; what rose is written there."""
    before = dict(line.split() for line in file.read_text().splitlines()) if file.exists() else {}
    fallen = [
        f"{name}: {same}, not {before[name]}"
        for name, (same, _) in scores.items()
        if name in before and same < int(before[name])
    ]
    if fallen:
        print("fallen:", *fallen, sep="\n")
        return 1
    before.update({name: str(same) for name, (same, _) in scores.items()})
    file.write_text("".join(f"{name} {same}\n" for name, same in sorted(before.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
