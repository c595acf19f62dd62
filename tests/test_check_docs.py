"""The pages whose commands check queries are run, in a checkout with a remote's branch."""

import subprocess
from pathlib import Path

import pytest

from production_sql import schema
from production_sql.check.server import Server

from .markdown import CHECKOUT, Session, copy_of_checkout

GIT = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org"]


@pytest.fixture
def checkout(checking_server: Server, tmp_path: Path) -> Path:
    """A copy of this one, where checks can be made."""
    assert checking_server
    return copy_of_checkout(tmp_path)


def test_the_page_on_reviews_runs(checkout: Path, dsn: str) -> None:
    page = "docs/review.md"
    for command in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["commit", "--quiet", "--message", "All there is"],
        ["update-ref", "refs/remotes/origin/main", "HEAD"],
    ):
        subprocess.run([*GIT, *command], check=True, cwd=checkout)

    Session(page, (CHECKOUT / page).read_text("utf-8"), checkout, dsn).run()


def test_the_page_of_the_example_of_own_queries_runs(checkout: Path, dsn: str) -> None:
    page = "examples/own_queries/README.md"
    schema.rollback(dsn)

    Session(page, (CHECKOUT / page).read_text("utf-8"), (checkout / page).parent, dsn).run()
