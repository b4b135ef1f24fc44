"""Regions, municipalities and members: who takes part. Administrators keep members out and let them in again."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, members, moderation, organisations, regions
from forum.domain.entities import MemberId, Role
from forum.errors import Invalid, NotFound
from forum.handlers.api import answers, models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web.forms import int_param


@call(mark("List the regions"), takes=models.PageQuery, answers=models.Regions)
async def list_regions(request: web.Request, query: models.PageQuery) -> models.Regions:
    async with request.app[DB].read() as conn:
        found = await regions.list_regions(conn, language=request[ACTOR].language)
    items, following = answers.cut(found, query, lambda region: region.id)
    return models.Regions(items=[answers.region(request, region) for region in items], next=following)


@call(mark("Show a region"), answers=models.Region, refuses=(404,))
async def show_region(request: web.Request) -> models.Region:
    async with request.app[DB].read() as conn:
        return answers.region(request, await regions.region(conn, request.match_info["slug"]))


@call(mark("List the municipalities"), takes=models.MunicipalitiesQuery, answers=models.Municipalities)
async def list_municipalities(request: web.Request, query: models.MunicipalitiesQuery) -> models.Municipalities:
    async with request.app[DB].read() as conn:
        found = await organisations.list_organisations(
            conn, kind="municipality", region=query.region, language=request[ACTOR].language
        )
    items, following = answers.cut(found, query, lambda municipality: municipality.id)
    return models.Municipalities(items=[answers.municipality(request, one) for one in items], next=following)


@call(mark("Show a municipality"), answers=models.Municipality, refuses=(404,))
async def show_municipality(request: web.Request) -> models.Municipality:
    async with request.app[DB].read() as conn:
        found = await organisations.organisation(conn, request.match_info["slug"])
    if found.kind != "municipality":
        raise NotFound
    return answers.municipality(request, found)


@call(mark("List the members by name"), takes=models.MembersQuery, answers=models.Members)
async def list_members(request: web.Request, query: models.MembersQuery) -> models.Members:
    page = await request.app[DB].browse(
        lambda conn: members.list_members(
            conn, query=query.q, organisation=query.organisation, cursor=query.cursor or None, limit=query.limit
        )
    )
    return models.Members(items=[answers.member(request, member) for member in page.items], next=page.next)


@call(mark("Show a member"), answers=models.Member, refuses=(404,))
async def show_member(request: web.Request) -> models.Member:
    async with request.app[DB].read() as conn:
        return answers.member(request, await members.member(conn, _member_id(request)))


@call(
    mark("Suspend a member, or let them in again (administrators)"),
    takes=models.MemberChange,
    answers=models.Member,
    refuses=(403, 404, 409),
)
async def update_member(request: web.Request, change: models.MemberChange) -> models.Member:
    grant, member_id = access.to_administer(request[ACTOR]), _member_id(request)
    try:
        async with request.app[DB].write() as tx:
            if not change.model_fields_set & {"suspended_until", "role"}:
                raise Invalid({"suspended_until": ("required",)})
            if change.role is not None:
                await moderation.set_role(tx, grant, member_id, Role(change.role))
            if change.suspended_until is not None:
                await moderation.suspend(tx, grant, member_id, until=change.suspended_until, reason=change.reason)
            elif "suspended_until" in change.model_fields_set:
                await moderation.unsuspend(tx, grant, member_id)
            member = await members.member(tx, member_id)
    except Invalid as invalid:
        names = {"until": "suspended_until"}
        raise Invalid({names.get(name, name): codes for name, codes in invalid.fields.items()}, invalid.code) from None
    return answers.member(request, member)


def _member_id(request: web.Request) -> MemberId:
    return MemberId(int_param(request, "id"))
