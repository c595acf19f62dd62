"""Measures the calls of this package against those of others that do the same.

Without options all of it, and the results go to docs/performance.
"""

from argparse import ArgumentParser
from pathlib import Path

from .about import about
from .report import markdown, write
from .run import FULL, SMOKE, run
from .targets import targets

_FOLDER = Path("docs", "performance")


def main() -> None:
    """Run what the command line says."""
    parser = ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--smoke", action="store_true", help="do little of all, to see that it works"
    )
    parser.add_argument(
        "--only", metavar="NAME", default="", help="workloads with NAME in their name"
    )
    parser.add_argument(
        "--output", metavar="FOLDER", type=Path, help="where to write the results"
    )
    options = parser.parse_args()
    is_all = not (options.smoke or options.only)
    folder = options.output or (_FOLDER if is_all else None)
    results, server = run(SMOKE if options.smoke else FULL, options.only)
    if not results:
        parser.error(f"--only: no workload has {options.only!r} in its name")
    described = about() | server
    if folder:
        print(write(folder, results, described))
    else:
        print(markdown(results, described, targets(results, _FOLDER / "scale.json")))


if __name__ == "__main__":
    main()
