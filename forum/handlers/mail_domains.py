"""The administrators' list of mail domains: whose people have addresses under them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from forum.domain import access, mail_domains
from forum.domain.entities import DOMAIN_LIMIT
from forum.domain.mail_domains import MailDomain
from forum.errors import Invalid
from forum.keys import ACTOR, DB
from forum.web import choices
from forum.web.flash import flash
from forum.web.forms import Form, FormState, RequiredLine, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other


def _domain(value: str) -> str:
    """Return a domain as it stands in the addresses of members; what is written before an @ is left out."""
    try:
        return validate_email(f"x@{value.rpartition('@')[2]}", check_deliverability=False).domain.lower()
    except EmailNotValidError:
        raise PydanticCustomError("bad_domain", "not a domain") from None


class MailDomainForm(Form):
    domain: Annotated[RequiredLine, Field(max_length=DOMAIN_LIMIT), AfterValidator(_domain)]
    organisation: RequiredLine


class _Named(Form):
    domain: RequiredLine


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDomainsPage(Page):
    template: ClassVar[str] = "mail_domains/index.html"
    form: FormState
    domains: list[MailDomain]
    organisations: choices.Grouped


async def index(request: web.Request) -> web.Response:
    return await _index(request, FormState())


async def create(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    try:
        form = MailDomainForm.parse(await request.post())
        organisation = await choices.organisation(request, form.organisation)
        async with request.app[DB].write() as tx:
            await mail_domains.add(tx, grant, form.domain, organisation.id)
    except Invalid as invalid:
        return await _index(request, await state_of(request, invalid), status=invalid.status)
    response = see_other(request, "mail_domains.index")
    flash(request, response, "mail_domain.added")
    return response


async def delete(request: web.Request) -> web.Response:
    form = _Named.parse(await request.post())
    async with request.app[DB].write() as tx:
        await mail_domains.remove(tx, access.to_administer(request[ACTOR]), form.domain)
    response = see_other(request, "mail_domains.index")
    flash(request, response, "mail_domain.removed")
    return response


async def _index(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    async with request.app[DB].read() as conn:
        listed = await mail_domains.list_domains(conn, access.to_administer(request[ACTOR]))
    page = MailDomainsPage(form=form, domains=listed, organisations=await choices.list_organisations(request))
    return await render(request, page, status=status)
