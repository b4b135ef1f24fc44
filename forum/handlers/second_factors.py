"""One's own second factor: set up with an app and its first code, renewed in its recovery codes, switched off.

Whatever changes it is grave (`web/again.py`), and so is the page that shows the secret. Recovery codes are shown in the
answer to the form that makes them, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import segno
from aiohttp import web
from pydantic import Field

from forum.domain import members, network, second_factors
from forum.domain.entities import stored_language
from forum.domain.second_factors import State
from forum.errors import Conflict, Invalid, NotFound
from forum.keys import ACTOR, DB, NETWORK, OWES, TRANSLATOR
from forum.web.flash import flash
from forum.web.forms import Form, FormState, RequiredLine
from forum.web.pages import Page, render
from forum.web.sessions import SECOND_FACTOR
from forum.web.urls import see_other

_CODE_LIMIT = 20
"""Characters; a code has six digits, and people type blanks between them."""

_GROUP = 4
"""Letters of the secret that stand together, so that one does not lose one's place while typing."""


class ConfirmForm(Form):
    code: Annotated[RequiredLine, Field(max_length=_CODE_LIMIT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorPage(Page):
    template: ClassVar[str] = "second_factors/show.html"
    state: State
    is_owed: bool
    """Whether nothing else may be done before it is set up."""
    is_required: bool
    """Whether the reader's role has to have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPage(Page):
    template: ClassVar[str] = "second_factors/new.html"
    form: FormState
    picture: str
    """The QR code, as an address that holds the whole picture."""
    uri: str
    secret: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalPage(Page):
    template: ClassVar[str] = "second_factors/renew.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionPage(Page):
    template: ClassVar[str] = "second_factors/delete.html"
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesPage(Page):
    template: ClassVar[str] = "second_factors/codes.html"
    codes: list[str]
    is_new: bool
    """Whether the factor was just switched on."""


async def show(request: web.Request) -> web.Response:
    owes = request.get(OWES) == SECOND_FACTOR
    page = SecondFactorPage(state=await _state(request), is_owed=owes, is_required=await _is_required(request))
    return await render(request, page)


async def create(request: web.Request) -> web.Response:
    """Make a secret and lead to the page that shows it; who has a factor already is led to it."""
    try:
        async with request.app[DB].write() as tx:
            await second_factors.begin(tx, request[ACTOR])
    except Conflict:
        return see_other(request, "second_factors.show")
    return see_other(request, "second_factors.new")


async def new(request: web.Request) -> web.Response:
    return await _new(request, FormState())


async def update(request: web.Request) -> web.Response:
    """Switch the factor on by the first code of the app, and show the recovery codes."""
    try:
        form = ConfirmForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            codes = await second_factors.confirm(tx, request[ACTOR], form.code)
    except Invalid as invalid:
        return await _new(request, FormState({}, invalid.fields), status=invalid.status)
    except NotFound:
        return await _again(request)
    return await render(request, CodesPage(codes=codes, is_new=True))


async def edit(request: web.Request) -> web.Response:
    """Ask whether new recovery codes are to be made."""
    if not (await _state(request)).is_on:
        return see_other(request, "second_factors.show")
    return await render(request, RenewalPage())


async def renew(request: web.Request) -> web.Response:
    """Show ten new recovery codes; the old ones are void."""
    async with request.app[DB].write() as tx:
        codes = await second_factors.renew_codes(tx, request[ACTOR])
    return await render(request, CodesPage(codes=codes, is_new=False))


async def confirm(request: web.Request) -> web.Response:
    """Ask whether the factor is to be switched off."""
    if not (await _state(request)).is_on:
        return see_other(request, "second_factors.show")
    return await render(request, DeletionPage(is_required=await _is_required(request)))


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        await second_factors.delete(tx, request[ACTOR])
    response = see_other(request, "second_factors.show")
    flash(request, response, "second_factor.off")
    return response


async def _again(request: web.Request) -> web.Response:
    """Answer a form that was sent twice: with further codes, since the first answer was never seen."""
    try:
        async with request.app[DB].write() as tx:
            codes = await second_factors.repeat_codes(tx, request[ACTOR])
    except NotFound:
        return see_other(request, "second_factors.show")
    return await render(request, CodesPage(codes=codes, is_new=True))


async def _state(request: web.Request) -> second_factors.State:
    async with request.app[DB].read() as conn:
        return await second_factors.state(conn, request[ACTOR])


async def _is_required(request: web.Request) -> bool:
    if not request[ACTOR].is_staff:
        return False
    async with request.app[DB].read() as conn:
        return await network.requires_second_factor(conn)


async def _new(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    actor = request[ACTOR]
    async with request.app[DB].read() as conn:
        secret = await second_factors.pending(conn, actor)
        own = await members.settings(conn, actor)
    if secret is None:
        return see_other(request, "second_factors.show")
    issuer = getattr(request[NETWORK], f"name_{stored_language(request[TRANSLATOR].language)}")
    uri = second_factors.uri(secret, account=own.email, issuer=issuer)
    page = NewPage(
        form=form,
        picture=picture(uri),
        uri=uri,
        secret=" ".join(secret[start : start + _GROUP] for start in range(0, len(secret), _GROUP)),
        account=own.email,
    )
    return await render(request, page, status=status)


def picture(uri: str) -> str:
    """Return the QR code of a text as a data: address; black on white in either scheme, since cameras want it so."""
    return segno.make_qr(uri, error="m").svg_data_uri(scale=4, border=4, dark="#000", light="#fff")
