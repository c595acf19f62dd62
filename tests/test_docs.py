"""What README and docs say is what happens: every code block of theirs is run."""

import re
from pathlib import Path

import pytest

from production_sql import schema

from .markdown import CHECKOUT, Session, blocks, copy_of_checkout

# Pages whose blocks are run by a test of their own.
ELSEWHERE = {
    "docs/adopting.md": "tests/test_adopting.py",
    "docs/review.md": "tests/test_check_docs.py",
    "docs/testing.md": "tests/test_pytest_plugin.py",
    "examples/fastapi_app/README.md": "tests/test_fastapi_app.py",
    "examples/own_queries/README.md": "tests/test_check_docs.py",
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

    text = PAGES[name].read_text("utf-8")
    folder = copy_of_checkout(tmp_path) if "```sh\n" in text else tmp_path

    Session(name, text, folder, dsn).run()


@pytest.mark.parametrize(
    ("wrong", "right", "error"),
    [
        ("```ini\na = 1\n```", "```ini\n; a.ini\na = 1\n```", "nothing runs this"),
        ("\n    indented", "within a\n    paragraph", "nothing runs this"),
        ("-\n  ```python\n  1\n  ```", "```python\n1\n```", "nothing runs this"),
        ("```text\n1\n```", "```python\nprint(1)\n```\n```text\n1\n```", "no block before"),
        ("```sh\necho 2\n```\n```text\n1\n```", "```sh\necho 2\n```", "not this:"),
        ("```python\n1 / 0\n```", "```python\n1 / 1\n```", "division by zero"),
        ("~~~python\n1 / 0\n~~~", "~~~python\n1 / 1\n~~~", "division by zero"),
        ("```sh\nno package:production_sql:migrations\n```", "```sh\n```", "not found"),
        ("```sql\nSELECT nothing\n```", "```sql\nSELECT\n```", "does not exist"),
        ("```sh\nfalse # a\n```", "```sh\n# false\n```", "false"),
        ("```sh\nmake all\n```", "```sh\nmake test  # all\n```", "no target: make all"),
        ("```sh\npip install '.[no]'\n```", "```sh\npip install .\n```", "no extra: pip"),
        ("```sh\npip install . nope\n```", "```sh\npip install . ruff\n```", "not in the"),
        ("```ini\n# a.ini\nb\n```", "```ini\n# a.ini\n```", "this is not in a.ini"),
    ],
)
def test_a_block_that_nothing_runs_or_that_is_not_true_is_found(
    wrong: str, right: str, error: str, dsn: str, tmp_path: Path
) -> None:
    Session("page.md", right, tmp_path, dsn).run()

    with pytest.raises(Exception, match=re.escape(error)) as raised:
        Session("page.md", wrong, tmp_path, dsn).run()
    assert raised.value.__notes__[0].startswith("page.md:")


@pytest.mark.parametrize("name", sorted(PAGES.keys() & ELSEWHERE))
def test_a_page_whose_blocks_run_elsewhere_is_named_there(name: str) -> None:
    folder, _, file = name.rpartition("/")
    test = (CHECKOUT / ELSEWHERE[name]).read_text("utf-8")

    assert (Path(folder).name if file == "README.md" else file) in test
    assert all(block.kind for block in blocks(PAGES[name].read_text("utf-8")))


def test_the_commands_before_the_example_of_a_service_is_served_make_its_tables(
    dsn: str, tmp_path: Path
) -> None:
    page = "examples/fastapi_app/README.md"
    start, _ = blocks(PAGES[page].read_text("utf-8"))
    before = start.text.splitlines()[:-1]
    schema.rollback(dsn)

    Session(page, "\n".join(["```sh", *before, "```"]), tmp_path, dsn).run()

    assert schema.apply(dsn) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_link_within_the_repository_leads_somewhere(name: str) -> None:
    text = PAGES[name].read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (PAGES[name].parent / target).exists(), target
