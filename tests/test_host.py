"""The package of a host in tests/host, of which .ci/run tests that the wheel is enough."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

import production_sql

HOST = Path(__file__).parent / "host"
# Besides what `production_sql` itself has in its __all__.
PUBLIC = {"adapter", "embedded", "errors", "ports", "runner", "testing"}


def internal(source: str) -> list[str]:
    """Return what is imported of production_sql without being public."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if is_internal(alias.name)]
        elif isinstance(node, ast.ImportFrom):
            assert node.module or node.level
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [name for name in names if not node.level and is_internal(name)]
    return found


def is_internal(name: str) -> bool:
    package, *path = name.split(".")
    if package == "pytest_production_sql":
        return True
    if package != "production_sql" or not path:
        return False
    if path[0] in production_sql.__all__:
        return False
    if path[0] not in PUBLIC:
        return True
    module = import_module(f"production_sql.{path[0]}")
    public = getattr(module, "__all__", None) or vars(module)
    return any(each.startswith("_") or each not in public for each in path[1:])


@pytest.mark.parametrize("file", sorted(HOST.rglob("*.py")), ids=lambda file: file.name)
def test_a_host_imports_what_is_public_only(file: Path) -> None:
    assert internal(file.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from production_sql import drafts, schema", []),
        ("from production_sql.runner import Queries", []),
        ("import production_sql.embedded", []),
        ("from . import runner", []),
        ("from production_sql import dtos", ["production_sql.dtos"]),
        ("import production_sql.many", ["production_sql.many"]),
        ("from production_sql.files import query", ["production_sql.files.query"]),
        ("from production_sql.adapter import _Steps", ["production_sql.adapter._Steps"]),
        ("def f():\n import pytest_production_sql", ["pytest_production_sql"]),
    ],
)
def test_an_import_of_what_is_internal_is_found(line: str, found: list[str]) -> None:
    assert internal(line) == found
