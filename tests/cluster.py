"""A PostgreSQL server by the programs that come with it, to be killed and followed."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from production_sql.throwaway.serving import memory

# PostgreSQL refuses to run as root.
USER = "nobody" if os.geteuid() == 0 else None


@contextmanager
def open_folder() -> Iterator[Path]:
    """Give a folder that PostgreSQL gets to."""
    with TemporaryDirectory(dir=memory()) as name:
        Path(name).chmod(0o755)
        yield Path(name)


class Cluster:
    """A data directory, with the programs that serve it, on a Unix socket."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs = programs
        self.data = folder / "data"
        self.socket_folder = folder / "socket"
        self.log = self.socket_folder / "log"
        for each in (self.data, self.socket_folder):
            each.mkdir(mode=0o700)
            if USER:
                shutil.chown(each, USER)
        self.dsn = f"host={self.socket_folder} port=5432 user=postgres dbname=postgres"

    def run(self, program: str, *arguments: str) -> bool:
        """Run a program on the data; tell if it succeeded."""
        # Not through a pipe, which a server that it starts would hold open.
        with (self.data.parent / "log").open("ab") as log:
            command = [str(self.programs / program), f"--pgdata={self.data}", *arguments]
            run = subprocess.run(
                command, check=False, user=USER, cwd="/", stdout=log, stderr=log
            )
        return run.returncode == 0

    def make(self) -> None:
        options = ["--auth=trust", "--encoding=UTF8", "--username=postgres"]
        assert self.run("initdb", *options)

    def copy(self, primary: "Cluster") -> None:
        """Make the data a copy of a server's, which is to follow it."""
        options = ["--write-recovery-conf", "--checkpoint=fast"]
        assert self.run("pg_basebackup", f"--dbname={primary.dsn}", *options)

    @contextmanager
    def running(self, *settings: str) -> Iterator[str]:
        """Start the server, give its DSN, and stop it if it is still there at the end."""
        own = [
            "listen_addresses=",
            f"unix_socket_directories={self.socket_folder}",
            *settings,
        ]
        options = " ".join(f"-c {setting}" for setting in own)
        start = ["--wait", f"--options={options}", f"--log={self.log}", "start"]
        # Until the sessions of a server that was killed have noticed, it does not start.
        begin = 0
        while not self.run("pg_ctl", *start):
            said = self.log.read_text()[begin:]
            assert "pre-existing shared memory" in said, said
            begin += len(said)
        try:
            yield self.dsn
        finally:
            self.run("pg_ctl", "--mode=fast", "stop")

    def kill(self) -> None:
        """Kill the server outright."""
        pid = (self.data / "postmaster.pid").read_text().split("\n")[0]
        os.kill(int(pid), signal.SIGKILL)
