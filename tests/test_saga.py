"""The compensations of examples/saga.py."""

import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from production_sql import (
    AlreadyExistsError,
    AssetDTO,
    ContentDraftDTO,
    DraftBundleDTO,
)
from production_sql.adapter import DraftContent, ProductionAdapter

from .client import TABLES, Observer
from .samples import asset

CHECKOUT = Path(__file__).parents[1]
EXAMPLE = runpy.run_path(str(CHECKOUT / "examples" / "saga.py"))
STEPS = ["write", "fetch", "collect", "store draft", "store bundle", "publish"]
# Of the connections that a saga takes, those after which a draft or a bundle is stored.
STORED = {2: "store draft", 4: "store bundle"}


class StepError(Exception):
    """What a step raises once it is done."""


class Host:
    """The host of a saga in which something happens after one of the steps."""

    def __init__(self, dsn: str, step: str, happens: Callable[[], object]) -> None:
        self.dsn = dsn
        self.step = step
        self.happens = happens
        self.connections = count(1)
        self.published: set[str] = set()

    def run(self, strategy_id: str = "strategy_1") -> DraftBundleDTO:
        production = ProductionAdapter(self.connection, self.write, self.collect)
        make = EXAMPLE["Saga"]
        saga = make(self.connection, production, self.publish, self.published.discard)
        bundle: DraftBundleDTO = saga.run(strategy_id, "draft_1", "bundle_1")
        return bundle

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.dsn) as conn:
            yield conn
        self.after(STORED.get(next(self.connections), "fetch"))

    def write(self, strategy_id: str) -> DraftContent:
        self.after("write")
        content: DraftContent = EXAMPLE["write"](strategy_id)
        return content

    def collect(self, _draft: ContentDraftDTO) -> list[AssetDTO]:
        self.after("collect")
        return [asset("asset_1"), asset("asset_2")]

    def publish(self, bundle: DraftBundleDTO) -> None:
        self.published.add(bundle.bundle_id)
        self.after("publish")

    def after(self, step: str) -> None:
        if step == self.step:
            self.step = ""
            self.happens()


def fail() -> None:
    raise StepError


@pytest.mark.parametrize("step", STEPS)
def test_a_saga_that_fails_after_a_step_leaves_no_row(
    dsn: str, observer: Observer, step: str
) -> None:
    host = Host(dsn, step, fail)

    with pytest.raises(StepError):
        host.run()

    assert not any(observer.everything().values())
    assert not host.published


def test_a_saga_leaves_the_draft_of_another_strategy_alone(
    dsn: str, observer: Observer
) -> None:
    Host(dsn, "", fail).run()
    before = observer.everything()

    with pytest.raises(AlreadyExistsError):
        Host(dsn, "", fail).run("strategy_2")

    assert observer.everything() == before


@pytest.mark.parametrize("step", STEPS)
def test_a_saga_whose_process_dies_after_a_step_is_run_again_with_its_ids(
    dsn: str, observer: Observer, step: str
) -> None:
    code = f"Host({dsn!r}, {step!r}, lambda: os._exit(9)).run()"
    program = f"import os; from tests.test_saga import Host; {code}"
    assert subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT).returncode == 9

    Host(dsn, "", fail).run()

    rows = {table: len(rows) for table, rows in observer.everything().items()}
    assert rows == dict(zip(TABLES, (1, 1, 2), strict=True))


def test_the_example_runs() -> None:
    command = [sys.executable, "examples/saga.py"]
    run = subprocess.run(command, check=True, capture_output=True, text=True, cwd=CHECKOUT)

    failed, published = run.stdout.splitlines()
    assert failed == "the publisher does not answer; stored is None"
    assert published.startswith("stored is DraftBundleDTO(")
