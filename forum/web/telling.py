"""What is done to a twinning is told in the topic of the two, as a post of whoever did it: so both hear of it.

The one way to invite, to answer and to move, for pages and the API. Sentences are written in the language of who acts;
what they add stands below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from aiohttp import web

from forum.db import Tx
from forum.domain import access, posts, twinning_access, twinnings
from forum.domain.entities import TITLE_LIMIT, Organisation, PostId, TwinningId, in_language
from forum.domain.idempotency import Key
from forum.domain.posts import Reply
from forum.domain.twinned import Twinning
from forum.domain.twinnings import Course, Invited
from forum.errors import Conflict
from forum.i18n import mark
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.markup import Rendered
from forum.web import twinning_words, writing
from forum.web.ratelimit import count_post

NOTE_LIMIT: Final = 2000
"""Characters that are added to an answer or a move; what takes more is a post of its own."""

Answer = Literal["accept", "decline", "withdraw"]

_SENTENCES: Final[dict[Answer, str]] = {
    "accept": mark("The invitation is accepted. We are in contact."),
    "decline": mark("The invitation is declined."),
    "withdraw": mark("The invitation is withdrawn."),
}


@dataclass(frozen=True, slots=True)
class _Words:
    """A post that is still to be written; without a text there is nothing to tell."""

    body: str
    rendered: Rendered | None


async def invite(request: web.Request, to: str, message: str, key: Key | None) -> Invited:
    """Invite a municipality, with a message. Raise as `municipality_to_invite` and `twinnings.invite`."""
    rendered = await writing.rendered(request, message)
    async with request.app[DB].write() as tx:
        grant = await twinning_access.municipality_to_invite(tx, request[ACTOR], to)
        await count_post(request, tx)
        title = _title(request, grant.organisation)
        return await twinnings.invite(tx, grant, title=title, message=message, rendered=rendered, key=key)


def _title(request: web.Request, invited: Organisation) -> str:
    """Return what the topic of the two is called, in the language of who invites."""
    actor, words = request[ACTOR], request[TRANSLATOR]
    own = in_language(words.language, actor.organisation_el, actor.organisation_en)
    other = in_language(words.language, invited.name_el, invited.name_en)
    return words.gettext(mark("Twinning: %(own)s – %(other)s"), own=own, other=other)[:TITLE_LIMIT].strip()


async def answer(request: web.Request, twinning_id: TwinningId, answer: Answer, note: str) -> None:
    """Accept or decline an invitation, or take it back."""
    words = await _prepare(request, _SENTENCES[answer], note)
    async with request.app[DB].write() as tx:
        if answer == "withdraw":
            withdrawal = await twinning_access.twinning_to_withdraw(tx, request[ACTOR], twinning_id)
            await twinnings.withdraw(tx, withdrawal, await _tell(request, tx, withdrawal.twinning, words))
            return
        grant = await twinning_access.twinning_to_answer(tx, request[ACTOR], twinning_id)
        carry_out = twinnings.accept if answer == "accept" else twinnings.decline
        await carry_out(tx, grant, await _tell(request, tx, grant.twinning, words))


async def move(request: web.Request, before: Twinning, course: Course, note: str) -> None:
    """Say how far a twinning has come. Raise Conflict where it is another than `before` by now, and as `change`."""
    twinnings.check(course)
    moves = twinning_words.STATES[course.state] if course.state != before.state else ""
    words = await _prepare(request, moves, note)
    async with request.app[DB].write() as tx:
        grant = await twinning_access.twinning_to_change(tx, request[ACTOR], before.id)
        if grant.twinning != before:
            raise Conflict
        await twinnings.change(tx, grant, course, await _tell(request, tx, before, words))


async def _prepare(request: web.Request, sentence: str, note: str) -> _Words:
    """Return what is to be told: a sentence (a msgid, or nothing) and what its author adds."""
    said = [f"**{request[TRANSLATOR].gettext(sentence)}**"] if sentence else []
    body = "\n\n".join([*said, *([note] if note else [])])
    return _Words(body, await writing.rendered(request, body) if body else None)


async def _tell(request: web.Request, tx: Tx, twinning: Twinning, words: _Words) -> PostId | None:
    """Write it into the topic of the two, and return the post; none where the topic was deleted.

    The act is counted, told or not: after the topic is locked, as everywhere.
    """
    if words.rendered is None or not twinning.has_topic:
        await count_post(request, tx)
        return None
    grant = await access.topic_to_reply(tx, request[ACTOR], twinning.topic_id)
    await count_post(request, tx)
    return (await posts.reply(tx, grant, Reply(words.body, words.rendered))).id
