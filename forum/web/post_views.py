"""A post as pages show it: what the reader may do with it, and what happened after it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from forum.domain import permissions
from forum.domain.actors import Actor
from forum.domain.entities import Post, Topic, TopicNotice
from forum.domain.permissions import Verdict

_NOTES: Final = re.compile(r'( id="| href="#)(?=fn(?:ref)?-)')
"""Before the names of footnotes, and before links to them, as `markup/rendering.py` makes them."""


@dataclass(frozen=True, slots=True)
class PostView:
    """A post with the verdicts of its reader."""

    post: Post
    can_edit: Verdict
    can_delete: Verdict
    can_restore: Verdict
    can_read_body: Verdict
    can_mark_answer: Verdict
    is_answer: bool
    is_first_unread: bool
    notices: tuple[TopicNotice, ...]

    @property
    def is_lasting(self) -> bool:
        """Whether its article says nothing of today (how long ago) and holds no form: the same words for everybody."""
        return self.post.edited_at is None and self.post.deleted_at is None and not self.takes_mark

    @property
    def takes_mark(self) -> bool:
        """Whether the reader may mark it as the answer, and it is not yet."""
        return bool(self.can_mark_answer) and not self.is_answer


def view(
    actor: Actor, topic: Topic, post: Post, notices: Iterable[TopicNotice] = (), first_unread: int | None = None
) -> PostView:
    """Return a post as the actor sees it; `notices` are those of the page, `first_unread` is a post's number."""
    return PostView(
        post=post,
        can_edit=permissions.can_edit_post(actor, topic, post),
        can_delete=permissions.can_delete_post(actor, topic, post),
        can_restore=permissions.can_restore_post(actor, topic, post),
        can_read_body=permissions.can_read_body(actor, post),
        can_mark_answer=permissions.can_mark_answer(actor, topic, post),
        is_answer=post.id == topic.answer_post_id,
        is_first_unread=post.number == first_unread,
        notices=tuple(notice for notice in notices if notice.after_number == post.number),
    )


def apart(post: Post) -> Post:
    """Return a post as it is shown a second time on a page: its footnotes have names of their own there."""
    return replace(post, html=_NOTES.sub(r"\1answer-", post.html))
