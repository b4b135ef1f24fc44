"""The password, asked for again on the way to a page; before a form it is asked in its place (`web/again.py`)."""

from __future__ import annotations

from aiohttp import web

from forum.errors import Invalid, RateLimited
from forum.web import again
from forum.web.forms import query_param
from forum.web.urls import own_path, redirect, url_for


async def new(request: web.Request) -> web.Response:
    return await _new(request, query_param(request, "next"))


async def create(request: web.Request) -> web.Response:
    sent = (await request.post()).get("next", "")
    wanted = sent if isinstance(sent, str) else ""
    try:
        await again.confirm(request)
    except (Invalid, RateLimited) as problem:
        return await _new(request, wanted, problem)
    return redirect(own_path(request.app, wanted))


async def _new(request: web.Request, wanted: str, problem: Invalid | RateLimited | None = None) -> web.Response:
    action = str(url_for(request.app, "reauthentication.create"))
    return await again.show(request, action, [("next", own_path(request.app, wanted))], problem=problem)
