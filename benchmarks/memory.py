"""A process that reads a stream, and prints the most memory that it has held, in bytes.

It imports one contestant only.
"""

import re
import sys
from collections import deque
from importlib import import_module
from pathlib import Path
from typing import Any


def main(module: str, name: str, dsn: str, strategy_id: str) -> None:
    """Read the stream of a strategy."""
    kind: Any = getattr(import_module(module), name)
    peer = kind.connect(dsn)
    deque(peer.stream(strategy_id), maxlen=0)
    peer.close()
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(int(kilobytes) * 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
