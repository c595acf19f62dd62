"""python -m production_sql."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from production_sql.__main__ import main

from .client import Observer


def test_the_demo_stores_replays_fetches_pages_assembles_discards_and_cleans_up(
    dsn: str, observer: Observer, capsys: pytest.CaptureFixture[str]
) -> None:
    before = observer.everything()

    assert main(["demo", "--dsn", dsn]) == 0

    said = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for line in (
        "applied ['0001.add_production_draft_bundle_tables']",
        "drafts 12 of 12 written",
        "bundles 6 of 6 written",
        "drafts 0 of 12 written",
        "bundles 0 of 6 written",
        "draft_0001_opening_hours written: True",
        "a page of 1 draft_0007_greek_poems",
        "create again AlreadyExistsError: bundle 'bundle_demo' exists: upsert replaces it",
        "and committed ['asset_demo_1', 'asset_demo_2']",
        "draft_0012_koinobori 2 bundles, discarded: True",
        "left of it None",
        "left of its bundles []",
        "rolled back ['0001.add_production_draft_bundle_tables']",
    ):
        assert line in said
    assert sum(" equal " in line for line in said) == 11 + 5
    assert not any("DIFFERENT" in line for line in said)
    assert observer.everything() == before
    schemas = "SELECT FROM pg_namespace WHERE nspname = 'production_sql_demo'"
    assert observer.conn.execute(schemas).fetchall() == []


def test_the_demo_takes_its_database_from_the_environment(
    dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", dsn)
    with psycopg.connect(dsn) as conn:
        name = conn.info.dbname

    assert main(["demo"]) == 0

    assert f"database {name!r}" in capsys.readouterr().out


def test_a_demo_does_not_touch_a_schema_that_is_there(
    dsn: str, observer: Observer, capsys: pytest.CaptureFixture[str]
) -> None:
    observer.conn.execute("CREATE SCHEMA production_sql_demo")
    observer.conn.execute("CREATE TABLE production_sql_demo.kept ()")

    assert main(["demo", "--dsn", dsn]) == 1

    assert capsys.readouterr().err == (
        "production_sql: AlreadyExistsError: schema 'production_sql_demo' exists: another "
        "demo is running, or one was cut off and left it: DROP SCHEMA production_sql_demo "
        "CASCADE\n"
    )
    observer.conn.execute("SELECT FROM production_sql_demo.kept")


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        (
            "host=localhost password='hunter2",
            "production_sql: InvalidValueError: dsn: not a",
        ),
        ("host=/nowhere password=hunter2", "production_sql: OperationalError: connection"),
    ],
)
def test_a_database_that_is_not_there_is_one_line_and_no_traceback(
    dsn: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--dsn", dsn]) == 1

    said = capsys.readouterr().err
    assert said.startswith(message)
    assert "hunter2" not in said
    assert "Traceback" not in said


def test_a_server_that_does_not_start_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("LC_ALL", "nowhere")  # a locale that initdb refuses

    assert main(["demo"]) == 1

    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith("production_sql: CalledProcessError: ")
    assert "Traceback" not in said


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"]])
def test_help_explains(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)

    assert raised.value.code == 0
    assert "a sample campaign" in " ".join(capsys.readouterr().out.split())


def test_the_module_is_a_command(tmp_path: Path) -> None:
    command: list[Any] = [sys.executable, "-m", "production_sql"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    assert run.returncode == 2
    assert "usage: python -m production_sql" in run.stderr
