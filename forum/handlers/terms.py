"""The terms of use, shown again to whoever accepted an earlier version: read, accepted, and on with the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from aiohttp import web

from forum.domain import terms
from forum.errors import Invalid
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.forms import Checkbox, Form, FormState
from forum.web.pages import Page, render
from forum.web.urls import see_other


class TermsForm(Form):
    accepted: Checkbox = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsPage(Page):
    template: ClassVar[str] = "terms/edit.html"
    form: FormState
    since: datetime


async def edit(request: web.Request) -> web.Response:
    return await render(request, TermsPage(form=FormState(), since=terms.VERSION_OF))


async def update(request: web.Request) -> web.Response:
    if not TermsForm.parse(await request.post()).accepted:
        state = FormState({}, {"accepted": ("required",)})
        return await render(request, TermsPage(form=state, since=terms.VERSION_OF), status=Invalid.status)
    async with request.app[DB].write() as tx:
        await terms.accept(tx, request[ACTOR].member_id)
    response = see_other(request, "home.index")
    flash(request, response, "terms.accepted")
    return response
