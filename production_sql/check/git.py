"""The revision that a change is compared with."""

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from ..errors import ProductionError


def root(folder: Path) -> Path:
    """Return the top of the repository that a folder is in."""
    return Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip()).resolve()


def at_head(file: Path) -> str | None:
    """Return a file as it was last committed, empty if it was not; None without git."""
    try:
        name = _git(file.parent, "ls-tree", "--name-only", "HEAD", file.name)
        return _git(file.parent, "show", f"HEAD:./{file.name}").decode() if name else ""
    except ProductionError:
        return None


def untracked(folder: Path) -> list[Path]:
    """Return the contracts that git does not know of; none without git."""
    try:
        options = ("-z", "--others", "--exclude-standard")
        listed = _git(folder, "ls-files", *options, "*.contract")
    except ProductionError:
        return []
    return [folder / name for name in listed.decode().split("\0") if name]


def checkout(repository: Path, revision: str, folder: Path) -> str:
    """Write the files from where the revision and HEAD parted, and return that commit.

    Raises ProductionError if there is no such revision.
    """
    commit = _git(repository, "merge-base", revision, "HEAD").decode().strip()
    archive = _git(repository, "archive", "--format=tar", commit)
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        extract(tar, folder)
    return commit


def extract(tar: tarfile.TarFile, folder: Path) -> None:
    """Write the files of an archive that is trusted."""
    # Which an older Python cannot filter.
    filtered = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    tar.extractall(folder, **cast("Any", filtered))  # noqa: S202


def _git(folder: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True)
    except FileNotFoundError as error:
        raise ProductionError("--base: there is no git to ask") from error
    if done.returncode:
        message = done.stderr.decode("utf-8", "replace").strip()
        raise ProductionError(f"--base: {' '.join(command[3:])}: {message or 'no answer'}")
    return done.stdout
