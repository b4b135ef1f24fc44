"""Following a theme: being told of every new topic that names it."""

from __future__ import annotations

from aiohttp import web

from forum.domain import subscriptions, themes
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.forms import Form, Line
from forum.web.ratelimit import count_post
from forum.web.urls import own_path, redirect, url_for


class FollowForm(Form):
    """`next` is the page that the form stands on, if not the list of themes."""

    next: Line = ""


async def create(request: web.Request) -> web.Response:
    form = FollowForm.parse(await request.post())
    async with request.app[DB].write() as tx:
        await count_post(request, tx)
        await subscriptions.follow_theme(tx, request[ACTOR], await themes.theme(tx, request.match_info["slug"]))
    return _done(request, form, "theme.followed")


async def delete(request: web.Request) -> web.Response:
    form = FollowForm.parse(await request.post())
    async with request.app[DB].write() as tx:
        await count_post(request, tx)
        await subscriptions.leave_theme(tx, request[ACTOR], await themes.theme(tx, request.match_info["slug"]))
    return _done(request, form, "theme.left")


def _done(request: web.Request, form: FollowForm, word: str) -> web.Response:
    response = redirect(own_path(request.app, form.next) if form.next else url_for(request.app, "themes.index"))
    flash(request, response, word)
    return response
