"""An invitation to a twinning is accepted or declined by those invited, or taken back by those who invited."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from forum.domain import twinning_access
from forum.domain.entities import TwinningId
from forum.keys import ACTOR, DB
from forum.web import telling
from forum.web.flash import flash
from forum.web.forms import Form, int_param
from forum.web.telling import Answer
from forum.web.urls import see_other

_SAID: Final = {"accept": "twinning.accepted", "decline": "twinning.declined", "withdraw": "twinning.withdrawn"}


class AnswerForm(Form):
    answer: Answer


async def create(request: web.Request) -> web.Response:
    twinning_id = TwinningId(int_param(request, "twinning_id"))
    async with request.app[DB].read() as conn:
        await twinning_access.twinning_to_read(conn, request[ACTOR], twinning_id)
    form = AnswerForm.parse(await request.post())
    await telling.answer(request, twinning_id, form.answer, "")
    response = see_other(request, "twinnings.show", twinning_id=twinning_id)
    flash(request, response, _SAID[form.answer])
    return response
