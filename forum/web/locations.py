"""Where topics and posts stand, and the way back to them after something was done."""

from __future__ import annotations

from aiohttp import web

from forum.domain.entities import POSTS_A_PAGE, Topic, TopicId
from forum.keys import WRITE_URL
from forum.web.flash import flash
from forum.web.urls import redirect, see_other


def page_of(number: int) -> int:
    """Return the page, counted from 1, that shows the post of this number."""
    return (number - 1) // POSTS_A_PAGE + 1


def to_topic(request: web.Request, topic: Topic, word: str) -> web.Response:
    """Answer 303 to a topic, where the sentence of `word` is said."""
    response = see_other(request, "topics.show", topic_id=topic.id, slug=topic.slug)
    flash(request, response, word)
    return response


def post_url(app: web.Application, topic_id: TopicId, slug: str, number: int) -> str:
    """Return the address of a post on the page of its topic."""
    page = page_of(number)
    query = {"page": str(page)} if page > 1 else None
    return f"{app[WRITE_URL]('topics.show', query, topic_id=topic_id, slug=slug)}#post-{number}"


def to_post(request: web.Request, topic_id: TopicId, slug: str, number: int, word: str = "") -> web.Response:
    """Answer 303 to a post on the page of its topic, where the sentence of `word` is said."""
    response = redirect(post_url(request.app, topic_id, slug, number))
    if word:
        flash(request, response, word)
    return response
