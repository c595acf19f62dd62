"""What the README says is what happens."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from fastapi.testclient import TestClient

from production_sql import assets, bundles, drafts, schema
from production_sql.statement import Declared

from .client import Client
from .samples import asset, bundle, draft

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
EXAMPLE, ERRORS, ASYNC, FASTAPI, OWN = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def run(code: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "readme"}
    exec(compile(code, "README.md", "exec"), namespace)
    return namespace


def test_the_example_runs() -> None:
    assert run(EXAMPLE)["bundle"].bundle_id == "b1"


def test_the_example_of_errors_runs(dsn: str) -> None:
    attach = run(ERRORS)["attach"]
    with psycopg.connect(dsn) as conn:
        bundles.create(conn, bundle("bundle_1", "asset_1"))
        bundles.create(conn, bundle("bundle_2"))

        assert attach(conn, "bundle_1", asset("asset_2")) is True
        assert attach(conn, "bundle_2", asset("asset_2")) is False
        assert bundles.fetch(conn, "bundle_1") == bundle("bundle_1", "asset_1", "asset_2")


def test_the_async_example_runs(client: Client) -> None:
    client(bundles.create, bundle("bundle_1", "asset_1"))

    shown = client.run(run(ASYNC)["show"](client.dsn, "bundle_1"))

    assert shown == bundle("bundle_1", "asset_1")


def test_the_fastapi_example_runs(dsn: str) -> None:
    with psycopg.connect(dsn) as conn:
        drafts.create(conn, draft())
    with TestClient(run(FASTAPI)["app_for"](dsn)) as http:
        assert http.get("/drafts/draft_1").json() == msgspec.to_builtins(draft())
        assert http.get("/drafts/nothing").status_code == 404
        assert http.get("/drafts/a%00b").status_code == 422


def test_the_example_of_own_queries_runs(dsn: str, tmp_path: Path) -> None:
    (sql,) = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "sql" / "notes" / "latest.sql"
    file.parent.mkdir(parents=True)
    file.write_text(sql)
    namespace: dict[str, Any] = {"__name__": "notes"}
    namespace["__file__"] = str(tmp_path / "notes.py")
    exec(compile(OWN, "README.md", "exec"), namespace)
    with psycopg.connect(dsn) as conn:
        conn.execute("CREATE TABLE notes (note_id int, author text, text text)")
        conn.execute("INSERT INTO notes VALUES (1, 'ann', 'a'), (2, 'ann', 'b')")

        notes = namespace["latest"](conn, "ann", limit=1)

        assert notes == [namespace["Note"](note_id=2, text="b")]
        assert len(namespace["latest"](conn, "ann")) == 2


def test_the_commands_of_load_and_dump_run(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((first, *commands),) = (
        block.splitlines()
        for block in re.findall(r"## Load and dump\n\n((?:    .*\n)+)", README)
    )
    assert first.startswith("    export DATABASE_URL=")
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    with psycopg.connect(dsn, autocommit=True) as conn:
        for name in ("tenant", "other"):
            conn.execute(f"CREATE SCHEMA {name}")
            schema.apply(dsn, schema=name)
        drafts.create(conn, draft())

        script = "\n".join(commands)
        subprocess.run(["bash", "-euo", "pipefail", "-c", script], check=True, cwd=tmp_path)

        for name in ("tenant", "other"):
            conn.execute(f"SET search_path TO {name}")
            assert drafts.fetch(conn, "draft_1") == draft()


def test_the_table_of_calls_has_every_call_with_its_parameters() -> None:
    rows = re.findall(r"^\| `(\w+\.\w+)\(conn, (.*?)\)` \|", README, re.MULTILINE)
    documented = {
        name: re.findall(r"(\w+)(?:=\w+)?(?:, |$)", parameters) for name, parameters in rows
    }
    declared = {
        value.name: list(value.__signature__.parameters)[1:]
        for module in (drafts, bundles, assets)
        for name, value in vars(module).items()
        if isinstance(value, Declared) and not name.startswith("_")
    }

    assert documented == declared


def test_the_figures_are_those_of_the_last_benchmark() -> None:
    summary = Path(__file__).parents[1] / "docs" / "performance" / "summary.md"

    assert summary.read_text("utf-8") in README
