"""The plugin of production_sql, with the application's own table in the template."""

from collections.abc import Callable

import pytest
from newsroom import app


@pytest.fixture(scope="session")
def production_migrate() -> Callable[[str], object]:
    return app.migrate
