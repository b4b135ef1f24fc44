"""The rights of a category over the API: who holds which, and openings, shown first and done as they were shown."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from forum.domain import access, catalogue, category_mergers, grants, openings, right_changes, stages
from forum.domain.catalogue import Catalogued
from forum.domain.entities import Group, GroupId, OpeningId
from forum.domain.grants import GroupRights
from forum.domain.opening_previews import Preview, Wanted
from forum.domain.openings import Opening
from forum.domain.right_changes import Change
from forum.errors import Invalid, Outdated, Unversioned
from forum.handlers.api import answers, bodies, opening_models
from forum.handlers.api.calls import call, version
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web.forms import int_param


@call(
    mark("List the rights in a category, by group (administrators)"),
    answers=opening_models.Grants,
    refuses=(403, 404),
    has_version=True,
)
async def index(request: web.Request) -> opening_models.Grants:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        category = await catalogue.category(conn, grant, request.match_info["slug"])
        return _grants(request, category, await grants.list_rights(conn, grant, category.id))


@call(
    mark("Set all rights in a category at once (administrators)"),
    takes=opening_models.NewGrants,
    answers=opening_models.Grants,
    refuses=(403, 404, 409, 412, 428),
    has_version=True,
)
async def update(request: web.Request, sent: opening_models.NewGrants) -> opening_models.Grants:
    grant = access.to_administer(request[ACTOR])
    seen = request.headers.getall("If-Match", [])
    if not seen:
        raise Unversioned
    async with request.app[DB].write() as tx:
        await right_changes.hold(tx)
        category = await catalogue.category(tx, grant, request.match_info["slug"])
        held = _grants(request, category, await grants.list_rights(tx, grant, category.id))
        if seen != [version(held)]:
            raise Outdated
        wanted = _wanted_rights(sent, await grants.list_groups(tx, grant))
        if category.inherits_grants:
            await category_mergers.state_own(tx, grant, category)
            category = await catalogue.category(tx, grant, category.slug)
        await openings.set_rights(tx, grant, category.id, wanted)
        return _grants(request, category, await grants.list_rights(tx, grant, category.id))


@call(
    mark("Open a category to a group, or close it; or show what that would do (administrators)"),
    takes=opening_models.NewOpening,
    answers=opening_models.Opening,
    shows=opening_models.OpeningPreview,
    creates="api.openings.show",
    refuses=(403, 404, 409),
)
async def create(
    request: web.Request, sent: opening_models.NewOpening
) -> opening_models.Opening | opening_models.OpeningPreview:
    grant, slug = access.to_administer(request[ACTOR]), request.match_info["slug"]
    key = None if sent.preview else bodies.read_key(request, "api.openings.create", slug, sent.model_dump_json())
    if not sent.preview and sent.digest is None:
        raise Invalid({"digest": ("required",)})
    if sent.preview:
        async with request.app[DB].read() as conn:
            category = await catalogue.category(conn, grant, slug)
            wanted = _wanted(sent, category, await grants.list_groups(conn, grant))
            return _preview(request, await openings.preview(conn, grant, wanted))
    async with request.app[DB].write() as tx:
        category = await catalogue.category(tx, grant, slug)
        wanted = _wanted(sent, category, await grants.list_groups(tx, grant))
        made = await openings.open(tx, grant, wanted, digest=sent.digest or "", key=key)
        return _opening(await openings.opening(tx, grant, made))


@call(mark("Show an opening (administrators)"), answers=opening_models.Opening, refuses=(403, 404))
async def show(request: web.Request) -> opening_models.Opening:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        return _opening(await openings.opening(conn, grant, OpeningId(int_param(request, "id"))))


@call(mark("Take an opening back (administrators)"), refuses=(403, 404, 409))
async def delete(request: web.Request) -> None:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].write() as tx:
        await openings.undo(tx, grant, OpeningId(int_param(request, "id")))


def _wanted(sent: opening_models.NewOpening, category: Catalogued, listed: list[Group]) -> Wanted:
    if (sent.group is None) == (sent.region is None):
        raise Invalid({"group": ("required",)})
    if sent.group is None:
        field, found = "region", [one for one in listed if one.slug == f"region-{sent.region}"]
    else:
        field, found = "group", [one for one in listed if one.id == sent.group]
    if not found:
        raise Invalid({field: ("unknown",)})
    rights = set(stages.STAGES[sent.stage])
    if sent.moderates:
        if "reply" not in rights:
            raise Invalid({"moderates": ("needs_reply",)})
        rights.add("moderate")
    return Wanted(
        category.id,
        found[0].id,
        frozenset(rights),
        sent.effective_at,
        sent.keep_older_than,
        includes_internal=sent.includes_internal,
        tells=sent.announce,
    )


def _wanted_rights(sent: opening_models.NewGrants, listed: list[Group]) -> dict[GroupId, frozenset[str]]:
    known = {group.id for group in listed}
    wanted: dict[GroupId, frozenset[str]] = {}
    for place, item in enumerate(sent.items):
        group = GroupId(item.group)
        if group not in known or group in wanted:
            raise Invalid({f"items.{place}.group": ("twice_named" if group in wanted else "unknown",)})
        wanted[group] = stages.complete(item.rights)
    return wanted


def _grants(request: web.Request, category: Catalogued, held: list[GroupRights]) -> opening_models.Grants:
    return opening_models.Grants(
        items=[
            opening_models.HeldRights(
                group=one.group_id,
                slug=one.group_slug,
                name=answers.name(request, one.group_el, one.group_en),
                rights=one.rights,
                inherited=category.inherits_grants,
                valid_from=one.valid_from,
                valid_until=one.valid_until,
                topics_since=one.topics_since,
            )
            for one in held
        ]
    )


def _opening(found: Opening) -> opening_models.Opening:
    return opening_models.Opening(
        id=found.id,
        group=found.group_id,
        stage=found.stage or None,
        rights=found.rights,
        effective_at=found.effective_at,
        is_scheduled=found.is_scheduled,
        created_at=found.created_at,
        undone_at=found.undone_at,
    )


def _preview(request: web.Request, shown: Preview) -> opening_models.OpeningPreview:
    return opening_models.OpeningPreview(
        members_gaining=_members(request, [(change, len(change.gained)) for change in shown.changes]),
        members_losing=_members(request, [(change, len(change.lost)) for change in shown.changes]),
        topics=shown.gaining.topic_count,
        posts=shown.gaining.post_count,
        attachments=shown.gaining.attachment_count,
        authors=shown.gaining.author_count,
        topics_lost=shown.losing.topic_count,
        internal=[opening_models.InternalTopic(id=topic.id, title=topic.title) for topic in shown.internal],
        digest=shown.digest,
    )


def _members(request: web.Request, counted: Iterable[tuple[Change, int]]) -> list[opening_models.MembersChange]:
    """Return how many there are of each right, and of which organisations; none where there are none."""
    found: dict[tuple[str, str], list[opening_models.OfOrganisation]] = {}
    for change, count in counted:
        if count:
            found.setdefault((change.category_slug, change.right), []).append(
                opening_models.OfOrganisation(
                    organisation=change.organisation_slug,
                    name=answers.name(request, change.organisation_el, change.organisation_en),
                    count=count,
                )
            )
    return [
        opening_models.MembersChange(
            right=right, category=category, count=sum(one.count for one in held), by_municipality=held
        )
        for (category, right), held in found.items()
    ]
