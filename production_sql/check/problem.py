"""What is wrong, where, and what to do about it."""

import os
from pathlib import Path
from unicodedata import east_asian_width

from msgspec import Struct


class Problem(Struct, frozen=True, kw_only=True):
    """One mistake: where it is, what it is, and what mends it."""

    file: Path
    offset: int | None = None
    """The place in the file, in characters; None is the file as a whole."""
    what: str
    detail: str = ""
    mend: str

    def __str__(self) -> str:
        name = os.path.relpath(self.file)
        detail = "".join(f"    {line}\n" for line in self.detail.splitlines())
        if self.offset is None:
            return f"{name}: {self.what}\n{detail}  {self.mend}"
        text = self.file.read_text("utf-8-sig")
        *above, start = text[: self.offset].split("\n")
        line = text.split("\n")[len(above)]
        blank = "".join(map(_blank, start))
        return (
            f"{name}:{len(above) + 1}:{len(start) + 1}: {self.what}\n"
            f"    {line}\n    {blank}^\n{detail}  {self.mend}"
        )


def _blank(character: str) -> str:
    """Return what is as wide as a character in a terminal."""
    if character == "\t":
        return character
    return "  " if east_asian_width(character) in "FW" else " "
