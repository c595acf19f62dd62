"""The commands check and review, on the project itself and on a host's package."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from production_sql.__main__ import _parser, main
from production_sql.check import checking, package
from production_sql.check.review import Review, Verdict, review
from production_sql.check.server import Server, dump
from production_sql.errors import ProductionError

CHECKOUT = Path(__file__).parents[1]
DSN = "PRODUCTION_SQL_TEST_DSN"
SAMPLES = CHECKOUT / "tests" / "reviews"
REPORTS = CHECKOUT / "docs" / "review"
# The plans in the reports are those of this version.
VERSION = 18
MIGRATIONS = "shop/migrations"
TIMEOUT = "SET LOCAL lock_timeout = '5s';\n"
FETCH = Path("shop/sql/orders/fetch.contract")


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=host", "-c", "user.email=host@example.org"]
    command = ["git", *who, *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def forget() -> None:
    for name in [*sys.modules]:
        if name.partition(".")[0] == "shop":
            del sys.modules[name]


def load() -> package.Package:
    forget()
    return package.load("shop")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, checking_server: Server) -> Path:
    """A repository with a host's package, checked and committed."""
    folder = tmp_path_factory.mktemp("base")
    shutil.copytree(SAMPLES / "base", folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setattr(sys, "dont_write_bytecode", True)
        assert list(checking.check(load(), checking_server, write=True)) == []
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=base")
    return folder


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: Path) -> Iterator[Path]:
    """A copy of the repository, in which the package is."""
    shutil.copytree(base, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    forget()
    yield tmp_path
    forget()


@pytest.fixture
def check(host: Path, checking_server: Server) -> Callable[..., list[str]]:
    """Return what checks the host's package."""
    assert host.is_dir()

    def check(*, write: bool = False) -> list[str]:
        return [
            str(problem) for problem in checking.check(load(), checking_server, write=write)
        ]

    return check


@pytest.fixture
def reviewed(host: Path, checking_server: Server) -> Callable[..., Review]:
    """Return what reviews the host as it is now, its contracts written anew or not."""
    assert host.is_dir()

    def reviewed(*, is_checked: bool = True) -> Review:
        if is_checked:
            list(checking.check(load(), checking_server, write=True))
        return review(load(), checking_server, "main")

    return reviewed


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def offline() -> list[str]:
    return [str(problem) for problem in checking.offline(load())]


def test_the_project_passes_its_own_check(
    checking_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    del checking_server
    status = main(["check", "--dsn", os.environ[DSN]])

    assert re.search(r"\d\d queries checked, no problems\n$", capsys.readouterr().out)
    assert status == 0


def test_the_project_passes_offline(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--offline"]) == 0
    assert capsys.readouterr().out.endswith("queries checked, no problems\n")


def test_what_a_contract_no_longer_says_is_a_diff(check: Callable[..., list[str]]) -> None:
    replace(Path("shop/sql/orders/fetch.sql"), "INNER JOIN", "LEFT JOIN")
    replace(Path("shop/orders.py"), "customer: str", "customer: str | None")

    (problem,) = check()

    assert problem.startswith(f"{FETCH}: it is not what is found now\n    --- kept\n")
    assert "\n    -column customer text not null\n    +column customer text\n" in problem
    assert problem.endswith(
        "  Look at what has changed, run check --write, and commit it with the SQL."
    )
    assert check(write=True) == []
    assert check() == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("shop/sql/orders/fetch.sql", "INNER JOIN", "LEFT JOIN"),
        ("shop/orders.py", "customer: str", "customer: str | None"),
        ("shop/orders.py", "-> list[int]", "-> list[float]"),
        ("shop/orders.py", "customer_id: int", "customer_id: str"),
        ("shop/orders.py", "customer_id: int", "customer_id: int = 1"),
        ("shop/orders.py", "list[int]", "list[Order]"),
        (
            "shop/sql/orders/fetch.sql",
            "-- One",
            "-- allow scan of orders: it is small.\n-- One",
        ),
        ("shop/migrations/0001.orders.sql", "note text NOT NULL", "note text"),
    ],
)
def test_a_change_of_a_statement_a_type_or_a_migration_takes_no_server_to_be_seen(
    check: Callable[..., list[str]], file: str, old: str, new: str
) -> None:
    del check
    assert offline() == []
    replace(Path(file), old, new)

    assert len(offline()) == 1


def test_the_plan_of_another_version_is_not_compared(
    check: Callable[..., list[str]], checking_server: Server
) -> None:
    replace(FETCH, f"PostgreSQL {checking_server.version}", "PostgreSQL 12")
    replace(FETCH, "Index Scan", "Quantum Scan")
    assert check() == []

    replace(FETCH, "PostgreSQL 12", f"PostgreSQL {checking_server.version}")
    assert len(check()) == 1


def test_a_contract_is_missed_and_one_too_many_is_told(
    check: Callable[..., list[str]],
) -> None:
    FETCH.rename(FETCH.with_stem("gone"))

    assert offline() == [
        f"{FETCH}: there is no contract\n  Look at what has changed, run check --write, "
        "and commit it with the SQL.",
        "shop/sql/orders/gone.contract: there is no SQL file to it\n  Delete the contract.",
        "shop/sql/orders/gone.contract: git does not know of it\n"
        "  git add it, with the SQL.",
    ]
    assert check() == offline()[:2]


def test_the_snapshot_of_another_version_is_not_compared(
    check: Callable[..., list[str]],
) -> None:
    file = Path("shop/migrations/schema.snapshot")
    first, _, rest = file.read_text().partition("\n")
    assert re.fullmatch(r"-- By pg_dump, from PostgreSQL \d\d\.", first)
    file.write_text("-- By pg_dump, from PostgreSQL 12.\n" + rest.replace("name text", "n"))

    assert check() == []


def test_the_settings_of_the_dsn_are_those_of_the_check(
    host: Path, checking_server: Server
) -> None:
    file = host / "shop/migrations/0001.orders.sql"
    file.write_text('CREATE SCHEMA "My App";\n' + file.read_text())
    rollback = file.with_name("0001.orders.rollback.sql")
    rollback.write_text(rollback.read_text() + '\nDROP SCHEMA "My App";\n')
    params = conninfo_to_dict(os.environ[DSN])
    dsn = make_conninfo("", **params | {"options": '-csearch_path="My\\ App",public'})
    del checking_server

    found = list(checking.check(load(), Server(dsn), write=True))

    assert [str(each) for each in found if "refused" in str(each)] == []


def test_the_password_is_in_no_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def run(command: list[str], **options: Any) -> Any:
        seen.extend([command, options["env"]["PGPASSWORD"]])
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    dump("host=h password=secret-1 dbname=d")

    assert "secret-1" not in str(seen[0])
    assert seen[1] == "secret-1"


def test_the_snapshot_of_the_schema_is_compared(check: Callable[..., list[str]]) -> None:
    replace(Path("shop/migrations/schema.snapshot"), "name text", "name varchar")

    (problem,) = check()

    assert problem.startswith(
        "shop/migrations/schema.snapshot: it is not what is found now"
    )
    assert "-    name varchar NOT NULL\n" in problem
    assert check(write=True) == []
    assert check() == []


def test_an_identity_that_runs_out_is_refused(check: Callable[..., list[str]]) -> None:
    replace(Path("shop/migrations/0001.orders.sql"), "order_id bigint", "order_id int")
    Path("shop/migrations/checksums.sha256").unlink()

    assert check(write=True) == [
        "shop/migrations/schema.snapshot: orders.order_id is an identity of type integer, "
        "and each replayed upsert uses up a value\n  Make it a bigint."
    ]


def test_migrations_that_fail_are_told_and_no_query_is_blamed(
    check: Callable[..., list[str]],
) -> None:
    Path("shop/migrations/0002.more.sql").write_text("SELECT 1;\n\nSELECT nothing;\n")
    Path("shop/migrations/0002.more.rollback.sql").write_text("SELECT 1;\n")

    (problem,) = check(write=True)

    assert problem == (
        'shop/migrations/0002.more.sql:3:8: it fails: column "nothing" does not exist\n'
        "    SELECT nothing;\n           ^\n  Mend the statement."
    )


def test_a_package_without_migrations_is_checked_in_an_empty_database(
    check: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree("shop/migrations")

    assert main(["check", "--package", "shop", "--offline"]) == 0
    assert "--migrations names it" in capsys.readouterr().out
    assert [problem.partition("\n")[0] for problem in check()] == [
        "shop/sql/orders/fetch.sql:6:6: orders.fetch: the server refuses it: relation "
        '"orders" does not exist',
        "shop/sql/orders/fetch_by_customer.sql:3:6: orders.fetch_by_customer: the server "
        'refuses it: relation "orders" does not exist',
    ]


def test_the_command_says_what_is_wrong_and_fails(
    check: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    replace(Path("shop/orders.py"), "note: str", "note: int")

    assert main(["check", "--package", "shop", "--dsn", os.environ[DSN]]) == 1

    said = capsys.readouterr().out
    assert "column note: the server gives text" in said
    assert said.endswith("shop: 2 queries checked, 1 problem\n")
    del check


def test_a_migration_is_published_when_its_checksum_is_committed(
    check: Callable[..., list[str]],
) -> None:
    file = Path("shop/migrations/0002.more.sql")
    file.with_name("0002.more.rollback.sql").write_text("SELECT 1;\n")
    file.write_text("SELECT 1;\n")
    assert check(write=True) == []
    file.write_text("SELECT 2;\n")
    assert check(write=True) == []
    assert check() == []

    replace(Path("shop/migrations/0001.orders.sql"), "-- Customers", "-- The customers")
    assert len(check(write=True)) == 1


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1 / 0\n", "more.py:1: ZeroDivisionError: division by zero"),
        (
            "import nothing_such\n",
            "more.py:1: ModuleNotFoundError: No module named 'nothing_such'",
        ),
        ("a =\n", "more.py:1: SyntaxError: invalid syntax"),
        ("import sys\n\nsys.exit(0)\n", "more.py:3: SystemExit: 0"),
    ],
)
def test_a_module_that_cannot_be_imported_is_an_error(
    host: Path, code: str, said: str
) -> None:
    (host / "shop/more.py").write_text(code)

    with pytest.raises(ProductionError) as raised:
        load()

    assert str(raised.value).startswith("--package: shop.more cannot be imported: ")
    assert said in str(raised.value)


def test_a_package_without_queries_is_another_one() -> None:
    with pytest.raises(ProductionError) as raised:
        package.load("json")

    assert str(raised.value) == "--package: json declares no queries: is it another one?"


def test_what_is_installed_is_neither_written_nor_reviewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "site-packages"
    shutil.copytree(SAMPLES / "base", folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    forget()

    assert main(["check", "--package", "shop", "--write"]) == 1
    assert main(["review", "--package", "shop", "--base", "HEAD"]) == 2

    said = (
        f"--package: it is installed in {folder / 'shop'}: name one that is in a checkout"
    )
    assert capsys.readouterr().err.count(said) == 2
    forget()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--package", "nowhere"], "--package: No module named 'nowhere'"),
        (["--migrations", "nowhere"], "--migrations: nowhere is not a folder"),
    ],
)
def test_what_is_not_there_is_an_error(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--offline", *arguments]) == 1

    assert said in capsys.readouterr().err


def test_a_server_that_cannot_tell_is_refused() -> None:
    with psycopg.connect(os.environ[DSN]) as conn:
        version = conn.info.server_version // 10000
    if version >= 16:
        pytest.skip("this one can")

    with pytest.raises(ProductionError) as raised:
        Server(os.environ[DSN])

    assert str(raised.value) == (
        f"PostgreSQL {version} cannot tell what a check asks: it takes 16 or later"
    )


def test_a_server_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--dsn", "host=/nowhere"]) == 1
    assert "OperationalError" in capsys.readouterr().err


def test_the_commands_of_the_examples_are_commands() -> None:
    hooks = yaml.safe_load((REPORTS / "pre-commit-config.yaml").read_text("utf-8"))
    workflow = yaml.safe_load((REPORTS / "workflow.yml").read_text("utf-8"))
    lines = [hook["entry"] for hook in hooks["repos"][0]["hooks"]]
    for step in workflow["jobs"]["review"]["steps"]:
        lines += step.get("run", "").splitlines()
    commands = re.findall(r"python -m production_sql ([^>\n]+)", "\n".join(lines))

    assert len(commands) == 3
    for command in commands:
        _parser().parse_args(command.split())


def test_the_sample_in_the_readme_is_of_a_recorded_report() -> None:
    readme = (CHECKOUT / "README.md").read_text("utf-8")
    quoted = [line[2:] for line in readme.splitlines() if line.startswith(">")]

    recorded = (REPORTS / "outer_join.md").read_text("utf-8").splitlines()
    assert len(quoted) > 10
    assert set(quoted) <= set(recorded)


@pytest.mark.parametrize(
    ("sample", "wanted"),
    [
        ("renamed_column", Verdict.BROKEN),
        ("dropped_index", Verdict.BROKEN),
        ("outer_join", Verdict.LOOK),
    ],
)
def test_a_recorded_change_has_the_recorded_report(
    host: Path,
    checking_server: Server,
    reviewed: Callable[..., Review],
    sample: str,
    wanted: Verdict,
) -> None:
    shutil.copytree(SAMPLES / sample, host, dirs_exist_ok=True)

    report = reviewed()

    assert report.verdict == wanted
    if checking_server.version == VERSION:
        file = REPORTS / f"{sample}.md"
        if "PRODUCTION_SQL_WRITE_EXPECTED" in os.environ:
            file.write_text(str(report), "utf-8")
        assert str(report) == file.read_text("utf-8")


def test_without_a_change_all_is_fine(reviewed: Callable[..., Review]) -> None:
    assert str(reviewed(is_checked=False)) == (
        "# SQL review\n\n"
        "**Verdict: fine: no query and no schema is another than before.**\n"
    )


def test_a_comment_is_no_change(host: Path, reviewed: Callable[..., Review]) -> None:
    file = host / "shop/sql/orders/fetch.sql"
    file.write_text("-- Another word of it.\n" + file.read_text())

    assert reviewed(is_checked=False).verdict == Verdict.FINE


def test_an_edited_migration_is_broken(host: Path, reviewed: Callable[..., Review]) -> None:
    file = host / MIGRATIONS / "0001.orders.sql"
    file.write_text(file.read_text().replace("note text NOT NULL", "note text"))

    report = reviewed(is_checked=False)

    assert report.verdict == Verdict.BROKEN
    assert (
        "`0001.orders.sql` is edited: who has applied it will not apply it again. Restore "
        "it, and write a new migration."
    ) in str(report)


def test_a_migration_that_is_gone_is_broken(
    host: Path, reviewed: Callable[..., Review]
) -> None:
    for file in (host / MIGRATIONS).glob("0001.*"):
        file.unlink()

    report = reviewed(is_checked=False)

    assert report.verdict == Verdict.BROKEN
    assert "`0001.orders.sql` is gone" in str(report)


def test_a_contract_that_was_not_written_anew_is_broken(
    host: Path, reviewed: Callable[..., Review]
) -> None:
    shutil.copytree(SAMPLES / "outer_join", host, dirs_exist_ok=True)

    report = reviewed(is_checked=False)

    assert report.verdict == Verdict.BROKEN
    assert "fetch.contract: it is not what is found now" in str(report)


def test_what_a_migration_does_to_the_columns_of_a_query_is_told(
    host: Path, reviewed: Callable[..., Review]
) -> None:
    folder = host / MIGRATIONS
    (folder / "0002.change.sql").write_text(
        "SET LOCAL lock_timeout = '5s';\n"
        "ALTER TABLE orders ALTER COLUMN note TYPE varchar, ALTER note DROP NOT NULL;\n"
        "ALTER TABLE customers ALTER COLUMN name DROP NOT NULL;\n"
    )
    (folder / "0002.change.rollback.sql").write_text(
        "SET LOCAL lock_timeout = '5s';\n"
        "ALTER TABLE customers ALTER COLUMN name SET NOT NULL;\n"
        "ALTER TABLE orders ALTER COLUMN note TYPE text, ALTER note SET NOT NULL;\n"
    )

    report = str(reviewed(is_checked=False))

    assert "| `orders.fetch` | column note is character varying, not text |" in report
    assert "| `orders.fetch` | column note can be NULL |" in report
    assert "| `orders.fetch` | column customer can be NULL |" in report
    assert "ACCESS EXCLUSIVE on orders" in report


@pytest.mark.parametrize(
    ("change", "row"),
    [
        (
            "ALTER TABLE orders ADD by text NOT NULL",
            "**breaks**: orders.by is NOT NULL and given no value",
        ),
        (
            "ALTER TABLE orders ALTER note SET NOT NULL",
            "**breaks**: parameter 2 can be None, and orders.note is NOT NULL",
        ),
        (
            "ALTER TABLE customers ALTER name DROP NOT NULL",
            "column documents: documents[].name can be null",
        ),
        ("ALTER TABLE orders RENAME note TO remark", "**breaks**: column "),
    ],
)
def test_what_a_migration_does_to_a_query_as_it_was_is_told(
    host: Path, reviewed: Callable[..., Review], change: str, row: str
) -> None:
    module = host / "shop/orders.py"
    module.write_text(
        module.read_text()
        + "\n\n@query\ndef add(customer_id: int, note: str | None) -> bool: ...\n"
        "\n\nclass Customer(Struct):\n    name: str\n\n"
        "\n@query\ndef documents() -> list[list[Customer]]: ...\n"
    )
    folder = host / "shop/sql/orders"
    (folder / "add.sql").write_text(
        "INSERT INTO orders (customer_id, note)\nVALUES (%(customer_id)s, %(note)s)\n"
    )
    (folder / "documents.sql").write_text(
        "-- allow scan of customers: it is all of them.\n"
        "SELECT coalesce(json_agg(json_build_object('name', name)), '[]') AS documents\n"
        "FROM customers\n"
    )
    migrations = host / MIGRATIONS
    first = migrations / "0001.orders.sql"
    first.write_text(first.read_text().replace("note text NOT NULL", "note text"))
    git(host, "add", ".")
    git(host, "commit", "--quiet", "--message=more")
    (migrations / "0002.change.sql").write_text(
        f"SET LOCAL lock_timeout = '5s';\n{change};\n"
    )

    report = str(reviewed(is_checked=False))

    assert row in report


def test_what_the_parameters_of_a_query_were_is_told_by_its_contract(
    host: Path, reviewed: Callable[..., Review], check: Callable[..., list[str]]
) -> None:
    first = host / MIGRATIONS / "0001.orders.sql"
    first.write_text(first.read_text().replace("note text NOT NULL", "note text"))
    (host / MIGRATIONS / "checksums.sha256").unlink()
    replace(Path("shop/orders.py"), "    note: str", "    note: str | None")
    module = host / "shop/orders.py"
    module.write_text(
        module.read_text()
        + "\n\n@query\ndef add(customer_id: int, note: str | None) -> bool: ...\n"
    )
    (host / "shop/sql/orders/add.sql").write_text(
        "INSERT INTO orders (customer_id, note)\nVALUES (%(customer_id)s, %(note)s)\n"
    )
    assert check(write=True) == []
    git(host, "add", ".")
    git(host, "commit", "--quiet", "--message=more")
    replace(
        Path("shop/orders.py"),
        "customer_id: int, note: str | None",
        "customer_id: int, note: str",
    )
    for name, action in (("", "SET"), (".rollback", "DROP")):
        (host / MIGRATIONS / f"0002.change{name}.sql").write_text(
            f"{TIMEOUT}ALTER TABLE orders ALTER note {action} NOT NULL;\n"
        )

    report = reviewed()

    assert "parameter 2 can be None, and orders.note is NOT NULL" in str(report)
    assert report.verdict == Verdict.BROKEN


def test_a_base_whose_migrations_fail_is_reviewed_as_far_as_can_be(
    host: Path, reviewed: Callable[..., Review]
) -> None:
    file = host / MIGRATIONS / "0001.orders.sql"
    file.write_text(file.read_text() + "SELECT 1 / 0;\n")
    git(host, "add", ".")
    git(host, "commit", "--quiet", "--message=worse")
    file.write_text(file.read_text().replace("SELECT 1 / 0;\n", ""))

    assert "Not known: the migrations of main fail: division by zero" in str(reviewed())


def test_queries_that_are_all_gone_are_told_with_what_the_migrations_break(
    host: Path, reviewed: Callable[..., Review]
) -> None:
    shutil.rmtree(host / "shop/sql")
    (host / "shop/sql").mkdir()
    (host / "shop/orders.py").unlink()
    migrations = host / MIGRATIONS
    for name, rename in (
        ("", "orders RENAME TO sales"),
        (".rollback", "sales RENAME TO orders"),
    ):
        file = migrations / f"0002.change{name}.sql"
        file.write_text(f"{TIMEOUT}ALTER TABLE {rename};\n")

    report = reviewed(is_checked=False)

    assert report.verdict == Verdict.BROKEN
    assert '| `orders.fetch` | **breaks**: relation "orders" does not exist |' in str(
        report
    )
    assert "### `orders.fetch_by_customer` is removed" in str(report)


def test_migrations_that_are_moved_are_still_published(
    host: Path, reviewed: Callable[..., Review]
) -> None:
    (host / MIGRATIONS).rename(host / "migrations")
    file = host / "migrations/0001.orders.sql"
    file.write_text(file.read_text().replace("note text NOT NULL", "note text"))

    report = str(reviewed(is_checked=False))

    assert "- `0001.orders.sql` is edited: who has applied it" in report
    assert "is added" not in report


def test_migrations_outside_the_repository_are_refused(
    host: Path, checking_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(host / MIGRATIONS, elsewhere, dirs_exist_ok=True)
    forget()

    with pytest.raises(
        ProductionError, match=f"--migrations: {elsewhere} is not in {host}"
    ):
        review(package.load("shop", elsewhere), checking_server, "main")


def test_a_query_of_the_base_that_is_no_query_was_broken_before(
    host: Path, reviewed: Callable[..., Review]
) -> None:
    for name, text in (
        ("percent.sql", b"SELECT 1 % 2\n"),
        ("latin.sql", b"SELECT '\xe9'\n"),
    ):
        (host / "shop/sql/orders" / name).write_bytes(text)
    git(host, "add", ".")
    git(host, "commit", "--quiet", "--message=worse")
    for name in ("percent.sql", "latin.sql"):
        (host / "shop/sql/orders" / name).unlink()
    shutil.copytree(SAMPLES / "renamed_column", host, dirs_exist_ok=True)

    assert "percent" not in str(reviewed())


def test_a_query_that_is_added_or_removed_is_told(
    host: Path, reviewed: Callable[..., Review]
) -> None:
    folder = host / "shop/sql/orders"
    (folder / "count_all.sql").write_text(
        "-- All of them.\n-- allow scan of orders: it is for a report once a month.\n"
        "SELECT count(*) AS orders\nFROM orders\n"
    )
    module = host / "shop/orders.py"
    text = module.read_text().replace(
        "@query\ndef fetch_by_customer(customer_id: int) -> list[int]: ...\n",
        "@query\ndef count_all() -> list[int]: ...\n",
    )
    module.write_text(text)
    for file in folder.glob("fetch_by_customer.*"):
        file.unlink()

    report = reviewed()

    assert report.verdict == Verdict.LOOK
    assert "### `orders.count_all` is added" in str(report)
    assert "### `orders.fetch_by_customer` is removed" in str(report)


def test_a_revision_that_is_not_there_is_an_error(
    host: Path, checking_server: Server
) -> None:
    del host
    with pytest.raises(ProductionError) as raised:
        review(load(), checking_server, "nowhere")

    assert str(raised.value).startswith("--base: merge-base nowhere HEAD: fatal: ")
