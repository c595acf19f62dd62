"""What README and docs say is what happens: every code block of theirs is run."""

import re
from pathlib import Path

import pytest

from production_sql import schema

from .markdown import CHECKOUT, Session, blocks

# Pages whose blocks are run by a test of their own.
ELSEWHERE = {
    "docs/adopting.md": "tests/test_adopting.py",
    "docs/review.md": "tests/test_check_docs.py",
    "docs/testing.md": "tests/test_pytest_plugin.py",
    "examples/fastapi_app/README.md": "tests/test_fastapi_app.py",
    "examples/own_queries/README.md": "tests/test_own_queries.py",
}
# Whose first commands are those that make the tables; for the others these are there.
WITHOUT_TABLES = {"README.md", "docs/migrations.md"}
PAGES = {
    str(page.relative_to(CHECKOUT)): page
    for pattern in ("README.md", "docs/*.md", "docs/decisions/*.md", "examples/**/*.md")
    for page in sorted(CHECKOUT.glob(pattern))
}


def has_blocks(page: Path) -> bool:
    return any(blocks(page.read_text("utf-8")))


@pytest.mark.parametrize(
    "name",
    [name for name, page in PAGES.items() if name not in ELSEWHERE and has_blocks(page)],
)
def test_every_block_of_a_page_runs(name: str, dsn: str, tmp_path: Path) -> None:
    if name in WITHOUT_TABLES:
        schema.rollback(dsn)

    Session(PAGES[name], tmp_path, dsn).run()


@pytest.mark.parametrize("name", sorted(PAGES.keys() & ELSEWHERE))
def test_a_page_whose_blocks_run_elsewhere_is_named_there(name: str) -> None:
    folder, _, file = name.rpartition("/")
    test = (CHECKOUT / ELSEWHERE[name]).read_text("utf-8")

    assert (Path(folder).name if file == "README.md" else file) in test


@pytest.mark.parametrize("name", PAGES)
def test_every_link_within_the_repository_leads_somewhere(name: str) -> None:
    text = PAGES[name].read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (PAGES[name].parent / target).exists(), target
