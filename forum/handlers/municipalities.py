"""The directory of municipalities, associations and partners, and the page of each: its profile, its people."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from aiohttp import web

from forum.domain import (
    adoptions,
    members,
    organisations,
    permissions,
    profiles,
    regions,
    themes,
    topic_lists,
    unread,
)
from forum.domain.adoptions import Use
from forum.domain.entities import Member, Organisation, Region, TopicRow, in_language
from forum.domain.permissions import Verdict
from forum.domain.profiles import Profile, Twin
from forum.domain.themes import Theme
from forum.i18n import Language, fold
from forum.keys import ACTOR, DB
from forum.web.forms import query_param
from forum.web.pages import Page, render
from forum.web.urls import see_other


@dataclass(frozen=True, slots=True)
class District:
    """Municipalities of a part of a region; one without a name holds those that belong to none."""

    name: str
    municipalities: list[Organisation]


@dataclass(frozen=True, slots=True)
class RegionView:
    region: Region
    districts: list[District]


@dataclass(frozen=True, slots=True, kw_only=True)
class MunicipalitiesPage(Page):
    template: ClassVar[str] = "municipalities/index.html"
    regions: list[RegionView]
    associations: list[Organisation]
    partners: list[Organisation]


@dataclass(frozen=True, slots=True, kw_only=True)
class MunicipalityPage(Page):
    template: ClassVar[str] = "municipalities/show.html"
    organisation: Organisation
    predecessors: list[Organisation]
    """Those that merged into it."""
    members: list[Member]
    next: str
    is_first: bool
    topics: list[TopicRow]
    profile: Profile | None
    """None for what is no municipality."""
    twins: list[Twin]
    themes: dict[str, Theme]
    can_edit: Verdict
    can_invite: Verdict
    uses: list[Use]
    """Good practices that it takes up, and those of its own that others do."""
    unread_posts_limit: int = unread.COUNT_LIMIT


async def index(request: web.Request) -> web.Response:
    language = request[ACTOR].language
    async with request.app[DB].read() as conn:
        listed = await organisations.list_organisations(conn, language=language)
        known = await regions.list_regions(conn, language=language)
    page = MunicipalitiesPage(
        regions=[RegionView(region, _districts(listed, region, language)) for region in known],
        associations=[organisation for organisation in listed if organisation.kind == "association"],
        partners=[organisation for organisation in listed if organisation.kind == "partner"],
    )
    return await render(request, page)


def _districts(listed: list[Organisation], region: Region, language: Language) -> list[District]:
    """Return a region's municipalities by district; within one they stay in the order they were listed in."""

    def name(organisation: Organisation) -> str:
        return in_language(language, organisation.district_el or "", organisation.district_en or "")

    of_region = [organisation for organisation in listed if organisation.region_slug == region.slug]
    of_region.sort(key=lambda organisation: fold(name(organisation)))
    return [District(district, list(found)) for district, found in groupby(of_region, name)]


async def show(request: web.Request) -> web.Response:
    """Show an organisation; a former slug, and one that has merged, lead to where it is now."""
    actor, slug, cursor = request[ACTOR], request.match_info["slug"], query_param(request, "cursor")
    async with request.app[DB].read() as conn:
        organisation = await organisations.organisation(conn, slug)
        predecessors = await organisations.list_predecessors(conn, organisation.id)
        is_municipality = organisation.kind == "municipality"
        profile = await profiles.profile(conn, organisation.id) if is_municipality else None
        twins = await profiles.list_twins(conn, organisation.id) if is_municipality else []
        known = await themes.list_themes(conn) if profile and (profile.themes or profile.seeks_themes) else []
        uses = await adoptions.list_of_municipality(conn, actor, organisation.id)
    if (leads_to := organisation.successor_slug or organisation.slug) != slug:
        return see_other(request, "municipalities.show", slug=leads_to)
    listed = await request.app[DB].browse(
        lambda conn: members.list_members(conn, organisation=slug, cursor=cursor or None)
    )
    started = await request.app[DB].browse(lambda conn: topic_lists.list_of_organisation(conn, actor, slug))
    page = MunicipalityPage(
        organisation=organisation,
        predecessors=predecessors,
        members=listed.items,
        next=listed.next or "",
        is_first=not cursor,
        topics=started,
        profile=profile,
        twins=twins,
        themes={theme.slug: theme for theme in known},
        can_edit=permissions.can_edit_profile(actor, organisation),
        can_invite=permissions.can_invite_municipality(actor, organisation),
        uses=uses,
    )
    return await render(request, page)
