"""The commands in docs/review.md are run, in a checkout that has a remote's branch."""

import subprocess
from pathlib import Path

from production_sql.check.server import Server

from .markdown import CHECKOUT, Session, copy_of_checkout

GIT = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org"]


def test_the_commands_of_the_page_on_reviews_run(
    checking_server: Server, dsn: str, tmp_path: Path
) -> None:
    assert checking_server
    page = "docs/review.md"
    folder = copy_of_checkout(tmp_path)
    for command in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["commit", "--quiet", "--message", "All there is"],
        ["update-ref", "refs/remotes/origin/main", "HEAD"],
    ):
        subprocess.run([*GIT, *command], check=True, cwd=folder)

    Session(page, (CHECKOUT / page).read_text("utf-8"), folder, dsn).run()
