"""pg_dump and pg_dumpall: what they write of all kinds of objects, and of their rows."""

import os
import re
import subprocess
import tempfile

import psycopg
from common import DATABASE, HOST, PORT, USER, create_shop, tell

CONNECTION = ["--host", HOST, "--port", str(PORT), "--username", USER]

with psycopg.connect(host=HOST, port=PORT, user=USER, dbname=DATABASE, autocommit=True) as connection:
    create_shop(connection.execute)


def run(program, *arguments):
    """Tells what a program writes, without what is another each time."""
    ran = subprocess.run([program, *CONNECTION, *arguments], capture_output=True, text=True)
    tell(" ".join([program, *(argument for argument in arguments if not argument.startswith("/"))]), (ran.returncode, ran.stderr))
    for line in ran.stdout.splitlines():
        # The numbers of objects in the list of an archive, and keys that psql is locked with.
        # The first role has another name in each.
        if line.strip() and not re.search(r" ROLE (postgres|tributary)\b", line) and not re.match(r"--|\\(un)?restrict|;.*(Archive|Dumped|TOC)", line):
            print("  ", re.sub(r"^\d+; \d+ \d+ ", "", line))


run("pg_dump", DATABASE)
run("pg_dump", "--schema-only", "--schema=shop", "--clean", "--if-exists", "--no-owner", "--no-privileges", DATABASE)
run("pg_dump", "--data-only", "--column-inserts", "--table=shop.customer", '--table=shop."Odd ""Name"', DATABASE)
with tempfile.TemporaryDirectory() as folder:
    archive = os.path.join(folder, "folder")
    run("pg_dump", "--format=directory", "--jobs=2", "--file", archive, DATABASE)
    tell("files", len(os.listdir(archive)))
    listed = subprocess.run(["pg_restore", "--list", archive], capture_output=True, text=True)
    for line in listed.stdout.splitlines():
        if not line.startswith(";"):
            print("  ", re.sub(r"^\d+; \d+ \d+ ", "", line))
run("pg_dumpall", "--globals-only", "--no-role-passwords", "--database", DATABASE)
