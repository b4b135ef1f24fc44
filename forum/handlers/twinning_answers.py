"""An invitation to a twinning is accepted or declined by those invited, or taken back by those who invited."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import Field

from forum.domain import twinning_access, twinnings
from forum.domain.twinned import TwinningId
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web import telling
from forum.web.flash import flash
from forum.web.forms import Form, Text, int_param
from forum.web.urls import see_other

NOTE_LIMIT: Final = 2000

_SENTENCES: Final = {
    "accept": mark("The invitation is accepted. We are in contact."),
    "decline": mark("The invitation is declined."),
    "withdraw": mark("The invitation is withdrawn."),
}
_SAID: Final = {"accept": "twinning.accepted", "decline": "twinning.declined", "withdraw": "twinning.withdrawn"}


class AnswerForm(Form):
    answer: Literal["accept", "decline", "withdraw"]
    note: Annotated[Text, Field(max_length=NOTE_LIMIT)] = ""


async def create(request: web.Request) -> web.Response:
    twinning_id = TwinningId(int_param(request, "twinning_id"))
    async with request.app[DB].read() as conn:
        await twinning_access.twinning_to_read(conn, request[ACTOR], twinning_id)
    form = AnswerForm.parse(await request.post())
    words = await telling.prepare(request, _SENTENCES[form.answer], form.note.strip())
    async with request.app[DB].write() as tx:
        if form.answer == "withdraw":
            withdrawal = await twinning_access.twinning_to_withdraw(tx, request[ACTOR], twinning_id)
            post_id = await telling.tell(request, tx, withdrawal.twinning, words)
            await twinnings.withdraw(tx, withdrawal, post_id)
        else:
            grant = await twinning_access.twinning_to_answer(tx, request[ACTOR], twinning_id)
            post_id = await telling.tell(request, tx, grant.twinning, words)
            answer = twinnings.accept if form.answer == "accept" else twinnings.decline
            await answer(tx, grant, post_id)
    response = see_other(request, "twinnings.show", twinning_id=twinning_id)
    flash(request, response, _SAID[form.answer])
    return response
