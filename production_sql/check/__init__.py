"""Asks a server what the SQL files, their functions and the migrations do.

Nothing of this is imported when the package is used (extra ``check``).
"""

from importlib.util import find_spec

if find_spec("pglast") is None:
    raise ModuleNotFoundError(
        "the extra 'check' is missing: pip install '.[check]' in a checkout"
    )
