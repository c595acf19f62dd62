"""The routes of the service, its pool, and what its errors become."""

import asyncio
import logging
import os
import re
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, TypeAlias, cast
from urllib.parse import unquote_to_bytes

import msgspec
import psycopg
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from production_sql import (
    AlreadyExistsError,
    AssetConflictError,
    ContentDraftDTO,
    InvalidValueError,
    NotFoundError,
    bundles,
    drafts,
)
from production_sql.adapter import AsyncProductionAdapter, new_id
from production_sql.runner import Queries

from .content import collect_assets, write_draft

# Where the DSN says nothing else. (One with options has to say the statement_timeout too.)
CONNECTION = {
    "application_name": "fastapi_app",
    "connect_timeout": 5,
    "options": "-c statement_timeout=5s",
    "target_session_attrs": "read-write",  # no standby, as which a primary may come back
    "tcp_user_timeout": 10_000,  # ms, until a server that is gone from the network is lost
}
POOL_SIZE = 10
POOL_TIMEOUT = 3
# Of all of it, with the wait for a connection. No statement_timeout is for a COMMIT, which
# may wait for a standby, and none for a server that has stopped.
TRANSACTION_TIMEOUT = 10
HEALTH_TIMEOUT = 2
RETRY_AFTER = "1"
MAX_BODY = 10 * 2**20

log = logging.getLogger(__name__)
query = Queries(Path(__file__).parent / "sql")


@query
def name_transaction(request_id: str) -> str:
    """Give the transaction the id of its request, and return it."""
    ...


REQUEST_ID = "X-Request-ID"
# An application_name has at most 63 bytes.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,63}")
request_id: ContextVar[str] = ContextVar("request_id")


class RequestIds:
    """Middleware that gives each request the id that the client names, or a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Request(scope).headers.get(REQUEST_ID, "")
        own = given if _REQUEST_ID.fullmatch(given) else new_id()
        request_id.set(own)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID] = own
            await send(message)

        await self.app(scope, receive, send_with_id)


class Production:
    """What the routes work on: transactions of a pool's connections."""

    def __init__(self, dsn: str) -> None:
        self.pool = AsyncConnectionPool(
            kwargs=CONNECTION | conninfo_to_dict(dsn),
            open=False,
            min_size=2,
            max_size=POOL_SIZE,
            timeout=POOL_TIMEOUT,
            max_waiting=10 * POOL_SIZE,
            check=self._check,
            # It tries again after 1 s, 2 s, 4 s and so on. Once it has given up, the next
            # request begins anew, and so soon after the server is back.
            reconnect_timeout=5,
        )
        self.adapter = AsyncProductionAdapter(self.transaction, write_draft, collect_assets)

    async def _check(self, conn: AsyncConnection) -> None:
        """Raise if the server has ended the connection, which is replaced then."""
        try:
            await AsyncConnectionPool.check_connection(conn)
        except psycopg.OperationalError:
            # By a restart it has ended all. The pool would try them one by one, and wait
            # for a second after the first, two after the next, and so on.
            await self.pool.check()
            raise

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection]:
        """Give a connection in a transaction of this request, which commits at the end."""
        async with asyncio.timeout(TRANSACTION_TIMEOUT), self.pool.connection() as conn:
            await name_transaction(conn, request_id.get())
            yield conn


async def _production(request: Request) -> Production:
    return cast("Production", request.state.production)


# A transaction is no dependency: it would end after the response is sent, and a COMMIT that
# fails could no longer be told.
Shared = Annotated[Production, Depends(_production)]


# A field that is misspelt is refused, where the DTO would leave it out.
class _Draft(ContentDraftDTO, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


_decoder = msgspec.json.Decoder(_Draft)


async def _body(request: Request) -> ContentDraftDTO:
    """Return the draft that is the body, of MAX_BODY bytes at most.

    Raises InvalidValueError, with the path to what is wrong.
    """
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BODY:
            raise HTTPException(413, f"body: more than {MAX_BODY} bytes")
    try:
        draft = _decoder.decode(data)
        return msgspec.convert(draft, ContentDraftDTO, from_attributes=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidValueError(f"body: {error}") from error


Body = Annotated[ContentDraftDTO, Depends(_body)]


async def _check_encoding(request: Request) -> None:
    """Raise InvalidValueError for what is no UTF-8.

    Starlette decodes it to U+FFFD, and so different ids to the same one.
    """
    for part in ("raw_path", "query_string"):
        try:
            unquote_to_bytes(request.scope[part]).decode()
        except UnicodeDecodeError as error:
            raise InvalidValueError(f"{part}: {error}") from error


class Json(Response):
    """A response that msgspec encodes."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the content as JSON."""
        return msgspec.json.encode(content)


router = APIRouter(dependencies=[Depends(_check_encoding)])


@router.post("/drafts")
async def create_draft(draft: Body, production: Shared) -> Response:
    """Store a new draft."""
    if "/" in draft.draft_id:
        raise InvalidValueError(f"$.draft_id: {draft.draft_id!r} has a slash: no path fits")
    async with production.transaction() as conn:
        await drafts.create(conn, draft)
    return Json(draft, 201)


@router.put("/drafts/{draft_id}")
async def put_draft(draft_id: str, draft: Body, production: Shared) -> Response:
    """Store a draft, or bring the stored one up to date; a repeat writes nothing."""
    if draft.draft_id != draft_id:
        raise InvalidValueError(
            f"$.draft_id: {draft.draft_id!r} is not that of the path: {draft_id!r}"
        )
    async with production.transaction() as conn:
        written = await drafts.upsert(conn, draft)
    return Json({"written": written})


@router.get("/drafts/{draft_id}")
async def read_draft(draft_id: str, production: Shared) -> Response:
    """Return a draft."""
    return Json(await production.adapter.get_draft(draft_id))


@router.delete("/drafts/{draft_id}")
async def discard_draft(draft_id: str, production: Shared) -> Response:
    """Delete a draft, its bundles and their assets."""
    async with production.transaction() as conn:
        if not await drafts.discard(conn, draft_id):
            raise NotFoundError(f"there is no draft {draft_id!r}")
    return Response(status_code=204)


@router.put("/strategies/{strategy_id}/drafts/{draft_id}")
async def generate_draft(strategy_id: str, draft_id: str, production: Shared) -> Response:
    """Have a draft written for a strategy; a repeat returns the same one."""
    draft = await production.adapter.generate_draft(strategy_id, draft_id=draft_id)
    return Json(draft)


@router.get("/strategies/{strategy_id}/drafts")
async def page_drafts(
    strategy_id: str,
    production: Shared,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: str | None = None,
) -> Response:
    """Return drafts of a strategy, oldest first, and the ``after`` of the next page."""
    async with production.transaction() as conn:
        page = await drafts.fetch_by_strategy(
            conn, strategy_id, limit=limit + 1, after=after
        )
    has_more = len(page) > limit
    page = page[:limit]
    return Json({"drafts": page, "next": page[-1].draft_id if has_more else None})


@router.put("/drafts/{draft_id}/bundles/{bundle_id}")
async def assemble_bundle(draft_id: str, bundle_id: str, production: Shared) -> Response:
    """Assemble a draft and its assets; a repeat returns the same bundle."""
    bundle = await production.adapter.assemble_bundle(draft_id, bundle_id=bundle_id)
    return Json(bundle)


@router.get("/bundles/{bundle_id}")
async def read_bundle(bundle_id: str, production: Shared) -> Response:
    """Return a bundle with its assets."""
    async with production.transaction() as conn:
        bundle = await bundles.fetch(conn, bundle_id)
    if bundle is None:
        raise NotFoundError(f"there is no bundle {bundle_id!r}")
    return Json(bundle)


@router.get("/health")
async def health(production: Shared) -> Response:
    """Tell if the database answers in time."""
    async with asyncio.timeout(HEALTH_TIMEOUT), production.transaction():
        return Json({"status": "ok"})


Handler: TypeAlias = Callable[[Request, Any], Coroutine[Any, Any, Response]]


def refused(status: int) -> Handler:
    """Return a handler that tells the client what the error says."""

    async def handle(_request: Request, error: Exception) -> Response:
        return Json({"detail": str(error)}, status)

    return handle


async def unavailable(_request: Request, error: Exception) -> Response:
    """Tell the client to come again, and the log why."""
    log.warning("request %s: %s: %s", request_id.get(), type(error).__name__, error)
    detail = "the database does not answer: try again"
    return Json({"detail": detail}, 503, {"Retry-After": RETRY_AFTER})


async def failed(_request: Request, error: Exception) -> Response:
    """Tell the client where more is said, and the log whose the traceback is."""
    log.error("request %s: %r", request_id.get(), error)
    # This comes from outside the middleware, and uvicorn closes the connection after it.
    headers = {REQUEST_ID: request_id.get(), "Connection": "close"}
    detail = f"the log has the error, for the request {request_id.get()}"
    return Json({"detail": detail}, 500, headers)


HANDLERS: dict[int | type[Exception], Handler] = {
    NotFoundError: refused(404),
    AlreadyExistsError: refused(409),
    AssetConflictError: refused(409),
    InvalidValueError: refused(422),
    ClientDisconnect: refused(400),  # to nobody: the upload was aborted
    psycopg.OperationalError: unavailable,  # also what the pool raises
    TimeoutError: unavailable,
    Exception: failed,
}


def create_app(dsn: str | None = None) -> FastAPI:
    """Return the service on the database of the DSN, or of DATABASE_URL."""
    own_dsn = dsn or os.environ["DATABASE_URL"]

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[dict[str, Production]]:
        production = Production(own_dsn)
        async with production.pool:  # closed once the last request has its answer
            yield {"production": production}

    app = FastAPI(lifespan=lifespan, exception_handlers=HANDLERS)
    app.add_middleware(RequestIds)
    app.include_router(router)
    return app
