"""pgbench: its tables are made and filled, and its scripts run by each protocol."""

import re
import subprocess

import psycopg
from common import DATABASE, HOST, PORT, USER, tell

CONNECTION = ["--host", HOST, "--port", str(PORT), "--username", USER]


def pgbench(*arguments):
    ran = subprocess.run(["pgbench", *CONNECTION, *arguments, DATABASE], capture_output=True, text=True)
    # What is measured is another each time.
    told = [line for line in ran.stdout.splitlines() if re.match(r"transaction type|query mode|number of (trans|failed)", line)]
    steps = [re.sub(r" \(.*|^\d+ of .*|done in .*", "", line) for line in ran.stderr.splitlines() if "NOTICE" not in line]
    tell(" ".join(("pgbench", *arguments)), (ran.returncode, told, [step for step in steps if step]))


def sums():
    with psycopg.connect(host=HOST, port=PORT, user=USER, dbname=DATABASE, autocommit=True) as connection:
        for table, value in (("branches", "bbalance"), ("tellers", "tbalance"), ("accounts", "abalance"), ("history", "delta")):
            try:
                row = connection.execute(f"SELECT count(*), sum({value}) = (SELECT coalesce(sum(delta), 0) FROM pgbench_history) FROM pgbench_{table}").fetchone()
                tell(f"  {table}", row)
            except psycopg.Error as error:
                tell(f"  {table}", error.sqlstate)


pgbench("--initialize", "--quiet")
pgbench("--initialize", "--init-steps=dtGvp")
sums()
for protocol in ("simple", "extended", "prepared"):
    pgbench("--no-vacuum", "--transactions=5", "--client=2", f"--protocol={protocol}")
    pgbench("--no-vacuum", "--transactions=20", "--builtin=select-only", "--client=3", f"--protocol={protocol}")
    pgbench("--no-vacuum", "--transactions=5", "--builtin=simple-update", f"--protocol={protocol}")
sums()
pgbench("--transactions=3")
