"""A process that cleans up after another one, once that says so or is gone.

It is started by servers.py as a script, and told by its standard input what there is to do.
Nothing is imported before it has to be, since most often there is nothing to do.
"""

import json
import sys


def keep() -> None:
    """Be that process."""
    order = json.loads(sys.stdin.readline())
    if order is None:
        from production_sql.throwaway.serving import serve

        serve()
    elif not sys.stdin.readline():
        from production_sql.throwaway.databases import sweep

        sweep(*order)


if __name__ == "__main__":
    keep()
