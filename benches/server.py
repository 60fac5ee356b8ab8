"""Servers for a benchmark, SQL by psql, and the peak of a process's memory."""

import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path


def peak_mb(status):
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024


def psql(port, user, database, *queries):
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]
    command += ["-p", str(port), "-U", user, "-d", database]
    command += [part for query in queries for part in ("-c", query)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr.strip())
    return done.stdout.strip()


@contextmanager
def tributary_server(binary, memory_limit="4GB", **settings):
    """A server of its own with these settings: its process, and what runs SQL in a session of it."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        project.mkdir()
        command = [binary, "--project", project, "--data-dir", Path(folder) / "data"]
        command += ["--listen", "127.0.0.1:0", "--memory-limit", memory_limit]
        for name, value in settings.items():
            command += ["--" + name.replace("_", "-"), value]
        server = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            port = None
            for line in server.stdout:
                if ready := re.search(r"-p (\d+)", line):
                    port = int(ready[1])
                    break
            if port is None:
                sys.exit("the server did not start")
            server.port, server.data = port, Path(folder) / "data"
            yield server, lambda *sql: psql(port, "tributary", "tributary", *sql)
        finally:
            server.kill()
            server.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def postgres_server(**settings):
    """A PostgreSQL of its own with these settings, as `tributary_server`."""
    binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not binaries:
        sys.exit("PostgreSQL is not installed")
    binaries = Path(binaries[-1]).parent
    # PostgreSQL does not run as root.
    owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp())
    server = None
    try:
        if owner:
            shutil.chown(folder, "postgres")
        data, port = folder / "data", free_port()
        initdb = [binaries / "initdb", "-D", data, "-U", "bench", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(owner + list(map(str, initdb)), check=True, stdout=subprocess.DEVNULL)
        command = [binaries / "postgres", "-D", data, "-p", port, "-k", folder]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        server = subprocess.Popen(
            owner + list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        server.port = port
        ready = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", port]
        while subprocess.run(list(map(str, ready))).returncode != 0:
            if server.poll() is not None:
                sys.exit("PostgreSQL did not start")
            time.sleep(0.1)
        yield server, lambda *sql: psql(port, "bench", "postgres", *sql)
    finally:
        if server is not None:
            pid_file = folder / "data" / "postmaster.pid"
            if pid_file.exists():
                os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)
