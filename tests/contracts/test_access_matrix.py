"""Who gets what from every route: rows are all routes, columns the cast; a route without a row fails.

Cells: `L` the way to sign-in (API: 401) · `2` an answer (200, 201, 204) · `S` done, 303 to a page of the forum ·
`3` forbidden · `4` not found, as for what never was · `V` 422, the right is there and the empty form is not enough.
Proposals are sophie's and led by Larnaca, and Mytilene has expressed interest in them; it has taken up the practices.
The address of feeds is maria's: whoever knows it needs no session.
The other objects belong to maria of Larnaca, in `questions`, where both regions are participants; the moderator holds
see, read, reply and moderate there, and as a member of an association the rest; the stranger holds nothing anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import pytest

from forum.db import Card, Statement
from forum.domain import (
    access,
    attachments,
    feedback,
    guide_access,
    guide_files,
    posts,
    practice_access,
    sessions,
    topics,
    translations,
    twinning_access,
    twinnings,
    validations,
)
from forum.domain.attachments import New, Room
from forum.domain.entities import AttachmentId, GuideFileId, InterestId, PostId, TopicId, TwinningId
from forum.domain.feedback import FeedbackId
from forum.domain.posts import Reply
from forum.domain.practices import AdoptionId
from forum.domain.translations import Words
from forum.domain.twinnings import Course
from forum.keys import ASSETS, CONFIG, DB, STORAGE
from forum.markup import Rendered
from forum.routes import ROUTES
from forum.web.access import Access, Route
from tests.contracts.access_tables import API, BODIES, PAGES
from tests.domain import practising, proposing
from tests.domain.practising import PRACTICE
from tests.site import AGENT, Answer, Program, Site, Visitor, without_tokens
from tests.web import subscribing

COLUMNS: Final = ("guest", "suspended", "stranger", "nikos", "maria", "moderator", "administrator")


@dataclass(frozen=True, slots=True)
class _Things:
    topic_id: TopicId
    slug: str
    post_id: PostId
    feedback_id: FeedbackId
    attachment_id: AttachmentId
    twinning_id: TwinningId
    guide_file_id: GuideFileId
    interest_id: InterestId
    adoption_id: AdoptionId


_OF_PROPOSALS: Final = frozenset({"consortia", "interests", "withdrawals", "decisions", "topic_states", "practices"})


async def _arrange_proposal(site: Site, route: Route) -> _Things:
    """Make a proposal of sophie's that maria's municipality leads, in which nikos' has expressed interest."""
    db, cast = site.app[DB], site.cast
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    if route.name == "practices.new":
        await proposing.move(db, cast.maria, made.topic_id, "consortium_complete", "submitted")
    none, nothing = FeedbackId(999_999), AttachmentId(999_999)
    return _Things(
        made.topic_id,
        made.slug,
        made.first_post_id,
        none,
        nothing,
        TwinningId(999_999),
        GuideFileId(999_999),
        interest_id,
        AdoptionId(999_999),
    )


async def _arrange(site: Site, route: Route) -> _Things:
    """Make maria's topic and, where the route is about a post, her reply, in the state the act begins from."""
    maria, moderator = site.cast.maria, site.cast.moderator
    rendered = Rendered(html="<p>Κείμενο</p>", text="Κείμενο", is_plain=False)
    if route.name.removeprefix("api.").partition(".")[0] in _OF_PROPOSALS:
        return await _arrange_proposal(site, route)
    async with site.app[DB].write() as tx:
        family = route.name.removeprefix("api.").partition(".")[0]
        is_practice = family in {"validations", "submissions", "adoptions"}
        start = await access.category_to_start(tx, maria, "good-practices" if is_practice else "questions")
        said: dict[str, Any] = {"kind": "question" if "answer" in route.name else "discussion"}
        if is_practice:
            said = {"kind": "good_practice", "fields": PRACTICE}
        made = await topics.start(
            tx, start, title="Φωτισμός", body="Κείμενο", rendered=rendered, key=None, language="el", **said
        )
        post_id = made.first_post_id
        if family == "posts" and "/topics/" not in route.path:
            reply = await access.topic_to_reply(tx, maria, made.topic_id)
            post_id = (await posts.reply(tx, reply, Reply("Απάντηση", rendered))).id
    attachment_id = await _attach(site, made.first_post_id) if family == "attachments" else AttachmentId(999_999)
    is_of_guide = family in {"guide_files", "guide_versions", "files"}
    guide_file_id = await _add_file(site, made.topic_id) if is_of_guide else GuideFileId(999_999)
    async with site.app[DB].write() as tx:
        match route.name:
            case "submissions.create":
                decide = await practice_access.topic_to_validate(tx, moderator, made.topic_id)
                await validations.decide(tx, decide, "returned", "Λείπει κάτι")
            case "posts.restore":
                await posts.delete(tx, await access.post_to_delete(tx, maria, post_id))
            case "topics.restore":
                await topics.delete(tx, await access.topic_to_delete(tx, maria, made.topic_id))
            case "translations.delete":
                edit = await access.first_post_to_edit(tx, maria, made.topic_id)
                words = Words("Lights", "Text", rendered, {})
                await translations.write(tx, edit, "en", words, original=rendered, body="Κείμενο")
            case "locks.delete" | "api.topics.unlock":
                await topics.lock(tx, await access.topic_to_moderate(tx, moderator, made.topic_id), "Λόγος")
            case _:
                pass
        feedback_id = await feedback.send(tx, None, body="Δεν διαβάζεται", page="", contact="")
    twinning_id = await _twin(site) if family.startswith("twinning") else TwinningId(999_999)
    adoption_id = AdoptionId(999_999)
    if "{adoption_id}" in route.path:
        adoption_id = (await practising.adopt(site.app[DB], site.cast.nikos, made.topic_id)).id
    return _Things(
        made.topic_id,
        made.slug,
        post_id,
        feedback_id,
        attachment_id,
        twinning_id,
        guide_file_id,
        InterestId(999_999),
        adoption_id,
    )


async def _twin(site: Site) -> TwinningId:
    """Have maria invite Mytilene, and nikos accept; before that, what there was is over."""
    maria, nikos = site.cast.maria, site.cast.nikos
    rendered = Rendered(html="<p>Κείμενο</p>", text="Κείμενο", is_plain=False)
    async with site.app[DB].write() as tx:
        for twinning in await twinnings.list_own(tx, maria):
            if not twinnings.is_over(twinning):
                change = await twinning_access.twinning_to_change(tx, maria, twinning.id)
                await twinnings.change(tx, change, Course(state="ended"), None)
        invite = await twinning_access.municipality_to_invite(tx, maria, "mytilene")
        made = await twinnings.invite(tx, invite, title="Αδελφοποίηση", message="Α", rendered=rendered, key=None)
        await twinnings.accept(tx, await twinning_access.twinning_to_answer(tx, nikos, made.twinning_id), None)
    return made.twinning_id


async def _bring(site: Site) -> AttachmentId:
    """Have maria bring a file."""
    key, path = uuid4(), site.app[CONFIG].data_dir / "sent"
    path.write_bytes(b"x")
    await site.app[STORAGE].put(key.hex, path)
    new, maria = New(key, "α.txt", "text/plain", 1, None, bytes(32), has_words=False), site.cast.maria
    async with site.app[DB].write() as tx:
        return (await attachments.create(tx, await access.to_attach(tx, maria), new, Room(10**9, None), key=None)).id


async def _attach(site: Site, post_id: PostId) -> AttachmentId:
    """Have maria attach a file to her post."""
    attachment_id = await _bring(site)
    named = f'<a href="/attachments/{attachment_id}">α</a>'
    async with site.app[DB].write() as tx:
        await attachments.take_up(tx, site.cast.maria, post_id, named, can_attach=True)
    return attachment_id


_MAKE_GUIDE = Statement(
    "tests.make_guide",
    "UPDATE topics SET kind = 'guide' WHERE topics.id = $1",
    returns=int,
    card=Card.NONE,
)


async def _add_file(site: Site, topic_id: TopicId) -> GuideFileId:
    """Make maria's topic a guide, and have her add a file to it."""
    attachment_id = await _bring(site)
    async with site.app[DB].write() as tx:
        await tx.run(_MAKE_GUIDE, topic_id)
        grant = await guide_access.guide_to_extend(tx, site.cast.maria, topic_id)
        return (await guide_files.add(tx, grant, "Υπόδειγμα", guide_files.New(attachment_id))).file_id


def _slug(route: Route) -> str:
    """Return the slug of something that is there, of the kind that a path speaks of."""
    for folder, slug in (
        ("/archive", "guides"),
        ("/municipalities", "larnaca"),
        ("/organisations", "larnaca"),
        ("/regions", "cyprus"),
        ("/admin/themes/{slug}/delete", "housing"),
        ("/themes", "water"),
    ):
        if folder in route.path:
            return slug
    return "questions"


def _path(site: Site, route: Route, things: _Things) -> str:
    values: dict[str, object] = {
        "id": 999_999,
        "topic_id": things.topic_id,
        "language": "en",
        "post_id": things.post_id,
        "attachment_id": things.attachment_id,
        "interest_id": things.interest_id,
        "slug": things.slug if "/topics/" in route.path else _slug(route),
        "member_id": site.cast.nikos.member_id,
        "session_id": 999_999,
        "token_id": 999_999,
        "twin_id": 999_999,
        "twinning_id": things.twinning_id,
        "mail_id": 999_999,
        "invitation_id": 999_999,
        "import_id": 999_999,
        "application_id": 999_999,
        "opening_id": 999_999,
        "guide_file_id": things.guide_file_id,
        "file_id": things.guide_file_id,
        "number": 1,
        "adoption_id": things.adoption_id,
        "page": "writing",
        "token": "nonsense",
        "kind": "discussion",
        "colour": "7a1f3d",
        "feedback_id": things.feedback_id,
        "file": site.app[ASSETS].name("koinon.css"),
    }
    for folder, value in (
        ("/topics/", things.topic_id),
        ("/posts/{id}", things.post_id),
        ("/attachments/{id}", things.attachment_id),
        ("/twinnings/{id}", things.twinning_id),
        ("/members/", site.cast.nikos.member_id),
        ("/v1/files/", things.guide_file_id),
    ):
        if folder in route.path:
            values["id"] = value
    path = route.path.format(**values)
    return f"{path}?q=x" if route.name == "api.search.index" else path


def _cell(answer: Answer) -> str:
    if answer.status in {301, 302, 303}:
        return "L" if answer.location.startswith("/login") else "S"
    known = {200: "2", 201: "2", 204: "2", 401: "L", 403: "3", 404: "4", 422: "V"}
    return known.get(answer.status, str(answer.status))


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert {route.name for route in ROUTES if not route.is_api} == set(PAGES)
    assert {route.name for route in ROUTES if route.is_api} == set(API)


@pytest.mark.parametrize("person", COLUMNS)
async def test_every_page_gives_each_person_what_the_matrix_says(site: Site, person: str) -> None:
    faults: list[str] = []
    column = COLUMNS.index(person)
    for route in ROUTES:
        if route.is_api:
            continue
        expected = PAGES[route.name].split()[column]
        things = await _arrange(site, route)
        visitor: Visitor = await site.visitor(None if person == "guest" else person)
        path = _path(site, route, things)
        if route.access is Access.FEED:
            path = path.replace("/feeds/nonsense", await subscribing.address(site))
        answer = await (visitor.get(path) if route.method == "GET" else visitor.submit(path))
        if _cell(answer) != expected:
            faults.append(f"{route.name} {path}: {_cell(answer)} for {expected}")
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("person", COLUMNS)
async def test_every_call_gives_each_program_what_the_matrix_says(site: Site, person: str) -> None:
    faults: list[str] = []
    column = COLUMNS.index(person)
    for route in ROUTES:
        if not route.is_api:
            continue
        expected = API[route.name].split()[column]
        things = await _arrange(site, route)
        program: Program = await site.program(None if person == "guest" else person)
        body = BODIES.get(route.name, {}) if route.method in {"POST", "PATCH", "PUT"} else None
        options: dict[str, object] = {} if body is None else {"json": body}
        answer = await program.request(route.method, _path(site, route, things), **options)
        if _cell(answer) != expected:
            faults.append(f"{route.method} {route.path}: {_cell(answer)} for {expected}")
    assert not faults, "\n" + "\n".join(faults)


async def test_what_is_invisible_answers_as_what_never_was(site: Site) -> None:
    things = await _arrange(site, next(route for route in ROUTES if route.name == "posts.show"))
    maria, stranger = await site.visitor("maria"), await site.visitor("stranger")
    for path, absent in (
        (f"/topics/{things.topic_id}/{things.slug}", f"/topics/987654321/{things.slug}"),
        (f"/topics/{things.topic_id}/other-slug", "/topics/987654321/other-slug"),
        (f"/topics/{things.topic_id}", "/topics/987654321"),
        (f"/posts/{things.post_id}", "/posts/987654321"),
        (f"/posts/{things.post_id}/revisions", "/posts/987654321/revisions"),
        (f"/posts/{things.post_id}/edit", "/posts/987654321/edit"),
        ("/categories/questions", "/categories/never-was"),
    ):
        assert (await maria.get(path)).status in {200, 301, 303}, f"the premise: {path} is there"
        hidden, never = await stranger.get(path), await stranger.get(absent)
        assert hidden.status == never.status == 404
        assert _comparable(hidden, path) == _comparable(never, absent)


_PASSING: Final = frozenset({"date", "x-request-id", "content-length"})
"""The length differs by the path that the page's own forms lead back to; the text is compared whole."""


def _comparable(answer: Answer, path: str) -> tuple[str, dict[str, str]]:
    """Return an answer without what differs from one request to the next whatever is asked."""
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in _PASSING}
    return without_tokens(answer.text.replace(path, "PATH")), headers


async def test_a_suspension_ends_an_open_session_at_once(site: Site) -> None:
    visitor = await site.visitor("nikos")
    assert (await visitor.get("/")).status == 200
    async with site.app[DB].write() as tx:
        key = await sessions.open(tx, site.cast.suspended.member_id, address="127.0.0.1", agent=AGENT)
    assert key
    suspended = await site.visitor("suspended")
    assert (await suspended.get("/")).location.startswith("/login")
