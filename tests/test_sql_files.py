"""What every SQL file keeps to."""

import re
from pathlib import Path

import pglast
import pytest

from production_sql.files import folder, query
from production_sql.runner import Query
from production_sql.stream import Stream

STATEMENTS = sorted(folder("sql").rglob("*.sql"))
MIGRATIONS = sorted(folder("migrations").glob("*.sql"))


def name(file: Path) -> str:
    return f"{file.parent.name}.{file.stem}"


@pytest.mark.parametrize("file", STATEMENTS, ids=name)
def test_a_file_is_one_statement_under_a_header_that_says_what_it_does(file: Path) -> None:
    text = file.read_text("utf-8")
    header = re.match(r"(-- .+\n)+", text)

    assert header is not None
    assert header[0].rstrip().endswith(".")
    assert len(pglast.parse_sql(re.sub(r"%\((\w+)\)s", "$1", text))) == 1
    assert not text.rstrip().endswith(";")


@pytest.mark.parametrize("file", STATEMENTS, ids=name)
def test_what_is_sent_is_the_statement_in_the_file(file: Path) -> None:
    statement = query.statements[file]
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return numbers.setdefault(match[1], f"${len(numbers) + 1}")

    text = re.sub(r"%\((\w+)\)s", number, file.read_text("utf-8"))
    assert isinstance(statement, (Query, Stream))
    sent = statement.statement.decode()
    assert pglast.fingerprint(sent) == pglast.fingerprint(text)
    assert re.match(rf"\w+ /\* {re.escape(name(file))} \*/", sent)


@pytest.mark.parametrize("file", STATEMENTS + MIGRATIONS, ids=name)
def test_the_legacy_table_is_named_nowhere(file: Path) -> None:
    assert "production_assets" not in file.read_text("utf-8")


@pytest.mark.parametrize("file", STATEMENTS, ids=name)
def test_no_table_is_qualified_with_a_schema(file: Path) -> None:
    text = re.sub(r"%\((\w+)\)s", "$1", file.read_text("utf-8"))
    tree = repr(pglast.parse_sql(text))

    assert "RangeVar" not in tree or "schemaname" not in tree


def test_no_sql_is_in_python() -> None:
    words = re.compile(
        r"['\"](SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH \w+ AS|SET|CREATE) "
    )
    for file in folder("migrations").parent.joinpath("production_sql").rglob("*.py"):
        assert not words.search(file.read_text("utf-8")), file


@pytest.mark.parametrize("file", MIGRATIONS, ids=name)
def test_a_migration_gives_up_in_time_and_sets_that_for_itself_only(file: Path) -> None:
    text = re.sub("--.*", "", file.read_text("utf-8")).split(";")

    settings = [statement.strip() for statement in text[:2]]
    assert [each.rpartition(" = ")[0] for each in settings] == [
        "SET LOCAL lock_timeout",
        "SET LOCAL statement_timeout",
    ]
