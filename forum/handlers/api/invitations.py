"""Invitations over the API: an administrator's program invites one person by mail, and asks what became of it."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, invitations, organisations
from forum.domain.entities import InvitationId, OrganisationId, Role
from forum.domain.invitations import Offer
from forum.errors import Invalid, NotFound
from forum.handlers.api import answers, bodies, models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, CONFIG, DB
from forum.web.forms import int_param


@call(
    mark("Invite a person by mail (administrators)"),
    takes=models.NewInvitation,
    answers=models.Invitation,
    creates="api.invitations.show",
    refuses=(403, 409),
)
async def create(request: web.Request, sent: models.NewInvitation) -> models.Invitation:
    grant = access.to_administer(request[ACTOR])
    key = bodies.read_key(request, "api.invitations.create", sent.model_dump_json())
    try:
        async with request.app[DB].write() as tx:
            organisation_id = await _organisation(request, sent)
            free = {group.slug: group.id for group in await invitations.list_free_groups(tx, grant)}
            if unknown := [slug for slug in sent.groups if slug not in free]:
                raise Invalid({f"groups.{sent.groups.index(unknown[0])}": ("unknown",)})
            offer = Offer(
                organisation_id=organisation_id,
                role=Role(sent.role),
                language=sent.language or request.app[CONFIG].language,
                group_ids=tuple(free[slug] for slug in sent.groups),
            )
            made = await invitations.invite(tx, grant, [sent.email], offer, key=key)
            return answers.invitation(await invitations.invitation(tx, grant, made[0]))
    except Invalid as invalid:
        fields = {"email" if name == "emails" else name: codes for name, codes in invalid.fields.items()}
        raise Invalid(fields, invalid.code) from None


@call(mark("Show an invitation (administrators)"), answers=models.Invitation, refuses=(403, 404))
async def show(request: web.Request) -> models.Invitation:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        found = await invitations.invitation(conn, grant, InvitationId(int_param(request, "id")))
    return answers.invitation(found)


async def _organisation(request: web.Request, sent: models.NewInvitation) -> OrganisationId:
    """Return the organisation that is named, of whichever kind; raise Invalid unless just one is."""
    if (sent.municipality is None) == (sent.organisation is None):
        raise Invalid({"organisation": ("required",)})
    field = "organisation" if sent.municipality is None else "municipality"
    async with request.app[DB].read() as conn:
        try:
            found = await organisations.find(conn, sent.municipality or sent.organisation or "")
        except NotFound:
            raise Invalid({field: ("unknown",)}) from None
    if sent.municipality is not None and found.kind != "municipality":
        raise Invalid({field: ("unknown",)})
    if found.is_closed:
        raise Invalid({field: ("closed",)})
    return found.id
