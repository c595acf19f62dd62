"""A proxy before the server that cuts the connection after a given message."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Literal

from psycopg.conninfo import conninfo_to_dict, make_conninfo

Side = Literal["client", "server"]


class Proxy:
    """Passes on the messages of one connection, on a Unix socket of its own."""

    def __init__(self, dsn: str, folder: str) -> None:
        params = conninfo_to_dict(dsn)
        file = f".s.PGSQL.{params['port']}"
        self.dsn = make_conninfo(dsn, host=folder)
        self._server_address = str(Path(str(params["host"]), file))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(Path(folder, file)))
        self._listener.listen()
        self._sockets: dict[Side, socket.socket] = {}
        self._left: dict[Side, int | None] = {"client": None, "server": None}
        self._threads = [Thread(target=self._accept)]
        self._threads[0].start()

    def cut_after(self, side: Side, messages: int) -> None:
        """From now on pass on so many messages of a side, and then cut the connection."""
        self._left[side] = messages
        if not messages:
            self.cut()

    def cut(self) -> None:
        for each in self._sockets.values():
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.cut()
        for thread in self._threads:
            thread.join()
        for each in (self._listener, *self._sockets.values()):
            each.close()

    def _accept(self) -> None:
        self._sockets["client"] = self._listener.accept()[0]
        self._sockets["server"] = server = socket.socket(socket.AF_UNIX)
        server.connect(self._server_address)
        self._threads += [
            Thread(target=self._pass_on, args=("client", "server", 0)),
            Thread(target=self._pass_on, args=("server", "client", 1)),
        ]
        for thread in self._threads[1:]:
            thread.start()

    def _pass_on(self, side: Side, other: Side, type_length: int) -> None:
        source, target = self._sockets[side], self._sockets[other]
        with suppress(OSError):
            while head := _receive(source, type_length + 4):
                length = int.from_bytes(head[type_length:]) - 4
                target.sendall(head + _receive(source, length))
                type_length = 1  # which only the very first message of a client lacks
                if (left := self._left[side]) is not None:
                    self._left[side] = left - 1
                    if left == 1:
                        break
        self.cut()


def _receive(source: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        if not (more := source.recv(length - len(data))):
            return b""
        data += more
    return data


@contextmanager
def proxy(dsn: str) -> Iterator[Proxy]:
    with TemporaryDirectory() as folder:
        opened = Proxy(dsn, folder)
        try:
            yield opened
        finally:
            opened.close()
