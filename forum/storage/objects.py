"""A bucket of an object store: `s3://BUCKET/FOLDER?endpoint=…&region=…`, `gs://…`, `az://…`.

The keys stand before the bucket (`s3://KEY:SECRET@BUCKET`), or where the store's own programs look for them: in the
environment, or with the machine. Only this module imports obstore.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

import obstore
import obstore.store
from obstore.exceptions import BaseError

from forum.storage.names import PIECE, SCHEMES, Missing, StorageError, is_name, known

_RETRYING: Final[Any] = {"max_retries": 4, "retry_timeout": timedelta(seconds=15)}
_CLIENT: Final = {"timeout": "60s", "connect_timeout": "5s"}


class ObjectStorage:
    """`forum.storage.Storage` in a bucket."""

    def __init__(self, url: str) -> None:
        """Raise ValueError for an address that names no store; the store itself is not asked yet."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        if parts.scheme not in SCHEMES or not host:
            schemes = ", ".join(f"{scheme}://" for scheme in SCHEMES)
            raise ValueError(f"must be empty, or begin with one of {schemes} and name a bucket")
        options: dict[str, Any] = dict(parse_qsl(parts.query))
        if parts.username and parts.scheme == "s3":
            options |= {
                "access_key_id": unquote(parts.username),
                "secret_access_key": unquote(parts.password or ""),
            }
        client: Any = dict(_CLIENT)
        if str(options.get("endpoint", "")).startswith("http://"):
            client["allow_http"] = True
        place = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        try:
            self._store = obstore.store.from_url(place, client_options=client, retry_config=_RETRYING, **options)
        except Exception as error:
            raise ValueError(f"names no store that can be used: {_line(error)}") from None

    async def put(self, name: str, path: Path) -> None:
        with _told(name):
            try:
                await obstore.put_async(self._store, known(name), path)
            except FileNotFoundError as error:
                raise StorageError(f"there is no such bucket: {_line(error)}") from error

    async def read(self, name: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        with _told(name):
            found = await obstore.get_async(self._store, known(name), options={"range": (start, end)})
            async for piece in found.stream(min_chunk_size=PIECE):
                yield bytes(piece)

    async def delete(self, name: str) -> None:
        with _told(name), contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, known(name))

    async def tidy(self, before: datetime) -> None:
        """Nothing lies half-done in a bucket that could be seen; what a store keeps of it, its own rules clear."""

    async def list_names(self) -> AsyncGenerator[tuple[str, datetime], None]:
        with _told(""):
            async for some in obstore.list(self._store):
                for one in some:
                    if is_name(one["path"]):
                        yield one["path"], one["last_modified"]


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn what the store says into an error of ours."""
    try:
        yield
    except FileNotFoundError:
        raise Missing(name) from None
    except (BaseError, OSError) as error:
        raise StorageError(_line(error)) from error


def _line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
