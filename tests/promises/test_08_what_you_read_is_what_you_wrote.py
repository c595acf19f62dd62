"""A value comes back equal, or is refused before anything is sent."""

from collections import ChainMap, OrderedDict
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs
from psycopg.pq import TransactionStatus

from production_sql import (
    AlreadyExistsError,
    AssetConflictError,
    AssetDTO,
    ContentDraftDTO,
    DraftBundleDTO,
    InvalidValueError,
    NotFoundError,
    assets,
    bundles,
    drafts,
)

from ..client import Client, Observer
from ..samples import NOON, asset, bundle, draft


class Kind(StrEnum):
    POST = "post"


class Point(Struct):
    x: int


class Text(str):
    def __str__(self) -> str:
        return "another"


class OddKey(str):
    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        return False


class FrozenDatetime(datetime):
    pass


class FineDatetime(datetime):
    """With more than a datetime can hold, as that of a data frame."""

    def __sub__(self, other: Any) -> Any:
        return super().__sub__(other) + timedelta(microseconds=1)


class Nowhere(tzinfo):
    def utcoffset(self, _: datetime | None) -> None:
        return None

    dst = utcoffset

    def tzname(self, _: datetime | None) -> None:
        return None


class LongDraft(ContentDraftDTO, frozen=True, kw_only=True):
    subtitle: str = ""


class LongAsset(AssetDTO, frozen=True, kw_only=True):
    alt: str = ""


def nested(depth: int) -> dict[str, Any]:
    value: list[Any] = []
    for _ in range(depth - 2):
        value = [value]
    return {"a": value}


TEXTS = [
    "",
    " \t\r\n\x01\x7f",
    "'\"\\ $1 %(body)s %s %% -- /* */ ;",
    "naïve Ωμέγα привет \u202eשלום مرحبا \u202c नमस्ते 日本語",
    "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 e\u0301 \ufeff \ufffd \U0010ffff",
    "x" * 100_000,
    # Four bytes each, and nothing that compression could make smaller.
    "".join(chr(0x10000 + code * 7919 % 0xFFFFF) for code in range(640)),
    Kind.POST,
    Text("y"),
]
METADATA: list[dict[str, Any]] = [
    {},
    {"": None, "a": [True, False, 0, -1, 1.5, "x", [], {}]},
    {"nul": "\0", "key\0": ["\0"], "escape": '\\u0000 \\ " /'},
    {"float": [1e23, -0.0, 5e-324, 1.7976931348623157e308, 0.1, 1e16, 123456789.0]},
    {"int": [0, 2**53 + 1, 2**63, -(2**63) - 1, 10**40]},
    {"text": TEXTS[:-1]},
    {"deep": [[[[[[{"a": {"b": {"c": [{}]}}}]]]]]]},
    OrderedDict(b=1, a=2),
    nested(500),
    {"wide": [[{}]] * 600},
]
TIMES = [
    NOON,
    NOON.replace(microsecond=123456),
    NOON.astimezone(timezone(timedelta(hours=5, minutes=45))),
    datetime(1900, 1, 1, tzinfo=timezone(timedelta(minutes=19, seconds=32))),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    FrozenDatetime(2026, 3, 14, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-3))),
]


def test_text_comes_back_equal(client: Client) -> None:
    for text in TEXTS:
        key = text[:640] or "x"
        given_draft = draft(key, strategy_id=key, content_type=text, body=text)
        given_bundle = bundle(
            key, draft_id=key, assets=[asset(key, asset_type=text, url=text)]
        )

        client(drafts.create, given_draft)
        client(bundles.create, given_bundle)

        assert client(drafts.fetch, key) == given_draft
        assert client(drafts.fetch_by_strategy, key) == [given_draft]
        assert client(bundles.fetch, key) == given_bundle
        assert client(bundles.fetch_by_draft, key) == [given_bundle]
        assert client(assets.fetch, key) == given_bundle.assets[0]
        assert client(drafts.upsert, given_draft) is False
        assert client(bundles.upsert, given_bundle) is False


def test_metadata_come_back_equal(client: Client) -> None:
    for metadata in METADATA:
        given_draft = draft(metadata=metadata)
        given_asset = asset(metadata=metadata)

        client(drafts.upsert, given_draft)
        client(bundles.upsert, bundle(assets=[given_asset]))

        assert client(drafts.fetch, "draft_1") == given_draft
        assert client(assets.fetch, "asset_1") == given_asset
        assert client(bundles.fetch, "bundle_1") == bundle(assets=[given_asset])
        # repr tells -0.0 from 0.0, and 1.0 from 1.
        kept = client(drafts.fetch, "draft_1").metadata
        assert repr(sorted(kept.items())) == repr(sorted(dict(metadata).items())).replace(
            "<Kind.POST: 'post'>", "'post'"
        )


def test_a_datetime_comes_back_equal_and_aware(client: Client) -> None:
    for time in TIMES:
        client(drafts.discard, "draft_1")
        client(drafts.create, draft(created_at=time))
        client(bundles.create, bundle(assembled_at=time))

        assert client(drafts.fetch, "draft_1").created_at == time
        assert client(bundles.fetch, "bundle_1").assembled_at == time
        assert client(drafts.fetch, "draft_1").created_at.utcoffset() is not None


def test_a_character_that_the_client_encoding_lacks_is_refused(client: Client) -> None:
    client.execute("SET client_encoding = 'LATIN1'")
    sent = client.watch_traffic()

    euros: list[tuple[Any, Any, str]] = [
        (drafts.upsert, draft(body="naïve €"), "drafts.upsert: ContentDraftDTO.body"),
        (
            bundles.upsert,
            bundle(assets=[asset("€")]),
            "bundles.upsert: DraftBundleDTO.assets",
        ),
        (drafts.fetch, "€", "drafts.fetch: draft_id"),
    ]
    for declared, value, where in euros:
        with pytest.raises(InvalidValueError) as raised:
            client(declared, value)
        assert str(raised.value) == (
            f"{where}: '€' is not in the client_encoding of the connection (iso8859-1): "
            "SET it to UTF8"
        )

    assert sent() == 0


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "Asia/Tokyo", "Pacific/Apia", "Z5", "<Z>5"]
)
def test_a_datetime_comes_back_equal_in_any_time_zone_of_the_session(
    client: Client, zone: str
) -> None:
    client.execute(f"SET TimeZone = '{zone}'; SET DateStyle = 'SQL, DMY'")
    # 09:30 is 01:30 in Los Angeles, for the second time that day.
    for time in (*TIMES, datetime(2026, 11, 1, 9, 30, tzinfo=UTC)):
        client(drafts.upsert, draft(f"draft_{time}", created_at=time))

        assert client(drafts.fetch, f"draft_{time}").created_at == time


@pytest.mark.parametrize(
    "encoding",
    ["SJIS", "EUC_JP", "BIG5", "EUC_KR", "JOHAB", "EUC_JIS_2004", "SHIFT_JIS_2004"],
)
def test_a_client_encoding_that_python_has_otherwise_is_refused(
    client: Client, encoding: str
) -> None:
    client.execute(f"SET client_encoding = '{encoding}'")
    sent = client.watch_traffic()

    calls: list[tuple[Any, Any]] = [
        (drafts.upsert, draft()),
        (bundles.upsert, bundle()),
        (drafts.fetch, "x"),
    ]
    for declared, value in calls:
        with pytest.raises(InvalidValueError) as raised:
            client(declared, value)
        assert str(raised.value) == (
            f"{declared.name}: Python and PostgreSQL do not agree on the client_encoding "
            f"of the connection ({client.conn.info.encoding}): SET it to UTF8"
        )

    assert sent() == 0


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "EUC_CN"])
def test_values_come_back_equal_in_any_client_encoding(
    client: Client, encoding: str
) -> None:
    text = "日本" if encoding == "EUC_CN" else "naïve"
    given_draft = draft(text, body=text, metadata={text: [text]})
    given_bundle = bundle(text, assets=[asset(text, url=text, metadata={text: text})])
    client.execute(f"SET client_encoding = '{encoding}'")

    client(drafts.create, given_draft)
    client(bundles.create, given_bundle)

    for _ in range(2):
        assert client(drafts.fetch, text) == given_draft
        assert client(bundles.fetch, text) == given_bundle
        assert client(drafts.upsert, given_draft) is False
        client.execute("SET client_encoding = 'UTF8'")


@pytest.mark.parametrize("fold", [0, 1])
@pytest.mark.parametrize(
    "hour", [datetime(2026, 10, 25, 2, 30), datetime(2026, 3, 29, 2, 30)]
)
def test_an_hour_that_a_zone_has_twice_or_never_comes_back_as_the_same_moment(
    client: Client, hour: datetime, fold: int
) -> None:
    time = hour.replace(tzinfo=ZoneInfo("Europe/Berlin"), fold=fold)
    client(drafts.create, draft(created_at=time))

    # Not equal: Python calls no such hour equal to one of another zone.
    assert client(drafts.fetch, "draft_1").created_at == time.astimezone(UTC)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
objects = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json)


@settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=texts, metadata=objects, time=st.datetimes(timezones=st.timezones()))
def test_any_text_object_and_time_comes_back_equal(
    client: Client, body: str, metadata: dict[str, Any], time: datetime
) -> None:
    # In UTC, since Python calls no time equal to one of another zone when its own zone has
    # that time twice or never.
    with suppress(OverflowError):
        time = time.astimezone(UTC)
    given_draft = draft(body=body, metadata=metadata, created_at=time)
    client(drafts.discard, "draft_1")

    client(drafts.upsert, given_draft)

    assert client(drafts.fetch, "draft_1") == given_draft


things = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.complex_numbers(),
        st.text(),
        st.text(st.characters(categories=["Cs"])),
        st.binary(),
        st.datetimes(timezones=st.none() | st.timezones()),
        st.dates(),
        st.times(),
        st.timedeltas(),
        st.decimals(),
        st.fractions(),
        st.uuids(),
        st.builds(object),
        st.builds(Point, x=st.integers()),
        st.builds(draft),
        st.builds(asset),
        st.builds(Text, st.text()),
        st.sampled_from([Kind.POST, Kind, int, len, ..., NotImplemented, range(3)]),
    ),
    lambda inner: st.one_of(
        st.lists(inner),
        st.tuples(inner, inner),
        st.dictionaries(st.text() | st.integers() | st.none(), inner),
        st.frozensets(st.integers()),
        st.builds(Point, x=inner),
        st.builds(iter, st.lists(inner)),
        st.builds(ChainMap, st.dictionaries(st.text(), inner)),
    ),
    max_leaves=5,
)


@settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(thing=things, place=st.integers(0, 24))
def test_any_thing_in_any_place_comes_back_equal_or_is_refused_with_nothing_sent(
    client: Client, thing: Any, place: int
) -> None:
    draft_fields = ("draft_id", "strategy_id", "content_type", "body", "metadata")
    asset_fields = ("asset_id", "asset_type", "url", "metadata")
    calls: list[tuple[Any, ...]] = [
        *((drafts.upsert, draft(**{field: thing})) for field in draft_fields),
        (drafts.upsert, draft(created_at=thing)),
        (drafts.upsert, thing),
        *(
            (bundles.upsert, bundle(assets=[asset(**{name: thing})]))
            for name in asset_fields
        ),
        (bundles.upsert, bundle(draft_id=thing)),
        (bundles.upsert, bundle(thing)),
        (bundles.upsert, bundle(assembled_at=thing)),
        (bundles.upsert, bundle(assets=thing)),
        (bundles.upsert, thing),
        (assets.upsert, "bundle_1", asset(metadata=thing)),
        (assets.upsert, "bundle_1", thing),
        (drafts.fetch, thing),
        (bundles.fetch, thing),
        (assets.fetch, thing),
        (assets.fetch_by_bundle, thing),
        (drafts.fetch_by_strategy, thing),
        (bundles.fetch_by_draft, thing),
        (bundles.discard, thing),
    ]
    client(drafts.discard, "draft_1")
    client(bundles.upsert, bundle("bundle_1"))
    declared, *args = calls[place]
    sent = client.watch_traffic()

    try:
        client(declared, *args)
    except InvalidValueError as error:
        assert str(error).startswith(f"{declared.name}: ")  # noqa: PT017
        assert sent() == 0
        return

    assert sent() > 0
    given_last = args[-1]
    match given_last:
        case ContentDraftDTO():
            time = given_last.created_at.astimezone(UTC)
            stored = client(drafts.fetch, given_last.draft_id)
            assert stored == structs.replace(given_last, created_at=time)
            client(drafts.discard, given_last.draft_id)
        case DraftBundleDTO():
            time = given_last.assembled_at.astimezone(UTC)
            fetched = client(bundles.fetch, given_last.bundle_id)
            assert fetched == structs.replace(given_last, assembled_at=time)
            client(bundles.discard, given_last.bundle_id)
        case AssetDTO():
            assert client(assets.fetch, given_last.asset_id) == given_last
        case _:
            assert isinstance(thing, str)


endless: dict[str, Any] = {}
endless["again"] = endless
INVALID_TEXT: list[tuple[Any, str]] = [
    (None, "Expected `str`, got `null`"),
    (1, "Expected `str`, got `int`"),
    (b"x", "Expected `str`, got `bytes`"),
    (["x"], "Expected `str`, got `array`"),
    ("a\0b", "NUL at index 1, which PostgreSQL cannot store"),
    ("é\ud800", "lone surrogate at index 1"),
]
INVALID_ID = [
    *INVALID_TEXT,
    ("", "Expected `str` of length >= 1"),
    ("x" * 641, "Expected `str` of length <= 640"),
    ("x" * 2**20, "Expected `str` of length <= 640"),
]
INVALID_TIME: list[tuple[Any, str]] = [
    (None, "Expected `datetime`, got `null`"),
    ("2026-03-14T12:00:00Z", "Expected `datetime`, got `str`"),
    ("2026\ud800", "lone surrogate at index 4"),
    (0, "Expected `datetime`, got `int`"),
    (date(2026, 3, 14), "Expected `datetime`, got `date`"),
    (datetime(2026, 3, 14), "Expected `datetime` with a timezone component"),
    (
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        "outside the years 1 to 9999 in UTC",
    ),
    (FrozenDatetime(2026, 3, 14), "Expected `datetime` with a timezone component"),
    (FineDatetime(2026, 3, 14, tzinfo=UTC), "finer than a microsecond"),
    (datetime(2026, 3, 14, tzinfo=Nowhere()), "its tzinfo gives no offset from UTC"),
]
NOT_EQUAL = (
    "JSON would not give it back equal: it holds None, bool, int, finite float, str, list, "
    "and dict with str keys"
)
INVALID_METADATA: list[tuple[Any, str, str]] = [
    (None, "", "Expected `object`, got `null`"),
    ([], "", "Expected `object`, got `array`"),
    ("{}", "", "Expected `object`, got `str`"),
    (Point(1), "", NOT_EQUAL),
    ({"a": float("nan")}, "['a']", NOT_EQUAL),
    ({"a": [0, float("inf")]}, "['a'][1]", NOT_EQUAL),
    ({"a": (1, 2)}, "['a']", NOT_EQUAL),
    ({"a": b"x"}, "['a']", NOT_EQUAL),
    ({"a": NOON}, "['a']", NOT_EQUAL),
    ({"a": {1, 2}}, "['a']", NOT_EQUAL),
    ({"a": Decimal("1.5")}, "['a']", NOT_EQUAL),
    ({"a": {"b": Point(1)}}, "['a']['b']", NOT_EQUAL),
    ({1: 2}, "", "JSON has str keys only, not 1"),
    ({"a": [0, {"b": {None: 2}}]}, "['a'][1]['b']", "JSON has str keys only, not None"),
    ({"a": object()}, "['a']", "Encoding objects of type object is unsupported"),
    ({"a": "\ud800"}, "['a']", "'utf-8' codec can't encode character '\\ud800'"),
    ({"\ud800": 1}, "", "'utf-8' codec can't encode character '\\ud800'"),
    (
        {"a": 10**5000},
        "['a']",
        "Exceeds the limit (4300 digits) for integer string conversion",
    ),
    (nested(501), "", "nested more than 500 deep"),
    ({OddKey("a"): float("nan")}, "", NOT_EQUAL),
    (endless, "", "maximum recursion depth exceeded"),
]
INVALID: list[tuple[Callable[..., Any], tuple[Any, ...], str]] = []
for value, reason in INVALID_ID:
    for field in ("draft_id", "strategy_id"):
        where = f"ContentDraftDTO.{field}"
        INVALID.append((drafts.create, (draft(**{field: value}),), f"{where}: {reason}"))
    for field in ("bundle_id", "draft_id"):
        where = f"DraftBundleDTO.{field}"
        INVALID.append((bundles.create, (bundle(**{field: value}),), f"{where}: {reason}"))
    in_list = bundle(assets=[asset(), asset(value)])
    where = "DraftBundleDTO.assets[1].asset_id"
    INVALID.append((bundles.upsert, (in_list,), f"{where}: {reason}"))
    alone = asset(value)
    INVALID.append((assets.upsert, ("b", alone), f"AssetDTO.asset_id: {reason}"))
    INVALID.append((assets.create, (value, asset()), f"bundle_id: {reason}"))
    for declared, parameter in (
        (drafts.fetch, "draft_id"),
        (drafts.fetch_by_strategy, "strategy_id"),
        (drafts.discard, "draft_id"),
        (bundles.fetch, "bundle_id"),
        (bundles.fetch_by_draft, "draft_id"),
        (bundles.discard, "bundle_id"),
        (assets.fetch, "asset_id"),
        (assets.fetch_by_bundle, "bundle_id"),
    ):
        INVALID.append((declared, (value,), f"{parameter}: {reason}"))
for value, reason in INVALID_TEXT:
    for field in ("content_type", "body"):
        where = f"ContentDraftDTO.{field}"
        INVALID.append((drafts.upsert, (draft(**{field: value}),), f"{where}: {reason}"))
    for field in ("asset_type", "url"):
        wrong = asset(**{field: value})
        INVALID.append((assets.create, ("b", wrong), f"AssetDTO.{field}: {reason}"))
        where = f"DraftBundleDTO.assets[0].{field}"
        INVALID.append((bundles.create, (bundle(assets=[wrong]),), f"{where}: {reason}"))
for value, reason in INVALID_TIME:
    where = "ContentDraftDTO.created_at"
    INVALID.append((drafts.create, (draft(created_at=value),), f"{where}: {reason}"))
    where = "DraftBundleDTO.assembled_at"
    INVALID.append((bundles.upsert, (bundle(assembled_at=value),), f"{where}: {reason}"))
for value, path, reason in INVALID_METADATA:
    end = f"metadata{path}: {reason}"
    INVALID.append((drafts.upsert, (draft(metadata=value),), f"ContentDraftDTO.{end}"))
    INVALID.append((assets.upsert, ("b", asset(metadata=value)), f"AssetDTO.{end}"))
    in_list = bundle(assets=[asset("a"), asset("b", metadata=value)])
    INVALID.append((bundles.create, (in_list,), f"DraftBundleDTO.assets[1].{end}"))
for value, reason in [
    (None, "Expected `list`, got `NoneType`"),
    ((asset(),), "Expected `list`, got `tuple`"),
]:
    where = "DraftBundleDTO.assets"
    INVALID.append((bundles.upsert, (bundle(assets=value),), f"{where}: {reason}"))
for value, kind in [
    (None, "NoneType"),
    ({"asset_id": "a"}, "dict"),
    (draft(), "ContentDraftDTO"),
    (LongAsset(asset_id="a", asset_type="", url=""), "LongAsset"),
]:
    reason = f"DraftBundleDTO.assets[0]: Expected `AssetDTO`, got `{kind}`"
    INVALID.append((bundles.upsert, (bundle(assets=[value]),), reason))
    INVALID.append(
        (assets.create, ("b", value), f"asset: Expected `AssetDTO`, got `{kind}`")
    )
for value, kind in [
    (None, "NoneType"),
    ({}, "dict"),
    ("draft_1", "str"),
    (LongDraft(**structs.asdict(draft())), "LongDraft"),
]:
    reason = f"draft: Expected `ContentDraftDTO`, got `{kind}`"
    INVALID.append((drafts.create, (value,), reason))
    reason = f"bundle: Expected `DraftBundleDTO`, got `{kind}`"
    INVALID.append((bundles.upsert, (value,), reason))


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_value_that_would_not_come_back_is_refused_by_name_and_nothing_is_sent(
    client: Client, autocommit: bool
) -> None:
    if not autocommit:
        client.use_transactions()
    sent = client.watch_traffic()

    for declared, args, message in INVALID:
        with pytest.raises(InvalidValueError) as raised:
            client(declared, *args)
        found = str(raised.value)
        assert found.startswith(f"{declared.name}: {message}"), args  # type: ignore[attr-defined]
        assert raised.value.__cause__ is None

    assert sent() == 0
    assert client.conn.info.transaction_status == TransactionStatus.IDLE


@pytest.mark.parametrize("declared", [bundles.create, bundles.upsert])
def test_an_asset_twice_in_one_bundle_is_refused(client: Client, declared: Any) -> None:
    sent = client.watch_traffic()

    with pytest.raises(InvalidValueError) as raised:
        client(declared, bundle("bundle_1", "a", "b", "a"))

    assert str(raised.value) == (
        f"{declared.name}: DraftBundleDTO.assets[2].asset_id: 'a' is that of assets[0] "
        "too: a bundle has an asset once"
    )
    assert sent() == 0


@pytest.mark.parametrize("declared", [drafts.fetch_by_strategy, bundles.fetch_by_draft])
def test_a_limit_that_is_no_positive_int_is_refused(
    client: Client, declared: Callable[..., Any]
) -> None:
    limits: list[tuple[Any, str]] = [
        (0, "Expected `int` >= 1"),
        (-1, "Expected `int` >= 1"),
        (2**31, "Expected `int` <= 2147483647"),
        (True, "Expected `int`, got `bool`"),
        (1.0, "Expected `int`, got `float`"),
        ("1", "Expected `int`, got `str`"),
        (None, "Expected `int`, got `null`"),
    ]
    sent = client.watch_traffic()

    for limit, reason in limits:
        with pytest.raises(InvalidValueError) as raised:
            client(declared, "key", limit=limit)
        found = str(raised.value)
        assert found == f"{declared.name}: limit: {reason}"  # type: ignore[attr-defined]

    assert sent() == 0


def test_a_page_goes_on_after_the_last_one_seen_until_there_is_no_more(
    client: Client,
) -> None:
    stored = [
        draft(f"draft_{i}", created_at=NOON.replace(minute=i // 3)) for i in range(10)
    ]
    for each in stored:
        client(drafts.create, each)
        client(bundles.create, bundle(f"bundle_{each.draft_id}"))
    client(drafts.create, draft("other", strategy_id="strategy_2"))

    pages = [client(drafts.fetch_by_strategy, "strategy_1", limit=3)]
    while page := pages[-1]:
        after = page[-1].draft_id
        pages.append(client(drafts.fetch_by_strategy, "strategy_1", limit=3, after=after))
    assert pages == [stored[:3], stored[3:6], stored[6:9], stored[9:], []]

    listed = client(bundles.fetch_by_draft, "draft_1", limit=100)
    assert [each.bundle_id for each in listed] == [f"bundle_draft_{i}" for i in range(10)]
    rest = client(bundles.fetch_by_draft, "draft_1", limit=2, after="bundle_draft_7")
    assert rest == listed[8:]
    assert client(bundles.fetch_by_draft, "draft_1", after="bundle_draft_9") == []


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            drafts.fetch_by_strategy,
            "strategy 'key' has no draft 'elsewhere' to go on after",
        ),
        (bundles.fetch_by_draft, "draft 'key' has no bundle 'elsewhere' to go on after"),
    ],
)
def test_a_key_to_go_on_after_that_is_not_there_is_an_error(
    client: Client, declared: Callable[..., Any], message: str
) -> None:
    client(drafts.create, draft("elsewhere", strategy_id="another"))
    client(drafts.create, draft("here", strategy_id="key"))
    client(bundles.create, bundle("elsewhere", draft_id="another"))
    client(bundles.create, bundle("here", draft_id="key"))

    with pytest.raises(NotFoundError) as raised:
        client(declared, "key", after="elsewhere")

    assert str(raised.value) == message


def test_a_discard_takes_bundles_and_assets_along_and_nothing_else(client: Client) -> None:
    for n in (1, 2):
        client(drafts.create, draft(f"draft_{n}"))
        for m in (1, 2):
            client(
                bundles.create,
                bundle(f"bundle_{n}{m}", f"asset_{n}{m}", draft_id=f"draft_{n}"),
            )

    assert client(drafts.discard, "draft_1") is True
    assert client(drafts.discard, "draft_1") is False
    assert client(bundles.discard, "bundle_21") is True
    assert client(bundles.discard, "bundle_21") is False

    assert client(drafts.fetch, "draft_1") is None
    assert client(bundles.fetch_by_draft, "draft_1") == []
    assert client(assets.fetch, "asset_11") is None
    assert client(drafts.fetch, "draft_2") == draft("draft_2")
    rest = client(bundles.fetch_by_draft, "draft_2")
    assert rest == [bundle("bundle_22", "asset_22", draft_id="draft_2")]
    assert client(assets.fetch, "asset_21") is None


def test_a_discard_of_a_draft_that_is_not_stored_takes_its_bundles(client: Client) -> None:
    client(bundles.create, bundle("bundle_1", "asset_1"))

    assert client(drafts.discard, "draft_1") is True

    assert client(bundles.fetch, "bundle_1") is None


def test_metadata_that_are_null_in_the_table_are_read_as_none_given(
    client: Client, observer: Observer
) -> None:
    plain = asset(metadata={})
    client(drafts.create, draft(metadata={}))
    client(bundles.create, bundle(assets=[plain]))
    for table in ("production_drafts", "production_bundle_assets"):
        observer.conn.execute(f"UPDATE {table} SET metadata = NULL")

    assert client(drafts.fetch, "draft_1") == draft(metadata={})
    assert client(drafts.fetch_by_strategy, "strategy_1") == [draft(metadata={})]
    assert client(bundles.fetch, "bundle_1") == bundle(assets=[plain])
    assert client(bundles.fetch_by_draft, "draft_1") == [bundle(assets=[plain])]
    assert client(assets.fetch, "asset_1") == plain
    assert client(assets.fetch_by_bundle, "bundle_1") == [plain]


def test_pages_go_on_oldest_first_whatever_was_stored_first(client: Client) -> None:
    times = [NOON, datetime(9999, 12, 31, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)]
    times += [NOON.replace(hour=13), NOON]
    for n, time in enumerate(times):
        client(drafts.create, draft(f"draft_{n}", created_at=time))

    seen: list[str] = []
    while page := client(
        drafts.fetch_by_strategy, "strategy_1", limit=2, after=seen[-1] if seen else None
    ):
        seen += [each.draft_id for each in page]

    assert seen == [f"draft_{n}" for n in (2, 0, 4, 3, 1)]


def test_pages_of_bundles_go_on_by_the_time_and_then_by_the_id(
    client: Client, observer: Observer
) -> None:
    for n in range(4):
        client(bundles.create, bundle(f"bundle_{n}"))
    # As of sessions at once: the ids are not in the order of the times, which can be equal.
    for n, hour in enumerate((14, 13, 13, 12)):
        observer.conn.execute(
            "UPDATE production_bundles SET created_at = %s WHERE bundle_id = %s",
            [NOON.replace(hour=hour), f"bundle_{n}"],
        )

    seen: list[str] = []
    while page := client(
        bundles.fetch_by_draft, "draft_1", limit=1, after=seen[-1] if seen else None
    ):
        seen += [each.bundle_id for each in page]

    assert seen == ["bundle_3", "bundle_1", "bundle_2", "bundle_0"]


@pytest.mark.parametrize("declared", [drafts.fetch_by_strategy, bundles.fetch_by_draft])
def test_a_page_has_a_hundred_unless_said_otherwise(client: Client, declared: Any) -> None:
    for n in range(101):
        client(drafts.create, draft(f"draft_{n}", strategy_id="key"))
        client(bundles.create, bundle(f"bundle_{n}", draft_id="key"))

    assert len(client(declared, "key")) == 100


def test_no_value_is_in_any_client_encoding(client: Client) -> None:
    client.execute("SET client_encoding = 'LATIN1'")
    client(drafts.create, draft())

    assert client(drafts.fetch_by_strategy, "strategy_1", after=None) == [draft()]


HOSTILE = [
    "'; DROP TABLE production_drafts; --",
    '"',
    "''",
    "\\",
    "\\' OR E'\\\\",
    "/* */ -- $$ $1 :id",
    "%",
    "%s %(draft_id)s %%",
    "{0} {} ${x}",
    "NULL",
    "\n\r\t\x01\x7f",
    "\u202e\u2066abc",
    "\ufeff\ufffe\U0010ffff",
    " ",
]


@pytest.mark.parametrize("prepare_threshold", [0, None])
def test_a_hostile_string_is_a_string_in_every_parameter(
    client: Client, prepare_threshold: int | None
) -> None:
    if not client.is_pooled:
        client.conn.prepare_threshold = prepare_threshold
    for text in HOSTILE:
        first, second = (
            draft(
                key, strategy_id=text, content_type=text, body=text, metadata={text: text}
            )
            for key in (text, text + "2")
        )
        listed = [
            asset(key, asset_type=text, url=text, metadata={text: [text]})
            for key in (text, text + "2")
        ]
        one, two = (
            bundle(key, draft_id=text, assets=assets)
            for key, assets in ((text, listed), (text + "2", []))
        )
        client(drafts.create, first)
        client(drafts.upsert, second)
        client(bundles.create, one)
        client(bundles.upsert, two)
        client(assets.create, text + "2", asset(text + "3"))
        client(assets.upsert, text + "2", asset(text + "3", url=text))

        assert client(drafts.fetch, text) == first
        assert client(drafts.fetch_by_strategy, text, after=text) == [second]
        assert client(bundles.fetch, text) == one
        (found,) = client(bundles.fetch_by_draft, text, after=text)
        assert found.assets == client(assets.fetch_by_bundle, text + "2")
        assert client(assets.fetch, text + "3") == asset(text + "3", url=text)
        refused: list[tuple[type[Exception], tuple[Any, ...]]] = [
            (AlreadyExistsError, (drafts.create, first)),
            (AlreadyExistsError, (bundles.create, two)),
            (AssetConflictError, (assets.create, text, asset(text + "3"))),
            (NotFoundError, (assets.create, text + "4", asset(text + "5"))),
        ]
        for error, call in refused:
            with pytest.raises(error) as raised:
                client(*call)
            assert repr(text)[1:-1] in str(raised.value)
        with pytest.raises(NotFoundError):
            client(bundles.fetch_by_draft, text, after=text + "4")
        assert client(bundles.discard, text + "2") is True
        assert client(drafts.discard, text) is True
        assert client(drafts.discard, text + "2") is True


def test_an_id_of_a_megabyte_is_refused_in_every_parameter(client: Client) -> None:
    large = "x" * 2**20
    sent = client.watch_traffic()
    calls: list[tuple[Any, ...]] = [
        (drafts.upsert, draft(large)),
        (drafts.upsert, draft(strategy_id=large)),
        (drafts.fetch, large),
        (drafts.fetch_by_strategy, large),
        (drafts.discard, large),
        (bundles.upsert, bundle(large)),
        (bundles.upsert, bundle(draft_id=large)),
        (bundles.upsert, bundle("bundle_1", large)),
        (bundles.fetch, large),
        (bundles.fetch_by_draft, large),
        (bundles.discard, large),
        (assets.upsert, large, asset()),
        (assets.upsert, "bundle_1", asset(large)),
        (assets.fetch, large),
        (assets.fetch_by_bundle, large),
    ]
    for call in calls:
        with pytest.raises(InvalidValueError, match="length <= 640"):
            client(*call)
    assert sent() == 0
