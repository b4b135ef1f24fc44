"""The administrators' invitations: whom they invited to what, by mail or by a link, and what became of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from aiohttp import web
from pydantic import Field

from forum.domain import access, idempotency, invitations
from forum.domain.entities import INVITATION_NOTE_LIMIT, GroupId, InvitationId, Role, TopicId, in_language
from forum.domain.invitations import AT_ONCE, DAYS_LIMIT, USES_LIMIT, USUAL_DAYS, Invitation, Invited, Offer
from forum.errors import Detailed, Invalid, NotFound
from forum.i18n import languages, mark
from forum.keys import ACTOR, DB, SECRET, TRANSLATOR
from forum.web import choices
from forum.web.flash import flash
from forum.web.forms import (
    Email,
    Form,
    FormState,
    Line,
    RequiredLine,
    SpokenLanguage,
    Text,
    int_param,
    query_param,
    state_of,
)
from forum.web.pages import Page, render
from forum.web.urls import absolute, see_other, url_for

_TOPIC: Final = re.compile(r"(?:.*/topics/)?([1-9][0-9]{0,17})(?:[/?#].*)?")
_SEPARATORS: Final = re.compile(r"[\s,;]+")

ROLES: Final = {
    "member": mark("Member"),
    "moderator": mark("Moderator"),
    "administrator": mark("Administrator"),
}


class InvitationForm(Form):
    emails: Text = ""
    """None for a link."""
    organisation: RequiredLine
    role: Role
    language: SpokenLanguage
    group: Line = ""
    days: Annotated[int, Field(ge=1, le=DAYS_LIMIT)] = USUAL_DAYS
    uses: Annotated[int, Field(ge=1, le=USES_LIMIT)] = 1
    topic: Line = ""
    note: Annotated[Text, Field(max_length=INVITATION_NOTE_LIMIT)] = ""
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""


class _Address(Form):
    email: Email


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationsPage(Page):
    template: ClassVar[str] = "invitations/index.html"
    items: list[Invitation]
    next: str
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitationPage(Page):
    template: ClassVar[str] = "invitations/new.html"
    form: FormState
    is_link: bool
    organisations: choices.Grouped
    roles: list[tuple[str, str]]
    languages: list[tuple[str, str]]
    groups: list[tuple[str, str]]
    days_limit: int
    uses_limit: int
    at_once: int
    note_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationPage(Page):
    template: ClassVar[str] = "invitations/show.html"
    invitation: Invitation
    link: str
    """The address of a link that is still good, to hand on."""
    invited: list[Invited]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalPage(Page):
    template: ClassVar[str] = "invitations/confirm.html"
    invitation: Invitation


async def index(request: web.Request) -> web.Response:
    grant, cursor = access.to_administer(request[ACTOR]), query_param(request, "cursor")
    async with request.app[DB].read() as conn:
        listed = await invitations.list_invitations(conn, grant, cursor=cursor or None)
    return await render(request, InvitationsPage(items=listed.items, next=listed.next or "", is_first=not cursor))


async def new(request: web.Request) -> web.Response:
    values = {"language": request[TRANSLATOR].language, "role": "member", "days": str(USUAL_DAYS), "uses": "20"}
    return await _new(request, FormState(values), is_link=query_param(request, "by") == "link")


async def create(request: web.Request) -> web.Response:
    actor, sent = request[ACTOR], await request.post()
    grant, is_link = access.to_administer(actor), sent.get("by") == "link"
    try:
        form = InvitationForm.parse(sent)
        emails = [] if is_link else _addresses(form.emails)
        offer = Offer(
            organisation_id=(await choices.organisation(request, form.organisation)).id,
            role=form.role,
            language=form.language,
            group_ids=await _group(request, form.group),
            topic_id=await _topic(request, form.topic),
            note=form.note.strip(),
            days=form.days,
        )
        key = _key(form)
        async with request.app[DB].write() as tx:
            if is_link:
                made = await invitations.make_link(tx, grant, form.uses, offer, key=key)
            else:
                await invitations.invite(tx, grant, emails, offer, key=key)
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), is_link=is_link, status=invalid.status)
    if is_link:
        return see_other(request, "invitations.show", invitation_id=made)
    response = see_other(request, "invitations.index")
    flash(request, response, "invitation.sent")
    return response


async def show(request: web.Request) -> web.Response:
    grant, invitation_id = access.to_administer(request[ACTOR]), _id(request)
    async with request.app[DB].read() as conn:
        found = await invitations.invitation(conn, grant, invitation_id)
        invited = await invitations.list_invited(conn, grant, invitation_id)
    link = ""
    if found.email is None and found.is_open:
        token = invitations.make_token(request.app[SECRET], found)
        link = absolute(request.app, url_for(request.app, "arrivals.new", token=token))
    return await render(request, InvitationPage(invitation=found, link=link, invited=invited))


async def update(request: web.Request) -> web.Response:
    """Send an invitation once more."""
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].write() as tx:
        await invitations.resend(tx, grant, _id(request))
    response = see_other(request, "invitations.index")
    flash(request, response, "invitation.sent_again")
    return response


async def confirm(request: web.Request) -> web.Response:
    """Ask whether an invitation is to be withdrawn."""
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        found = await invitations.invitation(conn, grant, _id(request))
    return await render(request, WithdrawalPage(invitation=found))


async def delete(request: web.Request) -> web.Response:
    """Withdraw an invitation."""
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].write() as tx:
        await invitations.withdraw(tx, grant, _id(request))
    response = see_other(request, "invitations.index")
    flash(request, response, "invitation.withdrawn")
    return response


def _id(request: web.Request) -> InvitationId:
    return InvitationId(int_param(request, "invitation_id"))


def _key(form: InvitationForm) -> idempotency.Key | None:
    if not form.idempotency_key:
        return None
    said = form.model_dump_json(exclude={"idempotency_key"})
    return idempotency.make(form.idempotency_key, "invitations.create", said)


def _addresses(text: str) -> list[str]:
    """Return the addresses of a text, one a line or between commas, or raise Invalid."""
    written = [part for part in _SEPARATORS.split(text) if part]
    if not written:
        raise Invalid({"emails": ("required",)})
    if len(written) > AT_ONCE:
        raise Invalid({"emails": (Detailed("too_many", limit=AT_ONCE),)})
    try:
        return [_Address.parse({"email": part}).email for part in written]
    except Invalid as invalid:
        raise Invalid({"emails": invalid.fields["email"]}) from None


async def _group(request: web.Request, slug: str) -> tuple[GroupId, ...]:
    if not slug:
        return ()
    async with request.app[DB].read() as conn:
        free = await invitations.list_free_groups(conn, access.to_administer(request[ACTOR]))
    found = tuple(group.id for group in free if group.slug == slug)
    if not found:
        raise Invalid({"group": ("unknown",)})
    return found


async def _topic(request: web.Request, text: str) -> TopicId | None:
    """Return the topic that an address or a number names, as far as the actor may read it, or raise Invalid."""
    if not text:
        return None
    found = _TOPIC.fullmatch(text)
    if found is None:
        raise Invalid({"topic": ("unknown",)})
    async with request.app[DB].read() as conn:
        try:
            return (await access.topic_to_read(conn, request[ACTOR], TopicId(int(found[1])))).topic.id
        except NotFound:
            raise Invalid({"topic": ("unknown",)}) from None


async def _new(request: web.Request, form: FormState, *, is_link: bool, status: int = 200) -> web.Response:
    words = request[TRANSLATOR]
    async with request.app[DB].read() as conn:
        free = await invitations.list_free_groups(conn, access.to_administer(request[ACTOR]))
    page = NewInvitationPage(
        form=form,
        is_link=is_link,
        organisations=await choices.list_organisations(request),
        roles=[(code, words.gettext(name)) for code, name in ROLES.items()],
        languages=list(languages().items()),
        groups=[(group.slug, in_language(words.language, group.name_el, group.name_en)) for group in free],
        days_limit=DAYS_LIMIT,
        uses_limit=USES_LIMIT,
        at_once=AT_ONCE,
        note_limit=INVITATION_NOTE_LIMIT,
    )
    return await render(request, page, status=status)
