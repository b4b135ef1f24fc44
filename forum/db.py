"""The one door to PostgreSQL: a pool, a registry of named queries, and what the server's refusals mean.

`Database.read()` gives a `Conn`, `Database.write()` a `Tx`, which is a transaction. A `Query` reads and runs on
both; a `Statement` writes (or locks) and runs on a `Tx` only, so that a write outside a transaction does not
type-check. Each has a name and says how many rows it answers with; a contract test prepares every one against
the real schema. Nothing here knows the forum's rules; no other module imports asyncpg.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Final, Generic, TypeVar, cast, get_type_hints
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from forum import repeating
from forum.errors import (
    BadRequest,
    Busy,
    CommandError,
    Conflict,
    Forbidden,
    ForumError,
    Full,
    Invalid,
    Lost,
    ReadOnly,
    Unavailable,
    Undone,
)

_log = logging.getLogger("forum.db")

T = TypeVar("T")
Row = TypeVar("Row", bound=Any)

ACQUIRE_SECONDS: Final = 1.0
"""How long a request waits for connections, all in all, before it is told to come back, which is done within two."""

PATIENCE: Final[ContextVar[float | None]] = ContextVar("patience", default=None)
"""What is left of that to the request being answered; unset outside one, where each wait may take as long."""

LOOKING: Final[ContextVar[bool]] = ContextVar("looking", default=False)
"""Whether the request is one of an administrator who looks as others: reads then ask the views of rights made for that,
and nothing is written (docs/adr/0033-looking-as-others.md)."""

_LOOKED: Final = re.compile(r"\b(memberships|category_rights|topic_rights)\b")

CLOSE_SECONDS: Final = 1.0
"""How long the pool's connections may take to end what they do, when the process stops."""

REFUSALS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What asyncpg raises. The internal one too: of a connection that the server has just ended it says that another
operation is in progress."""
_CACHE: Final = "statement_cache_size"
_CACHE_SIZE: Final = 100

SESSION_SETTINGS: Final = {
    "application_name": "koinon",
    "timezone": "UTC",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "15s",
    # Every query is prepared once a connection and its plan is good for all values, as a test sees: planning anew each
    # time would take longer than most of them run.
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
}


QUERY_SECONDS: Final = 5
"""How long the server works on one query before it gives it up."""


def session_settings(query_seconds: int = QUERY_SECONDS) -> dict[str, str]:
    """Return what every connection asks for when it is made."""
    return {**SESSION_SETTINGS, "statement_timeout": f"{query_seconds}s"}


class Card(enum.Enum):
    """How many rows a query answers with."""

    ONE = "one"
    ZERO_OR_ONE = "zero or one"
    MANY = "many"
    NONE = "none"


class _Named(Generic[T]):
    """A named piece of SQL with `$n` parameters whose rows become `returns(*columns)`.

    `returns` is a dataclass whose fields are the columns in order, or a plain type for a single column. One that
    `is_planned_anew` gets a plan for its values each time, and may be asked with `many` alone.
    """

    __slots__ = ("_build", "card", "is_planned_anew", "looked", "name", "returns", "sql")

    def __init__(self, name: str, sql: str, *, returns: type[T], card: Card, is_planned_anew: bool = False) -> None:
        self.is_planned_anew = is_planned_anew
        if name in REGISTRY:
            raise ValueError(f"two queries are called {name}")
        self.name, self.sql, self.returns, self.card = name, sql, returns, card
        self.looked = _LOOKED.sub(r"looked_\1", sql)
        self._build: Callable[[asyncpg.Record], T] | None = None
        REGISTRY[name] = self

    @property
    def said(self) -> str:
        """The SQL as it is sent to the server."""
        return self.looked if LOOKING.get() else self.sql

    @property
    def build(self) -> Callable[[asyncpg.Record], T]:
        """What makes a value of a row; found out at first use, when every type is defined."""
        if self._build is None:
            self._build = _builder(self.returns)
        return self._build


REGISTRY: dict[str, _Named[Any]] = {}
"""Every query of the process by name; filled as the domain's modules are imported."""


class Query(_Named[T]):
    """A read."""


class Statement(_Named[T]):
    """A write, or a read that locks."""


def _builder(kind: type[T]) -> Callable[[asyncpg.Record], T]:
    """Return what makes a value of a row; a field that is an enumeration gets its member, not the bare text."""
    if getattr(kind, "__dataclass_fields__", None) is None:
        return lambda record: cast("T", record[0])
    hints = get_type_hints(kind)
    enumerations = [
        (position, hint)
        for position, hint in enumerate(hints[name] for name in kind.__dataclass_fields__)  # type: ignore[attr-defined]  # a dataclass, as seen above
        if isinstance(hint, enum.EnumType)
    ]
    if not enumerations:
        return lambda record: kind(*record)

    def build(record: asyncpg.Record) -> T:
        values = list(record)
        for position, enumeration in enumerations:
            values[position] = enumeration(values[position])
        return kind(*values)

    return build


class _Runner:
    """What reads and writes share: running named SQL on one connection."""

    __slots__ = ("_connection",)

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def _one(self, query: _Named[T], *values: object) -> T:
        row = await self._maybe(query, *values)
        if row is None:
            raise LookupError(f"{query.name} found no row")
        return row

    async def _maybe(self, query: _Named[T], *values: object) -> T | None:
        try:
            record = await self._connection.fetchrow(query.said, *values)
        except (*REFUSALS, ValueError) as error:
            raise translate(error) from error
        return None if record is None else query.build(record)

    async def _many(self, query: _Named[T], *values: object) -> list[T]:
        try:
            if query.is_planned_anew:
                async with self._connection.transaction():
                    await self._connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
                    records = await self._connection.fetch(query.said, *values)
            else:
                records = await self._connection.fetch(query.said, *values)
        except (*REFUSALS, ValueError) as error:
            raise translate(error) from error
        build = query.build
        return [build(record) for record in records]

    async def _run(self, statement: Statement[Any], *values: object) -> int:
        try:
            status = await self._connection.execute(statement.sql, *values)
        except (*REFUSALS, ValueError) as error:
            raise translate(error) from error
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0


class Conn(_Runner):
    """A connection that reads."""

    __slots__ = ()

    async def one(self, query: Query[T], *values: object) -> T:
        """Return the row that must be there."""
        return await self._one(query, *values)

    async def maybe(self, query: Query[T], *values: object) -> T | None:
        """Return the row, or None."""
        return await self._maybe(query, *values)

    async def many(self, query: Query[T], *values: object) -> list[T]:
        """Return all rows."""
        return await self._many(query, *values)


class Tx(Conn):
    """A transaction: what is done in it stands whole or not at all."""

    __slots__ = ()

    async def one(self, query: Query[T] | Statement[T], *values: object) -> T:
        return await self._one(query, *values)

    async def maybe(self, query: Query[T] | Statement[T], *values: object) -> T | None:
        return await self._maybe(query, *values)

    async def many(self, query: Query[T] | Statement[T], *values: object) -> list[T]:
        return await self._many(query, *values)

    async def run(self, statement: Statement[Any], *values: object) -> int:
        """Carry out a statement and return how many rows it touched."""
        return await self._run(statement, *values)


class Once(_Runner):
    """A connection for one statement that is a transaction of its own."""

    __slots__ = ()

    async def maybe(self, statement: Statement[T], *values: object) -> T | None:
        return await self._maybe(statement, *values)

    async def many(self, statement: Statement[T], *values: object) -> list[T]:
        return await self._many(statement, *values)

    async def run(self, statement: Statement[Any], *values: object) -> int:
        """Carry out a statement and return how many rows it touched."""
        return await self._run(statement, *values)


RawConnection = asyncpg.Connection
"""A connection for migrations and set-up only, which run SQL that is made of files and names of roles."""

RawError = asyncpg.PostgresError
RawLockError = asyncpg.LockNotAvailableError

FAILURES: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionResetError)
"""What a raw connection raises when the server refuses, or is gone."""


async def connect(url: str, **settings: str) -> RawConnection:
    """Open a connection outside the pool, or say in one line why there is none."""
    try:
        dsn, cache = _address(url)
        return await asyncpg.connect(
            dsn,
            timeout=10,
            statement_cache_size=cache,
            server_settings={"application_name": "koinon", **settings},
        )
    except (*REFUSALS, ValueError) as error:
        raise CommandError(f"the database does not answer: {one_line(error)}") from None


def _address(url: str) -> tuple[str, int]:
    """Return the server's address and how many statements a connection keeps prepared.

    Poolers that lend another connection to each transaction may need `?statement_cache_size=0`.
    """
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    size = dict(query).get(_CACHE)
    if size is None:
        return url, _CACHE_SIZE
    if not size.isdecimal():
        raise ValueError(f"{_CACHE} must be a number")
    kept = [(name, value) for name, value in query if name != _CACHE]
    return urlunsplit(parts._replace(query=urlencode(kept))), int(size)


def one_line(error: BaseException) -> str:
    """Return what an error says on a single line."""
    return " ".join(str(error).split()) or type(error).__name__


class Loan(Generic[T]):
    """A connection of a pool as long as the block lasts, in the form it is lent in.

    Not made of a generator: every request borrows, most of them to ask a single query.
    """

    __slots__ = ("_acquire", "_form", "_lent", "_pool")

    def __init__(
        self,
        acquire: Callable[[], Awaitable[tuple[asyncpg.Pool, asyncpg.pool.PoolConnectionProxy]]],
        form: Callable[[asyncpg.Connection], T],
    ) -> None:
        self._acquire, self._form = acquire, form

    async def __aenter__(self) -> T:
        self._pool, self._lent = await self._acquire()
        # The pool lends a proxy that behaves as the connection it stands for.
        return self._form(cast("asyncpg.Connection", self._lent))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, Lost):
                _give_up(cast("asyncpg.Connection", self._lent))
        finally:
            # One that breaks only now has been of use, and the pool replaces it.
            with contextlib.suppress(*REFUSALS):
                await self._pool.release(self._lent)


class Database:
    """A pool of connections to the primary; opened and closed by the composition root."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        query_seconds: int = QUERY_SECONDS,
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        """Keep where the database is; a query that takes longer than `query_seconds` is ended by the server.

        While `has_room` says no, nothing is written.
        """
        self._url = url
        self._has_room = has_room
        self._pool_size = pool_size
        self._query_seconds = query_seconds
        self._pool: asyncpg.Pool | None = None
        self._turn = asyncio.Lock()
        self._looked_at = -1.0
        self._waiting = 0

    @property
    def size(self) -> int:
        """How many connections are open."""
        return self._pool.get_size() if self._pool else 0

    @property
    def idle(self) -> int:
        """How many of them nobody uses."""
        return self._pool.get_idle_size() if self._pool else 0

    @property
    def waiting(self) -> int:
        """How many are asking for a connection and have none yet."""
        return self._waiting

    async def open(self, *, first: int = 1) -> None:
        """Make the first connections, or raise Unavailable."""
        try:
            dsn, cache = _address(self._url)
            self._pool = await asyncpg.create_pool(
                dsn,
                statement_cache_size=cache,
                min_size=first,
                max_size=self._pool_size,
                max_inactive_connection_lifetime=300,
                timeout=5,
                command_timeout=self._query_seconds * 2,
                server_settings=session_settings(self._query_seconds),
                init=_prepare_connection,
                # Nothing here changes a session's state outside a transaction, so releasing costs no round trip.
                reset=_leave_as_is,
            )
        except REFUSALS as error:
            raise translate(error) from error

    async def close(self) -> None:
        """Close every connection; what still runs after a second is cut off."""
        if self._pool is None:
            return
        try:
            await asyncio.wait_for(self._pool.close(), CLOSE_SECONDS)
        except TimeoutError:
            self._pool.terminate()
        self._pool = None

    def read(self) -> Loan[Conn]:
        """Lend a connection for reading."""
        return Loan(self._acquire, Conn)

    async def browse(self, act: Callable[[Conn], Awaitable[T]]) -> T:
        """Do a dear read, which another server may answer (`replica.py`): `act` may be called twice."""
        async with self.read() as conn:
            return await act(conn)

    @contextlib.asynccontextmanager
    async def once(self, *, bears_repeating: bool = False) -> AsyncIterator[Once]:
        """Lend a connection for a single statement, which is committed when it has answered.

        One that `bears_repeating` may be carried out twice without harm, where the connection broke under way.
        """
        self._require_room()
        attempt = repeating.ATTEMPT.get(None) or repeating.Attempt()
        stood = attempt.may_stand
        async with self._connection() as connection:
            attempt.may_stand = stood or not bears_repeating
            try:
                yield Once(connection)
            except (Undone, ReadOnly) as refusal:
                attempt.may_stand = stood
                if isinstance(refusal, ReadOnly):
                    await self._look_for_another_server()
                raise

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """Open a transaction: committed when the block ends, rolled back on any exception."""
        self._require_room()
        async with self._connection() as connection:
            transaction = connection.transaction()
            try:
                await transaction.start()
            except REFUSALS as error:
                raise translate(error) from error
            try:
                yield Tx(connection)
            except BaseException as error:
                try:
                    await transaction.rollback()
                except REFUSALS:
                    _give_up(connection)
                if isinstance(error, ReadOnly):
                    await self._look_for_another_server()
                raise
            await _commit(transaction)

    def _require_room(self) -> None:
        if LOOKING.get():
            raise Forbidden("looking")
        if not self._has_room():
            raise Full

    async def note(self, act: Callable[[Once], Awaitable[object]]) -> None:
        """Carry out, in one statement that may be done twice, what is only noted beside an answer.

        The answer comes also where it cannot be: so pages can be read while the database takes no writes.
        """

        async def noted() -> None:
            async with self.once(bears_repeating=True) as once:
                await act(once)

        try:
            await repeating.repeat(noted)
        except (Unavailable, Undone) as error:
            _log.info("not noted: %s", error.code)

    async def _look_for_another_server(self) -> None:
        """Have every connection made anew before it is used again: the one to write to may be another machine now."""
        now = time.monotonic()
        if self._pool is not None and now - self._looked_at >= 1:
            self._looked_at = now
            await self._pool.expire_connections()

    def _connection(self) -> Loan[asyncpg.Connection]:
        return Loan(self._acquire, lambda connection: connection)

    async def _acquire(self) -> tuple[asyncpg.Pool, asyncpg.pool.PoolConnectionProxy]:
        """Take a connection from the pool within what is left of the request's patience."""
        pool = self._pool
        if pool is None:
            raise Unavailable
        patience = PATIENCE.get()
        began = time.monotonic()
        self._waiting += 1
        try:
            limit = ACQUIRE_SECONDS if patience is None else max(patience, 0.01)
            return pool, await pool.acquire(timeout=limit)
        except TimeoutError as error:
            # Hundreds may have waited as long: they go on one after the other, and others between.
            async with self._turn:
                await asyncio.sleep(0)
            raise Busy from error
        except REFUSALS as error:
            # None was made, so none was lost: the server is not there, and asking again at once would not help.
            refusal = translate(error)
            raise (Unavailable() if isinstance(refusal, Lost) else refusal) from error
        finally:
            self._waiting -= 1
            if patience is not None:
                PATIENCE.set(patience - (time.monotonic() - began))


def _give_up(connection: asyncpg.Connection) -> None:
    """Have the pool make another in its place, unless it has noticed by itself."""
    with contextlib.suppress(asyncpg.InterfaceError):
        connection.terminate()


async def _commit(transaction: asyncpg.transaction.Transaction) -> None:
    """Commit, and note that from here on it may stand: a connection that breaks now leaves that open."""
    attempt = repeating.ATTEMPT.get(None) or repeating.Attempt()
    stood = attempt.may_stand
    attempt.may_stand = True
    try:
        await transaction.commit()
    except REFUSALS as error:
        refusal = translate(error)
        if isinstance(refusal, Undone):
            attempt.may_stand = stood
        raise refusal from error


async def _prepare_connection(connection: asyncpg.Connection) -> None:
    # As PostgreSQL sends it in binary, a version before the text: so it can be read within a row as well.
    await connection.set_type_codec(
        "jsonb",
        encoder=lambda value: b"\x01" + json.dumps(value).encode(),
        decoder=lambda sent: json.loads(sent[1:]),
        schema="pg_catalog",
        format="binary",
    )


async def _leave_as_is(connection: asyncpg.Connection) -> None:
    """Release a connection as it stands."""


CONSTRAINTS: Final[dict[str, Callable[[], ForumError]]] = {
    "members_email_key": lambda: Invalid({"email": ("taken",)}),
    "members_organisation_id_fkey": lambda: Invalid({"organisation": ("unknown",)}),
    "members_organisation_open": lambda: Invalid({"organisation": ("closed",)}),
    "regions_slug_key": lambda: Invalid({"slug": ("taken",)}),
    "organisations_slug_key": lambda: Invalid({"slug": ("taken",)}),
    "categories_slug_key": lambda: Invalid({"slug": ("taken",)}),
    "groups_slug_key": lambda: Invalid({"slug": ("taken",)}),
    "twins_partner_key": lambda: Invalid({"partner": ("taken",)}),
    "twinnings_pair_idx": lambda: Invalid({"to": ("twins_already",)}),
    "mails_gathered_idx": Conflict,
    "posts_reply_to_fkey": lambda: Invalid({"reply_to": ("unknown",)}),
}
"""What a violated constraint means to the one who typed; a name that is not here is a defect of ours (500)."""


def translate(error: BaseException) -> Exception:
    """Return what the server's refusal means here; an error that only a defect can cause comes back as it is."""
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        make = CONSTRAINTS.get(error.constraint_name or "")
        return make() if make else cast("Exception", error)
    if isinstance(error, asyncpg.DataError | asyncpg.exceptions.DataError | ValueError):
        # A number beyond int8, a NUL byte, a lone surrogate: nothing that exists is called that.
        return BadRequest("bad_value")
    if isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError):
        return Undone()
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return ReadOnly()
    if isinstance(error, asyncpg.DiskFullError):
        return Full()
    if isinstance(error, LOST) and not isinstance(error, TimeoutError):
        return Lost()
    if isinstance(error, UNAVAILABLE):
        return Unavailable()
    return cast("Exception", error)


LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    OSError,
)
"""What says that a connection is no more; a time that has passed (TimeoutError is an OSError) says nothing of it."""

UNAVAILABLE: Final = (
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.LockNotAvailableError,
    TimeoutError,
)
