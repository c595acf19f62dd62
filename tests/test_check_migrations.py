"""What a check says of migrations: files, checksums, and what a server shows of them."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from production_sql.check import migrations
from production_sql.check.migrations import (
    CHECKSUMS,
    Lock,
    Migrations,
    Step,
    check_checksums,
    check_files,
    checksum,
)
from production_sql.check.problem import Problem
from production_sql.check.server import Server
from production_sql.files import folder

POSTS = {
    "1.posts.sql": "CREATE TABLE posts (id int PRIMARY KEY, title text, views int);",
    "1.posts.rollback.sql": "SET LOCAL lock_timeout = '1s';\nDROP TABLE posts;",
}
TIMEOUT = "SET LOCAL lock_timeout = '1s';\n"

Inspect = Callable[[dict[str, str]], tuple[Migrations, list[str]]]


@pytest.fixture
def inspected(
    checking_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Inspect:
    """Write the files, and say what is found; file names are those in tmp_path."""
    monkeypatch.chdir(tmp_path)

    def inspected(files: dict[str, str]) -> tuple[Migrations, list[str]]:
        write(tmp_path, files)
        with migrations.inspected(checking_server, tmp_path) as found:
            return found, [str(problem) for problem in found.problems]

    return inspected


def write(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")


def change(apply: str, rollback: str) -> dict[str, str]:
    """Return the files of posts and of a migration after it."""
    return {**POSTS, "2.sql": apply, "2.rollback.sql": rollback}


def steps(found: Migrations) -> dict[str, Step]:
    return {step.statement: step for each in found.migrations for step in each.steps}


def whats(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.file.name, problem.what) for problem in problems]


# Files


def test_a_migration_and_its_rollback_need_each_other(tmp_path: Path) -> None:
    write(tmp_path, {**POSTS, "2.sql": "SELECT 1;", "3.rollback.sql": "SELECT 1;"})

    assert whats(check_files(tmp_path)) == [
        ("2.sql", "there is no rollback, 2.rollback.sql"),
        ("3.rollback.sql", "there is no migration 3.sql that it rolls back"),
    ]


def test_what_yoyo_runs_after_every_apply_has_no_rollback(tmp_path: Path) -> None:
    write(tmp_path, {"post-apply.sql": "SELECT 1;"})

    assert check_files(tmp_path) == []


def test_a_block_comment_at_the_head_is_refused_in_both_files(tmp_path: Path) -> None:
    block = "/* why */\n-- transactional: false\nSELECT 1;"
    write(tmp_path, {"1.sql": f"-- Why.\n\n{block}", "1.rollback.sql": block})
    write(tmp_path, {"2.sql": "-- Why.\nSELECT 1 /* one */;", "2.rollback.sql": ""})

    problems = check_files(tmp_path)
    assert [(each.file.name, each.offset) for each in problems] == [
        ("1.rollback.sql", 0),
        ("1.sql", 9),
    ]
    assert "1.sql:3:1: a block comment" in str(problems[1])


def test_a_migration_in_python_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"1.py": "steps = []"})

    (problem,) = check_files(tmp_path)
    assert problem.file.name == "1.py"


# Checksums


@pytest.fixture
def published(tmp_path: Path) -> Path:
    write(tmp_path, POSTS)
    assert check_checksums(tmp_path, write=True) == []
    assert check_checksums(tmp_path, write=False) == []
    return tmp_path


def test_an_edited_migration_or_rollback_is_noticed(published: Path) -> None:
    for name in POSTS:
        with (published / name).open("a") as file:
            file.write(" ")

    what = f"it is not what was published: its SHA-256 in {CHECKSUMS} is another"
    found = check_checksums(published, write=False)
    assert whats(found) == [("1.posts.rollback.sql", what), ("1.posts.sql", what)]


def test_newlines_of_any_system_have_the_same_checksum(tmp_path: Path) -> None:
    files = [tmp_path / str(number) for number in range(4)]
    for file, text in zip(
        files, ["a\nb\n", "a\r\nb\r\n", "a\rb\r", "a\n\nb\n"], strict=True
    ):
        file.write_text(text, newline="")

    unix, windows, mac, other = map(checksum, files)
    assert unix == windows == mac != other


def test_the_checksums_are_those_of_sha256sum(published: Path) -> None:
    (command,) = filter(None, map(shutil.which, ["sha256sum"])) or [""]
    run = subprocess.run([command, *sorted(POSTS)], cwd=published, stdout=subprocess.PIPE)

    assert run.stdout.decode() == (published / CHECKSUMS).read_text()


def test_a_new_file_is_told_and_with_write_is_given_a_line_among_the_others(
    published: Path,
) -> None:
    write(published, {"0.sql": "", "1.z.sql": ""})
    before = (published / CHECKSUMS).read_text().splitlines()

    what = f"it has no line in {CHECKSUMS}"
    found = check_checksums(published, write=False)
    assert whats(found) == [("0.sql", what), ("1.z.sql", what)]
    assert (published / CHECKSUMS).read_text().splitlines() == before

    assert check_checksums(published, write=True) == []
    after = (published / CHECKSUMS).read_text().splitlines()
    assert [line[66:] for line in after] == ["0.sql", *sorted(POSTS), "1.z.sql"]
    assert after[1:3] == before


def test_write_changes_no_line_that_is_there(published: Path) -> None:
    before = (published / CHECKSUMS).read_text()
    write(published, {"1.posts.sql": "SELECT 1;", "2.sql": ""})

    assert len(check_checksums(published, write=True)) == 1
    assert (published / CHECKSUMS).read_text().startswith(before)


def test_a_second_line_for_a_file_does_not_excuse_the_first(published: Path) -> None:
    file = published / "1.posts.sql"
    file.write_text("SELECT 1;")
    with (published / CHECKSUMS).open("a") as sums:
        sums.write(f"{checksum(file)}  {file.name}\n")

    assert [each.file for each in check_checksums(published, write=True)] == [file]


def test_a_line_without_a_file_is_told_with_its_place(published: Path) -> None:
    (published / "1.posts.sql").unlink()

    (problem,) = check_checksums(published, write=True)
    assert f"{CHECKSUMS}:2:1: there is no such file" in str(problem)


# What a server shows


def test_the_projects_migrations_are_in_order(checking_server: Server) -> None:
    with migrations.inspected(checking_server, folder("migrations")) as found:
        pass

    assert found.problems == check_files(folder("migrations")) == []
    assert [each.id for each in found.migrations] == [
        "0001.add_production_draft_bundle_tables"
    ]
    assert any(key.startswith("CREATE TABLE production_bundles ( ") for key in steps(found))
    assert all(not step.locks and step.is_observed for step in steps(found).values())
    assert "CREATE TABLE public.production_bundles (" in found.schema
    assert "yoyo" not in found.schema


def test_what_a_rollback_leaves_behind_is_shown_as_a_diff(inspected: Inspect) -> None:
    _, problems = inspected(
        change("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'loud';", "SELECT 1;")
        | {"1.posts.sql": "CREATE TYPE mood AS ENUM ('calm');"}
        | {"1.posts.rollback.sql": "DROP TYPE mood;"}
    )

    (problem,) = problems
    assert problem.startswith(
        "2.rollback.sql: after it the schema is another than before the migration\n"
        "    --- wanted\n"
        "    +++ is\n"
        "    @@ -1,5 +1,6 @@\n"
        "     CREATE TYPE public.mood AS ENUM (\n"
        "    -    'calm'\n"
        "    +    'calm',\n"
        "    +    'loud'\n"
        "     );\n"
    )
    assert problem.endswith("\n  Undo all that the migration does, and nothing else.")


@pytest.mark.parametrize(
    ("before", "apply"),
    [
        (
            "CREATE FUNCTION grow() RETURNS void LANGUAGE plpgsql AS $$BEGIN\n"
            "UPDATE posts\nSET views = 1;\nEND$$;",
            "CREATE OR REPLACE FUNCTION grow() RETURNS void LANGUAGE plpgsql AS $$BEGIN\n"
            "UPDATE posts\nSET views = 2;\nEND$$;",
        ),
        ("SELECT 1;", f"{TIMEOUT}ALTER TABLE posts OWNER TO pg_monitor;"),
    ],
)
def test_a_body_and_an_owner_that_are_left_are_seen(
    inspected: Inspect, before: str, apply: str
) -> None:
    rollback = f"{TIMEOUT}DROP FUNCTION IF EXISTS grow(); DROP TABLE posts;"
    first = {"1.posts.sql": POSTS["1.posts.sql"] + before, "1.posts.rollback.sql": rollback}
    _, problems = inspected({**first, "2.sql": apply, "2.rollback.sql": "SELECT 1;"})

    assert [problem.partition(":")[0] for problem in problems] == ["2.rollback.sql"]


def test_a_lock_is_refused_outside_a_transaction_too(inspected: Inspect) -> None:
    apply = "-- transactional: false\nALTER TABLE posts ADD body text;"
    _, problems = inspected(change(apply, f"{TIMEOUT}ALTER TABLE posts DROP body;"))

    assert len(problems) == 1
    assert "takes ACCESS EXCLUSIVE on posts without a lock timeout" in problems[0]


def test_a_session_that_is_cut_off_is_no_mistake_of_a_file(inspected: Inspect) -> None:
    with pytest.raises(psycopg.OperationalError):
        inspected({"1.sql": "SELECT pg_terminate_backend(pg_backend_pid());"})


def test_what_runs_after_every_apply_may_change(tmp_path: Path) -> None:
    write(tmp_path, {"post-apply.sql": "SELECT 1;"})

    assert check_checksums(tmp_path, write=False) == []


def test_a_migration_that_cannot_be_applied_again_is_refused(inspected: Inspect) -> None:
    found, problems = inspected(change("INSERT INTO posts (id) VALUES (1);", "SELECT 1;"))

    assert problems == [
        "2.sql: after its rollback it cannot be applied again: duplicate key value "
        'violates unique constraint "posts_pkey"; Key (id)=(1) already exists.\n'
        "  Mend the statement."
    ]
    assert [each.id for each in found.migrations] == ["1.posts"]


def test_a_migration_that_does_another_thing_the_second_time_is_refused(
    inspected: Inspect,
) -> None:
    again = """
        INSERT INTO posts SELECT count(*) FROM posts;
        DO $$ BEGIN
            IF (SELECT count(*) FROM posts) = 1 THEN
                CREATE VIEW once AS SELECT 1;
            END IF;
        END $$;
    """
    _, problems = inspected(change(again, "SET lock_timeout = 1;\nDROP VIEW once;"))

    assert len(problems) == 1
    assert problems[0].startswith(
        "2.sql: applied again after its rollback, it makes another"
    )
    assert "\n    -CREATE VIEW public.once AS" in problems[0]


def test_what_fails_is_shown_where_it_fails_and_ends_the_check(inspected: Inspect) -> None:
    wrong = "-- Why.\nSELECT 1;\n\n-- Überall.\nSELECT 'ä', 2\nFROM poets;"
    found, problems = inspected(
        {**change(wrong, "SELECT 1;"), "3.sql": "SELECT 1;", "3.rollback.sql": "SELECT 1;"}
    )

    assert problems == [
        '2.sql:6:6: it fails: relation "poets" does not exist\n'
        "    FROM poets;\n"
        "         ^\n"
        "  Mend the statement."
    ]
    assert [each.id for each in found.migrations] == ["1.posts"]
    assert "CREATE TABLE public.posts (" in found.schema


def test_a_rollback_that_fails_is_shown_where_it_fails(inspected: Inspect) -> None:
    _, problems = inspected(
        {**POSTS, "1.posts.rollback.sql": "SELECT 1;\nDROP TABLE post;"}
    )

    assert problems == [
        '1.posts.rollback.sql:2:1: it fails: table "post" does not exist\n'
        "    DROP TABLE post;\n"
        "    ^\n"
        "  Mend the statement."
    ]


def test_migrations_that_depend_on_each_other_are_told(inspected: Inspect) -> None:
    depends = {"1.sql": "-- depends: 2\nSELECT 1;", "2.sql": "-- depends: 1\nSELECT 1;"}
    _, problems = inspected({**depends, "1.rollback.sql": "", "2.rollback.sql": ""})

    assert len(problems) == 1
    assert "yoyo cannot read it" in problems[0]
    assert "1.sql" in problems[0]


@pytest.mark.parametrize("directive", ["transactional: perhaps", "depends: nothing"])
def test_a_directive_that_yoyo_refuses_is_told_of_its_file(
    inspected: Inspect, directive: str
) -> None:
    _, problems = inspected(change(f"-- {directive}\nSELECT 1;", "SELECT 1;"))

    assert len(problems) == 1
    assert problems[0].startswith("2.sql: yoyo cannot read it: ")


def test_access_exclusive_without_a_timeout_is_refused_both_ways(
    inspected: Inspect,
) -> None:
    # A setting of the session ends with the file that has it.
    alter = "-- Why.\nALTER TABLE posts ADD body text;\nCREATE TABLE more (id int);"
    files = change(f"SELECT 1;\n{alter}", "DROP TABLE more;\nALTER TABLE posts DROP body;")
    files["1.posts.sql"] = "SET lock_timeout = '1s';\n" + POSTS["1.posts.sql"]
    _, problems = inspected(files)

    text = "ALTER TABLE posts ADD body text;"
    assert problems[0] == (
        f"2.sql:3:1: {text} takes ACCESS EXCLUSIVE on posts without a lock timeout: while "
        f"it waits, all who come later wait behind it\n    {text}\n    ^\n"
        "  Write before it: SET LOCAL lock_timeout = '5s';"
    )
    assert [each.split(" takes")[0] for each in problems[1:]] == [
        "2.rollback.sql:1:1: DROP TABLE more;",
        "2.rollback.sql:2:1: ALTER TABLE posts DROP body;",
    ]


def test_locks_rewrites_and_scans_are_those_of_each_statement(inspected: Inspect) -> None:
    statements = """
        SELECT FROM posts WHERE id = 1;
        SELECT FROM posts;
        LOCK TABLE _yoyo_log, yoyo_lock IN SHARE MODE;
        INSERT INTO posts VALUES (1, 'one', 1);
        ALTER TABLE posts ADD CONSTRAINT later CHECK (id > 0) NOT VALID;
        ALTER TABLE posts ALTER title SET NOT NULL;
        ALTER TABLE posts ADD CONSTRAINT now CHECK (id > 0);
        /* Of the
           whole. */
        CREATE INDEX posts_by_views ON posts (views, title, id) INCLUDE (id, title, views);
        CREATE TABLE more AS SELECT 1;
        ALTER TABLE more ADD PRIMARY KEY ("?column?");
        ALTER TABLE posts ALTER views TYPE bigint;
        TRUNCATE posts;
    """
    rollback = """
        DROP TABLE more;
        DROP INDEX posts_by_views;
        ALTER TABLE posts DROP CONSTRAINT now, DROP CONSTRAINT later;
        ALTER TABLE posts ALTER views TYPE int, ALTER title DROP NOT NULL;
    """
    found, problems = inspected(change(TIMEOUT + statements, TIMEOUT + rollback))

    assert problems == []
    shown = [
        (
            step.statement,
            [f"{lock.table} {lock.mode}" for lock in step.locks],
            step.rewrites,
            step.scans,
        )
        for step in found.migrations[1].steps
    ]
    exclusive, index = "posts ACCESS EXCLUSIVE", "posts_pkey ACCESS EXCLUSIVE"
    assert shown == [
        (TIMEOUT.strip(), [], [], []),
        ("SELECT FROM posts WHERE id = 1;", [], [], []),
        ("SELECT FROM posts;", [], [], ["posts"]),
        ("LOCK TABLE _yoyo_log, yoyo_lock IN SHARE MODE;", [], [], []),
        (
            "INSERT INTO posts VALUES (1, 'one', 1);",
            ["posts ROW EXCLUSIVE"],
            [],
            [],
        ),
        (
            "ALTER TABLE posts ADD CONSTRAINT later CHECK (id > 0) NOT VALID;",
            [exclusive],
            [],
            [],
        ),
        ("ALTER TABLE posts ALTER title SET NOT NULL;", [], [], ["posts"]),
        ("ALTER TABLE posts ADD CONSTRAINT now CHECK (id > 0);", [], [], ["posts"]),
        (
            "CREATE INDEX posts_by_views ON posts (views, title, id) "
            "INCLUDE (id, title, views);",
            ["posts SHARE"],
            [],
            ["posts"],
        ),
        ("CREATE TABLE more AS SELECT 1;", [], [], []),
        ('ALTER TABLE more ADD PRIMARY KEY ("?column?");', [], [], []),
        ("ALTER TABLE posts ALTER views TYPE bigint;", [index], ["posts"], ["posts"]),
        ("TRUNCATE posts;", [], ["posts"], ["posts"]),
    ]


def test_a_long_statement_is_cut(inspected: Inspect) -> None:
    names = ", ".join(f"'{n:09}'" for n in range(100))
    found, _ = inspected({"1.sql": f"SELECT\n    {names};"})

    (step,) = found.migrations[0].steps
    assert step.statement == f"SELECT {names}"[:299] + "…"


def test_of_the_modes_of_a_lock_the_strongest_is_shown(inspected: Inspect) -> None:
    found, _ = inspected(
        change("LOCK TABLE posts IN ROW SHARE MODE; LOCK TABLE posts IN SHARE MODE;", "")
        | {
            "3.sql": f"{TIMEOUT}DO $$ BEGIN INSERT INTO posts VALUES (1); "
            "LOCK TABLE posts IN SHARE MODE; END $$;",
            "3.rollback.sql": "DELETE FROM posts;",
        }
    )

    *_, step = found.migrations[2].steps
    assert step.locks == [Lock(table="posts", mode="SHARE")]


def test_a_column_that_rows_have_no_value_for_is_refused(inspected: Inspect) -> None:
    added = (
        f"{TIMEOUT}ALTER TABLE posts ADD body text NOT NULL, ADD n int NOT NULL DEFAULT 0;"
    )
    _, problems = inspected(change(added, f"{TIMEOUT}ALTER TABLE posts DROP body, DROP n;"))

    assert problems == [
        "2.sql:2:1: body is added to posts as NOT NULL and without a default: it fails "
        "where there is a row\n"
        "    ALTER TABLE posts ADD body text NOT NULL, ADD n int NOT NULL DEFAULT 0;\n"
        "    ^\n  Give it a DEFAULT; or add it as NULL, fill it, and SET NOT NULL."
    ]


def test_a_column_that_comes_back_in_another_place_is_back(inspected: Inspect) -> None:
    _, problems = inspected(
        change(
            f"{TIMEOUT}ALTER TABLE posts DROP title;",
            f"{TIMEOUT}ALTER TABLE posts ADD title text;",
        )
    )

    assert problems == []


@pytest.mark.parametrize(
    ("apply", "rollback"),
    [
        (
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN\n\n\n\n\nEND$$;",
            "DROP FUNCTION f();",
        ),
        (
            "CREATE TYPE pair AS (a int, b int); CREATE TABLE pairs OF pair;",
            "DROP TABLE pairs; DROP TYPE pair;",
        ),
        (
            "CREATE DOMAIN three AS int DEFAULT 3; ALTER TABLE posts ADD n three NOT NULL;",
            "ALTER TABLE posts DROP n; DROP DOMAIN three;",
        ),
    ],
)
def test_right_migrations_are_let_through(
    inspected: Inspect, apply: str, rollback: str
) -> None:
    assert inspected(change(TIMEOUT + apply, TIMEOUT + rollback))[1] == []


def test_a_column_of_an_unlogged_table_comes_back_too(inspected: Inspect) -> None:
    _, problems = inspected(
        {
            "1.sql": "CREATE UNLOGGED TABLE notes (a int, b int, c int);",
            "1.rollback.sql": f"{TIMEOUT}DROP TABLE notes;",
            "2.sql": f"{TIMEOUT}ALTER TABLE notes DROP a;",
            "2.rollback.sql": f"{TIMEOUT}ALTER TABLE notes ADD a int;",
        }
    )

    assert problems == []


def test_what_others_have_built_on_a_table_is_not_advised_to_be_dropped(
    inspected: Inspect,
) -> None:
    _, problems = inspected(
        change(
            f"{TIMEOUT}CREATE TABLE more (id int); CREATE VIEW shown AS SELECT FROM more;",
            f"{TIMEOUT}DROP TABLE more;",
        )
    )

    assert problems[0].endswith("\n  Mend the statement.")


def test_outside_a_transaction_it_runs_too_and_is_marked_as_not_observed(
    inspected: Inspect,
) -> None:
    index = "CREATE INDEX CONCURRENTLY posts_by_title ON posts (title);"
    own = "ALTER TABLE posts ADD body text;"
    found, problems = inspected(
        change(
            f"-- Why.\n-- transactional: false\n\n{index}\nBEGIN;\n{own}\nCOMMIT;\n",
            "DROP INDEX CONCURRENTLY posts_by_title;\nALTER TABLE posts DROP body;",
        )
    )

    assert steps(found)[index] == Step(
        statement=index, locks=[], rewrites=[], scans=[], is_observed=False
    )
    # Within a transaction of its own all is as elsewhere.
    assert steps(found)[own].is_observed
    assert steps(found)[own].locks == [Lock(table="posts", mode="ACCESS EXCLUSIVE")]
    assert [each.partition(" takes")[0] for each in problems] == [f"2.sql:6:1: {own}"]
    assert "CREATE INDEX posts_by_title" in found.schema


def test_the_order_is_that_of_yoyo_and_nothing_is_printed(
    inspected: Inspect, capsys: pytest.CaptureFixture[str]
) -> None:
    found, problems = inspected(
        {
            **POSTS,
            "0.sql": "-- depends: 1.posts\nSELECT count(*) FROM posts;",
            "0.rollback.sql": "SELECT 1;",
            "post-apply.sql": "GRANT SELECT ON posts TO PUBLIC;",
        }
    )

    assert problems == []
    assert [each.id for each in found.migrations] == ["1.posts", "0", "post-apply"]
    assert "GRANT SELECT ON TABLE public.posts TO PUBLIC" in found.schema
    assert capsys.readouterr().out == ""


def test_without_a_rollback_it_is_applied_once_and_observed(inspected: Inspect) -> None:
    found, problems = inspected(
        {**POSTS, "2.sql": TIMEOUT + "ALTER TABLE posts ADD body text;"}
    )

    assert [each.partition("\n")[0] for each in problems] == [
        "2.sql: there is no rollback, 2.rollback.sql"
    ]
    assert steps(found)["ALTER TABLE posts ADD body text;"].locks
