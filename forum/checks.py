"""What `run.py check` looks at: the settings, the machine and the database, each as found; nothing is changed.

A check says what it found, or what is wrong and what to do about it, in one line. Who adds something that a forum
needs to work (mail, files) adds its check here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from forum import clock, mailer, migrations, server
from forum.config import KEY_BYTES, Config
from forum.db import Card, Conn, Database, Query, RawError, connect, one_line, session_settings
from forum.domain import counters
from forum.errors import CommandError, ForumError
from forum.smtp import smtp_place
from forum.storage import FOLDER, Storage, StorageError, storage_of

DISK_BYTES: Final = 1024**3
"""What must be free: PostgreSQL stops when the disk is full, and this much is written before anybody has looked."""

FILES: Final = 4096
"""Open files a process must be allowed: one a connection, browsers hold several."""

CLOCK_SECONDS: Final = 2.0
"""How far two clocks may be apart: tokens, closing instants and locks are told by the database's."""

LAG_SECONDS: Final = 60.0

COUNT_SECONDS: Final = 3600
"""For counting all there is: a million posts take seconds, on a busy disk minutes."""

_HANDED_ON: Final = frozenset({"application_name", "timezone"})
"""What poolers hand on of the settings that a connection asks for."""

_POOL: Final = 11
_SPARE: Final = 5
_PROBE: Final = "SELECT 'koinon' AS probe"
_PROBE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: `text` says what was found, or what is wrong and what to do."""

    name: str
    is_ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class _Server:
    version: int
    name: str
    encoding: str
    ctype: str
    has_greek: bool
    is_standby: bool
    role: str
    is_superuser: bool
    connections: int
    clock: datetime


@dataclass(frozen=True, slots=True)
class _Standby:
    name: str
    state: str | None
    lag: float


_SERVER_FACTS: Final = Query(
    "checks.server",
    """
    SELECT
        current_setting('server_version_num')::integer,
        current_setting('server_version'),
        current_setting('server_encoding'),
        pg_database.datctype::text,
        lower('Ώ') = 'ώ',
        pg_is_in_recovery(),
        current_user::text,
        coalesce((SELECT pg_roles.rolsuper FROM pg_roles WHERE pg_roles.rolname = current_user), false),
        current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer,
        clock_timestamp()
    FROM pg_database
    WHERE pg_database.datname = current_database()
    """,
    returns=_Server,
    card=Card.ONE,
)

_LEDGER: Final = Query(
    "checks.ledger",
    "SELECT to_regclass('public.schema_migrations') IS NOT NULL",
    returns=bool,
    card=Card.ONE,
)

_MISSING: Final = Query(
    "checks.missing_extensions",
    """
    SELECT needed.name
    FROM unnest(ARRAY['pg_trgm', 'unaccent']) AS needed (name)
    WHERE NOT EXISTS (SELECT 1 FROM pg_available_extensions WHERE pg_available_extensions.name = needed.name)
    ORDER BY needed.name
    """,
    returns=str,
    card=Card.MANY,
)

_MAY_REWRITE: Final = Query(
    "checks.may_rewrite_audit",
    "SELECT has_table_privilege('public.audit_entries', 'update, delete, truncate')",
    returns=bool,
    card=Card.ONE,
)

_SETTING: Final = Query("checks.setting", "SELECT current_setting($1)", returns=str, card=Card.ONE)

_STANDBYS: Final = Query(
    "checks.standbys",
    """
    SELECT application_name, state, coalesce(extract(epoch FROM replay_lag), 0)::float8
    FROM pg_stat_replication
    ORDER BY application_name, pid
    """,
    returns=_Standby,
    card=Card.MANY,
)


def run(config: Config) -> Iterator[Check]:
    """Look at everything, the cheapest first."""
    yield _proxies(config)
    yield _data_dir(config)
    yield _secret_key(config)
    yield _disk(config)
    yield _files()
    yield _mail(config)
    yield _storage(config)
    try:
        with server.reached(config) as ready:
            yield from asyncio.run(_database(config, ready))
    except CommandError as error:
        yield Check("database", False, str(error))
    except ForumError as error:
        yield Check("database", False, f"it does not answer: {one_line(error.__cause__ or error)}")


def _proxies(config: Config) -> Check:
    if config.trusted_proxies or not config.is_https:
        return Check("address", True, f"people reach the forum at {config.url}")
    # https is a proxy's to speak, so there is one; what it forwards is not believed.
    return Check(
        "address", False,
        f"people reach {config.url} through a proxy that FORUM_TRUSTED_PROXIES does not name: "
        "to the limits of rate and of connections all of them are one; name its address",
    )  # fmt: skip


def _data_dir(config: Config) -> Check:
    existing = _existing(config.data_dir)
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Check("data directory", False, f"{existing} cannot be written to: change FORUM_DATA_DIR or its owner")
    is_there = existing == config.data_dir
    return Check("data directory", True, f"{config.data_dir} {'can be written to' if is_there else 'can be made'}")


def _storage(config: Config) -> Check:
    """See that the store of attachments answers; nothing is put there to find out."""
    url = config.storage_url.get_secret_value()
    if not url:
        return Check("storage", True, f"attachments lie in {config.data_dir / FOLDER}")
    try:
        asyncio.run(_listed(storage_of(url, config.data_dir)))
    except StorageError as error:
        return Check("storage", False, f"it does not answer: {error}; see FORUM_STORAGE_URL")
    return Check("storage", True, "the store of attachments answers")


async def _listed(storage: Storage) -> None:
    async with contextlib.aclosing(storage.list_names()) as names:
        await anext(names, None)


def _existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())


def _secret_key(config: Config) -> Check:
    if given := config.secret_key.get_secret_value():
        if len(given.encode()) < KEY_BYTES:
            return Check("secret key", False, f"FORUM_SECRET_KEY: must be at least {KEY_BYTES} bytes long")
        return Check("secret key", True, "set by FORUM_SECRET_KEY")
    path = config.data_dir / "secret.key"
    try:
        mode = path.stat().st_mode & 0o777
        path.read_bytes()
    except FileNotFoundError:
        return Check("secret key", True, f"{path} is made at the first start")
    except OSError as error:
        return Check("secret key", False, f"{path}: {error.strerror}; it must be the forum's own file")
    if mode & 0o077:
        return Check("secret key", False, f"{path} can be read by others (mode {mode:04o}): chmod 600 {path}")
    return Check("secret key", True, f"{path}, mode {mode:04o}")


def _disk(config: Config) -> Check:
    usage = shutil.disk_usage(_existing(config.data_dir))
    free = f"{usage.free / 1024**3:,.1f} GiB free of {usage.total / 1024**3:,.1f} under {config.data_dir}"
    is_enough = usage.free >= DISK_BYTES
    return Check("disk", is_enough, free if is_enough else f"only {free}: make room before the database stops")


def _files() -> Check:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        told = f"only {hard} may be open at once: allow 65536 (ulimit -n, LimitNOFILE= of systemd)"
        return Check("open files", False, told)
    return Check("open files", True, "any number" if hard == resource.RLIM_INFINITY else f"up to {hard}")


def _mail(config: Config) -> Check:
    url = config.smtp_url.get_secret_value()
    try:
        signed = "signed" if mailer.signature(config) else "not signed"
    except CommandError as error:
        return Check("mail", False, str(error))
    if not url:
        return Check("mail", True, f"no server named: messages become files in {config.mail_folder}")
    place = smtp_place(url)
    try:
        asyncio.run(_greet(mailer.SmtpMailer(place, sender=config.mail_sender, timeout=_PROBE_SECONDS)))
    except mailer.NotTaken as error:
        return Check("mail", False, f"the mail server does not answer as it should: {error}")
    return Check("mail", True, f"{place.host}:{place.port} answers; from {config.mail_sender}, {signed}")


async def _greet(server: mailer.SmtpMailer) -> None:
    try:
        await server.greet()
    finally:
        await server.close()


async def _database(config: Config, ready: server.Ready) -> list[Check]:
    if ready.embedded is not None and not await server.is_made(ready.embedded):
        return [Check("database", True, "reachable, empty: it is filled at the first start")]
    is_pooled = await _is_pooled(ready.url)
    db = Database(ready.url, pool_size=1)
    await db.open()
    try:
        async with db.read() as conn:
            sent = clock.now()
            found = await conn.one(_SERVER_FACTS)
            middle = sent + (clock.now() - sent) / 2
            told = f"reachable{' through a pooler' if is_pooled else ''}, PostgreSQL {found.name}"
            checks = [Check("database", True, told)]
            checks += _server_checks(config, found, (found.clock - middle).total_seconds(), is_pooled=is_pooled)
            checks += await _contents(conn, is_separate=ready.owner_url != ready.url)
            checks.append(await _session(conn))
            checks += [_standby(standby) for standby in await conn.many(_STANDBYS)]
            is_whole = await conn.one(_LEDGER) and sorted(await conn.many(migrations.APPLIED)) == migrations.names()
    finally:
        await db.close()
    if is_pooled:
        checks.append(await _prepared(ready.url))
        hears = bool(config.database_listen_url.get_secret_value())
        told = "past the pooler" if hears else "none through a pooler; FORUM_DATABASE_LISTEN_URL names a way past it"
        checks.append(Check("live events", True, told))
    if is_whole:
        checks.append(await _counters(ready.url))
    return checks


async def _is_pooled(url: str) -> bool:
    """Say whether something stands between: it invents the number of the process that it claims to be."""
    connection = await connect(url)
    try:
        return bool(await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid())
    finally:
        await connection.close()


def _server_checks(config: Config, found: _Server, apart: float, *, is_pooled: bool) -> Iterator[Check]:
    major = found.version // 10_000
    needed = f"{migrations.OLDEST} to {migrations.NEWEST}"
    is_known = migrations.OLDEST <= major <= migrations.NEWEST
    told = f"{major}, of {needed}" if is_known else f"{major}: Koinon is made for {needed}"
    yield Check("version", is_known, told)
    is_readable = found.encoding == "UTF8" and found.has_greek
    locale = f"{found.encoding}, LC_CTYPE {found.ctype}"
    told = locale if is_readable else f"{locale}: create the database with ENCODING 'UTF8' and LC_CTYPE 'C.UTF-8'"
    yield Check("encoding", is_readable, told)
    if found.is_standby:
        yield Check("primary", False, "this server is a replica: FORUM_DATABASE_URL must lead to the primary")
    told = f"{found.role} is a superuser: give the forum a role of its own that is not" if found.is_superuser else ""
    yield Check("role", not found.is_superuser, told or f"{found.role}, no superuser")
    is_near = abs(apart) <= CLOCK_SECONDS
    told = f"the database's is {apart:+.1f} s from this machine's"
    yield Check("clock", is_near, told if is_near else f"{told}: set both by NTP")
    wanted = config.workers * _POOL + _SPARE
    if not is_pooled:
        is_enough = found.connections >= wanted
        told = f"{found.connections} allowed, up to {wanted} used"
        yield Check("connections", is_enough, told if is_enough else f"{told}: raise max_connections or use a pooler")


async def _contents(conn: Conn, *, is_separate: bool) -> list[Check]:
    missing = await conn.many(_MISSING)
    if missing:
        told = f"{', '.join(missing)} cannot be created: install PostgreSQL's contrib package"
        return [Check("extensions", False, told)]
    if not await conn.one(_LEDGER):
        return [Check("migrations", True, "none applied yet: the first start applies all")]
    known, applied = migrations.names(), await conn.many(migrations.APPLIED)
    if newer := sorted(set(applied) - set(known)):
        return [Check("migrations", False, f"the database is newer than this program ({newer[-1]}): install the newer")]
    pending = len(known) - len(applied)
    told = f"{len(applied)} migrations applied" + (f", {pending} to come at the next start" if pending else "")
    checks = [Check("migrations", True, told)]
    if is_separate:
        may = await conn.one(_MAY_REWRITE)
        told = "may be changed by the forum's role: run `python run.py migrate`" if may else "can only be added to"
        checks.append(Check("audit log", not may, told))
    return checks


async def _session(conn: Conn) -> Check:
    """See that what is asked for at connecting is in force; a pooler may be told to leave it out."""
    settings = {name: value for name, value in session_settings().items() if name not in _HANDED_ON}
    lost = [name for name, value in settings.items() if await conn.one(_SETTING, name) != value]
    if not lost:
        return Check("session", True, ", ".join(f"{name} {value}" for name, value in settings.items()))
    cure = " ".join(f"ALTER ROLE … SET {name} = '{settings[name]}';" for name in lost)
    return Check("session", False, f"{', '.join(lost)} are not in force: {cure}")


async def _counters(url: str) -> Check:
    db = Database(url, pool_size=1, query_seconds=COUNT_SECONDS)
    await db.open()
    try:
        async with db.read() as conn:
            wrong = await counters.list_wrong(conn)
    finally:
        await db.close()
    if not wrong:
        return Check("counters", True, "exact")
    named = ", ".join(f"{found.kind} {found.id}" for found in wrong[:10]) + (", …" if len(wrong) > 10 else "")
    return Check("counters", False, f"{len(wrong)} wrong ({named}); check --repair counts them anew")


def _standby(found: _Standby) -> Check:
    if found.state is None:
        return Check("replica", True, f"{found.name}; GRANT pg_monitor to the forum's role to see how far behind it is")
    is_near = found.state == "streaming" and found.lag <= LAG_SECONDS
    told = f"{found.name}, {found.state}, {found.lag:.1f} s behind"
    return Check("replica", is_near, told if is_near else f"{told}: look at its log")


async def _prepared(url: str) -> Check:
    """See that what one of a pooler's connections has prepared is known when the pooler gives another."""
    asking, holding = await connect(url), await connect(url)
    try:
        await asking.fetchval(_PROBE)
        async with holding.transaction():
            # The pooler lends the connection it got back last: the one on which the statement is prepared.
            await holding.fetchval("SELECT 1")
            async with asyncio.timeout(_PROBE_SECONDS):
                await asking.fetchval(_PROBE)
    except RawError:
        return Check(
            "prepared statements", False,
            "the pooler loses them: set its max_prepared_statements (PgBouncer 1.21 and newer), "
            "or add ?statement_cache_size=0 to FORUM_DATABASE_URL",
        )  # fmt: skip
    except TimeoutError:
        return Check("prepared statements", False, "the pooler has a single connection: raise default_pool_size")
    finally:
        for connection in (asking, holding):
            connection.terminate()
    return Check("prepared statements", True, "safe with this pooler")
