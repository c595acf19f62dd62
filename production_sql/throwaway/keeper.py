"""A process that cleans up after another one, once that says so or is gone.

It is started by servers.py as a script, and told by its standard input what there is to do.
Nothing is imported before it has to be, since most often there is nothing to do.
"""

import json
import sys


def keep() -> None:
    """Be that process."""
    path, order = json.loads(sys.stdin.readline())
    # The modules are where that process has found them; but Python's own come first, since
    # a module among the tests may have the name of one.
    own = [each for each in sys.path if not each.endswith("-packages")]
    sys.path[:] = [*own, *filter(None, path)]
    if order is None:
        from production_sql.throwaway.serving import serve

        serve()
    elif sys.stdin.readline() != "done\n":
        from production_sql.throwaway.databases import sweep

        sweep(*order)


if __name__ == "__main__":
    keep()
