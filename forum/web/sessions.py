"""Browser sessions for aiohttp-session, kept in PostgreSQL by `domain/sessions.py`; the cookie holds only the key."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from aiohttp import web
from aiohttp_session import SESSION_KEY, AbstractStorage, Session, new_session

from forum.config import Config
from forum.domain import sessions, terms, visits
from forum.domain.entities import TopicId
from forum.keys import ACTOR, CONFIG, DB, FOUNDATIONS, LOOK, NETWORK, OWES, STAMP, UNREAD, VISIT, VISITED
from forum.repeating import repeat

_KEY: Final = "key"

KNOWN: Final = 1_000
"""Sessions, each with a topic or without, whose last reading a process remembers."""

SECOND_FACTOR: Final = "second_factor_due"
TERMS: Final = "terms_due"
"""What a member may owe before they go on, by the code of the refusal."""


def owed(session: sessions.SessionActor) -> str:
    """Return what whoever's session it is has to do before all else, mostly nothing; new terms come last."""
    if session.owes_second_factor:
        return SECOND_FACTOR
    return TERMS if session.informed_version < terms.VERSION else ""


class PostgresStorage(AbstractStorage):
    """Reads a session with its member in one query, and puts the Actor and the Network into the request.

    A row is made by signing in, in the transaction that also writes the audit entry, never by visiting. What was read
    is remembered, and asked about again by its versions in every request (docs/adr/0023-versions.md).
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
        self._known: OrderedDict[tuple[bytes, TopicId | None], visits.Known] = OrderedDict()

    async def load_session(self, request: web.Request) -> Session:
        key = self.load_cookie(request)
        if not key:
            return await self.new_session()
        found, visit = await repeat(lambda: self._found(request, key))
        if found is None:
            return await self.new_session()
        request[ACTOR] = found.actor
        if found.look:
            request[LOOK] = found.look
            request[FOUNDATIONS] = found.foundations
        request[NETWORK] = found.network
        request[OWES] = owed(found)
        request[UNREAD] = found.unread_count
        if found.stamp:
            request[STAMP] = found.stamp
        if visit:
            request[VISIT] = visit
        if found.needs_touch:
            await request.app[DB].note(lambda once: sessions.touch(once, found.actor.session_id))
        return Session(key, data={"session": {_KEY: key}, "created": 0}, new=False)

    async def _found(self, request: web.Request, key: str) -> tuple[sessions.SessionActor | None, visits.Visit | None]:
        wanted = request.get(VISITED)
        topic_id = None if wanted is None else TopicId(wanted)
        place = (sessions.digest(key), topic_id)
        known = self._known.get(place)
        async with request.app[DB].read() as conn:
            if topic_id is None:
                found, visit = await sessions.actor(conn, key, known[0] if known else None), None
            else:
                is_reply = request.method == "POST"
                found, visit = await visits.session_and_topic(conn, key, topic_id, known, to_reply=is_reply)
        if found is not None and (visit is not None or topic_id is None):
            self._known[place] = (found, visit)
            self._known.move_to_end(place)
            if len(self._known) > KNOWN:
                self._known.popitem(last=False)
        return found, visit

    async def save_session(self, request: web.Request, response: web.StreamResponse, session: Session) -> None:
        self.save_cookie(response, session.get(_KEY, ""), max_age=session.max_age or self.max_age)


def cookie_name(config: Config, purpose: str) -> str:
    """Return the cookie's name: `__Host-` binds it to the host, `__Secure-` allows the path the forum lives under."""
    if not config.is_https:
        return f"koinon_{purpose}"
    return f"__Secure-koinon_{purpose}" if config.base_path else f"__Host-koinon_{purpose}"


async def leave_unasked(request: web.Request) -> None:
    """Give the request the session whose key its cookie holds, for the forms of an answer without the database.

    Nobody is signed in by it: whether there is such a session is asked when the form comes.
    """
    if key := request.cookies.get(cookie_name(request.app[CONFIG], "session")):
        request[SESSION_KEY] = Session(key, data={"session": {_KEY: key}, "created": 0}, new=False)
    else:
        await new_session(request)


async def begin(request: web.Request, key: str) -> None:
    """Give the browser a new session: the key was made by the sign-in that has just been committed."""
    session = await new_session(request)
    session[_KEY] = key


def end(session: Session) -> None:
    """Take the session's key from the browser."""
    session.invalidate()


def key_of(session: Session) -> str:
    return str(session.get(_KEY, ""))
