"""What can go wrong, as the domain says it; the edge turns each into a status and a sentence.

    ForumError
    ├── NotFound          404  absent, or not visible to the one who asks: the same answer
    ├── Unauthenticated   401  (pages: the way to sign-in)
    ├── Forbidden         403  seen, but not allowed; the code says why
    ├── Invalid           422  what was typed cannot be taken; fields say where
    ├── TooSlow           408  what was sent took too long to arrive
    ├── Conflict          409  the state has moved on
    │   └── Undone        409  the database undid it, for somebody who wrote at the same moment
    ├── Outdated          412  it is changed by its version, and has another one by now
    ├── Unversioned       428  it is changed by its version, and none was named
    ├── TooLarge          413  it is larger than is taken
    ├── Crowded           507  there is no more room for files: the member's, or the forum's
    ├── RateLimited       429  too many, too soon; `retry_after` in seconds
    └── Unavailable       503  the database does not answer; try again
        ├── Busy          503  nor is it asked: all connections to it are taken
        ├── Lost          503  the connection to it broke while it was used
        ├── ReadOnly      503  it can be read, and takes nothing new
        └── Full          503  it has no room for anything new

A code is stable and machine-readable; sentences live in `forum/web/problems.py`, never here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self


class Detailed(str):
    """A code of a field with what its sentence names: numbers, words as somebody wrote them, msgids as a tuple."""

    __slots__ = ("values",)
    values: Mapping[str, int | str | tuple[str, ...]]

    def __new__(cls, code: str, **values: int | str | tuple[str, ...]) -> Self:
        made = super().__new__(cls, code)
        made.values = values
        return made


class ForumError(Exception):
    """An outcome the reader is told about."""

    status = 500
    code = "internal_error"

    def __init__(self, code: str | None = None) -> None:
        if code is not None:
            self.code = code
        super().__init__(self.code)


class NotFound(ForumError):
    status = 404
    code = "not_found"


class Unauthenticated(ForumError):
    status = 401
    code = "unauthenticated"


class Forbidden(ForumError):
    status = 403
    code = "forbidden"


class Invalid(ForumError):
    """Input that cannot be taken: `fields` maps a field's name to the codes of what is wrong with it."""

    status = 422
    code = "invalid"

    def __init__(self, fields: Mapping[str, tuple[str, ...]], code: str | None = None) -> None:
        self.fields = dict(fields)
        super().__init__(code)


class BadRequest(ForumError):
    """A request no form or program of ours would send (400)."""

    status = 400
    code = "bad_request"


class TooSlow(ForumError):
    """A body that did not arrive in time; raised where it is read."""

    status = 408
    code = "too_slow"


class Conflict(ForumError):
    status = 409
    code = "conflict"


class Outdated(ForumError):
    status = 412
    code = "outdated"


class Unversioned(ForumError):
    status = 428
    code = "unversioned"


class Undone(Conflict):
    """A deadlock or a conflict of transactions: nothing of it stands, and again it may go well."""

    code = "try_again"


class TooLarge(ForumError):
    status = 413
    code = "too_large"


class Crowded(ForumError):
    """The room for files is taken; what is deleted makes room."""

    status = 507
    code = "no_room_for_files"


class RateLimited(ForumError):
    status = 429
    code = "rate_limited"

    def __init__(self, retry_after: int, code: str | None = None) -> None:
        self.retry_after = max(1, retry_after)
        super().__init__(code)


class Unavailable(ForumError):
    status = 503
    code = "unavailable"


class Busy(Unavailable):
    """No connection to the database came free in time; for the reader it is the same."""


class Lost(Unavailable):
    """The connection broke under way; what was not committed was rolled back."""


class ReadOnly(Unavailable):
    """The server takes no writes: it was told so, or another has taken its place."""

    code = "read_only"


class Full(Unavailable):
    """The server has no room to write."""

    code = "no_room"


class CommandError(Exception):
    """A command cannot go on; its text is the one line the operator reads."""
