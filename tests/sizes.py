"""A process that stores or fetches something large, and prints how much memory that took.

The figure is in units of what is stored: of the bytes of its JSON.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from msgspec import json

from production_sql import bundles, drafts

from .samples import asset, bundle, draft

# 64 MB in one value, and ten thousand of the usual.
LARGE: dict[str, Callable[[], Any]] = {
    "body": lambda: [draft(body="Grüße! " * 2**23)],
    "assets": lambda: [bundle(assets=[asset(f"asset_{n}") for n in range(10_000)])],
    "page": lambda: [draft(f"draft_{n:05}", body="Hello! " * 300) for n in range(10_000)],
}


def memory(line: str) -> int:
    """Return what the process holds now (VmRSS) or has held at its peak (VmHWM)."""
    (kilobytes,) = re.findall(rf"{line}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(kilobytes) * 1024


def main(dsn: str, name: str, action: str) -> None:
    values = LARGE[name]()
    with psycopg.connect(dsn) as conn:
        module = bundles if name == "assets" else drafts
        before = memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        if action == "store":
            for value in values:
                assert module.upsert(conn, value) is True
            fetched = values
        elif name == "assets":
            fetched = [bundles.fetch(conn, "bundle_1")]
        else:
            fetched = drafts.fetch_by_strategy(conn, "strategy_1", limit=len(values))
        print((memory("VmHWM") - before) / len(json.encode(values)))
        assert fetched == values


if __name__ == "__main__":
    main(*sys.argv[1:])
