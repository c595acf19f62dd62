"""python -m production_sql load and dump: all of it, equal, or told by file and line."""

import gzip
import inspect
import io
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
from msgspec import json

from production_sql import ContentDraftDTO, DraftBundleDTO, bundles, drafts, schema
from production_sql.__main__ import main
from production_sql.transfer import dump, load, records

from .client import Observer
from .samples import asset, bundle, draft

COMMAND: list[Any] = [sys.executable, "-m", "production_sql"]
CHECKOUT = Path(__file__).parents[1]
Item = ContentDraftDTO | DraftBundleDTO

HOSTILE: list[Item] = [
    draft("'; DROP TABLE x; --", body='"\\ \u2028\u2029\r\n\t\x7f$1 %s {}', metadata={}),
    draft(
        "Ωμέγα 🦜",
        strategy_id="\ufeffא",
        content_type="",
        metadata={
            "": {"nested": [[], {}, None, True, {"\u0000": "\u0000"}]},
            "floats": [1e23, -0.0, 1.0, 5e-324],
            "ints": [2**53 + 1, 2**64, -(10**40)],
        },
    ),
    draft("z first, a last"),
    draft("a"),
    bundle("z first, a last", "two\nlines", "'", draft_id="no draft"),
    bundle("a", assets=[asset("🦜", metadata={"1e23": [-0.0, 1e23]}), asset("{}", url="")]),
    bundle("no assets"),
]


END = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = 'command'"
)


@pytest.fixture(autouse=True)
def database(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", dsn)


# What the driver says of a session that was ended; the second is of older versions.
LOST = ("AdminShutdown: terminating", "OperationalError: consuming input failed")


@pytest.fixture
def other(dsn: str) -> str:
    """A schema with tables of its own."""
    name = 'Other, "one"'
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute('CREATE SCHEMA "Other, ""one"""')
    schema.apply(dsn, schema=name)
    return name


def store(conn: psycopg.Connection[Any], items: list[Item]) -> None:
    for item in items:
        if isinstance(item, ContentDraftDTO):
            drafts.create(conn, item)
        else:
            bundles.create(conn, item)


def stored(conn: psycopg.Connection[Any], search_path: str | None = None) -> list[Item]:
    if search_path:
        conn.execute(
            "SELECT set_config('search_path', quote_ident(%s), FALSE)", [search_path]
        )
    return [*drafts.stream(conn), *bundles.stream(conn)]


def ids(conn: psycopg.Connection[Any]) -> list[str]:
    """Of the drafts and then of the bundles."""
    return [
        item.draft_id if isinstance(item, ContentDraftDTO) else item.bundle_id
        for item in stored(conn)
    ]


def write(file: Path, *lines: Item | bytes) -> str:
    """Write a file for a load, and return its name."""
    data = [line if isinstance(line, bytes) else records.encode(line) for line in lines]
    opened = gzip.open(file, "wb") if file.suffix == ".gz" else file.open("wb")
    with opened as output:
        output.writelines(data)
    return str(file)


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines on standard error; on standard output there is none."""
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


@pytest.mark.parametrize("suffix", ["ndjson", "ndjson.gz"])
def test_a_load_of_a_dump_gives_equal_tables(
    observer: Observer,
    other: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    suffix: str,
) -> None:
    store(observer.conn, HOSTILE)
    file = tmp_path / f"dump.{suffix}"

    assert main(["dump", str(file)]) == 0
    assert main(["load", str(file), "--schema", other]) == 0

    has_no_time = file.read_bytes().startswith(b"\x1f\x8b\x08\0\0\0\0\0")
    assert has_no_time is (file.suffix == ".gz")
    assert said(capsys) == [
        "4 drafts and 3 bundles dumped",
        "7 records read: 7 written, 0 unchanged, 0 set aside",
    ]
    assert repr(stored(observer.conn, other)) == repr(HOSTILE)
    again = tmp_path / f"again.{suffix}"
    assert main(["dump", str(again), "--schema", other]) == 0
    assert again.read_bytes() == file.read_bytes()


def test_a_dump_can_be_piped_into_a_load(observer: Observer, other: str) -> None:
    store(observer.conn, HOSTILE)
    dumping = subprocess.Popen([*COMMAND, "dump"], stdout=subprocess.PIPE)
    loading = [*COMMAND, "load", "-", "--schema", other]

    subprocess.run(loading, stdin=dumping.stdout, check=True)

    assert dumping.stdout
    dumping.stdout.close()
    assert dumping.wait() == 0
    assert repr(stored(observer.conn, other)) == repr(HOSTILE)


def test_a_dump_is_a_line_of_json_for_each_record(
    observer: Observer, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    store(observer.conn, HOSTILE)

    assert main(["dump"]) == 0

    lines = capfdbinary.readouterr().out.split(b"\n")
    wanted = [{"draft": each} for each in HOSTILE[:4]], [{"bundle": e} for e in HOSTILE[4:]]
    assert lines == [*(json.encode(each) for kind in wanted for each in kind), b""]


def connections(monkeypatch: pytest.MonkeyPatch) -> list[psycopg.Connection[Any]]:
    """Return where the connections will be that are opened from now on."""
    opened: list[psycopg.Connection[Any]] = []
    connect = psycopg.connect

    def connected(*args: Any, **options: Any) -> psycopg.Connection[Any]:
        opened.append(connect(*args, **options))
        return opened[-1]

    monkeypatch.setattr(psycopg, "connect", connected)
    return opened


def at_first_record(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Do something once a dump has read its first record."""
    actions = [action]

    def encode(item: Item) -> bytes:
        while actions:
            actions.pop()()
        return records.encode(item)

    monkeypatch.setattr(dump, "encode", encode)


def test_a_dump_is_of_one_moment_and_reads_only(
    observer: Observer,
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store(observer.conn, HOSTILE)
    seen: list[Any] = []
    opened = connections(monkeypatch)

    def change() -> None:
        (conn,) = opened
        seen.append(conn.execute("SHOW transaction_read_only").fetchone())
        bundles.create(observer.conn, bundle("new"))
        bundles.discard(observer.conn, "a")

    at_first_record(monkeypatch, change)

    assert main(["dump"]) == 0

    assert seen == [("on",)]
    lines = capfdbinary.readouterr().out.splitlines()
    assert [records.decode(line) for line in lines] == HOSTILE
    assert ids(observer.conn)[4:] == ["z first, a last", "no assets", "new"]


def test_a_dump_that_fails_leaves_the_file_as_it_was_and_no_other(
    observer: Observer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store(observer.conn, HOSTILE)
    file = tmp_path / "dump"
    file.write_bytes(b"before")
    monkeypatch.setenv("PGAPPNAME", "command")
    at_first_record(monkeypatch, lambda: observer.conn.execute(END))

    assert main(["dump", str(file)]) == 1

    start = "production_sql: "
    assert said(capsys)[0].startswith(tuple(f"{start}{lost}" for lost in LOST))
    assert file.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["dump"]


def test_a_dump_keeps_the_mode_of_a_file_and_a_link_to_it(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.touch(mode=0o600)
    link.symlink_to(file)

    assert main(["dump", str(link)]) == 0
    assert main(["dump", str(tmp_path / "new")]) == 0

    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    usual = tmp_path / "usual"
    usual.touch()
    assert (tmp_path / "new").stat().st_mode == usual.stat().st_mode


def test_a_named_pipe_is_written_to_and_read_and_not_replaced(
    observer: Observer, tmp_path: Path, other: str
) -> None:
    store(observer.conn, HOSTILE)
    pipe = tmp_path / "pipe.gz"
    os.mkfifo(pipe)
    loading = Thread(target=main, args=[["load", str(pipe), "--schema", other]])
    loading.start()

    assert main(["dump", str(pipe)]) == 0

    loading.join()
    assert pipe.is_fifo()
    assert records.total_size([str(pipe)]) is None
    assert stored(observer.conn, other) == HOSTILE


def test_a_file_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nowhere" / "dump"

    assert main(["dump", str(file)]) == 1
    assert main(["dump", str(tmp_path)]) == 1
    assert main(["load", "-", "--set-aside", str(file)]) == 1

    assert said(capsys) == [
        f"production_sql: ProductionError: {file}: not written: No such file or directory",
        f"production_sql: ProductionError: {tmp_path}: not written: Is a directory",
        f"production_sql: ProductionError: --set-aside: {file}: No such file or directory",
    ]


def test_a_standard_output_that_takes_no_more_is_told(observer: Observer) -> None:
    drafts.create(observer.conn, draft())
    with Path("/dev/full").open("wb") as full:
        dumping = subprocess.run(
            [*COMMAND, "dump"], stdout=full, stderr=subprocess.PIPE, check=False
        )

    assert dumping.returncode == 1
    assert dumping.stderr.decode() == (
        "production_sql: ProductionError: -: not written: No space left on device\n"
    )


@pytest.mark.parametrize("stream", ["0<&-", "2>&-"])
def test_a_standard_stream_that_is_closed_is_told(stream: str) -> None:
    run = subprocess.run(
        ["sh", "-c", f'"$@" {stream}', "sh", *COMMAND, "dump"],
        stdout=subprocess.PIPE,
        check=False,
    )

    assert run.returncode == 1
    assert run.stdout == (
        b"production_sql: a standard stream is closed: give it /dev/null\n"
    )


@pytest.mark.usefixtures("observer")
def test_a_dump_is_one_when_nobody_reads_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    with open(writing, "wb") as nowhere:
        run = subprocess.run(
            [*COMMAND, "dump", str(tmp_path / "file")], stderr=nowhere, check=False
        )

    assert run.returncode == 0


def test_a_load_goes_on_when_nobody_reads_what_it_says(
    observer: Observer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "file", b"bad\n", draft("a"), b"bad\n", draft("b"))
    reading, writing = os.pipe()
    os.close(reading)
    command = [*COMMAND, "load", file, "--set-aside", str(tmp_path / "aside")]
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    with open(writing, "wb") as nowhere:
        run = subprocess.run(command, stderr=nowhere, check=False)

    assert run.returncode == 1
    assert ids(observer.conn) == ["a", "b"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_dump_whose_reader_has_gone_ends_quietly(
    observer: Observer, monkeypatch: pytest.MonkeyPatch, unbuffered: str
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    many = [draft(f"draft_{n}", body="x" * 2000) for n in range(500)]
    drafts.upsert_many(observer.conn, many)
    dumping = subprocess.Popen(
        [*COMMAND, "dump"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert dumping.stdout
    assert dumping.stdout.readline() == records.encode(many[0])
    dumping.stdout.close()

    assert dumping.stderr
    assert dumping.stderr.read() == b""
    dumping.stderr.close()
    assert dumping.wait() == 128 + 13


def test_a_load_writes_what_is_new_or_changed_and_says_how_many(
    observer: Observer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(observer.conn, [draft("a"), draft("b"), bundle("c", "asset")])
    before = observer.everything()
    first = write(
        tmp_path / "1", draft("a"), b" \t\r\n\n", bundle("c", "asset"), draft("b")
    )
    second = write(tmp_path / "2.gz", draft("b", body="new"), bundle("d"), draft("e"))

    assert main(["load", first]) == 0
    assert observer.everything() == before
    assert main(["load", first, second]) == 0

    assert said(capsys) == [
        "3 records read: 0 written, 3 unchanged, 0 set aside",
        "6 records read: 3 written, 3 unchanged, 0 set aside",
    ]
    assert stored(observer.conn) == [
        draft("a"),
        draft("b", body="new"),
        draft("e"),
        bundle("c", "asset"),
        bundle("d"),
    ]


def test_records_of_both_kinds_in_any_order_are_stored_as_if_one_by_one(
    observer: Observer, tmp_path: Path
) -> None:
    lines: list[Item] = [
        bundle("b", "x", "y"),
        draft("b", body="old"),
        bundle("a", "z"),
        draft("a"),
        draft("b", body="new"),
        bundle("b", "y"),
        bundle("a", "x", "z"),
    ]
    wanted = [draft("b", body="new"), draft("a"), bundle("b", "y"), bundle("a", "x", "z")]
    for size in range(1, 9):
        assert main(["load", write(tmp_path / "f", *lines), "--batch-size", str(size)]) == 0
        assert stored(observer.conn) == wanted
        for key in "ab":
            drafts.discard(observer.conn, key)
            bundles.discard(observer.conn, key)


BAD: list[tuple[bytes | Item, str]] = [
    (b"draft\n", "JSON is malformed: invalid character (byte 0)"),
    (b'{"draft"\n', "Input data was truncated"),
    (b"{}\n", 'Expected {"draft": {…}} or {"bundle": {…}}, one of the two'),
    (
        b'{"draft": %s, "bundle": %s}\n'
        % (json.encode(draft("bad")), json.encode(bundle("bad"))),
        'Expected {"draft": {…}} or {"bundle": {…}}, one of the two',
    ),
    (b'{"asset": {}}\n', "Object contains unknown field `asset`"),
    (
        b'{"\\u001b[31m": {}}\n',
        r"Object contains unknown field `\x1b[31m`",
    ),
    (b'{"draft": {}}\n', "Object missing required field `draft_id` - at `$.draft`"),
    (
        records.encode(bundle("bad", "a", "b")).replace(b"url", b"uri", 2),
        "Object contains unknown field `uri` - at `$.bundle.assets[0]`",
    ),
    (
        records.encode(draft("bad")).replace(b"metadata", b"meta"),
        "Object contains unknown field `meta` - at `$.draft`",
    ),
    (
        records.encode(draft("bad")).replace(b"Spring", b"Spr\xefng"),
        "not in UTF-8: 0xef (byte 94)",
    ),
    (
        b'{"draft": {"metadata": {"a": %s' % (b"[" * 10_000),
        "maximum recursion depth exceeded while deserializing an object",
    ),
    (
        draft("bad", body="a\0b"),
        "drafts.upsert: ContentDraftDTO.body: NUL at index 1, which PostgreSQL cannot "
        "store",
    ),
    (
        bundle("bad", "a", "a"),
        "bundles.upsert: DraftBundleDTO.assets[1].asset_id: 'a' is that of assets[0] too: "
        "a bundle has an asset once",
    ),
    (
        bundle("bad", "taken"),
        "asset 'taken' belongs to bundle 'owner' and cannot go to bundle 'bad': take it "
        "out of the list there first",
    ),
    (
        draft("bad", content_type="forbidden"),
        'CheckViolation: new row for relation "production_drafts" violates check '
        'constraint "ours" DETAIL: ',
    ),
    (
        draft("bad", content_type="unwanted"),
        "RaiseException: no such drafts CONTEXT: PL/pgSQL function ",
    ),
    (
        draft("bad", content_type="odd"),
        "InvalidParameterValue: an odd one CONTEXT: PL/pgSQL function ",
    ),
]


CONSTRAINT = """
    ALTER TABLE production_drafts ADD CONSTRAINT ours CHECK (content_type != 'forbidden');
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF new.content_type = 'unwanted' THEN RAISE 'no such drafts'; END IF;
            IF new.content_type = 'odd' THEN
                RAISE 'an odd one' USING ERRCODE = 'invalid_parameter_value';
            END IF;
            RETURN new;
        END
    $$;
    CREATE TRIGGER refused BEFORE INSERT ON production_drafts
        FOR EACH ROW EXECUTE FUNCTION refuse()
"""


def line_of(record: bytes | Item) -> bytes:
    line = record if isinstance(record, bytes) else records.encode(record)
    return line.rstrip(b"\n") + b"\n"


@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_a_bad_record_ends_the_load_with_all_before_it_stored_and_nothing_after_it(
    observer: Observer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    bad: bytes | Item,
    reason: str,
) -> None:
    if reason.startswith(("CheckViolation", "RaiseException", "InvalidParameter")):
        observer.conn.execute(CONSTRAINT)
    store(observer.conn, [bundle("owner", "taken")])
    before: list[Item] = [draft("a"), bundle("b"), draft("c"), bundle("d")]
    file = write(tmp_path / "file", *before, line_of(bad), draft("after"), bundle("after"))

    assert main(["load", file]) == 1

    counts, message = said(capsys)
    assert counts == "5 records read: 4 written, 0 unchanged, 0 set aside"
    assert message.startswith(f"production_sql: InvalidValueError: {file}:5: {reason}")
    assert message.endswith(
        ". All before it is stored: mend it and load again, or have what is refused set "
        "aside by --set-aside FILE"
    )
    assert ids(observer.conn) == ["a", "c", "owner", "b", "d"]


@pytest.mark.parametrize("size", ["1", "500"])
def test_bad_records_are_set_aside_as_they_are_and_all_others_stored(
    observer: Observer, tmp_path: Path, capsys: pytest.CaptureFixture[str], size: str
) -> None:
    observer.conn.execute(CONSTRAINT)
    store(observer.conn, [bundle("owner", "taken")])
    bad = [line_of(record) for record, _ in BAD]
    lines = [
        line
        for number, each in enumerate(bad)
        for line in (draft(f"d{number}"), each, bundle(f"b{number}"))
    ]
    file, aside = write(tmp_path / "file", *lines), tmp_path / "aside"

    assert main(["load", file, "--set-aside", str(aside), "--batch-size", size]) == 1

    *messages, counts = said(capsys)
    assert len(messages) == len(BAD)
    for number, (message, (_, reason)) in enumerate(zip(messages, BAD, strict=True)):
        assert message.startswith(f"{file}:{3 * number + 2}: set aside: {reason}")
    assert counts == (
        f"{3 * len(BAD)} records read: {2 * len(BAD)} written, 0 unchanged, {len(BAD)} set "
        "aside"
    )
    assert aside.read_bytes() == b"".join(bad)
    numbers = range(len(BAD))
    assert ids(observer.conn) == [
        *(f"d{number}" for number in numbers),
        "owner",
        *(f"b{number}" for number in numbers),
    ]


def test_a_byte_order_mark_is_no_part_of_a_record(
    observer: Observer, tmp_path: Path
) -> None:
    marked = b"\xef\xbb\xbf" + records.encode(draft("a"))

    assert main(["load", write(tmp_path / "file", marked)]) == 0

    assert ids(observer.conn) == ["a"]


def test_a_load_goes_on_where_another_one_stopped(
    observer: Observer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [draft(f"draft_{n}") for n in range(25)]
    file = write(tmp_path / "file", *good[:21], b"bad\n", *good[21:])
    assert main(["load", file, "--batch-size", "5"]) == 1

    write(tmp_path / "file", *good)
    assert main(["load", file, "--batch-size", "5"]) == 0

    counts = said(capsys)
    assert counts[0] == "22 records read: 21 written, 0 unchanged, 0 set aside"
    assert counts[2] == "25 records read: 4 written, 21 unchanged, 0 set aside"
    assert stored(observer.conn) == good


@pytest.mark.parametrize("name", ["aside", "aside.gz"])
def test_what_is_set_aside_is_in_order_and_can_be_mended_and_loaded(
    observer: Observer, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    good: list[Item] = [draft(f"draft_{n}") for n in range(6)]
    lines: list[Item | bytes] = [*good]
    lines[1] = records.encode(good[1]).replace(b"blog_post", b"\\u0000")
    lines[2] = b"  " + records.encode(good[2]).replace(b"body", b"Body")
    lines[5] = records.encode(good[5])[:-2]  # the end of a file that was cut off
    aside = tmp_path / name
    file = write(tmp_path / "file", *lines)
    assert main(["load", file, "--batch-size", "4", "--set-aside", str(aside)]) == 1

    opened = gzip.open(aside) if aside.suffix == ".gz" else aside.open("rb")
    with opened as found:
        bad = found.readlines()
    assert bad == [lines[1], lines[2], records.encode(good[5])[:-2] + b"\n"]
    mended = write(aside, *good[1:3], good[5])
    assert main(["load", mended]) == 0
    assert said(capsys)[3:] == [
        "6 records read: 3 written, 0 unchanged, 3 set aside",
        "3 records read: 3 written, 0 unchanged, 0 set aside",
    ]
    assert sorted(ids(observer.conn)) == [f"draft_{n}" for n in range(6)]


def test_the_file_for_what_is_set_aside_is_a_new_one_and_only_there_if_need_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "file", draft())
    new = str(tmp_path / "new.gz")

    assert main(["load", file, "--set-aside", new]) == 0
    assert main(["load", file, "--set-aside", file]) == 1
    assert main(["load", file, "--set-aside", "-"]) == 1

    assert said(capsys)[1:] == [
        f"production_sql: InvalidValueError: --set-aside: {file} is there: load what is in "
        "it or move it, or name another",
        "production_sql: InvalidValueError: --set-aside: - is no file: name one",
    ]
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("is_set_aside", [False, True])
def test_a_file_that_is_cut_off_is_told_and_what_is_before_is_stored(
    observer: Observer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    is_set_aside: bool,
) -> None:
    many = [draft(f"draft_{n}", body=os.urandom(500).hex()) for n in range(100)]
    file = tmp_path / "file.gz"
    whole = Path(write(file, *many)).read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    more = ["--set-aside", str(tmp_path / "aside")] if is_set_aside else []

    assert main(["load", str(file), "--batch-size", "8", *more]) == 1

    count = len(ids(observer.conn))
    assert 40 < count < 60
    assert said(capsys) == [
        f"{count} records read: {count} written, 0 unchanged, 0 set aside",
        f"production_sql: ProductionError: {file}:{count + 1}: Compressed file ended "
        "before the end-of-stream marker was reached. All before it is stored: load the "
        "file again once it is whole",
    ]
    assert stored(observer.conn) == many[:count]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no gzip", "Not a gzipped file (b'no')"),
        (
            gzip.compress(b"x")[:-8] + b"\0" * 8,
            "CRC check failed",
        ),
        (gzip.compress(b"x" * 99)[:10] + b"\xff" * 99, "Error -3 while decompressing"),
    ],
    ids=["no gzip", "a wrong sum", "no deflate"],
)
def test_a_file_that_is_no_gzip_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, reason: str
) -> None:
    file = tmp_path / "file.gz"
    file.write_bytes(data)

    assert main(["load", str(file)]) == 1

    assert said(capsys)[-1].startswith(
        f"production_sql: ProductionError: {file}:1: {reason}"
    )


def test_a_file_that_is_not_there_is_told_before_anything_is_stored(
    observer: Observer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "file", draft())

    assert main(["load", file, f"{file}.gz"]) == 1
    assert main(["load", str(tmp_path)]) == 1

    assert said(capsys) == [
        f"production_sql: ProductionError: {file}.gz: No such file or directory",
        f"production_sql: ProductionError: {tmp_path}: Is a directory",
    ]
    assert ids(observer.conn) == []


@pytest.mark.parametrize("is_set_aside", [False, True])
def test_a_connection_that_is_lost_ends_the_load_with_whole_batches_stored(
    observer: Observer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_set_aside: bool,
) -> None:
    file = write(tmp_path / "file", *(draft(f"draft_{n}") for n in range(50)))
    monkeypatch.setenv("PGAPPNAME", "command")

    def read(*arguments: Any) -> Iterator[records.Line]:
        for number, line in enumerate(records.read(*arguments), 1):
            if number == 25:
                observer.conn.execute(END)
            yield line

    monkeypatch.setattr(load, "read", read)
    more = ["--set-aside", str(tmp_path / "aside")] if is_set_aside else []

    assert main(["load", file, "--batch-size", "10", *more]) == 1

    assert len(ids(observer.conn)) == 20
    counts, message = said(capsys)
    assert counts == "20 records read: 20 written, 0 unchanged, 0 set aside"
    start = f"production_sql: ProductionError: {file}:21: "
    assert message.startswith(tuple(f"{start}{lost}" for lost in LOST))
    assert message.endswith(". All before it is stored: load again to go on")


def test_an_error_that_is_of_no_record_ends_the_load_at_its_line(
    observer: Observer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    observer.conn.execute(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF new.draft_id = 'draft_7' THEN RAISE 'disk' USING ERRCODE = 'disk_full'; END IF;"
        " RETURN new; END $$; CREATE TRIGGER failing BEFORE INSERT ON production_drafts "
        "FOR EACH ROW EXECUTE FUNCTION fail()"
    )
    file = write(tmp_path / "file", *(draft(f"draft_{n}") for n in range(9)))

    assert main(["load", file, "--set-aside", str(tmp_path / "aside")]) == 1

    counts, message = said(capsys)
    assert counts == "7 records read: 7 written, 0 unchanged, 0 set aside"
    assert message.startswith(f"production_sql: ProductionError: {file}:8: DiskFull: disk")
    assert len(ids(observer.conn)) == 7


@pytest.mark.parametrize("command", ["load", "dump"])
def test_tables_that_are_not_there_and_no_database_are_told(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = write(tmp_path / "file", draft())

    assert main([command, file, "--schema", "nowhere"]) == 1
    monkeypatch.setenv("DATABASE_URL", "")
    assert main([command, file]) == 1

    messages = [line for line in said(capsys) if "records read" not in line]
    assert messages == [
        "production_sql: NotFoundError: the tables are not there: apply the migrations "
        "first, or name the --schema that they are in",
        "production_sql: InvalidValueError: --dsn: which database? Name it, or set "
        "DATABASE_URL",
    ]
    assert Path(file).read_bytes() == records.encode(draft())


def test_whatever_the_encoding_of_a_session_is_and_behind_a_pooler(
    dsn: str,
    observer: Observer,
    other: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store(observer.conn, HOSTILE)
    opened = connections(monkeypatch)
    latin = f"{dsn} client_encoding=latin1"
    file = str(tmp_path / "file")

    assert main(["dump", file, "--dsn", latin]) == 0
    assert main(["load", file, "--dsn", latin, "--schema", other]) == 0

    assert stored(observer.conn, other) == HOSTILE
    assert [conn.prepare_threshold for conn in opened] == [None, None]


@pytest.mark.parametrize("size", ["0", "-1", "x"])
def test_a_batch_size_that_is_none_is_refused(
    size: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["load", "-", "--batch-size", size])

    assert raised.value.code == 2
    assert f"argument --batch-size: not a number from 1: '{size}'" in said(capsys)[-1]


def test_the_batch_size_is_that_of_the_call_if_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: dict[str, Any] = {}

    def run(*_: Any, **options: Any) -> int:
        given.update(options)
        return 0

    monkeypatch.setattr(load, "run", run)

    assert main(["load", "-"]) == 0

    parameters = inspect.signature(drafts.upsert_many).parameters
    assert given["batch_size"] == parameters["batch_size"].default


@pytest.mark.parametrize("command", ["load", "dump"])
def test_help_explains(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main([command, "--help"])

    assert raised.value.code == 0
    assert "one a line" in " ".join(capsys.readouterr().out.split())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Return what stands in for standard error."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


@pytest.mark.parametrize("suffix", ["ndjson", "ndjson.gz"])
def test_on_a_terminal_a_load_has_a_bar_over_the_bytes_of_the_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, suffix: str
) -> None:
    terminal = on_terminal(monkeypatch)
    lines = [draft(f"draft_{n}") for n in range(50)]
    names = [write(tmp_path / f"{name}.{suffix}", *lines) for name in "ab"]
    size = sum(Path(name).stat().st_size for name in names)
    told: list[int] = []
    list(records.read(names, told.append))

    assert main(["load", *names]) == 0

    assert sum(told) == records.total_size(names) == size
    *_, bar, counts = terminal.getvalue().splitlines()
    assert re.search(r"100%.*/\S+ \[\d\d:\d\d<\d\d:\d\d, .*B/s\]$", bar)
    assert counts == "100 records read: 50 written, 50 unchanged, 0 set aside"


def test_on_a_terminal_a_dump_has_a_bar_over_the_records(
    observer: Observer,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    terminal = on_terminal(monkeypatch)
    store(observer.conn, HOSTILE)

    assert main(["dump"]) == 0

    assert re.search(r"100%.* 7.00/7.00 \[.*, .* records/s\]", terminal.getvalue())
    assert len(capfdbinary.readouterr().out.splitlines()) == 7


def test_a_stream_has_a_bar_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    data = io.TextIOWrapper(io.BytesIO(records.encode(draft())))
    monkeypatch.setattr(sys, "stdin", data)

    assert main(["load", "-"]) == 0

    assert re.search(r"\d+B \[00:00, .*B/s\]\n", terminal.getvalue())
    assert "%" not in terminal.getvalue()


def test_what_is_said_is_on_lines_of_its_own_above_the_bar(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    terminal = on_terminal(monkeypatch)
    file = write(tmp_path / "file", draft(), b"bad\n")

    assert main(["load", file, "--set-aside", str(tmp_path / "aside")]) == 1

    shown = [line.rpartition("\r")[2] for line in terminal.getvalue().split("\n")]
    assert f"{file}:2: set aside: {BAD[0][1]}" in shown
    assert shown[-2:] == ["2 records read: 1 written, 0 unchanged, 1 set aside", ""]


def test_without_the_extra_there_is_no_bar(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    terminal = on_terminal(monkeypatch)
    monkeypatch.setitem(sys.modules, "tqdm", None)

    assert main(["load", write(tmp_path / "file", draft())]) == 0

    said = "1 records read: 1 written, 0 unchanged, 0 set aside\n"
    assert terminal.getvalue() == said


def test_there_is_no_bar_among_what_is_dumped_to_the_terminal(
    observer: Observer, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = on_terminal(monkeypatch)
    store(observer.conn, HOSTILE)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    assert main(["dump"]) == 0

    assert terminal.getvalue() == "4 drafts and 3 bundles dumped\n"


MEMORY = """
import sys
from pathlib import Path
from production_sql.__main__ import main
from tests.sizes import memory

few, many, copy = sys.argv[1:]
assert main(["load", few]) == main(["dump", copy]) == 0
before = memory("VmRSS")
for command in (["load", many], ["dump", copy]):
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    assert main(command) == 0
    print(memory("VmHWM") - before)
"""


def growth(tmp_path: Path, few: int, many: int, size: int) -> list[int]:
    """Return what a load of many drafts takes beyond that of few, and a dump."""
    command = [sys.executable, "-c", MEMORY]
    for count in (few, many):
        lines = (draft(f"draft_{n}", body="x" * size) for n in range(count))
        command.append(write(tmp_path / str(count), *lines))
    command.append(str(tmp_path / "copy"))
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=CHECKOUT)
    return [int(line) for line in run.stdout.split()]


@pytest.mark.skipif(sys.platform != "linux", reason="the memory is that of /proc")
def test_the_memory_of_a_load_and_a_dump_does_not_grow_with_the_records(
    tmp_path: Path,
) -> None:
    assert max(growth(tmp_path, 1000, 8000, 2000)) < 8000 * 2000 * 3 / 4


@pytest.mark.skipif(sys.platform != "linux", reason="the memory is that of /proc")
def test_a_batch_of_large_records_has_less_of_them(tmp_path: Path) -> None:
    of_load, _ = growth(tmp_path, 1, 40, 500_000)
    assert of_load < 1.5 * 40 * 500_000
