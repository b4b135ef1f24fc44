"""Signing in and out, and the list of one's own signed-in browsers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from aiohttp import web
from aiohttp_session import get_session
from pydantic import Field

from forum.domain import drafts, members, sessions, sign_in
from forum.domain.drafts import Words
from forum.domain.entities import EMAIL_LIMIT
from forum.domain.sessions import SessionRow
from forum.domain.sign_in import Credentials
from forum.errors import Invalid, RateLimited
from forum.keys import ACTOR, ADDRESS, DB, HASHER, LIMITS
from forum.web import credentials
from forum.web.flash import flash
from forum.web.forms import Form, FormState, RequiredLine, int_param, query_param, state_of
from forum.web.kept import of_sign_in
from forum.web.pages import Page, render
from forum.web.ratelimit import count_draft
from forum.web.sessions import begin, end
from forum.web.sign_in import ask_code, lead_on, show
from forum.web.urls import own_path, redirect, see_other


class SignInForm(Form):
    """Any text may be tried: whether it looks like an address or a password says nothing to a guesser."""

    email: Annotated[RequiredLine, Field(max_length=EMAIL_LIMIT)]
    password: Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Device:
    """A browser and a system as people call them; empty when the browser does not say."""

    browser: str
    system: str


@dataclass(frozen=True, slots=True)
class SessionView:
    session: SessionRow
    device: Device


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsPage(Page):
    template: ClassVar[str] = "sessions/index.html"
    sessions: list[SessionView]


async def index(request: web.Request) -> web.Response:
    async with request.app[DB].read() as conn:
        rows = await sessions.list_sessions(conn, request[ACTOR])
    return await render(request, SessionsPage(sessions=[SessionView(row, device(row.agent)) for row in rows]))


async def new(request: web.Request) -> web.Response:
    wanted = own_path(request.app, query_param(request, "next"))
    if request.get(ACTOR):
        return redirect(wanted)
    return await show(request, wanted, FormState(), has_ended=query_param(request, "ended") == "1")


async def create(request: web.Request) -> web.Response:
    """Open a session and lead on: to the page asked for, or to the form whose words of theirs the page carried."""
    sent = await request.post()
    next_page, carried = sent.get("next", ""), of_sign_in(sent)
    wanted = own_path(request.app, next_page if isinstance(next_page, str) else "")
    if actor := request.get(ACTOR):
        words = carried.words_for(actor.member_id)
        if words is not None:
            await count_draft(request)
            async with request.app[DB].write() as tx:
                await drafts.save(tx, actor.member_id, words)
        return lead_on(request, wanted, words)
    try:
        form = SignInForm.parse(sent)
        known = await credentials.verify(request, form.email, form.password)
        if known is None:
            raise Invalid({}, "wrong_credentials")
    except Invalid as invalid:
        return await show(request, wanted, await state_of(request, invalid), kept=carried, problem=invalid)
    except RateLimited as limited:
        return await show(request, wanted, await state_of(request, Invalid({})), kept=carried, problem=limited)
    if known.has_second_factor:
        return await ask_code(request, await _open_step(request, form, known), wanted, carried)
    words = carried.words_for(known.member_id)
    await begin(request, await _open(request, form, known, words))
    return lead_on(request, wanted, words)


async def delete(request: web.Request) -> web.Response:
    return await _close(request, request[ACTOR].session_id or 0)


async def close(request: web.Request) -> web.Response:
    return await _close(request, int_param(request, "session_id"))


async def close_others(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        await sessions.close_others(tx, request[ACTOR])
    response = see_other(request, "sessions.index")
    flash(request, response, "sessions.closed")
    return response


async def _open(request: web.Request, form: SignInForm, known: Credentials, words: Words | None) -> str:
    """Open the session of who gave the right password, and keep the words they had sent without one."""
    app = request.app
    renewed = await _renewed(request, form, known)
    async with app[DB].write() as tx:
        key = await sign_in.succeeded(
            tx,
            app[LIMITS],
            form.email,
            request[ADDRESS],
            known.member_id,
            request.headers.get("User-Agent", ""),
            password_hash=known.password_hash,
        )
        await members.rehash(tx, known.member_id, known.password_hash, renewed)
        if words is not None:
            await drafts.save(tx, known.member_id, words)
    return key


async def _open_step(request: web.Request, form: SignInForm, known: Credentials) -> str:
    """Open the step of who gave the right password, and has to show a second factor before anything else."""
    app = request.app
    renewed = await _renewed(request, form, known)
    async with app[DB].write() as tx:
        key = await sign_in.begin(
            tx, app[LIMITS], form.email, request[ADDRESS], known.member_id, password_hash=known.password_hash
        )
        await members.rehash(tx, known.member_id, known.password_hash, renewed)
    return key


async def _renewed(request: web.Request, form: SignInForm, known: Credentials) -> str:
    """Return the hash to keep: the one there is, or another where it is of another day's cost."""
    hasher = request.app[HASHER]
    return await hasher.hash(form.password) if hasher.needs_rehash(known.password_hash) else known.password_hash


async def _close(request: web.Request, session_id: int) -> web.Response:
    actor = request[ACTOR]
    async with request.app[DB].write() as tx:
        await sessions.close(tx, actor, session_id)
    if session_id != actor.session_id:
        response = see_other(request, "sessions.index")
        flash(request, response, "session.closed")
        return response
    end(await get_session(request))
    response = see_other(request, "sessions.new")
    flash(request, response, "signed_out")
    return response


# More particular names stand first: Edge says it is Chrome, and Chrome that it is Safari.
_BROWSERS: Final = (
    ("Edg", "Microsoft Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device(agent: str) -> Device:
    """Return what a browser's User-Agent says of it, in the words people know."""
    return Device(_first(_BROWSERS, agent), _first(_SYSTEMS, agent))


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for sign, name in names if sign in agent), "")
