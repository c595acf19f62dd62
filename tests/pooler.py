"""PgBouncer before the server, in transaction mode."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

PORT = 6432
# Every statement may be on another of the server's sessions, so that nothing may depend on
# one.
CONFIG = """
[databases]
* = host={host} port={port} user={user}

[pgbouncer]
pool_mode = transaction
auth_type = any
listen_addr =
listen_port = {own_port}
unix_socket_dir = {folder}
logfile = {folder}/log
max_client_conn = 1000
server_round_robin = 1
server_check_delay = 0
"""


@contextmanager
def pooler(dsn: str) -> Iterator[str]:
    """Start PgBouncer before the server of a DSN, and give the folder of its socket."""
    with TemporaryDirectory() as folder:
        config = Path(folder, "pgbouncer.ini")
        params = conninfo_to_dict(dsn)
        config.write_text(CONFIG.format(folder=folder, own_port=PORT, **params))
        user = None
        if os.geteuid() == 0:
            # As which PgBouncer refuses to run; and it has to get to the server's socket.
            user = Path(str(params["host"])).owner()
            shutil.chown(folder, user)
        program = shutil.which("pgbouncer")
        if program is None:
            pytest.exit("PgBouncer is not here: apt-get install pgbouncer, or its like", 2)
        command = [program, "--quiet", str(config)]
        process = subprocess.Popen(command, user=user, stderr=subprocess.DEVNULL)
        socket = Path(folder, f".s.PGSQL.{PORT}")
        try:
            while not socket.exists():
                assert process.poll() is None, Path(folder, "log").read_text()
            psycopg.connect(make_conninfo(dsn, host=folder, port=PORT)).close()
            yield folder
        finally:
            process.terminate()
            process.wait()
