"""A proxy before the server that delays what passes, and counts the round trips.

A round trip begins when the client sends something after the server did: what is sent
together, such as a pipeline, is one. The proxy is a process of its own, and each direction
of a connection is read and sent on by threads of its own, so that it delays and never
throttles.
"""

import multiprocessing
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

_CHUNK = 2**18


class Proxy:
    """Where to connect, and how many round trips there have been."""

    def __init__(self, dsn: str, round_trips: "Synchronized[int]") -> None:
        self.dsn = dsn
        self._round_trips = round_trips

    @property
    def round_trips(self) -> int:
        return self._round_trips.value


@contextmanager
def proxy(dsn: str, delay: float) -> Generator[Proxy]:
    """Start a proxy for a DSN with a Unix socket; delay is that of each way, in seconds."""
    parameters = parse_qs(urlsplit(dsn).query)
    (host,), (port,) = parameters["host"], parameters["port"]
    context = multiprocessing.get_context("spawn")
    round_trips: Any = context.Value("Q")
    is_ready = context.Event()
    with TemporaryDirectory(prefix="proxy-") as folder:
        name = f".s.PGSQL.{port}"
        process = context.Process(
            target=_serve,
            args=(str(Path(folder, name)), str(Path(host, name)), delay),
            kwargs={"round_trips": round_trips, "is_ready": is_ready},
            daemon=True,
        )
        process.start()
        try:
            is_ready.wait()
            yield Proxy(
                f"{dsn.partition('?')[0]}?host={quote(folder)}&port={port}", round_trips
            )
        finally:
            process.terminate()
            process.join()


def _serve(
    address: str,
    server_address: str,
    delay: float,
    *,
    round_trips: "Synchronized[int]",
    is_ready: Any,
) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    is_ready.set()
    while True:
        client = listener.accept()[0]
        server = socket.socket(socket.AF_UNIX)
        server.connect(server_address)
        has_answered = Event()
        has_answered.set()

        def asked(has_answered: Event = has_answered) -> None:
            if has_answered.is_set():
                has_answered.clear()
                with round_trips.get_lock():
                    round_trips.value += 1

        _start(client, server, delay, asked)
        _start(server, client, delay, has_answered.set)


def _start(source: socket.socket, target: socket.socket, delay: float, seen: Any) -> None:
    passing: SimpleQueue[tuple[float, bytes]] = SimpleQueue()

    def read() -> None:
        data = b"-"
        while data:
            data = b""
            with suppress(OSError):
                data = source.recv(_CHUNK)
            if data:
                seen()
            passing.put((monotonic() + delay, data))

    def send() -> None:
        with suppress(OSError):
            while True:
                due, data = passing.get()
                if (left := due - monotonic()) > 0:
                    sleep(left)
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    break
                target.sendall(data)

    for run in (read, send):
        Thread(target=run, daemon=True).start()
