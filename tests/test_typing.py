"""mypy and pyright, both strict, see the exact types of every call."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

# By file, the types that are revealed and the lines with an error.
Found = dict[str, tuple[list[str], set[int]]]

HERE = Path(__file__).parent / "typing"
CHECKOUT = HERE.parents[1]

DRAFT, BUNDLE, ASSET, POST = "ContentDraftDTO", "DraftBundleDTO", "AssetDTO", "Post"
REVEALED = {
    "user.py": [
        "None",
        "bool",
        f"{DRAFT} | None",
        f"list[{DRAFT}]",
        "bool",
        f"Rows[{DRAFT}]",
        "int",
        "bool",
        "int",
        f"{BUNDLE} | None",
        f"list[{BUNDLE}]",
        f"list[{ASSET}]",
        "list[str]",
        "None",
        "bool",
        f"{DRAFT} | None",
        f"list[{DRAFT}]",
        f"{BUNDLE} | None",
        f"{ASSET} | None",
        "bool",
        f"AsyncRows[{BUNDLE}]",
        "int",
        "str",
        "datetime",
        "dict[str, Any]",
    ],
    "host.py": [DRAFT, DRAFT, BUNDLE, DRAFT, DRAFT, BUNDLE, DRAFT],
    "own_queries.py": [
        "bool",
        POST,
        f"Rows[{POST}]",
        "int",
        "tuple[bool, bool]",
        POST,
        f"AsyncRows[{POST}]",
        "tuple[bool, bool]",
    ],
}


@cache
def mypy() -> Found:
    """Return what mypy finds in the files."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(HERE)]
    output = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT).stdout
    found: Found = {}
    lines = re.findall(r"(\w+\.py):(\d+): (error|note): (.*)", output)
    for file, line, kind, message in lines:
        revealed, errors = found.setdefault(file, ([], set()))
        if kind == "error":
            errors.add(int(line))
        elif match := re.fullmatch(r'Revealed type is "(.*)"', message):
            revealed.append(re.sub(r"\b[a-z_]+\.([a-z_]+\.)*", "", match[1]))
    return found


@cache
def pyright() -> Found:
    """Return the same of pyright."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath"]
    run = [*command, sys.executable, *map(str, HERE.glob("*.py"))]
    output = subprocess.run(run, capture_output=True, text=True, cwd=CHECKOUT).stdout
    found: Found = {}
    for each in json.loads(output)["generalDiagnostics"]:
        revealed, errors = found.setdefault(Path(each["file"]).name, ([], set()))
        if each["severity"] == "error":
            errors.add(each["range"]["start"]["line"] + 1)
        elif match := re.fullmatch(r'Type of ".*" is "(.*)"', each["message"], re.DOTALL):
            revealed.append(match[1])
    return found


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_the_types_of_calls_are_exact(checker: Callable[[], Found]) -> None:
    for file, revealed in REVEALED.items():
        assert checker()[file] == (revealed, set())


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_every_mistake_is_refused(checker: Callable[[], Found]) -> None:
    lines = (HERE / "mistakes.py").read_text().splitlines()
    expected = {number for number, line in enumerate(lines, 1) if line.startswith("    ")}

    _, errors = checker()["mistakes.py"]

    assert errors == expected
