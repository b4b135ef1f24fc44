"""Pages: a frozen dataclass a template, rendered inside the frame that every page shares.

A page's fields are the template's `page`; the frame holds what the masthead and footer need. Nothing else reaches a
template, so what a page shows can be read from its class.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from secrets import token_hex
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

import aiohttp_jinja2
import jinja2
from aiohttp import web
from markupsafe import escape

from forum import clock, page_cache
from forum.domain import kinds, network, practices
from forum.domain.actors import Actor
from forum.domain.entities import HOUSE, Look, MemberId, Network, Scheme
from forum.domain.sessions import UNREAD_LIMIT
from forum.files.kinds import ENDINGS
from forum.i18n import Language, Translator, languages, translator
from forum.keys import ACTOR, ASSETS, COMPILED, CONFIG, DB, LOOK, NETWORK, PAGES, TRANSLATOR, UNREAD, WRITE_URL
from forum.templating import FRAME, make_environments
from forum.web import csrf, field_views, flash, problems, twinning_words, urls, writing

_log = logging.getLogger("forum.web.pages")


@cache
def _environment(language: Language) -> web.AppKey[jinja2.Environment]:
    return web.AppKey(f"templates_{language}", jinja2.Environment)


GUEST_ZONE: Final = ZoneInfo("Europe/Athens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a template is given; subclasses name their template and their fields."""

    template: ClassVar[str]


FOREVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Unread:
    """What is said of a member's unread notifications: before the page's title, as a number, and in words."""

    title: str
    count: str
    label: str


def _unread(words: Translator, count: int) -> Unread:
    if not count:
        return Unread("", "", words.gettext("Notifications"))
    if count < UNREAD_LIMIT:
        shown = words.number(count)
        return Unread(
            f"({shown}) ", shown, words.ngettext("Notifications: %(n)s unread", "Notifications: %(n)s unread", count)
        )
    most = words.number(UNREAD_LIMIT - 1)
    label = words.gettext("Notifications: more than %(n)s unread", n=most)
    return Unread(f"({most}+) ", f"{most}+", label)


@dataclass(slots=True)
class Frame:
    """What every page has around it; `form_key` is the idempotency key of the page's form.

    `until` is how long what the page says of the time of day is true; the filters that say such things tell.
    """

    viewer: Actor | None
    look: Look | None
    unread: Unread
    network: Network
    scheme: Scheme
    zone: ZoneInfo
    now: datetime
    csrf_token: str
    form_key: str
    flash: str
    path: str
    until: datetime = FOREVER

    def holds_until(self, instant: datetime) -> None:
        self.until = min(self.until, instant)


def setup(app: web.Application) -> None:
    """Make the template environments and what writes addresses; they know this application's routes and assets."""

    write = app[WRITE_URL] = urls.writer(app)

    @cache
    def asset(name: str) -> str:
        return write("assets.show", file=app[ASSETS].name(name))

    functions: dict[str, object] = {
        "url": write,
        "asset": asset,
        "parts": app[PAGES],
        "shown": partial(writing.shown, app),
        "field_sentence": _field_sentence,
        "reason_sentence": problems.sentence,
        "setting_names": lambda codes: [twinning_words.SETTINGS[code] for code in codes],
        "kind_of": kinds.of,
        "state_tone": lambda code: field_views.TONES.get(code, "plain"),
        "adoption_stage": lambda code: practices.STAGES[code],
        "attachment_mb": app[CONFIG].attachment_mb,
        "attachment_endings": ",".join(f".{ending}" for ending in ENDINGS),
    }
    for language, environment in make_environments(functions).items():
        app[_environment(language)] = environment


@jinja2.pass_environment
def _field_sentence(environment: jinja2.Environment, code: str) -> str:
    return problems.field_sentence(translator(str(environment.globals["language"])), code)


async def render(request: web.Request, page: Page, *, status: int = 200) -> web.Response:
    """Answer with a page in the reader's language."""
    response = await _render(request, page, flash.take(request), status)
    flash.forget_taken(request, response)
    return response


async def render_fragment(request: web.Request, page: Page, *, status: int = 200) -> web.Response:
    """Answer a script with a part of a page; a word that waits for the next page goes on waiting."""
    return await _render(request, page, "", status)


async def render_known(
    request: web.Request, key: Hashable, make: Callable[[], Awaitable[Page]], *, is_fragment: bool = False
) -> web.Response:
    """Answer a member with a page of this key, which is made and written only where it was not before.

    With a fragment a word that waits for the next page goes on waiting.

    The key holds all that the page is made of: versions read in this very request, and the member's number where
    anything of the page is theirs alone. What the frame shows is added here.
    """
    await request.app[COMPILED].wait()
    viewer = request[ACTOR]
    said = "" if is_fragment else flash.take(request)
    if said:
        response = await _render(request, await make(), said, 200)
        flash.forget_taken(request, response)
        return response
    pages, now, language = request.app[PAGES], clock.now(), request[TRANSLATOR].language
    network = request[NETWORK]
    flags = (viewer.is_moderator, viewer.is_administrator, request.get(LOOK))
    shown = (viewer.zone, viewer.scheme, *flags, request.path_qs)
    whole = (key, language, network, shown)
    written = pages.get(whole, now.timestamp())
    if written is None:
        hidden = replace(viewer, name=page_cache.NAME, member_id=MemberId(page_cache.MEMBER))
        frame = _frame(request, hidden, network, page_cache.TOKEN, page_cache.FORM_KEY, "", now)
        frame.unread = Unread(page_cache.UNREAD_TITLE, page_cache.UNREAD_COUNT, page_cache.UNREAD_LABEL)
        text = _write(request, await make(), frame)
        written = page_cache.cut(text, frame.until.timestamp())
        pages.put(whole, written)
    unread = _unread(request[TRANSLATOR], request.get(UNREAD, 0))
    body = written.filled(
        {
            page_cache.UNREAD_TITLE: unread.title.encode(),
            page_cache.UNREAD_COUNT: unread.count.encode(),
            page_cache.UNREAD_LABEL: str(escape(unread.label)).encode(),
            page_cache.NAME: str(escape(viewer.name)).encode(),
            str(page_cache.MEMBER): str(viewer.member_id).encode(),
            page_cache.TOKEN: (await csrf.token(request)).encode(),
            page_cache.FORM_KEY: token_hex(16).encode(),
        }
    )
    return _answer(body, language, 200)


async def _render(request: web.Request, page: Page, said: str, status: int) -> web.Response:
    await request.app[COMPILED].wait()
    viewer = request.get(ACTOR)
    token = await csrf.token(request)
    frame = _frame(request, viewer, await _network(request), token, token_hex(16), said, clock.now())
    if status >= 400:
        # That something is wrong is what its title begins with (WCAG 2.4.2).
        frame.unread = replace(frame.unread, title="")
    response = _answer(_write(request, page, frame).encode(), request[TRANSLATOR].language, status)
    csrf.remember_guest(request, response)
    return response


def _frame(
    request: web.Request, viewer: Actor | None, network: Network, token: str, form_key: str, said: str, now: datetime
) -> Frame:
    return Frame(
        viewer=viewer,
        look=request.get(LOOK),
        unread=_unread(request[TRANSLATOR], request.get(UNREAD, 0)),
        network=network,
        scheme=viewer.scheme if viewer else "auto",
        zone=ZoneInfo(viewer.zone) if viewer else GUEST_ZONE,
        now=now,
        csrf_token=token,
        form_key=form_key,
        flash=said,
        path=request.path_qs,
    )


def _write(request: web.Request, page: Page, frame: Frame) -> str:
    FRAME.set(frame)
    app_key = _environment(request[TRANSLATOR].language)
    return aiohttp_jinja2.render_string(page.template, request, {"page": page}, app_key=app_key)


def _answer(body: bytes, language: Language, status: int) -> web.Response:
    response = web.Response(body=body, content_type="text/html", charset="utf-8", status=status)
    response.headers["Content-Language"] = language
    return response


async def _network(request: web.Request) -> Network:
    """Return what the network is called: known with a member's session, asked for on a guest's page.

    A page that tells what is wrong must not fail for want of a name.
    """
    known: Network | None = request.get(NETWORK)
    if known is not None:
        return known
    try:
        async with request.app[DB].read() as conn:
            return await network.current(conn)
    except Exception as error:  # whatever is wrong with the database
        _log.warning("the network's name cannot be read: %s", type(error).__name__)
        return HOUSE


def environments(app: web.Application) -> dict[Language, jinja2.Environment]:
    return {language: app[_environment(language)] for language in languages()}
