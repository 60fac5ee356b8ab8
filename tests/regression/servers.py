"""Starts a PostgreSQL, and this server, on free ports of the loopback address."""

import contextlib
import glob
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time


class Server:
    def __init__(self, port, user):
        self.port, self.user = port, user

    def arguments(self, database):
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", self.user, "-d", database]

    def query(self, database, text):
        subprocess.run(
            ["psql", "-X", "-q", *self.arguments(database), "-c", text], check=True
        )


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def postgresql(folder):
    """A cluster of its own, of the newest PostgreSQL that is installed."""
    programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
    # PostgreSQL refuses to run as root.
    other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    alone = [] if os.getuid() else other
    folder.mkdir()
    if alone:
        shutil.chown(folder, "postgres", "postgres")
    log = folder.parent / "postgresql.log"
    with open(log, "wb") as out:
        subprocess.run(
            [*alone, f"{programs}/initdb", "-D", folder, "-U", "postgres", "--no-sync",
             "--no-locale", "-E", "UTF8", "-A", "trust"],
            check=True, stdout=out, stderr=out,
        )
        port = free_port()
        process = subprocess.Popen(
            [*alone, f"{programs}/postgres", "-D", folder, "-p", str(port), "-h", "127.0.0.1",
             "-k", "", "-c", "fsync=off"],
            stdout=out, stderr=out,
        )
    server = Server(port, "postgres")
    try:
        until(lambda: subprocess.run(
            [f"{programs}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode == 0)
        yield server
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def tributary(program, folder, data):
    """This server over a data folder."""
    project = pathlib.Path(folder) / "project"
    project.mkdir(exist_ok=True)
    log = pathlib.Path(folder) / "tributary.log"
    with open(log, "wb") as out:
        process = subprocess.Popen(
            [program, "--project", project, "--data-dir", data, "--listen", "127.0.0.1:0"],
            stdout=out, stderr=out,
        )
    ready = lambda: re.search(r"ready:.*?-p (\d+)", log.read_text(errors="replace"))
    try:
        until(lambda: ready() or process.poll() is not None)
        yield Server(int(ready().group(1)), "tributary")
    finally:
        process.terminate()
        process.wait()


def until(true):
    while not true():
        time.sleep(0.05)
