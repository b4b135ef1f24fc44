"""Topics: starting one, its pages with what may be done there, deleting and bringing back.

Replies and edits are the affair of `posts.py`; locks, pins and the internal mark have modules of their own.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from forum.domain import (
    access,
    drafts,
    guide_files,
    idempotency,
    kinds,
    notifications,
    permissions,
    posts,
    practices,
    reading,
    references,
    topics,
    translations,
)
from forum.domain.access import ReadGrant
from forum.domain.drafts import Draft, Place
from forum.domain.entities import (
    POSTS_A_PAGE,
    Category,
    MemberId,
    Post,
    Topic,
    TopicId,
    TopicNotice,
)
from forum.domain.guide_files import File
from forum.domain.kinds import Kind
from forum.domain.levels import Level
from forum.domain.permissions import Verdict
from forum.domain.topics import Started
from forum.domain.translations import Translation
from forum.domain.visits import Visit
from forum.errors import Forbidden, Invalid, NotFound, RateLimited
from forum.i18n import languages
from forum.keys import ACTOR, DB, PAGES, TRANSLATOR, UNREAD, VISIT
from forum.markup import Rendered
from forum.page_cache import PageCache
from forum.web import drafting, field_views, growing, kind_forms, partners, practice_views, problem_json, writing
from forum.web.drafting import Writing
from forum.web.field_views import SectionView
from forum.web.flash import flash
from forum.web.forms import (
    FormState,
    int_param,
    page_param,
    query_param,
    state_of,
)
from forum.web.kind_forms import Offer, Said
from forum.web.locations import page_of, to_post, to_topic
from forum.web.pages import Page, render, render_known
from forum.web.partners import Ties
from forum.web.post_views import PostView, apart, view
from forum.web.practice_views import PracticeView
from forum.web.ratelimit import count_post
from forum.web.urls import redirect, see_other, url_for
from forum.web.verdicts import require


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTopicPage(Page):
    template: ClassVar[str] = "topics/new.html"
    category: Category
    kind: Kind
    kinds: list[Kind]
    offer: Offer
    labels: Mapping[str, str]
    writing: Writing
    form: FormState
    problem: str
    languages: list[tuple[str, str]]
    preview: list[SectionView]
    can_import: bool
    """Whether many of the kind may be brought in a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPage(Page):
    template: ClassVar[str] = "topics/refused.html"
    category: Category
    code: str
    form: FormState
    is_draft_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPage(Page):
    template: ClassVar[str] = "topics/show.html"
    topic: Topic
    kind: Kind
    title: str
    language: str | None
    """Of what is shown of the title, the fields and the first post."""
    translation: Translation | None
    """What is shown instead of the original."""
    has_version: bool
    """Whether there is one in the reader's language."""
    original_name: str
    translatable: list[str]
    """The languages into which the reader may translate it."""
    lead: str
    lead_language: str | None
    sections: list[SectionView]
    """What the fields of its kind say, on its first page."""
    files: list[File]
    """Those of a guide, on its first page."""
    ties: Ties
    themes: list[tuple[str, str]]
    practice: PracticeView | None
    posts: list[PostView]
    current: int
    count: int
    first_unread: int | None
    first_unread_page: int
    can_reply: Verdict
    can_moderate: Verdict
    can_mark_internal: Verdict
    can_change_answer: Verdict
    answer: Post | None
    can_delete: Verdict
    can_restore: Verdict
    can_add_file: Verdict
    can_delete_file: Verdict
    writing: Writing
    answers: int | None
    form: FormState
    chosen_level: Level | None
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePage(Page):
    template: ClassVar[str] = "topics/delete.html"
    topic: Topic


# Starting ----------------------------------------------------------------------------------------


async def new(request: web.Request) -> web.Response:
    """Show the form for a topic; `?kind=` is what kind of topic."""
    try:
        return await _new(request, None, kind=query_param(request, "kind"))
    except Forbidden as refusal:
        if refusal.code != "category_changed":
            raise
    async with request.app[DB].read() as conn:
        category = await access.category_to_see(conn, request[ACTOR], request.match_info["slug"])
    return see_other(request, "topics.new", slug=category.slug)


async def create(request: web.Request) -> web.Response:
    code = drafting.kind_of(await request.post())
    try:
        return await _create(request, code, _place(request, code))
    except Forbidden as refusal:
        return await _refused(request, code, refusal)


async def _create(request: web.Request, code: str, place: Place) -> web.Response:
    sent = await request.post()
    try:
        match drafting.act_of(sent):
            case "preview":
                return await _preview(request, code)
            case "draft":
                return await drafting.save(request, place)
            case "publish":
                said = await _said(request, code)
                started = await _start(request, said)
    except Invalid as invalid:
        state = await state_of(request, invalid)
        return await _new(request, state, kind=code, problem=_fault(invalid), status=422)
    except RateLimited as limited:
        state = await state_of(request, Invalid({}))
        response = await _new(request, state, kind=code, problem=limited.code, status=limited.status)
        problem_json.retry_after(response, limited)
        return response
    if said.kind is kinds.GUIDE and not said.body.strip():
        response = see_other(request, "guide_files.new", topic_id=started.topic_id)
        flash(request, response, "guide.started")
        return response
    return to_post(
        request,
        started.topic_id,
        started.slug,
        1,
        "practice.started" if said.kind.wait else "topic.started",
    )


async def _preview(request: web.Request, code: str) -> web.Response:
    """Show what the topic will look like; of one without fields the text alone, whatever else is missing."""
    state = await state_of(request, Invalid({}))
    if not kinds.of(code).has_form:
        return await _new(request, state, kind=code, preview=await drafting.preview(request, await request.post()))
    said = await _said(request, code)
    shown = await drafting.preview_of(request, said.body) if said.body else None
    return await _new(request, state, kind=code, preview=shown, said=said)


async def _said(request: web.Request, code: str) -> Said:
    """Return what the form says, once it is known that a topic of the kind may be started here."""
    async with request.app[DB].read() as conn:
        grant = await access.category_to_start(conn, request[ACTOR], request.match_info["slug"])
    return kind_forms.read(kind_forms.of(code, grant.category.kinds), await request.post())


async def _start(request: web.Request, said: Said) -> Started:
    """Publish the topic; its draft goes with it."""
    actor, slug = request[ACTOR], request.match_info["slug"]
    rendered = await writing.rendered(request, said.body)
    async with request.app[DB].write() as tx:
        grant = await access.category_to_start(tx, actor, slug)
        await count_post(request, tx)
        started = await topics.start(
            tx,
            grant,
            title=said.title,
            body=said.body,
            rendered=rendered,
            language=said.language,
            is_internal=said.is_internal,
            key=_key(said, slug),
            kind=said.kind.code,
            fields=said.fields,
            tags=said.tags,
        )
        await growing.tie(request, tx, said.kind, said.origin, started.topic_id)
        await drafts.delete(tx, actor.member_id, _place(request, said.kind.code))
    return started


async def _refused(request: web.Request, code: str, refusal: Forbidden) -> web.Response:
    """Say why nothing is published, and keep the words: the right may have gone while they were written."""
    async with request.app[DB].read() as conn:
        category = await access.category_to_see(conn, request[ACTOR], request.match_info["slug"])
    page = RefusedPage(
        category=category,
        code=refusal.code,
        form=await state_of(request, Invalid({})),
        is_draft_kept=await drafting.rescue(request, _place(request, code)),
    )
    return await render(request, page, status=refusal.status)


def _place(request: web.Request, code: str) -> Place:
    """Return the place of a new topic; what cannot be a category's name is not there."""
    try:
        return drafts.place(drafts.of_category(request.match_info["slug"], code))
    except Invalid:
        raise NotFound from None


def _key(said: Said, slug: str) -> idempotency.Key | None:
    if not said.key:
        return None
    facts = (slug, said.kind.code, said.title, said.body, said.language or "", str(said.is_internal))
    rest = json.dumps([said.fields, said.tags], sort_keys=True)
    return idempotency.make(said.key, "topics.start", *facts, rest)


async def _new(
    request: web.Request,
    form: FormState | None,
    *,
    kind: str,
    problem: str = "",
    preview: Rendered | None = None,
    said: Said | None = None,
    status: int = 200,
) -> web.Response:
    """Show the form for a topic of a kind, as it was typed or, where `form` is None, as its draft says.

    `said` is what a preview shows, with its text rendered in `preview`.
    """
    actor, words = request[ACTOR], request[TRANSLATOR]
    async with request.app[DB].read() as conn:
        grant = await access.category_to_start(conn, actor, request.match_info["slug"])
        chosen = kind_forms.of(kind, grant.category.kinds)
        place = drafts.of_category(grant.category.slug, chosen.code)
        draft = await drafts.find(conn, actor.member_id, place) if form is None else None
        names = await references.names(conn, [(chosen.code, said.fields)]) if said else {}
        grown = await growing.suggested(request, conn, chosen, query_param(request, growing.FIELD))
    suggested = kind_forms.initial(chosen, actor.organisation_slug, actor.region_slug is not None) | grown
    page = NewTopicPage(
        category=grant.category,
        kind=chosen,
        kinds=kinds.offered(grant.category.kinds),
        offer=await kind_forms.offer(
            request, chosen, only=kind_forms.nameable(actor, {}, can_moderate=grant.category.can_moderate)
        ),
        labels=kind_forms.labels(request, chosen),
        can_import=chosen.has_form and bool(permissions.can_import_topics(actor, grant.category)),
        writing=Writing(place, draft, preview, grant.category.can_attach),
        form=form or drafting.state_of_draft(draft, {"language": actor.language, **suggested}),
        problem=problem,
        languages=list(languages().items()),
        preview=field_views.sections(chosen, said.fields, names, words, ZoneInfo(actor.zone)) if said else [],
    )
    return await render(request, page, status=status)


# Reading -----------------------------------------------------------------------------------------


async def index(request: web.Request) -> web.Response:
    """Lead to the topic's page; with `?unread=1` to the first post that is new, or else to the last one."""
    wants_unread = query_param(request, "unread") == "1"
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
        number = await reading.first_unread(conn, grant) if wants_unread else None
    topic = grant.topic
    if wants_unread:
        return to_post(request, topic.id, topic.slug, number or topic.last_post_number)
    return see_other(request, "topics.show", topic_id=topic.id, slug=topic.slug)


async def show(request: web.Request) -> web.Response:
    topic_id, current = _topic_id(request), page_param(request)
    visit = request.get(VISIT)
    if visit is None:
        raise NotFound
    grant, topic = visit.grant, visit.grant.topic
    if request.match_info["slug"] != topic.slug:
        return _to_canonical(request, topic, current)
    if current > page_of(topic.post_count):
        raise NotFound
    last = min(current * POSTS_A_PAGE, topic.post_count)
    if visit.has_news and _is_read_by_a_person(request):
        await _see_news(request, grant, last)
    language = request[TRANSLATOR].language
    version = translations.shown_in(topic, language)
    shown_in = None if query_param(request, "original") == "1" else version
    part = _Part(visit, current, shown_in, version is not None, partial(_read, request, grant, current, shown_in))
    # The field for a reply stands on the last page only.
    if visit.has_draft and last == topic.post_count:
        async with request.app[DB].read() as conn:
            draft = await drafts.find(conn, grant.actor.member_id, drafts.of_topic(topic_id))
        response = await render(request, await part.page(draft))
    elif current == 1 and partners.is_for_one(topic):
        response = await render(request, await part.page())
    else:
        key = await part.key(request.app[PAGES])
        response = await render_known(request, (*key, visit.foundations), part.page)
    is_news = visit.first_unread is not None and visit.first_unread <= last
    if is_news and _is_read_by_a_person(request):
        await request.app[DB].note(lambda once: reading.mark_read(once, grant.actor, topic_id, last))
    return response


async def _see_news(request: web.Request, grant: ReadGrant, last: int) -> None:
    """Count as seen what the reader was told of what this page shows, before the page says how many are not."""
    seen: list[int] = []
    await request.app[DB].note(lambda once: notifications.read_topic(once, grant.actor, grant.topic.id, last, seen))
    request[UNREAD] = max(request[UNREAD] - sum(seen), 0)


@dataclass(frozen=True, slots=True)
class _Contents:
    """What a page shows: its posts, what was done to the topic between them, and on the first what stands beside."""

    posts: list[Post]
    answer: Post | None
    """To the question, on the first page."""
    notices: list[TopicNotice]
    sections: list[SectionView]
    files: list[File]
    ties: Ties
    themes: list[tuple[str, str]]
    practice: PracticeView | None
    translation: Translation | None


async def _read(request: web.Request, grant: ReadGrant, current: int, shown_in: str | None) -> _Contents:
    first = (current - 1) * POSTS_A_PAGE + 1
    topic, kind = grant.topic, kinds.of(grant.topic.kind)
    async with request.app[DB].read() as conn:
        if current == 1:
            shown, answer = await posts.list_first_page(conn, grant)
        else:
            shown, answer = await posts.list_page(conn, grant, current), None
        notices = await topics.list_notices(conn, grant, first=first, last=first + POSTS_A_PAGE - 1)
        if current > 1:
            return _Contents(shown, answer, notices, [], [], partners.NOTHING, [], None, None)
        files = await guide_files.list_files(conn, grant) if topic.is_guide else []
        names = await references.names(conn, field_views.named([topic]))
        ties = await partners.read(conn, grant)
        found = await translations.translation(conn, grant, shown_in) if shown_in else None
    words, zone = request[TRANSLATOR], ZoneInfo(grant.actor.zone)
    said = found.fields if found else {}
    sections = []
    if kind.has_form:
        codes = {field.name: (shown_in if field.name in said else topic.language) or "" for field in kind}
        sections = field_views.sections(kind, topic.fields | said, names, words, zone, codes)
    themes = field_views.themes(kind, topic.fields, names, words)
    practice = await practice_views.read(request, grant) if practices.is_practice(topic) else None
    return _Contents(_first_in(shown, found), answer, notices, sections, files, ties, themes, practice, found)


def _first_in(shown: list[Post], found: Translation | None) -> list[Post]:
    """Return posts with the first of them as a translation says it."""
    if found is None or not shown or not found.body:
        return shown
    return [replace(shown[0], html=found.html), *shown[1:]]


def _to_canonical(request: web.Request, topic: Topic, current: int) -> web.Response:
    query = {"page": str(current)} if current > 1 else None
    return redirect(url_for(request.app, "topics.show", query, topic_id=topic.id, slug=topic.slug), 301)


class _Part:
    """One page of a topic as one member reads it; its posts are asked for only when they are needed."""

    def __init__(
        self,
        visit: Visit,
        current: int,
        shown_in: str | None,
        has_version: bool,
        read: Callable[[], Awaitable[_Contents]],
    ) -> None:
        self._shown_in, self._has_version = shown_in, has_version
        self._grant, self._first_unread = visit.grant, visit.first_unread
        self._levels = visit.topic_level, visit.level
        self._current = current
        self._read = read
        self._found: _Contents | None = None

    async def key(self, pages: PageCache) -> tuple[Hashable, ...]:
        """Return what the page is made of: all who may do the same there and have no part in it read the same one."""
        actor, topic = self._grant.actor, self._grant.topic
        place = ("topics.show", topic.id, topic.version, self._current)
        parties = pages.parties(place)
        if parties is None:
            parties = pages.note_parties(place, _parties(topic, (await self._contents()).posts))
        # How somebody stands to a good practice is theirs alone.
        own = actor.member_id if actor.member_id in parties or practices.is_practice(topic) else None
        rights = topic.can_start, topic.can_reply, topic.can_attach, topic.can_moderate
        # Whoever keeps the files of a guide may have no other part in it: a colleague of its author.
        keeps = permissions.can_delete_guide_file(actor, topic).allowed
        side = partners.side(actor, topic) if self._current == 1 else None
        return (*place, self._first_unread, *rights, keeps, *self._levels, own, side, topic.twinning_state)

    async def page(self, draft: Draft | None = None) -> TopicPage:
        actor, topic = self._grant.actor, self._grant.topic
        contents = await self._contents()
        kind, found, shown_in = kinds.of(topic.kind), contents.translation, self._shown_in
        said = found.fields if found else {}
        views = [view(actor, topic, post, contents.notices, self._first_unread) for post in contents.posts]
        if found and found.body:
            views[0] = replace(views[0], language=found.language)
        return TopicPage(
            topic=topic,
            kind=kind,
            title=topic.translated_titles[shown_in] if shown_in else topic.title,
            language=shown_in or topic.language,
            translation=found,
            has_version=self._has_version and self._current == 1,
            original_name=languages().get(topic.language or "", topic.language or ""),
            translatable=translations.offered(topic) if permissions.can_edit_topic(actor, topic) else [],
            lead=said.get(kind.lead, topic.fields.get(kind.lead, "")) if self._current == 1 else "",
            lead_language=shown_in if kind.lead in said else topic.language,
            sections=contents.sections,
            files=contents.files,
            ties=contents.ties,
            themes=contents.themes,
            practice=contents.practice,
            posts=views,
            current=self._current,
            count=page_of(topic.post_count),
            first_unread=self._first_unread,
            first_unread_page=page_of(self._first_unread or 1),
            can_reply=permissions.can_reply_topic(topic),
            can_moderate=permissions.can_moderate_topic(topic),
            can_mark_internal=permissions.can_mark_topic_internal(actor, topic),
            can_change_answer=permissions.can_change_answer(actor, topic),
            answer=apart(contents.answer) if contents.answer else None,
            can_delete=permissions.can_delete_topic(actor, topic),
            can_restore=permissions.can_restore_topic(actor, topic),
            can_add_file=permissions.can_add_guide_file(actor, topic),
            can_delete_file=permissions.can_delete_guide_file(actor, topic),
            writing=Writing(drafts.of_topic(topic.id), draft, can_attach=topic.can_attach),
            answers=drafting.answers(draft, topic),
            form=drafting.state_of_draft(draft),
            chosen_level=self._levels[0],
            level=self._levels[1],
        )

    async def _contents(self) -> _Contents:
        if self._found is None:
            self._found = await self._read()
        return self._found


def _parties(topic: Topic, shown: list[Post]) -> frozenset[MemberId | None]:
    """Return who has a part in a page: what they may do there follows from what they wrote or deleted."""
    return frozenset(
        {topic.author_id, topic.deleted_by_id}
        | {post.author_id for post in shown}
        | {post.deleted_by_id for post in shown}
    )


_PREFETCH: Final = ("Sec-Purpose", "Purpose", "X-Moz")


def _is_read_by_a_person(request: web.Request) -> bool:
    """Say whether somebody looks at the page: not a prefetch, an embedding or a question about the headers alone."""
    if request.method != "GET":
        return False
    if any("prefetch" in request.headers.get(name, "").lower() for name in _PREFETCH):
        return False
    return request.headers.get("Sec-Fetch-Dest", "document") == "document"


# Deleting ----------------------------------------------------------------------------------------


async def confirm(request: web.Request) -> web.Response:
    """Ask whether the topic is to be deleted."""
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
    require(permissions.can_delete_topic(grant.actor, grant.topic))
    return await render(request, DeletePage(topic=grant.topic))


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_delete(tx, request[ACTOR], _topic_id(request))
        await topics.delete(tx, grant)
    return to_topic(request, grant.topic, "topic.deleted")


async def restore(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_restore(tx, request[ACTOR], _topic_id(request))
        await topics.restore(tx, grant)
    return to_topic(request, grant.topic, "topic.restored")


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "topic_id"))


def _fault(invalid: Invalid) -> str:
    """Return the code of a fault of the whole form, nothing when its fields say what is wrong."""
    return "" if invalid.fields else invalid.code
