"""What the network asks of its moderators and administrators before they may work: for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import access, network, second_factors
from forum.domain.second_factors import StaffCount
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.forms import Checkbox, Form, FormState
from forum.web.pages import Page, render
from forum.web.urls import see_other


class SecurityForm(Form):
    requires_second_factor: Checkbox = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityPage(Page):
    template: ClassVar[str] = "security/edit.html"
    form: FormState
    count: StaffCount


async def edit(request: web.Request) -> web.Response:
    async with request.app[DB].read() as conn:
        requires = await network.requires_second_factor(conn)
        count = await second_factors.staff_count(conn)
    form = FormState({"requires_second_factor": "on" if requires else ""})
    return await render(request, SecurityPage(form=form, count=count))


async def update(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    form = SecurityForm.parse(await request.post())
    async with request.app[DB].write() as tx:
        await network.require_second_factor(tx, grant, form.requires_second_factor)
    response = see_other(request, "security.edit")
    flash(request, response, "security.saved")
    return response
