"""The language of the pages: a member's is part of their profile, a guest's is remembered by the browser."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from forum.domain import members
from forum.keys import ACTOR, CONFIG, DB
from forum.web.forms import Form, Line, SpokenLanguage
from forum.web.sessions import cookie_name
from forum.web.urls import own_path, redirect

YEAR: Final = 365 * 24 * 3600
"""Seconds a guest's choice is remembered."""


class LanguageForm(Form):
    language: SpokenLanguage
    next: Line = ""


async def update(request: web.Request) -> web.Response:
    form = LanguageForm.parse(await request.post())
    actor = request.get(ACTOR)
    if actor:
        async with request.app[DB].write() as tx:
            await members.update_profile(
                tx, actor, name=actor.name, language=form.language, zone=actor.zone, scheme=actor.scheme
            )
    response = redirect(_page_or_home(request.app, form.next))
    if not actor:
        config = request.app[CONFIG]
        response.set_cookie(
            cookie_name(config, "language"),
            form.language,
            path=config.base_path or "/",
            max_age=YEAR,
            secure=config.is_https,
            httponly=True,
            samesite="Lax",
        )
    return response


def _page_or_home(app: web.Application, wanted: str) -> str:
    """Return the path the form was shown on; a page that answered a POST has none to go back to."""
    address = own_path(app, wanted)
    path = urlsplit(address).path
    for resource in app.router.resources():
        info = resource.get_info()
        is_match = info["pattern"].fullmatch(path) if "pattern" in info else info["path"] == path
        if is_match and any(route.method == "GET" for route in resource):
            return address
    return own_path(app, "")
