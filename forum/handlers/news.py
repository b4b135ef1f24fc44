"""What has come to a topic since its page was shown, for the page's own script: the posts themselves, and how many."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.domain import permissions, posts, reading
from forum.domain.access import ReadGrant
from forum.domain.entities import POSTS_A_PAGE, Post, Topic
from forum.domain.permissions import Verdict
from forum.domain.visits import Visit
from forum.errors import NotFound
from forum.keys import DB, PAGES, VISIT
from forum.web import fragments
from forum.web.drafting import NUMBER_LIMIT
from forum.web.forms import optional_int_param, page_param
from forum.web.locations import post_url, to_post
from forum.web.pages import Page, render_known
from forum.web.post_views import PostView, view

LIMIT: Final = 100
"""New posts are looked through up to here, so that somebody long away costs no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsPage(Page):
    """Posts as their topic's page shows them; `count` new ones of others, the last of which stands at `last_url`."""

    template: ClassVar[str] = "posts/news.html"
    topic: Topic
    posts: list[PostView]
    count: int
    is_all_here: bool
    last_url: str
    can_reply: Verdict


@dataclass(frozen=True, slots=True)
class _Asked:
    """Posts of a page from number `first` on; those beyond `since` are news to who asks."""

    page: int
    first: int
    since: int

    @property
    def last(self) -> int:
        """The number of the page's last post, when it is full."""
        return self.page * POSTS_A_PAGE


async def index(request: web.Request) -> web.Response:
    """Answer our script with the posts of `?page=` from number `?first=` on; lead everybody else to the first one."""
    visit = request.get(VISIT)
    first, since = (min(optional_int_param(request, name) or 1, NUMBER_LIMIT) for name in ("first", "since"))
    asked = _Asked(min(page_param(request), NUMBER_LIMIT // POSTS_A_PAGE), first, since)
    if visit is None:
        raise NotFound
    topic = visit.grant.topic
    if not fragments.wanted(request):
        return to_post(request, topic.id, topic.slug, min(first, topic.post_count))
    place = ("news.index", topic.id, topic.version, asked)
    found: list[Post] | None = None

    async def made() -> NewsPage:
        return _page(request, visit.grant, asked, await _posts(request, visit.grant, asked) if found is None else found)

    parties = request.app[PAGES].parties(place)
    if parties is None:
        found = await _posts(request, visit.grant, asked)
        authors = frozenset({post.author_id for post in found} | {post.deleted_by_id for post in found})
        parties = request.app[PAGES].note_parties(place, authors | {topic.author_id})
    response = await render_known(request, _key(place, visit, parties), made, is_fragment=True)
    await _note(request, visit, asked)
    return response


def _key(place: Hashable, visit: Visit, parties: frozenset[int | None]) -> Hashable:
    """Return all that the answer is made of: who has a part in it gets one of their own, as with the page itself."""
    actor, topic = visit.grant.actor, visit.grant.topic
    own = actor.member_id if actor.member_id in parties else None
    return (place, topic.can_start, topic.can_reply, topic.can_moderate, own, visit.foundations)


async def _posts(request: web.Request, grant: ReadGrant, asked: _Asked) -> list[Post]:
    """Return what is to be shown, and what is only to be counted."""
    before = min(asked.first - 1, asked.since)
    async with request.app[DB].read() as conn:
        return await posts.list_after(conn, grant, number=before, limit=POSTS_A_PAGE + LIMIT)


def _page(request: web.Request, grant: ReadGrant, asked: _Asked, found: list[Post]) -> NewsPage:
    actor, topic = grant.actor, grant.topic
    news = [
        post
        for post in found
        if post.number > asked.since and not post.is_deleted and post.author_id != actor.member_id
    ]
    return NewsPage(
        topic=topic,
        posts=[view(actor, topic, post) for post in found if asked.first <= post.number <= asked.last],
        count=len(news),
        is_all_here=not news or news[-1].number <= asked.last,
        last_url=post_url(request.app, topic.id, topic.slug, topic.last_post_number),
        can_reply=permissions.can_reply_topic(topic),
    )


async def _note(request: web.Request, visit: Visit, asked: _Asked) -> None:
    """Note that what is shown has been read, as the page itself does."""
    grant, last = visit.grant, min(asked.last, visit.grant.topic.post_count)
    if visit.first_unread is not None and visit.first_unread <= last:
        await request.app[DB].note(lambda once: reading.mark_read(once, grant.actor, grant.topic.id, last))
