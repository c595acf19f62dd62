"""What is large is stored and fetched in a memory of so many times its own size."""

import subprocess
import sys
from pathlib import Path

import pytest

from .sizes import LARGE

CHECKOUT = Path(__file__).parents[1]

# Of the JSON of the values, besides the values that are stored.
BOUNDS = {
    ("body", "store"): 4,
    ("body", "fetch"): 4,
    ("assets", "store"): 8,
    ("assets", "fetch"): 12,
    ("page", "store"): 1,
    ("page", "fetch"): 4,
}


@pytest.mark.torture
@pytest.mark.skipif(sys.platform != "linux", reason="the memory is that of /proc")
@pytest.mark.parametrize("name", LARGE)
def test_the_memory_for_what_is_large_is_bounded(dsn: str, name: str) -> None:
    for action in ("store", "fetch"):
        command = [sys.executable, "-m", "tests.sizes", dsn, name, action]
        run = subprocess.run(command, check=True, capture_output=True, cwd=CHECKOUT)
        assert float(run.stdout) < BOUNDS[name, action]
