"""The format: a draft or a bundle a line, as JSON in UTF-8; gzip where a name ends in .gz.

A line is ``{"draft": {…}}`` or ``{"bundle": {…}}``, with the fields of the DTO.
"""

import sys
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from gzip import GzipFile
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import BinaryIO, NamedTuple, TypeAlias, cast

from msgspec import DecodeError, Struct, convert, json

from ..dtos import AssetDTO, ContentDraftDTO, DraftBundleDTO
from ..errors import InvalidValueError, ProductionError

STANDARD_STREAM = "-"
Item: TypeAlias = ContentDraftDTO | DraftBundleDTO


# A field that is misspelt is refused, where the DTOs would leave it out and say nothing.
class _Draft(ContentDraftDTO, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Asset(AssetDTO, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Bundle(DraftBundleDTO, frozen=True, kw_only=True, forbid_unknown_fields=True):
    assets: list[_Asset]  # type: ignore[assignment]


class _Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    draft: _Draft | None = None
    bundle: _Bundle | None = None


_decode = json.Decoder(_Record).decode
_encode = json.Encoder().encode


class Line(NamedTuple):
    """A line of a file, with the draft or bundle in it, or why there is none."""

    place: str
    data: bytes
    item: Item | InvalidValueError


def encode(item: Item) -> bytes:
    """Return the line of a draft or a bundle."""
    kind = "draft" if isinstance(item, ContentDraftDTO) else "bundle"
    return _encode({kind: item}) + b"\n"


def decode(line: bytes) -> Item:
    """Return the draft or the bundle of a line.

    Raises InvalidValueError, which says what is wrong and where in the line.
    """
    try:
        record = _decode(line)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidValueError(_reason(line, error)) from None
    if record.draft is not None and record.bundle is None:
        return convert(record.draft, ContentDraftDTO, from_attributes=True)
    if record.bundle is not None and record.draft is None:
        return convert(record.bundle, DraftBundleDTO, from_attributes=True)
    raise InvalidValueError('Expected {"draft": {…}} or {"bundle": {…}}, one of the two')


def _reason(line: bytes, error: Exception) -> str:
    try:
        line.decode()
    except UnicodeDecodeError as undecodable:
        byte = line[undecodable.start]
        return f"not in UTF-8: 0x{byte:02x} (byte {undecodable.start})"
    return str(error)


def total_size(names: Sequence[str]) -> int | None:
    """Return the bytes of the files, or None if one of them is a stream.

    Raises ProductionError for a file that is not there.
    """
    total = 0
    for name in names:
        if name == STANDARD_STREAM:
            return None
        try:
            status = Path(name).stat()
        except OSError as error:
            raise ProductionError(f"{name}: {error.strerror}") from error
        if S_ISDIR(status.st_mode):
            raise ProductionError(f"{name}: Is a directory")
        if not S_ISREG(status.st_mode):
            return None
        total += status.st_size
    return total


def read(names: Sequence[str], on_progress: Callable[[int], object]) -> Iterator[Line]:
    """Give the lines of files, but for blank ones.

    on_progress is told the bytes that each line has taken, of a compressed file those of
    the file. Raises ProductionError if a file cannot be read on.
    """
    for name in names:
        number = done = 0
        try:
            with _opened(name) as raw, _uncompressed(raw, name) as lines:
                # Of a pipe it is not known.
                has_position = lines is not raw and raw.seekable()
                for number, data in enumerate(lines, 1):
                    if number == 1:
                        data = data.removeprefix(BOM_UTF8)
                    if data.strip():
                        yield _line(f"{name}:{number}", data)
                    position = raw.tell() if has_position else done + len(data)
                    on_progress(position - done)
                    done = position
        except (OSError, EOFError, zlib.error) as error:
            raise ProductionError(
                f"{name}:{number + 1}: {reason(error)}. All before it is stored: load the "
                "file again once it is whole"
            ) from error


def reason(error: Exception) -> str:
    """Return what an error says of a file, without its name."""
    return getattr(error, "strerror", None) or str(error)


def _line(place: str, data: bytes) -> Line:
    try:
        return Line(place, data, decode(data))
    except InvalidValueError as error:
        return Line(place, data, error)


def _opened(name: str) -> AbstractContextManager[BinaryIO]:
    if name == STANDARD_STREAM:
        return nullcontext(sys.stdin.buffer)
    return Path(name).open("rb")


def _uncompressed(raw: BinaryIO, name: str) -> AbstractContextManager[BinaryIO]:
    return _gzip(raw, "rb") if name.endswith(".gz") else nullcontext(raw)


def compressed(raw: BinaryIO, name: str) -> AbstractContextManager[BinaryIO]:
    """Return what is to be written to, of the file of this name."""
    return _gzip(raw, "wb") if name.endswith(".gz") else nullcontext(raw)


def _gzip(raw: BinaryIO, mode: str) -> AbstractContextManager[BinaryIO]:
    # Without a name and a time, so that equal dumps are equal files.
    file = GzipFile(filename="", mode=mode, compresslevel=6, fileobj=raw, mtime=0)
    return cast("AbstractContextManager[BinaryIO]", file)
