"""A server for a benchmark, SQL by psql, and the peak of a process's memory."""

import re
import subprocess
import sys
import tempfile
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
def tributary_server(binary, memory_limit="4GB"):
    """A server of its own: its process, and what runs SQL in a session of it."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        project.mkdir()
        command = [binary, "--project", project, "--data-dir", Path(folder) / "data"]
        command += ["--listen", "127.0.0.1:0", "--memory-limit", memory_limit]
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
            server.port = port
            yield server, lambda *sql: psql(port, "tributary", "tributary", *sql)
        finally:
            server.kill()
            server.wait()
