"""Opening a category to a group, or closing it: chosen first, then shown with all it does, then done exactly so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field

from forum.domain import access, catalogue, grants, opening_reviews, openings, stages
from forum.domain.access import AdministerGrant
from forum.domain.catalogue import Catalogued
from forum.domain.entities import Group, GroupId, OpeningId
from forum.domain.grants import GroupRights
from forum.domain.opening_previews import Preview, Wanted
from forum.errors import Conflict, Invalid
from forum.keys import ACTOR, DB
from forum.web import choices, forms
from forum.web.effects import Effect, Line, effect
from forum.web.flash import flash
from forum.web.forms import Checkbox, Form, FormState, int_param, local_instant, local_morning, query_param, typed
from forum.web.pages import Page, render
from forum.web.urls import see_other

NAMES_LIMIT: Final = 200
"""Members that are named where somebody asks who gains or loses a right."""


class OpeningForm(Form):
    group: Annotated[int, Field(ge=1, le=2**63 - 1)]
    stage: Literal["closed", "readers", "commenters", "participants"]
    moderates: Checkbox = False
    effective_at: forms.Line = ""
    topics_since: forms.Line = ""
    includes_internal: Checkbox = False
    tells: Checkbox = False
    review_at: forms.Line = ""
    digest: forms.Line = ""


@dataclass(frozen=True, slots=True)
class Named:
    """Who they are, the first NAMES_LIMIT of each."""

    line: Line
    gained: list[str]
    lost: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningPage(Page):
    template: ClassVar[str] = "openings/new.html"
    category: Catalogued
    groups: choices.Grouped
    form: FormState
    code: str = ""
    """What stands in the way, not of one field."""
    group: Group | None = None
    wanted: Wanted | None = None
    preview: Preview | None = None
    effect: Effect | None = None
    named: tuple[Named, ...] = ()
    is_late: bool = False
    """Something else would happen by now than was shown."""
    held: GroupRights | None = None
    """What the group holds now."""
    following: tuple[Catalogued, ...] = ()
    """Sub-categories that go by these rights."""

    @property
    def changes_nothing(self) -> bool:
        return (
            self.wanted is not None
            and self.wanted.effective_at is None
            and self.wanted.topics_since is None
            and not self.wanted.includes_internal
            and set(self.held.rights if self.held else ()) == self.wanted.rights
        )

    review_at: datetime | None = None


async def new(request: web.Request) -> web.Response:
    """Show the form, and what it would do once it says what."""
    form = FormState({name: query_param(request, name) for name in request.query if name in OpeningForm.model_fields})
    if "stage" not in form.values:
        return await _show(request, FormState(await _held(request, form)))
    return await _look(request, form)


async def _held(request: web.Request, form: FormState) -> dict[str, str]:
    """Return the form with what the group that is named holds now: what nobody changes stays."""
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        category = await catalogue.category(conn, grant, request.match_info["slug"])
        listed = await grants.list_rights(conn, grant, category.id)
    held = next((one for one in listed if str(one.group_id) == form.value("group")), None)
    if held is None:
        return {"stage": "readers", **form.values}
    since = held.topics_since.astimezone(ZoneInfo(grant.actor.zone)).date().isoformat() if held.topics_since else ""
    moderates = {"moderates": "on"} if "moderate" in held.rights else {}
    return {"stage": held.stage or "readers", "topics_since": since, **moderates, **form.values}


async def create(request: web.Request) -> web.Response:
    grant, slug = access.to_administer(request[ACTOR]), request.match_info["slug"]
    sent = await request.post()
    values = dict(typed(sent))
    try:
        form = OpeningForm.parse(sent)
        async with request.app[DB].write() as tx:
            category = await catalogue.category(tx, grant, slug)
            wanted = _wanted(form, category, grant.actor.zone)
            opening_id = await openings.open(tx, grant, wanted, digest=form.digest)
            if review_at := local_morning("review_at", form.review_at, grant.actor.zone):
                await opening_reviews.plan(tx, grant, opening_id, review_at)
    except Invalid as invalid:
        return await _show(request, FormState(values, invalid.fields), status=invalid.status)
    except Conflict as conflict:
        if conflict.code not in {"preview_changed", "opening_scheduled", "opening_waits"}:
            raise
        return await _look(request, FormState(values), status=conflict.status)
    response = see_other(request, "category_grants.show", slug=slug)
    flash(request, response, "category.opened" if wanted.effective_at is None else "category.opening_scheduled")
    return response


async def delete(request: web.Request) -> web.Response:
    """Take an opening back."""
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].write() as tx:
        slug = await openings.undo(tx, grant, OpeningId(int_param(request, "opening_id")))
    response = see_other(request, "category_grants.show", slug=slug)
    flash(request, response, "category.opening_undone")
    return response


async def _look(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    """Show what would happen now."""
    grant = access.to_administer(request[ACTOR])
    try:
        if not form.value("group"):
            raise Invalid({"group": ("required",)})
        opening = OpeningForm.parse(form.values)
        async with request.app[DB].read() as conn:
            category = await catalogue.category(conn, grant, request.match_info["slug"])
            groups = {group.id: group for group in await grants.list_groups(conn, grant)}
            if opening.group not in groups:
                raise Invalid({"group": ("unknown",)})
            wanted = _wanted(opening, category, grant.actor.zone)
            if review_at := local_morning("review_at", opening.review_at, grant.actor.zone):
                await opening_reviews.check(conn, review_at, wanted.effective_at)
            preview = await openings.preview(conn, grant, wanted)
        named = await _named(request, grant, preview)
    except Invalid as invalid:
        return await _show(request, FormState(form.values, invalid.fields), status=invalid.status)
    except Conflict as conflict:
        return await _show(request, form, code=conflict.code, status=conflict.status)
    return await _show(
        request,
        form,
        status=status,
        group=groups[wanted.group_id],
        wanted=wanted,
        preview=preview,
        named=named,
        review_at=review_at,
    )


async def _named(request: web.Request, grant: AdministerGrant, preview: Preview) -> tuple[Named, ...]:
    """Return who gains and loses what in the organisation that is asked for by its slug."""
    asked = query_param(request, "names")
    listed = effect(preview.changes, grant.actor.language).lines
    lines = [line for line in listed if line.organisation_slug == asked]
    async with request.app[DB].read() as conn:
        return tuple(
            [
                Named(
                    line,
                    await grants.names(conn, grant, line.gained[:NAMES_LIMIT]),
                    await grants.names(conn, grant, line.lost[:NAMES_LIMIT]),
                )
                for line in lines
            ]
        )


async def _show(
    request: web.Request,
    form: FormState,
    *,
    status: int = 200,
    code: str = "",
    group: Group | None = None,
    wanted: Wanted | None = None,
    preview: Preview | None = None,
    named: tuple[Named, ...] = (),
    review_at: datetime | None = None,
) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        category = await catalogue.category(conn, grant, request.match_info["slug"])
        listed = await grants.list_groups(conn, grant)
        categories = await catalogue.list_categories(conn, grant)
        holding = await grants.list_rights(conn, grant, category.id)
    page = OpeningPage(
        category=category,
        groups=choices.group_options(request, listed),
        form=form,
        code=code,
        group=group,
        wanted=wanted,
        preview=preview,
        effect=effect(preview.changes, grant.actor.language) if preview else None,
        named=named,
        review_at=review_at,
        is_late=preview is not None and status == Conflict.status,
        following=tuple(one for one in categories if one.parent_id == category.id and one.inherits_grants),
        held=next((one for one in holding if group and one.group_id == group.id), None),
    )
    return await render(request, page, status=status)


def _wanted(form: OpeningForm, category: Catalogued, zone: str) -> Wanted:
    held = set(stages.STAGES[form.stage])
    if form.moderates:
        if "reply" not in held:
            raise Invalid({"moderates": ("needs_reply",)})
        held.add("moderate")
    return Wanted(
        category.id,
        GroupId(form.group),
        frozenset(held),
        local_instant("effective_at", form.effective_at, zone) if form.effective_at else None,
        local_instant("topics_since", form.topics_since, zone) if form.topics_since else None,
        includes_internal=form.includes_internal,
        tells=form.tells,
    )
