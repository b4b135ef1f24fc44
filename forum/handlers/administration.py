"""The list of the pages for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.domain import access, opening_reviews
from forum.domain.opening_reviews import Review
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web.pages import Page, render


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the administration: its route, and msgids of its name and of what is done there."""

    route: str
    name: str
    purpose: str


_PLACES: Final = (
    Place(
        "invitations.index",
        mark("Invitations"),
        mark("Invite people by mail or by a link; who has come and who invited them."),
    ),
    Place(
        "admissions.index",
        mark("Applications"),
        mark("Who asks to become a member: approve or refuse it."),
    ),
    Place(
        "member_imports.new",
        mark("Members from a file"),
        mark("Add many people at once from a table of yours."),
    ),
    Place(
        "mail_domains.index",
        mark("Mail domains"),
        mark("Whose people have addresses under a domain, so that it is proposed to who applies."),
    ),
    Place(
        "organisations.index",
        mark("Organisations"),
        mark("Municipalities, associations and partners: add, change, move, close or merge them."),
    ),
    Place(
        "regions.index",
        mark("Regions"),
        mark("The regions that take part, of Greece or of another state of the European Union."),
    ),
    Place(
        "groups.index",
        mark("Groups"),
        mark("Make groups across organisations, say who is in them and who keeps them."),
    ),
    Place(
        "category_grants.index",
        mark("Categories and rights"),
        mark(
            "Which group may do what in each category: open it to a region, or close it, and see before what that does."
        ),
    ),
    Place(
        "thesaurus.index",
        mark("Themes"),
        mark("What topics can be about: add, rename, put in order, merge."),
    ),
    Place(
        "looks.new",
        mark("Look as others would"),
        mark("See the forum with the rights of a group or a member, without being able to write."),
    ),
    Place(
        "network.edit",
        mark("The network"),
        mark("Its name and tagline in both languages, and the colour of the pages."),
    ),
    Place(
        "security.edit",
        mark("Security"),
        mark("Whether moderators and administrators have to sign in with two steps."),
    ),
    Place(
        "feedback.index",
        mark("Messages to the moderators"),
        mark("What members and guests find hard to use: answer and settle it."),
    ),
    Place(
        "group_levels.index",
        mark("What groups hear of"),
        mark("How much members of a group are told of a category who choose nothing themselves."),
    ),
    Place(
        "mails.index",
        mark("Mail"),
        mark("What was sent and to whom, and what could not be delivered."),
    ),
    Place(
        "audit_entries.index",
        mark("Audit log"),
        mark("Who did what to what, and when: look it up, or take it away as a table."),
    ),
    Place(
        "styleguide.show",
        mark("Style guide"),
        mark("Colours, letters and every part that pages are made of."),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministrationPage(Page):
    template: ClassVar[str] = "administration/index.html"
    places: list[Place]
    reviews: list[Review]
    """Openings whose day has come."""


async def index(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        reviews = await opening_reviews.list_due(conn, grant)
    places = [place for place in _PLACES if place.route in request.app.router]
    return await render(request, AdministrationPage(places=places, reviews=reviews))
