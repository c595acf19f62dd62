"""The queries that a package declares, and its migrations."""

import pkgutil
import sys
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Struct

from ..errors import ProductionError, QueryError
from ..runner import Queries, Query
from ..stream import Stream
from .problem import Problem

Declared = Query[..., Any] | Stream[..., Any]


class Package(Struct, frozen=True, kw_only=True):
    """What a package declares, and what is wrong with the declarations."""

    name: str
    folder: Path
    folders: list[Path]
    """Those of the SQL files."""
    queries: list[Declared]
    migrations: Path | None
    problems: list[Problem]


def load(name: str, migrations: Path | None = None) -> Package:
    """Import a package with all its modules, and return what they declare.

    The migrations are in the folder that is given, or else in the folder of that name in
    the package or beside it, if there is one. Raises ProductionError if there is no such
    package or folder, if it declares nothing, and for whatever its modules raise.
    """
    if migrations is not None and not migrations.is_dir():
        raise ProductionError(f"--migrations: {migrations} is not a folder")
    try:
        package = import_module(name)
    except QueryError as error:
        problem = _at_import(error)
        folder = problem.file.parent
        return Package(
            name=name,
            folder=folder,
            folders=[],
            queries=[],
            migrations=None,
            problems=[problem],
        )
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(
            f"{error.name}."
        ):
            what = f"--package: {error}: is it installed, or here?"
            raise ProductionError(what) from error
        raise _not_imported(name, error) from error
    problems: list[Problem] = []
    broken: set[str] = set()
    path = getattr(package, "__path__", ())
    folder = Path(package.__file__).parent if package.__file__ else Path(next(iter(path)))
    # By itself it would import a broken package once more, without a hand to catch it.
    for module in pkgutil.walk_packages(path, f"{name}.", lambda _: None):
        if not module.name.endswith(".__main__"):
            try:
                import_module(module.name)
            except QueryError as error:
                broken.add(module.name.rpartition(".")[2])
                problem = _at_import(error)
                if problem not in problems:  # it is met again by who imports the module
                    problems.append(problem)
            except (Exception, SystemExit) as error:
                raise _not_imported(module.name, error) from error
    folders = list(_folders(name))
    problems += _without_function(folders, broken)
    beside = (folder / "migrations", folder.parent / "migrations", Path("migrations"))
    found = [place for place in beside if place.is_dir()]
    if not (folders or problems):
        raise ProductionError(f"--package: {name} declares no queries: is it another one?")
    return Package(
        name=name,
        folder=folder.resolve(),
        folders=sorted({queries.folder.resolve() for queries in folders}),
        queries=[
            query for queries in folders for _, query in sorted(queries.statements.items())
        ],
        migrations=(migrations or found[0]).resolve() if migrations or found else None,
        problems=problems,
    )


def _not_imported(name: str, error: BaseException) -> ProductionError:
    (*_, frame) = traceback.extract_tb(error.__traceback__)
    place = f"{frame.filename}:{frame.lineno}"
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{error.filename}:{error.lineno}"
    return ProductionError(
        f"--package: {name} cannot be imported: {place}: {type(error).__name__}: {error}"
    )


def _folders(name: str) -> Iterator[Queries]:
    modules: list[ModuleType] = [
        module
        for module_name, module in sorted(sys.modules.items())
        if module_name == name or module_name.startswith(f"{name}.")
    ]
    found = {
        id(value): value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, Queries)
    }
    yield from found.values()


def _at_import(error: QueryError) -> Problem:
    # The declaration is in the module that was imported last.
    frames = traceback.extract_tb(error.__traceback__)
    modules = [frame for frame in frames if frame.name == "<module>"]
    file = Path(modules[-1].filename)
    above = file.read_text("utf-8-sig").split("\n")[: (modules[-1].lineno or 1) - 1]
    return Problem(
        file=file,
        offset=sum(len(line) + 1 for line in above),
        what=str(error).replace(f"{Path.cwd()}/", ""),
        mend="Bring the function and its file together: the module cannot be imported.",
    )


def _without_function(folders: list[Queries], broken: set[str]) -> Iterator[Problem]:
    declared = {file for queries in folders for file in queries.statements}
    for folder in sorted({queries.folder for queries in folders}):
        for file in sorted(folder.rglob("*.sql")):
            # What a broken module declares after its mistake is not known.
            if file not in declared and file.parent.name not in broken:
                yield Problem(
                    file=file,
                    what="no function is declared for this file",
                    mend=f"Declare {file.parent.name}.{file.stem}, or delete the file.",
                )
