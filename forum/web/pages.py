"""Pages: a frozen dataclass a template, rendered inside the frame that every page shares.

A page's fields are the template's `page`; the frame holds what the masthead and footer need. Nothing else reaches a
template, so what a page shows can be read from its class.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

import aiohttp_jinja2
import jinja2
from aiohttp import web
from yarl import URL

from forum import clock
from forum.domain import network
from forum.domain.actors import Actor
from forum.domain.entities import HOUSE, Network, Scheme
from forum.i18n import Language, languages
from forum.keys import ACTOR, ASSETS, DB, NETWORK, TRANSLATOR
from forum.templating import make_environments
from forum.web import csrf, flash, problems, writing
from forum.web.urls import url_for

_log = logging.getLogger("forum.web.pages")


@cache
def _environment(language: Language) -> web.AppKey[jinja2.Environment]:
    return web.AppKey(f"templates_{language}", jinja2.Environment)


GUEST_ZONE: Final = ZoneInfo("Europe/Athens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a template is given; subclasses name their template and their fields."""

    template: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page has around it."""

    viewer: Actor | None
    network: Network
    scheme: Scheme
    zone: ZoneInfo
    now: datetime
    csrf_token: str
    flash: str
    path: str


def setup(app: web.Application) -> None:
    """Make the template environments; their functions know this application's addresses and assets."""

    def url(name: str, query: dict[str, str] | None = None, **parts: object) -> URL:
        return url_for(app, name, query, **parts)

    def asset(name: str) -> URL:
        return url_for(app, "assets.show", file=app[ASSETS].name(name))

    functions: dict[str, Callable[..., object]] = {
        "url": url,
        "asset": asset,
        "shown": partial(writing.shown, app),
        "field_sentence": problems.field_sentence,
        "reason_sentence": problems.sentence,
    }
    for language, environment in make_environments(functions).items():
        app[_environment(language)] = environment


async def render(request: web.Request, page: Page, *, status: int = 200) -> web.Response:
    """Answer with a page in the reader's language."""
    response = await _render(request, page, flash.take(request), status)
    flash.forget_taken(request, response)
    return response


async def render_fragment(request: web.Request, page: Page, *, status: int = 200) -> web.Response:
    """Answer a script with a part of a page; a word that waits for the next page goes on waiting."""
    return await _render(request, page, "", status)


async def _render(request: web.Request, page: Page, said: str, status: int) -> web.Response:
    translator = request[TRANSLATOR]
    viewer = request.get(ACTOR)
    frame = Frame(
        viewer=viewer,
        network=await _network(request),
        scheme=viewer.scheme if viewer else "auto",
        zone=ZoneInfo(viewer.zone) if viewer else GUEST_ZONE,
        now=clock.now(),
        csrf_token=await csrf.token(request),
        flash=said,
        path=request.path_qs,
    )
    text = aiohttp_jinja2.render_string(
        page.template,
        request,
        {"page": page, "frame": frame, "_": translator.gettext, "ngettext": translator.ngettext},
        app_key=_environment(translator.language),
    )
    response = web.Response(text=text, content_type="text/html", charset="utf-8", status=status)
    response.headers["Content-Language"] = translator.language
    csrf.remember_guest(request, response)
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
