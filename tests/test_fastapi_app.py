"""The example of a service, in a process of its own and over HTTP."""

import asyncio
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx2
import msgspec
import psycopg
import pytest

from production_sql import (
    AssetDTO,
    ContentDraftDTO,
    DraftBundleDTO,
    bundles,
    drafts,
    schema,
)

from .client import done
from .cluster import Cluster
from .markdown import CHECKOUT, blocks
from .samples import draft
from .test_servers import cluster, programs

__all__ = ["cluster", "programs"]

POOL_SIZE = 10
MAX_WAITING = 10 * POOL_SIZE
MAX_BODY = 10 * 2**20
TASKS = 3 * POOL_SIZE

# The blocks of the page; test_docs.py runs the first, but for its end, which serves.
PAGE = "examples/fastapi_app/README.md"
START, REQUESTS = (block.text for block in blocks((CHECKOUT / PAGE).read_text("utf-8")))
SERVE = START.splitlines()[-1]


class Service:
    """The example, served by uvicorn on a Unix socket."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.address = str(folder / "http")
        self.log = folder / "log"
        command = [sys.executable, "-W", "error", "-m", *shlex.split(SERVE)]
        with socket.socket(socket.AF_UNIX) as listener, self.log.open("wb") as log:
            listener.bind(self.address)
            listener.listen()  # who comes before it has started waits
            self.process = subprocess.Popen(
                [*command, f"--fd={listener.fileno()}"],
                cwd=CHECKOUT,
                env=os.environ | {"DATABASE_URL": dsn},
                pass_fds=[listener.fileno()],
                stdout=log,
                stderr=log,
            )
        self.http = httpx2.Client(
            base_url="http://service",
            transport=httpx2.HTTPTransport(
                uds=self.address, limits=httpx2.Limits(max_connections=None)
            ),
            timeout=30,
        )

    def __call__(self, method: str, path: str, content: Any = None, **more: Any) -> Any:
        """Make a request, with a body of JSON."""
        data = None if content is None else msgspec.json.encode(content)
        return self.http.request(method, path, content=data, **more)

    def stop(self) -> int:
        """Have it end, and return its exit status."""
        self.process.terminate()
        return self.process.wait(60)


@contextmanager
def serving(dsn: str) -> Iterator[Service]:
    with TemporaryDirectory() as folder:
        service = Service(dsn, Path(folder))
        try:
            yield service
        finally:
            service.stop()
            service.http.close()


@pytest.fixture(scope="module")
def own_dsn(
    production_database: Callable[[], AbstractContextManager[str]],
) -> Iterator[str]:
    with production_database() as dsn:
        yield dsn


@pytest.fixture(scope="module")
def service(own_dsn: str) -> Iterator[Service]:
    with serving(own_dsn) as service:
        yield service


class Sessions:
    """The service's sessions, as another one sees them, and holds them up."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.conn = psycopg.connect(dsn, autocommit=True, application_name="tests")

    @contextmanager
    def held_up(self) -> Iterator[ThreadPoolExecutor]:
        """Give threads for requests, which wait for the table of drafts until the end."""
        with (
            ThreadPoolExecutor(2 * MAX_WAITING) as threads,
            psycopg.connect(self.dsn, application_name="tests") as holder,
        ):
            holder.execute("LOCK TABLE production_drafts")
            yield threads

    def of(self, condition: str) -> list[tuple[int, str]]:
        """Return the pid and the application_name of the service's sessions."""
        return self.conn.execute(
            "SELECT pid, application_name FROM pg_stat_activity WHERE datname = "
            f"current_database() AND application_name NOT IN ('', 'tests') AND {condition}"
        ).fetchall()

    def wait_for_blocked(self, number: int, future: "Future[Any]") -> list[tuple[int, str]]:
        """Return the sessions that wait for a lock, once there are so many."""
        while len(found := self.of("wait_event_type = 'Lock'")) < number:
            assert not future.done(), future.result().text
        return found

    def end(self) -> None:
        """End all the service's sessions, and return once they are gone."""
        for pid, _ in self.of("TRUE"):
            self.conn.execute("SELECT pg_terminate_backend(%s, 60000)", [pid])


@contextmanager
def sessions_of(dsn: str) -> Iterator[Sessions]:
    sessions = Sessions(dsn)
    with sessions.conn:
        yield sessions


@pytest.fixture
def sessions(own_dsn: str) -> Iterator[Sessions]:
    with sessions_of(own_dsn) as sessions:
        yield sessions


def new() -> ContentDraftDTO:
    """Return a draft that is not stored, of a strategy of its own, with an image."""
    draft_id = uuid4().hex
    body = "# Spring\n\n![A door](https://assets.example.org/door.jpg)\n"
    return draft(draft_id, strategy_id=f"s-{draft_id}", body=body)


def path_of(given: ContentDraftDTO) -> str:
    return f"/drafts/{given.draft_id}"


def decoded(response: httpx2.Response, type_: Any = Any) -> Any:
    assert response.headers["content-type"] == "application/json"
    return msgspec.json.decode(response.content, type=type_)


def test_a_draft_is_created_once(service: Service) -> None:
    given = new()

    created = service("POST", "/drafts", given)
    assert (created.status_code, decoded(created, ContentDraftDTO)) == (201, given)
    again = service("POST", "/drafts", given)
    assert again.status_code == 409
    expected = f"draft {given.draft_id!r} exists: upsert replaces it"
    assert decoded(again) == {"detail": expected}


def test_a_put_can_be_replayed(service: Service) -> None:
    given = new()
    changed = msgspec.structs.replace(given, body="Changed")

    for content, written in ((given, True), (given, False), (changed, True)):
        answer = service("PUT", path_of(given), content)
        assert (answer.status_code, decoded(answer)) == (200, {"written": written})
    assert decoded(service("GET", path_of(given)), ContentDraftDTO) == changed


def test_a_put_to_the_path_of_another_draft_is_refused(service: Service) -> None:
    given, other = new(), new()

    answer = service("PUT", path_of(other), given)

    assert answer.status_code == 422
    assert decoded(answer)["detail"] == (
        f"$.draft_id: {given.draft_id!r} is not that of the path: {other.draft_id!r}"
    )
    for each in (given, other):
        assert service("GET", path_of(each)).status_code == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "body: Input data was truncated"),
        (b'{"draft_id": "a\xff"}', "body: "),
        (b'{"metadata":' * 100_000, "body: maximum recursion depth exceeded"),
        (b'{"draft_id": "d"}', "body: Object missing required field `strategy_id`"),
        (b'{"draft_id": 1}', "body: Expected `str`, got `int` - at `$.draft_id`"),
        (
            b'{"draft_id": ""}',
            "body: Expected `str` of length >= 1 - at `$.draft_id`",
        ),
        (b'{"metdata": {}}', "body: Object contains unknown field `metdata`"),
        (b" " * MAX_BODY, "body: Input data was truncated"),
    ],
    ids=[
        "nothing",
        "no UTF-8",
        "too deep",
        "a field missing",
        "a wrong type",
        "no id",
        "a field misspelt",
        "blanks",
    ],
)
def test_a_body_that_is_no_draft_is_refused(
    service: Service, body: bytes, said: str
) -> None:
    for method, path in (("POST", "/drafts"), ("PUT", "/drafts/d")):
        answer = service.http.request(method, path, content=body)
        assert answer.status_code == 422
        assert decoded(answer)["detail"].startswith(said)
    assert service("GET", "/drafts/d").status_code == 404


def test_a_body_that_is_too_long_is_refused_without_its_length_in_the_header(
    service: Service,
) -> None:
    chunks = (b" " * 2**20 for _ in range(MAX_BODY // 2**20 + 1))

    answer = service.http.request("POST", "/drafts", content=chunks)

    assert "Content-Length" not in answer.request.headers
    assert answer.status_code == 413
    assert decoded(answer) == {"detail": f"body: more than {MAX_BODY} bytes"}


def test_an_upload_that_is_aborted_is_no_error(service: Service) -> None:
    request_id = uuid4().hex
    head = f"POST /drafts HTTP/1.1\r\nHost: service\r\nX-Request-ID: {request_id}\r\n"
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(service.address)
        client.sendall(f"{head}Content-Length: 9\r\nExpect: 100-continue\r\n\r\n".encode())
        # Said once the body is waited for.
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")

    assert service("GET", "/health").status_code == 200
    assert request_id not in service.log.read_text()


@pytest.mark.parametrize(
    ("method", "path", "part"),
    [
        ("GET", "/drafts/%ff", "raw_path"),
        ("PUT", "/strategies/%C3%A9/drafts/%fe", "raw_path"),
        ("GET", "/strategies/s/drafts?after=%ff", "query_string"),
    ],
)
def test_an_id_that_is_no_utf_8_is_refused(
    service: Service, method: str, path: str, part: str
) -> None:
    answer = service(method, path)

    assert answer.status_code == 422
    assert decoded(answer)["detail"].startswith(f"{part}: 'utf-8' codec can't decode")


def test_a_draft_whose_id_fits_no_path_is_refused(service: Service) -> None:
    given = msgspec.structs.replace(new(), draft_id="a/b")

    answer = service("POST", "/drafts", given)

    assert answer.status_code == 422
    assert decoded(answer) == {"detail": "$.draft_id: 'a/b' has a slash: no path fits"}


def test_a_value_that_cannot_be_stored_is_refused(service: Service) -> None:
    given = msgspec.structs.replace(new(), body="a\0b")

    answer = service("PUT", path_of(given), given)

    assert answer.status_code == 422
    assert decoded(answer)["detail"] == (
        "drafts.upsert: ContentDraftDTO.body: NUL at index 1, which PostgreSQL cannot store"
    )
    assert service("GET", "/drafts/a%00b").status_code == 422


def test_drafts_are_paged_through_the_oldest_first(service: Service) -> None:
    given = [new() for _ in range(5)]
    of_one = [
        msgspec.structs.replace(each, strategy_id=given[0].strategy_id) for each in given
    ]
    for each in of_one:
        service("PUT", path_of(each), each)
    path = f"/strategies/{given[0].strategy_id}/drafts"

    def pages(limit: int) -> Iterator[list[ContentDraftDTO]]:
        params = {"limit": str(limit)}
        while True:
            page = decoded(service("GET", path, params=params))
            yield msgspec.convert(page["drafts"], list[ContentDraftDTO])
            if page["next"] is None:
                break
            params["after"] = page["next"]

    assert list(pages(2)) == [of_one[:2], of_one[2:4], of_one[4:]]
    assert list(pages(5)) == [of_one]
    assert service("GET", f"{path}?after=nothing").status_code == 404
    for limit in ("0", "101", "x"):
        assert service("GET", f"{path}?limit={limit}").status_code == 422


def test_a_draft_is_generated_once(service: Service) -> None:
    strategy, other, draft_id = (uuid4().hex for _ in range(3))
    path = f"/strategies/{strategy}/drafts/{draft_id}"

    first, again = service("PUT", path), service("PUT", path)

    assert first.status_code == 200
    assert decoded(first, ContentDraftDTO).body == f"# {strategy}\n"
    assert first.content == again.content == service("GET", f"/drafts/{draft_id}").content
    taken = service("PUT", f"/strategies/{other}/drafts/{draft_id}")
    assert taken.status_code == 409


def test_a_bundle_is_assembled_once(service: Service) -> None:
    given, other, bundle_id = new(), new(), uuid4().hex
    for each in (given, other):
        service("PUT", path_of(each), each)
    path = f"{path_of(given)}/bundles/{bundle_id}"

    first, again = service("PUT", path), service("PUT", path)

    assert first.status_code == 200
    bundle = decoded(first, DraftBundleDTO)
    url = "https://assets.example.org/door.jpg"
    (asset,) = bundle.assets
    assert asset == AssetDTO(
        asset_id=f"{given.draft_id}.1",
        asset_type="image",
        url=url,
        metadata={"alt": "A door"},
    )
    assert first.content == again.content == service("GET", f"/bundles/{bundle_id}").content
    assert service("PUT", f"{path_of(new())}/bundles/{bundle_id}").status_code == 404
    assert service("PUT", f"{path_of(other)}/bundles/{bundle_id}").status_code == 409


def test_a_bundle_has_the_images_of_its_draft_each_once_in_their_order(
    service: Service,
) -> None:
    images = "![B](b.jpg) and ![A](a.jpg), again ![B](b.jpg)\n\n![C](c.jpg)"
    given = msgspec.structs.replace(new(), body=images)
    service("PUT", path_of(given), given)

    bundle = service("PUT", f"{path_of(given)}/bundles/{uuid4().hex}")

    assert [
        (asset.asset_id, asset.url, asset.metadata)
        for asset in decoded(bundle, DraftBundleDTO).assets
    ] == [
        (f"{given.draft_id}.{number}", f"{name}.jpg", {"alt": name.upper()})
        for number, name in enumerate("bac", 1)
    ]


def test_an_asset_of_another_bundle_is_not_taken(service: Service) -> None:
    given, first, second = new(), uuid4().hex, uuid4().hex
    service("PUT", path_of(given), given)
    service("PUT", f"{path_of(given)}/bundles/{first}")

    answer = service("PUT", f"{path_of(given)}/bundles/{second}")

    assert answer.status_code == 409
    assert f"belongs to bundle {first!r}" in decoded(answer)["detail"]
    assert service("GET", f"/bundles/{second}").status_code == 404


def test_a_draft_is_discarded_with_its_bundles(service: Service) -> None:
    given, bundle_id = new(), uuid4().hex
    service("PUT", path_of(given), given)
    service("PUT", f"{path_of(given)}/bundles/{bundle_id}")

    answer = service("DELETE", path_of(given))

    assert (answer.status_code, answer.content) == (204, b"")
    for path in (path_of(given), f"/bundles/{bundle_id}"):
        assert service("GET", path).status_code == 404
    assert service("DELETE", path_of(given)).status_code == 404


def test_it_says_that_it_is_ready(service: Service) -> None:
    answer = service("GET", "/health")

    assert (answer.status_code, decoded(answer)) == (200, {"status": "ok"})


def test_a_request_has_an_id_that_its_session_shows_while_it_runs(
    service: Service, sessions: Sessions
) -> None:
    given = new()
    service("PUT", path_of(given), given)
    request_id = f"{given.draft_id}.A-z_9"
    with sessions.held_up() as threads:
        headers = {"X-Request-ID": request_id}
        reading = threads.submit(service, "GET", path_of(given), headers=headers)
        ((_, shown),) = sessions.wait_for_blocked(1, reading)

    assert shown == request_id
    assert reading.result().status_code == 200
    assert reading.result().headers["X-Request-ID"] == request_id
    assert {name for _, name in sessions.of("state = 'idle'")} == {"fastapi_app"}


@pytest.mark.parametrize("given", [None, "", "a b", "\xe9", "a" * 64, "%a"])
def test_an_id_that_a_log_cannot_show_is_replaced(
    service: Service, given: str | None
) -> None:
    headers = {} if given is None else {"X-Request-ID": given.encode("latin-1")}

    ids = [service("GET", "/health", headers=headers).headers for _ in range(2)]

    first, second = (each["X-Request-ID"] for each in ids)
    assert len({first, second, given}) == 3
    assert len(first) == len(second) == 36


def test_what_nobody_foresaw_is_told_to_the_log(
    service: Service, sessions: Sessions
) -> None:
    sessions.conn.execute("ALTER TABLE production_drafts RENAME TO elsewhere")
    try:
        answer = service("GET", "/drafts/d")
    finally:
        sessions.conn.execute("ALTER TABLE elsewhere RENAME TO production_drafts")

    assert answer.status_code == 500
    assert answer.headers["Connection"] == "close"
    request_id = answer.headers["X-Request-ID"]
    detail = f"the log has the error, for the request {request_id}"
    assert decoded(answer) == {"detail": detail}
    assert f"request {request_id}: UndefinedTable(" in service.log.read_text()


def check_is_to_be_replayed(answer: httpx2.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["Retry-After"] == "1"
    assert decoded(answer) == {"detail": "the database does not answer: try again"}


def test_a_write_whose_session_is_ended_can_be_replayed(
    service: Service, sessions: Sessions
) -> None:
    given = new()
    with sessions.held_up() as threads:
        writing = threads.submit(service, "PUT", path_of(given), given)
        sessions.wait_for_blocked(1, writing)
        sessions.end()

        answer = writing.result()

    check_is_to_be_replayed(answer)
    said = f"request {answer.headers['X-Request-ID']}: .*: .*terminating connection"
    assert re.search(said, service.log.read_text(), re.DOTALL)
    assert decoded(service("PUT", path_of(given), given)) == {"written": True}


def test_when_too_many_requests_wait_for_a_session_the_next_is_to_be_replayed_at_once(
    service: Service, sessions: Sessions
) -> None:
    path = path_of(new())
    with sessions.held_up() as threads:
        readings = [threads.submit(service, "GET", path) for _ in range(POOL_SIZE)]
        sessions.wait_for_blocked(POOL_SIZE, readings[0])
        readings += [threads.submit(service, "GET", path) for _ in range(MAX_WAITING + 1)]
        refused = next(as_completed(readings)).result()

    check_is_to_be_replayed(refused)
    said = f"request {refused.headers['X-Request-ID']}: TooManyRequests: "
    assert said in service.log.read_text()


def test_no_request_meets_a_session_that_has_ended_meanwhile(
    service: Service, sessions: Sessions
) -> None:
    given = new()
    service("PUT", path_of(given), given)
    with sessions.held_up() as threads:
        readings = [
            threads.submit(service, "GET", path_of(given)) for _ in range(POOL_SIZE)
        ]
        sessions.wait_for_blocked(POOL_SIZE, readings[0])
    assert {reading.result().status_code for reading in readings} == {200}
    sessions.end()

    assert service("GET", path_of(given)).status_code == 200


def test_the_commands_of_its_readme_say_what_stands_beside_them(service: Service) -> None:
    curl = f"command curl --silent --unix-socket {service.address}"
    script = f'curl() {{ {curl} "$@"; echo; }}\n{REQUESTS}'
    run = subprocess.run(["bash", "-euc", script], capture_output=True, check=True)

    said = run.stdout.decode().splitlines()
    expected = re.findall(r"^curl .*  # ?(.*)$", REQUESTS, re.MULTILINE)
    assert len(said) == len(expected) == 8
    for line, beside in zip(said, expected, strict=True):
        assert line.startswith(beside[:-1]) if beside.endswith("…") else line == beside


@pytest.mark.torture
def test_what_waits_too_long_is_to_be_replayed_and_the_pool_is_whole_again(
    service: Service, sessions: Sessions
) -> None:
    given = new()
    with sessions.held_up() as threads:
        writings = [
            threads.submit(service, "PUT", path_of(given), given) for _ in range(POOL_SIZE)
        ]
        sessions.wait_for_blocked(POOL_SIZE, writings[0])
        for_none_is_free = [
            threads.submit(service, "GET", path) for path in (path_of(given), "/health")
        ]
        for future in for_none_is_free + writings:
            check_is_to_be_replayed(future.result())

    log = service.log.read_text()
    for said in ("PoolTimeout: ", "TimeoutError: ", "QueryCanceled: "):
        assert said in log
    assert decoded(service("PUT", path_of(given), given)) == {"written": True}
    assert service("GET", "/health").status_code == 200


@pytest.mark.torture
def test_a_write_whose_commit_waits_for_a_standby_can_be_replayed(cluster: Cluster) -> None:
    given = new()
    with cluster.running() as dsn:
        schema.apply(dsn)
    with cluster.running("synchronous_standby_names=none") as dsn, serving(dsn) as service:
        check_is_to_be_replayed(service("PUT", path_of(given), given))

        assert "TimeoutError: " in service.log.read_text()
        assert decoded(service("GET", path_of(given)), ContentDraftDTO) == given


@pytest.mark.torture
def test_what_meets_a_session_that_has_stopped_can_be_replayed(cluster: Cluster) -> None:
    given = new()
    with cluster.running() as dsn, sessions_of(dsn) as sessions, serving(dsn) as service:
        schema.apply(dsn)
        service("PUT", path_of(given), given)
        stopped = [pid for pid, _ in sessions.of("TRUE")]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            for path in (path_of(given), "/health"):
                check_is_to_be_replayed(service("GET", path))
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)

        assert decoded(service("GET", path_of(given)), ContentDraftDTO) == given


@pytest.mark.torture
def test_a_server_that_takes_no_writes_is_as_one_that_is_away(cluster: Cluster) -> None:
    given = new()
    with cluster.running() as dsn:
        schema.apply(dsn)
    with (
        cluster.running("default_transaction_read_only=on") as dsn,
        serving(dsn) as service,
    ):
        check_is_to_be_replayed(service("PUT", path_of(given), given))
        check_is_to_be_replayed(service("GET", "/health"))


@pytest.mark.torture
def test_it_ends_once_the_requests_under_way_have_their_answers(cluster: Cluster) -> None:
    given = new()
    with cluster.running() as dsn, sessions_of(dsn) as sessions, serving(dsn) as service:
        schema.apply(dsn)
        with sessions.held_up() as threads:
            writing = threads.submit(service, "PUT", path_of(given), given)
            sessions.wait_for_blocked(1, writing)
            service.process.terminate()
            while "Shutting down" not in service.log.read_text():
                assert not writing.done(), writing.result().text
            assert sessions.of("wait_event_type = 'Lock'")
            assert not writing.done()

        assert writing.result().status_code == 200
        # Once all is done uvicorn ends by the signal, as who sent it expects.
        assert service.process.wait() == -signal.SIGTERM
        log = service.log.read_text()
        assert "Application shutdown complete" in log
        assert "Traceback" not in log
        end = monotonic() + 60
        while sessions.of("TRUE"):
            assert monotonic() < end
        closed = (
            "SELECT sessions_abandoned FROM pg_stat_database WHERE datname = 'postgres'"
        )
        assert sessions.conn.execute(closed).fetchone() == (0,)
        assert drafts.fetch(sessions.conn, given.draft_id) == given


@pytest.mark.torture
def test_the_servers_log_has_the_id_of_a_request(cluster: Cluster) -> None:
    settings = ("log_statement=all", "log_line_prefix='<%a> '")
    with cluster.running(*settings) as dsn:
        schema.apply(dsn)
        with serving(dsn) as service:
            headers = {"X-Request-ID": "the-request"}
            assert service("GET", "/drafts/d", headers=headers).status_code == 404

    lines = cluster.log.read_text().splitlines()
    (fetch,) = (line for line in lines if "/* drafts.fetch */" in line)
    assert fetch.startswith("<the-request> ")


class Load:
    """Tasks that make requests on and on, and replay those that were not answered."""

    def __init__(self, service: Service) -> None:
        limits = httpx2.Limits(max_connections=None)
        self.http = httpx2.AsyncClient(
            base_url="http://service",
            transport=httpx2.AsyncHTTPTransport(uds=service.address, limits=limits),
            timeout=30,
        )
        self.is_over = False
        self.rounds: asyncio.Queue[None] = asyncio.Queue()
        self.answers: Counter[int] = Counter()
        self.kept: dict[str, tuple[ContentDraftDTO, DraftBundleDTO]] = {}
        self.discarded: list[str] = []
        self.shared: list[ContentDraftDTO] = []

    async def answer(self, *expected: int, **request: Any) -> httpx2.Response:
        """Return the answer to a request, made again while the database is away."""
        while True:
            answer = await self.http.request(**request)
            self.answers[answer.status_code] += 1
            if answer.status_code != 503:
                assert answer.status_code in expected, answer.text
                return answer
            check_is_to_be_replayed(answer)
            if request["method"] == "DELETE":
                expected = (204, 404)  # it may have been done

    async def put(self, given: ContentDraftDTO) -> None:
        data = msgspec.json.encode(given)
        await self.answer(200, method="PUT", url=path_of(given), content=data)

    async def run(self, name: str) -> None:
        for number in count():
            if self.is_over:
                break
            given, bundle_id = new(), uuid4().hex
            await self.put(given)
            read = await self.answer(200, method="GET", url=path_of(given))
            assert decoded(read, ContentDraftDTO) == given
            url = f"{path_of(given)}/bundles/{bundle_id}"
            bundle = decoded(await self.answer(200, method="PUT", url=url), DraftBundleDTO)
            read = await self.answer(200, method="GET", url=f"/bundles/{bundle_id}")
            assert decoded(read, DraftBundleDTO) == bundle
            shared = draft("shared", body=name, metadata={"number": number})
            self.shared.append(shared)
            await self.put(shared)
            if number % 3:
                self.kept[bundle_id] = given, bundle
            else:
                await self.answer(204, method="DELETE", url=path_of(given))
                self.discarded += [given.draft_id, bundle_id]
            self.rounds.put_nowait(None)

    async def wait_for(self, rounds: int) -> None:
        for _ in range(rounds):
            await self.rounds.get()

    async def wait_for_health(self, status: int) -> None:
        """Return once the health route says so, which it does within five minutes."""
        async with asyncio.timeout(300):
            while (await self.http.get("/health")).status_code != status:
                pass

    def check(self, dsn: str) -> None:
        """All that was acknowledged is there, and whole."""
        with psycopg.connect(dsn) as conn:
            for bundle_id, (given, bundle) in self.kept.items():
                assert drafts.fetch(conn, given.draft_id) == given
                assert bundles.fetch(conn, bundle_id) == bundle
            for each in self.discarded:
                assert drafts.fetch(conn, each) is None
                assert bundles.fetch(conn, each) is None
            assert drafts.fetch(conn, "shared") in self.shared


async def put_under_load(service: Service, cluster: Cluster) -> Load:
    def stop() -> None:
        assert cluster.run("pg_ctl", "--mode=fast", "stop")

    def start(stack: ExitStack) -> None:
        stack.enter_context(cluster.running())

    load = Load(service)
    with ExitStack() as last:
        async with asyncio.timeout(300), load.http, asyncio.TaskGroup() as tasks:
            for number in range(TASKS):
                tasks.create_task(load.run(f"task {number}"))
            for end in (stop, cluster.kill, stop):
                with ExitStack() as server:
                    await asyncio.to_thread(start, server)
                    await load.wait_for_health(200)
                    await load.wait_for(TASKS)
                    await asyncio.to_thread(end)
                    done["faults"] += 1
                    await load.wait_for_health(503)
            await asyncio.to_thread(start, last)
            await load.wait_for(TASKS)
            load.is_over = True
        assert (await asyncio.to_thread(service, "GET", "/health")).status_code == 200
        load.check(cluster.dsn)
    return load


@pytest.mark.torture
def test_what_was_acknowledged_under_load_survives_restarts_of_the_database(
    cluster: Cluster,
) -> None:
    with cluster.running() as dsn:
        schema.apply(dsn)
    with serving(cluster.dsn) as service:
        load = asyncio.run(put_under_load(service, cluster))

        assert service.stop() == -signal.SIGTERM
        assert "Traceback" not in service.log.read_text()
    assert load.answers[503]
    assert len(load.kept) > TASKS
    assert load.discarded
    done["calls"] += load.answers.total()
