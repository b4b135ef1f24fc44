"""The settlement of a message to the moderators: nothing remains to be done, or something does after all."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, feedback
from forum.domain.feedback import FeedbackId
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.forms import int_param
from forum.web.urls import see_other


async def create(request: web.Request) -> web.Response:
    grant = access.to_settle_feedback(request[ACTOR])
    async with request.app[DB].write() as tx:
        await feedback.settle(tx, grant, FeedbackId(int_param(request, "feedback_id")))
    return _listed(request, "feedback.settled")


async def delete(request: web.Request) -> web.Response:
    grant = access.to_settle_feedback(request[ACTOR])
    async with request.app[DB].write() as tx:
        await feedback.reopen(tx, grant, FeedbackId(int_param(request, "feedback_id")))
    return _listed(request, "feedback.reopened")


def _listed(request: web.Request, code: str) -> web.Response:
    response = see_other(request, "feedback.index")
    flash(request, response, code)
    return response
