"""A host's package of wrong queries, one mistake each, and what a check says of each.

The whole text of it is in tests/wrong/expected, and written anew with
PRODUCTION_SQL_WRITE_EXPECTED=1. A package of right ones has nothing said against it.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from production_sql.check import checking, package
from production_sql.check.problem import Problem
from production_sql.check.server import Server

WRONG = Path(__file__).parent / "wrong"
EXPECTED = WRONG / "expected"
WRITE = "PRODUCTION_SQL_WRITE_EXPECTED" in os.environ
# The words in these are those of this version's server.
WORDS_OF, VERSION = "server.", 18
TWO_PROBLEMS = {
    "plans.waiver_of_another_table": "the one that is waived is not scanned either",
    "upserts.where_that_takes_both": "neither column is let through alone",
}
IN_SQL = {
    f"{file.parent.name}.{file.stem}" for file in WRONG.glob("wrong_queries/sql/*/*.sql")
}
# Of these nothing but the declaration is looked at.
AT_IMPORT = {
    file.stem
    for file in WRONG.glob("wrong_queries/*.py")
    if "Not to be" in file.read_text()
}
RIGHT = "file_without_function.titles"
QUERIES = {
    name for name in IN_SQL if name != RIGHT and name.partition(".")[0] not in AT_IMPORT
}
NAMES = sorted(QUERIES | AT_IMPORT)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with both packages, in which contracts can be written; the working one."""
    folder = tmp_path_factory.mktemp("host")
    shutil.copytree(WRONG, folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(folder)
        patch.setattr(sys, "dont_write_bytecode", True)
        yield folder
    for name in [*sys.modules]:
        if name.startswith(("wrong_queries", "right_queries")):
            del sys.modules[name]


@pytest.fixture(scope="module")
def found(host: Path, checking_server: Server) -> dict[str, list[str]]:
    """What is said of each wrong query, or of the module that cannot be imported."""
    wrong = package.load("wrong_queries", host / "migrations")
    texts: dict[str, list[str]] = {}
    for problem in checking.check(wrong, checking_server, write=True):
        texts.setdefault(_name(problem), []).append(f"{problem}\n")
    return texts


def _name(problem: Problem) -> str:
    file = problem.file
    return file.stem if file.suffix == ".py" else f"{file.parent.name}.{file.stem}"


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_query_is_told_with_its_place_and_what_to_do(
    name: str, found: dict[str, list[str]], checking_server: Server
) -> None:
    assert len(found[name]) == 1 + (name in TWO_PROBLEMS)
    file = EXPECTED / f"{name}.txt"
    if name.startswith(WORDS_OF) and checking_server.version != VERSION:
        return
    text = "".join(found[name])
    if WRITE:
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_nothing_else_is_said(found: dict[str, list[str]]) -> None:
    assert sorted(found) == NAMES
    assert sorted(file.stem for file in EXPECTED.iterdir()) == NAMES


def test_nothing_is_said_of_right_queries(host: Path, checking_server: Server) -> None:
    right = package.load("right_queries")

    assert right.migrations == host / "migrations"
    assert len(right.queries) == len(list(host.glob("right_queries/sql/*/*.sql")))
    assert [
        str(problem) for problem in checking.check(right, checking_server, write=True)
    ] == []
    assert [str(problem) for problem in checking.offline(right)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_caret_is_under_what_is_wrong(name: str) -> None:
    head, *shown = (EXPECTED / f"{name}.txt").read_text("utf-8").splitlines()
    file, *place = head.split(":")[:3]
    if name == "file_without_function.forgotten":  # the file as a whole
        return
    line, column = map(int, place)
    written = (WRONG / file).read_text("utf-8").splitlines()[line - 1]
    wide = sum(character in "中文" for character in written[: column - 1])

    assert shown[:2] == [f"    {written}", f"{' ' * (4 + column - 1 + wide)}^"]
