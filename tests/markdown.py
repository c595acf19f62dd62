"""The code blocks of a page, run in their order, as one session.

- ``python`` is run in a namespace of the page; ``sql`` on the page's database.
- ``sh`` is run by bash, in the folder of the page's session.
- A block of any kind that begins with a comment which is a path is that file: it is
  written, or, if it is there already, is a part of it.
- ``text`` is what the block before it has printed.
- ``mermaid`` is a drawing.

Where the database is stands in DATABASE_URL, and for yoyo in YOYO_URL.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict

CHECKOUT = Path(__file__).parents[1]
# By the benchmark of all in small, and by nobody, as it takes hours.
NOT_IN_CI = {"bench", "bench-scale"}


class Block(Struct, frozen=True):
    """A code block: line is that of its first line of text."""

    kind: str
    line: int
    text: str

    @property
    def file(self) -> str | None:
        """The path that the block begins with."""
        match = re.match(r"(?:--|#|;) (\S+/)*(\S+\.[a-z]+)$", self.text, re.MULTILINE)
        return match and match[0].split()[1]


def blocks(text: str) -> Iterator[Block]:
    """Return the code blocks of a page, but in quotes; without a fence it has no kind."""
    lines = iter(enumerate(text.splitlines(), 1))
    before = ""
    for number, line in lines:
        if fence := re.match(r"(```+|~~~+)([\w-]*)", line):
            inside: list[str] = []
            for _, each in lines:
                if each == fence[1]:
                    break
                inside.append(each)
            yield Block(fence[2], number + 1, "\n".join([*inside, ""]))
        elif re.match(r" {4,}" if not before.strip() else r"\s+```", line):
            yield Block("", number, line)
        before = line


def is_run_elsewhere(command: str) -> bool:
    """Tell if a command cannot be run within a test, which then looks who runs it."""
    if make := re.fullmatch(r"make ([\w-]+)( [A-Z]+=\S+)*", command):
        ci = (CHECKOUT / ".ci" / "run").read_text("utf-8")
        makefile = (CHECKOUT / "Makefile").read_text("utf-8")
        assert f"\n{make[1]}:" in makefile, f"no target: {command}"
        is_in_ci = re.search(rf"\bmake {make[1]}\b", ci)
        assert is_in_ci or make[1] in NOT_IN_CI, f"not in .ci/run: {command}"
        return True
    if install := re.fullmatch(r"pip install (?:'\.\[(\w+)\]'|\.)((?: [\w-]+)*)", command):
        setup = ConfigParser()
        setup.read(CHECKOUT / "setup.cfg")
        extras = setup["options.extras_require"]
        is_extra = install[1] in (None, *extras)
        assert is_extra, f"no extra: {command}"
        for package in install[2].split():
            assert package in extras["test"].split(), f"not in the tests: {command}"
        return True
    source = "package:production_sql:migrations"
    if re.fullmatch(rf"yoyo (apply|rollback)( +-\S+)* --database \S+ {source}", command):
        # Which is empty in an editable install; .ci/run has one of the wheel.
        assert source in (CHECKOUT / ".ci" / "smoke.py").read_text("utf-8")
        return True
    # The test's own is set instead.
    return bool(re.fullmatch(r"export (DATABASE_URL|YOYO_URL)=\S+", command))


def copy_of_checkout(folder: Path) -> Path:
    """Return a folder in which the commands of a page may do what they like."""
    kept_out = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__")
    copy = folder / "checkout"
    return shutil.copytree(CHECKOUT, copy, ignore=kept_out, copy_function=shutil.copyfile)


class Session:
    """What the blocks of a page share."""

    def __init__(self, page: str, text: str, folder: Path, dsn: str) -> None:
        self.page = page
        self.blocks = list(blocks(text))
        self.folder = folder
        self.dsn = dsn
        self.printed: str | None = None
        self.namespace: dict[str, Any] = {"__name__": "page"}
        self.runners: dict[str, Callable[[Block], str | None]] = {
            "python": self._python,
            "sql": self._sql,
            "sh": self._sh,
            "text": self._text,
            "mermaid": lambda _: None,
        }

    def run(self) -> None:
        """Run the blocks; the error of one has the page and the line."""
        with pytest.MonkeyPatch.context() as patch:
            self._enter(patch)
            try:
                for block in self.blocks:
                    self._run(block)
            finally:
                for name, module in list(sys.modules.items()):
                    if str(getattr(module, "__file__", None)).startswith(str(self.folder)):
                        del sys.modules[name]

    def _run(self, block: Block) -> None:
        try:
            run = self._file if block.file else self.runners.get(block.kind)
            assert run is not None, "nothing runs this block"
            self.printed = run(block)
        except Exception as error:
            error.add_note(f"{self.page}:{block.line}: {block.kind or 'no kind'}")
            raise

    def _enter(self, patch: pytest.MonkeyPatch) -> None:
        database = f"///?{urlencode(conninfo_to_dict(self.dsn))}"
        patch.setenv("DATABASE_URL", f"postgresql:{database}")
        patch.setenv("YOYO_URL", f"postgresql+psycopg:{database}")
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        patch.chdir(self.folder)
        patch.syspath_prepend(str(self.folder))

    def _file(self, block: Block) -> None:
        file = self.folder / str(block.file)
        if file.exists():
            _, _, quoted = block.text.partition("\n")
            is_part = quoted.strip() in file.read_text("utf-8")
            assert is_part, f"this is not in {block.file}"
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, "utf-8")

    def _python(self, block: Block) -> str:
        tree = ast.parse(block.text)
        ast.increment_lineno(tree, block.line - 1)
        with redirect_stdout(StringIO()) as printed:
            exec(compile(tree, str(CHECKOUT / self.page), "exec"), self.namespace)
        return printed.getvalue()

    def _sql(self, block: Block) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            conn.execute(block.text.encode())

    def _sh(self, block: Block) -> str:
        commands = (re.sub(r"(^|\s+)# .*", "", line) for line in block.text.splitlines())
        script = "\n".join(each for each in commands if not is_run_elsewhere(each))
        bash = ["bash", "-euo", "pipefail", "-c", script]
        run = subprocess.run(bash, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert run.returncode == 0, f"{script}\n{run.stdout}{run.stderr}"
        return run.stdout

    def _text(self, block: Block) -> None:
        assert self.printed is not None, "no block before it has printed this"
        assert self.printed.strip() == block.text.strip(), f"not this:\n{self.printed}"
