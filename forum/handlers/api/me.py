"""The member whose token it is."""

from __future__ import annotations

from aiohttp import web

from forum.domain import groups, members
from forum.domain.entities import Role
from forum.handlers.api import answers, models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB


@call(mark("Who the token belongs to"), answers=models.Me)
async def show(request: web.Request) -> models.Me:
    actor = request[ACTOR]
    async with request.app[DB].read() as conn:
        settings = await members.settings(conn, actor)
        found = await groups.list_of_member(conn, actor.member_id)
    return models.Me(
        id=settings.member_id,
        name=settings.name,
        email=settings.email,
        role=Role(settings.role),
        organisation=settings.organisation_slug,
        organisation_name=answers.name(request, settings.organisation_el, settings.organisation_en),
        municipality=actor.organisation_slug if actor.region_slug else None,
        region=actor.region_slug,
        groups=[answers.group(request, group) for group in found],
        language=settings.language,
        zone=settings.zone,
    )
