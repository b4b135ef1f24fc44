"""Browser sessions for aiohttp-session, kept in PostgreSQL by `domain/sessions.py`; the cookie holds only the key."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from aiohttp_session import AbstractStorage, Session, new_session

from forum import db
from forum.config import Config
from forum.domain import access, sessions
from forum.domain.entities import TopicId
from forum.keys import ACTOR, DB, NETWORK, STAMP, VISIT, VISITED

_KEY: Final = "key"


class PostgresStorage(AbstractStorage):
    """Reads a session with its member in one query, and puts the Actor and the Network into the request.

    A row is made by signing in, in the transaction that also writes the audit entry, never by visiting.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(
            cookie_name=cookie_name(config, "session"),
            path=config.base_path or "/",
            secure=config.is_https,
            httponly=True,
            samesite="Lax",
            max_age=int(sessions.ABSOLUTE.total_seconds()),
        )

    async def load_session(self, request: web.Request) -> Session:
        key = self.load_cookie(request)
        if not key:
            return await self.new_session()
        found = await db.repeat(lambda: _found(request, key))
        if found is None:
            return await self.new_session()
        request[ACTOR] = found.actor
        request[NETWORK] = found.network
        request[STAMP] = found.stamp
        if found.needs_touch:
            await request.app[DB].note(lambda tx: sessions.touch(tx, found.actor.session_id))
        return Session(key, data={"session": {_KEY: key}, "created": 0}, new=False)

    async def save_session(self, request: web.Request, response: web.StreamResponse, session: Session) -> None:
        self.save_cookie(response, session.get(_KEY, ""), max_age=session.max_age or self.max_age)


async def _found(request: web.Request, key: str) -> sessions.SessionActor | None:
    async with request.app[DB].read() as conn:
        if (topic_id := request.get(VISITED)) is None:
            return await sessions.actor(conn, key)
        found, visit = await access.session_and_topic(conn, key, TopicId(topic_id))
    if visit:
        request[VISIT] = visit
    return found


def cookie_name(config: Config, purpose: str) -> str:
    """Return the cookie's name: `__Host-` binds it to the host, `__Secure-` allows the path the forum lives under."""
    if not config.is_https:
        return f"koinon_{purpose}"
    return f"__Secure-koinon_{purpose}" if config.base_path else f"__Host-koinon_{purpose}"


async def begin(request: web.Request, key: str) -> None:
    """Give the browser a new session: the key was made by the sign-in that has just been committed."""
    session = await new_session(request)
    session[_KEY] = key


def end(session: Session) -> None:
    """Take the session's key from the browser."""
    session.invalidate()


def key_of(session: Session) -> str:
    return str(session.get(_KEY, ""))
