"""The tables in the README are those of the code, the schema and the benchmark."""

import re

from production_sql import assets, bundles, drafts
from production_sql.statement import Declared

from .client import TABLES, Observer
from .markdown import CHECKOUT

README = (CHECKOUT / "README.md").read_text("utf-8")
COLUMNS = """
    SELECT table_name, data_type, column_name FROM information_schema.columns
    WHERE table_name LIKE 'production_%' ORDER BY table_name, ordinal_position
"""


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


def test_the_drawing_has_every_column_of_the_tables(observer: Observer) -> None:
    drawn = {
        (table, kind.replace("timestamptz", "timestamp with time zone"), column)
        for table, columns in re.findall(r"^    (\w+) {\n(.*?)^    }", README, re.M | re.S)
        for kind, column in re.findall(r"^        (\w+) (\w+)", columns, re.M)
    }

    assert drawn == set(observer.conn.execute(COLUMNS))
    assert {table for table, _, _ in drawn} == set(TABLES)


def test_the_figures_are_those_of_the_last_benchmark() -> None:
    summary = CHECKOUT / "docs" / "performance" / "summary.md"

    assert summary.read_text("utf-8") in README
