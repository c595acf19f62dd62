"""The types of queries that are not the package's own."""

from typing import Any

import psycopg

from tests.blog import posts
from tests.blog.posts import Post


def sync(conn: psycopg.Connection[dict[str, Any]], post: Post) -> None:
    reveal_type(posts.insert(conn, post))
    reveal_type(posts.get(conn, 1))
    reveal_type(posts.stream(conn))
    reveal_type(posts.rate_all(conn, rating=None))
    reveal_type(posts.insert_two(conn, post, post))


async def asynchronous(conn: psycopg.AsyncConnection[Any], post: Post) -> None:
    reveal_type(await posts.get(conn, 1))
    reveal_type(posts.stream(conn))
    reveal_type(await posts.insert_two(conn, post, post))
