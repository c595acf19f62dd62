"""What a run was made with and on."""

import os
import platform
import re
import shlex
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

_DISTRIBUTIONS = (
    "production_sql",
    "psycopg",
    "psycopg-binary",
    "msgspec",
    "aiosql",
    "sqlspec",
    "SQLAlchemy",
    "asyncpg",
)


def about() -> dict[str, str]:
    """Return the date, the command, the machine and the versions."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "command": shlex.join(["python", "-m", _module(), *sys.argv[1:]]),
        "machine": f"{os.cpu_count()} CPUs, {_cpu()}, {platform.machine()}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    } | {name: version(name) for name in _DISTRIBUTIONS}


def _module() -> str:
    spec = sys.modules["__main__"].__spec__
    return spec.name.removesuffix(".__main__") if spec else Path(sys.argv[0]).stem


def _cpu() -> str:
    models = re.findall(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return str(models[0]) if models else platform.processor()
