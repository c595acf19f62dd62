"""What it takes to import the package, against what it is built on."""

import os
import subprocess
import sys
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter

from .measure import Results

NAME = "import"
_STATEMENTS = {
    "production_sql": "import production_sql",
    "psycopg and msgspec": "import psycopg, msgspec",
    "Python alone": "pass",
}


def imports(rounds: int) -> Results:
    """Measure processes that import and end."""
    results: Results = {NAME: {name: {"cpu": [], "wall": []} for name in _STATEMENTS}}
    # With what has been compiled once, as an installed package has it.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    for number in range(rounds + 1):
        for name, statement in _STATEMENTS.items():
            wall, cpu = perf_counter(), getrusage(RUSAGE_CHILDREN).ru_utime
            command = [sys.executable, "-c", statement]
            subprocess.run(command, env=environment, check=True)  # noqa: S603
            if number:  # the first one may have had to compile
                samples = results[NAME][name]
                samples["cpu"].append(getrusage(RUSAGE_CHILDREN).ru_utime - cpu)
                samples["wall"].append(perf_counter() - wall)
    return results
