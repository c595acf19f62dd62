"""What an installed distribution has to do by itself, with no checkout in reach."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg

import production_sql
from production_sql import ContentDraftDTO, drafts, embedded, schema

BIN = Path(sys.executable).parent
PACKAGE = Path(production_sql.__file__).parent


def yoyo(command: str, dsn: str) -> None:
    url = dsn.replace("postgresql://", "postgresql+psycopg://")
    source = "package:production_sql:migrations"
    arguments = [command, "--batch", "--no-config-file", "--database", url, source]
    subprocess.run([BIN / "yoyo", *arguments], check=True)


def tables(conn: psycopg.Connection) -> set[str]:
    names = "SELECT tablename FROM pg_tables WHERE tablename LIKE 'production%'"
    return {name for (name,) in conn.execute(names)}


assert "site-packages" in PACKAGE.parts, PACKAGE
assert (PACKAGE / "py.typed").is_file()
with embedded.server() as dsn, psycopg.connect(dsn, autocommit=True) as conn:
    yoyo("apply", dsn)
    assert len(tables(conn)) == 3, tables(conn)
    draft = ContentDraftDTO(
        draft_id="draft_1",
        strategy_id="strategy_1",
        content_type="blog_post",
        body="Hello",
        created_at=datetime.now(UTC),
    )
    assert drafts.upsert(conn, draft) is True
    assert drafts.upsert(conn, draft) is False
    assert drafts.fetch(conn, "draft_1") == draft
    yoyo("rollback", dsn)
    assert tables(conn) == set()
    assert schema.apply(dsn) == schema.rollback(dsn) != []
for command in ("demo", "check"):
    subprocess.run([sys.executable, "-I", "-m", "production_sql", command], check=True)
print(f"{PACKAGE.name} works as installed")
