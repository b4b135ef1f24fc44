"""Free groups by administrators' programs: made, named otherwise, and told who is in them."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, free_groups
from forum.domain.entities import MemberId
from forum.domain.free_groups import Belonging, Kept
from forum.handlers.api import answers, bodies, place_models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB


@call(
    mark("Make a group across organisations (administrators)"),
    takes=place_models.NewGroup,
    answers=place_models.KeptGroup,
    creates="api.groups.show",
    refuses=(403, 409),
)
async def create(request: web.Request, sent: place_models.NewGroup) -> place_models.KeptGroup:
    grant = access.to_administer(request[ACTOR])
    key = bodies.read_key(request, "api.groups.create", sent.model_dump_json())
    name_en = sent.name_en or sent.name
    async with request.app[DB].write() as tx:
        slug = await free_groups.make(tx, grant, name_el=sent.name, name_en=name_en, slug=sent.slug or "", key=key)
        await free_groups.set_members(tx, grant, slug, [MemberId(member) for member in sent.members])
        kept = await free_groups.to_keep(tx, grant.actor, slug)
        return _answer(request, kept, await free_groups.list_members(tx, kept))


@call(mark("Show a group and who is in it (administrators)"), answers=place_models.KeptGroup, refuses=(403, 404))
async def show(request: web.Request) -> place_models.KeptGroup:
    async with request.app[DB].read() as conn:
        kept = await free_groups.to_keep(conn, request[ACTOR], request.match_info["slug"])
        return _answer(request, kept, await free_groups.list_members(conn, kept))


@call(
    mark("Change a group, and who is in it (administrators)"),
    takes=place_models.GroupChange,
    answers=place_models.KeptGroup,
    refuses=(403, 404, 409),
)
async def update(request: web.Request, sent: place_models.GroupChange) -> place_models.KeptGroup:
    grant, slug = access.to_administer(request[ACTOR]), request.match_info["slug"]
    async with request.app[DB].write() as tx:
        before = await free_groups.to_keep(tx, grant.actor, slug)
        names = (sent.name or before.name_el, sent.name_en or before.name_en)
        await free_groups.rename(tx, grant, slug, name_el=names[0], name_en=names[1])
        if sent.members is not None:
            await free_groups.set_members(tx, grant, slug, [MemberId(member) for member in sent.members])
        kept = await free_groups.to_keep(tx, grant.actor, slug)
        return _answer(request, kept, await free_groups.list_members(tx, kept))


def _answer(request: web.Request, kept: Kept, members: list[Belonging]) -> place_models.KeptGroup:
    return place_models.KeptGroup(
        id=kept.id,
        slug=kept.slug,
        name=answers.name(request, kept.name_el, kept.name_en),
        name_el=kept.name_el,
        name_en=kept.name_en,
        members=sorted(member.member_id for member in members),
        owners=sorted(member.member_id for member in members if member.is_owner),
    )
