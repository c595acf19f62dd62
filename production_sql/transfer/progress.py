"""A progress bar on a terminal (extra ``progress``), and what is said beside it."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any


class Progress:
    """A bar on standard error with rate and remaining time, if that is a terminal.

    Without the extra there is none. total is only called if there is one; without a total
    there is no remaining time.
    """

    def __init__(
        self, total: Callable[[], int | None], unit: str, *, is_wanted: bool = True
    ) -> None:
        self._bar: Any = None
        if is_wanted and sys.stderr.isatty():
            with suppress(ModuleNotFoundError):
                tqdm = import_module("tqdm").tqdm
                self._bar = tqdm(total=total(), unit=unit, unit_scale=True)

    def advance(self, count: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(count)

    def say(self, text: str) -> None:
        """Print a line on standard error, above the bar."""
        try:
            if self._bar is None:
                print(text, file=sys.stderr, flush=True)
            else:
                self._bar.write(text, file=sys.stderr)
        except BrokenPipeError:
            # Whoever reads that may go, and the work goes on. What is not written yet would
            # be tried again at the exit, whose status it would make 120.
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), sys.stderr.fileno())

    def close(self) -> None:
        """Leave the bar as it is: what is said from now on comes below."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
