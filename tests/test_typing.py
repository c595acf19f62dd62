"""mypy and pyright, both strict, see the exact types of every call."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Checker = Callable[[str], tuple[list[str], set[int]]]

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
        "bool",
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
        "str",
        "datetime",
        "dict[str, Any]",
    ],
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


def mypy(file: str) -> tuple[list[str], set[int]]:
    """Return the types that mypy reveals in a file, and the lines with an error."""
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        str(HERE / file),
    ]
    output = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT).stdout
    revealed = re.findall(r'note: Revealed type is "(.*)"', output)
    errors = {int(line) for line in re.findall(r"\.py:(\d+): error:", output)}
    return [re.sub(r"\b[a-z_]+\.([a-z_]+\.)*", "", each) for each in revealed], errors


def pyright(file: str) -> tuple[list[str], set[int]]:
    """Return the same of pyright."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath"]
    run = [*command, sys.executable, str(HERE / file)]
    output = subprocess.run(run, capture_output=True, text=True, cwd=CHECKOUT).stdout
    found = json.loads(output)["generalDiagnostics"]
    revealed = [
        match[1]
        for each in found
        if (match := re.fullmatch(r'Type of ".*" is "(.*)"', each["message"], re.DOTALL))
        and each["severity"] == "information"
    ]
    errors = [each for each in found if each["severity"] == "error"]
    return revealed, {each["range"]["start"]["line"] + 1 for each in errors}


@pytest.mark.parametrize("checker", [mypy, pyright])
@pytest.mark.parametrize("file", REVEALED)
def test_the_types_of_calls_are_exact(checker: Checker, file: str) -> None:
    revealed, errors = checker(file)

    assert revealed == REVEALED[file]
    assert errors == set()


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_every_mistake_is_refused(checker: Checker) -> None:
    lines = (HERE / "mistakes.py").read_text().splitlines()
    expected = {number for number, line in enumerate(lines, 1) if line.startswith("    ")}

    _, errors = checker("mistakes.py")

    assert errors == expected
