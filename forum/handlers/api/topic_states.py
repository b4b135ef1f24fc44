"""The state of a proposal, as its lead's side says it."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, interests, proposal_access, topic_states
from forum.domain.entities import TopicId
from forum.handlers.api import answers, interest_models, models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web.forms import int_param
from forum.web.ratelimit import count_post


@call(
    mark("Say what state a proposal has come to (the lead's side): one step on, or back to correct a mistake"),
    takes=interest_models.NewState,
    answers=models.Topic,
    refuses=(403, 404, 409),
)
async def update(request: web.Request, sent: interest_models.NewState) -> models.Topic:
    actor, topic_id = request[ACTOR], TopicId(int_param(request, "id"))
    async with request.app[DB].write() as tx:
        grant = await proposal_access.topic_to_lead(tx, actor, topic_id)
        await count_post(request, tx)
        await topic_states.change(tx, grant, sent.state, sent.note.strip())
        changed = await access.topic_to_read(tx, actor, topic_id)
        return answers.topic(request, changed.topic, await interests.meter(tx, changed.topic))
