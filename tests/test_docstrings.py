"""What an editor shows of a call: what it raises, and how it is with the transaction."""

import inspect
import re
from collections.abc import Iterator
from types import CodeType
from typing import Any

import pytest

from production_sql import (
    AssetDTO,
    ContentDraftDTO,
    DraftBundleDTO,
    assets,
    bundles,
    drafts,
    outcome,
)
from production_sql.adapter import (
    AsyncProductionAdapter,
    DraftContent,
    ProductionAdapter,
)
from production_sql.errors import ProductionError
from production_sql.statement import Declared, Statement

CALLS = [
    getattr(module, name) for module in (drafts, bundles, assets) for name in module.__all__
]
# Names of methods of what the calls are given by the server.
METHODS = {
    name: method
    for cls in vars(outcome).values()
    if isinstance(cls, type) and cls.__module__ == outcome.__name__
    for name, method in vars(cls).items()
    if inspect.isfunction(method)
}


def is_ours(value: Any) -> bool:
    is_call = inspect.isfunction(value) or isinstance(value, Declared)
    return is_call and value.__module__.startswith("production_sql")


def raised(function: Any, seen: set[int]) -> Iterator[str]:
    """Yield the errors that a function names, or one of this package that it names does."""
    if id(function) in seen:
        return
    seen.add(id(function))
    if isinstance(function, Statement):
        yield "InvalidValueError"
        return
    function = inspect.unwrap(function)
    codes = [function.__code__]
    for code in codes:  # which grows
        codes += [const for const in code.co_consts if isinstance(const, CodeType)]
    for name in {name for code in codes for name in code.co_names}:
        value = function.__globals__.get(name, METHODS.get(name))
        if isinstance(value, type) and issubclass(value, ProductionError):
            yield name
        elif is_ours(value):
            yield from raised(value, seen)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_a_call_says_which_errors_of_ours_it_can_raise_and_no_other(call: Any) -> None:
    said = set(re.findall(r"\b[A-Z]\w+Error\b", call.__doc__))

    assert said == set(raised(call, set()))


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_a_call_says_how_it_is_with_the_transaction(call: Any) -> None:
    assert "transaction" in call.__doc__
    is_fetch = call.name.partition(".")[2].startswith("fetch")
    assert ("Only reads" in " ".join(call.__doc__.split())) == is_fetch
    assert is_fetch or "autocommit" in call.__doc__


@pytest.mark.parametrize("adapter", [ProductionAdapter, AsyncProductionAdapter])
def test_a_method_of_an_adapter_says_what_it_raises(adapter: Any) -> None:
    """The tests of the adapters hold that they do."""
    found = {"NotFoundError", "InvalidValueError"}
    expected = {
        "get_draft": found,
        "generate_draft": found | {"AlreadyExistsError"},
        "assemble_bundle": found | {"AlreadyExistsError", "AssetConflictError"},
    }
    for name, errors in expected.items():
        doc = getattr(adapter, name).__doc__
        assert set(re.findall(r"\b[A-Z]\w+Error\b", doc)) == errors
        assert "transaction" in doc


@pytest.mark.parametrize("dto", [ContentDraftDTO, AssetDTO, DraftBundleDTO, DraftContent])
def test_every_field_of_a_dto_says_what_it_is(dto: Any) -> None:
    source = inspect.getsource(dto)

    documented = re.findall(r'^    (\w+): [^\n]+\n    """', source, re.MULTILINE)

    assert documented == list(dto.__struct_fields__)
