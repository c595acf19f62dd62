"""The revision that a change is compared with."""

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from ..errors import ProductionError


def root(folder: Path) -> Path:
    """Return the top of the repository that a folder is in."""
    return Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())


def checkout(repository: Path, revision: str, folder: Path) -> str:
    """Write the files from where the revision and HEAD parted, and return that commit.

    Raises ProductionError if there is no such revision.
    """
    commit = _git(repository, "merge-base", revision, "HEAD").decode().strip()
    archive = _git(repository, "archive", "--format=tar", commit)
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return commit


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
