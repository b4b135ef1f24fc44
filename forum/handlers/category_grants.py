"""The rights of categories: which group holds what in one, and what has been changed, for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import access, catalogue, grants, members, openings
from forum.domain.catalogue import Catalogued
from forum.domain.entities import RIGHTS, Member
from forum.domain.grants import GroupRights
from forum.domain.openings import Opening
from forum.errors import Invalid, NotFound
from forum.keys import ACTOR, DB
from forum.web.forms import FormState, query_param
from forum.web.pages import Page, render
from forum.web.urls import see_other


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoriesPage(Page):
    template: ClassVar[str] = "category_grants/index.html"
    categories: list[Catalogued]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantsPage(Page):
    template: ClassVar[str] = "category_grants/show.html"
    category: Catalogued
    groups: list[GroupRights]
    openings: list[Opening]
    form: FormState
    member: Member | None
    held: list[GroupRights]
    """Through which groups the member who is asked about holds what."""
    names: tuple[str, ...] = RIGHTS


async def index(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        return await render(request, CategoriesPage(categories=await catalogue.list_categories(conn, grant)))


async def show(request: web.Request) -> web.Response:
    """Show who may do what, and of one member, where `member` names them, through which groups."""
    grant, wanted = access.to_administer(request[ACTOR]), query_param(request, "member")
    form, member, held = FormState({"member": wanted}), None, list[GroupRights]()
    slug = request.match_info["slug"]
    async with request.app[DB].read() as conn:
        try:
            category = await catalogue.category(conn, grant, slug)
        except NotFound:
            return see_other(request, "category_grants.show", slug=await catalogue.slug_of_today(conn, grant, slug))
        if wanted:
            try:
                member = await members.member(conn, await members.find(conn, wanted))
                held = await grants.of_member(conn, grant, member.id, category.id)
            except Invalid as invalid:
                form = FormState(form.values, invalid.fields)
        page = GrantsPage(
            form=form,
            member=member,
            held=held,
            category=category,
            groups=await grants.list_rights(conn, grant, category.id),
            openings=await openings.list_openings(conn, grant, category.id),
        )
    return await render(request, page, status=Invalid.status if form.is_faulty else 200)
