"""Words that were sent when their session had ended: the sign-in page carries them, and they come back as a draft.

Only the forms for a text are carried, only the fields named here, and only when the form was sent from this forum in
this browser: else any site could have words of its own kept under the name of whoever signs in next. A form also says
who wrote in it, and its words become nobody else's draft: on a shared computer the next to sign in may be another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from aiohttp import web
from pydantic import BeforeValidator, Field

from forum.domain import drafts
from forum.domain.drafts import Place, Words
from forum.domain.entities import BODY_LIMIT, TITLE_LIMIT, MemberId
from forum.errors import BadRequest, Invalid
from forum.web import csrf
from forum.web.drafting import OptionalNumber, Sent, words_of
from forum.web.forms import Form, Line, Text

_PLACES: Final[Mapping[str, Callable[[Mapping[str, str]], str]]] = {
    "posts.create": lambda parts: f"topic:{parts['topic_id']}",
    "posts.update": lambda parts: f"post:{parts['post_id']}",
    "topics.create": lambda parts: f"category:{parts['slug']}",
}
"""The routes whose forms hold a text, and the place each is about."""


OptionalId = Annotated[
    Annotated[int, Field(ge=1, le=2**63 - 1)] | None, BeforeValidator(lambda value: None if value == "" else value)
]


class WriterForm(Form):
    writer: OptionalId = None


class KeptForm(Form):
    kept_writer: OptionalId = None
    kept_place: Line = ""
    kept_title: Annotated[Line, Field(max_length=TITLE_LIMIT)] = ""
    kept_body: Annotated[Text, Field(max_length=BODY_LIMIT)] = ""
    kept_reply_to: OptionalNumber = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the sign-in page carries: words that can become a draft, or else a text for the reader to copy."""

    words: Words | None = None
    text: str = ""
    writer: MemberId | None = None

    def words_for(self, member_id: MemberId) -> Words | None:
        """Return the words when it was this member who wrote them."""
        return self.words if self.writer == member_id else None


NOTHING: Final = Kept()


async def of_refused(request: web.Request) -> Kept:
    """Return what a form that came without a session holds to be carried."""
    place = _place(request)
    if place is None or not await csrf.was_ours(request):
        return NOTHING
    sent = await request.post()
    try:
        writer = WriterForm.parse(sent).writer
        if writer is None:
            return NOTHING
        words = words_of(place, sent)
    except Invalid:
        body = sent.get("body", "")
        return Kept(text=body if isinstance(body, str) else "")
    return NOTHING if words.are_empty else Kept(words, writer=MemberId(writer))


def of_sign_in(sent: Sent) -> Kept:
    """Return what the sign-in form carries; raise BadRequest where it is nothing that our page would have put there."""
    try:
        form = KeptForm.parse(sent)
        if not form.kept_place:
            return NOTHING
        words = Words(drafts.place(form.kept_place), form.kept_title, form.kept_body, form.kept_reply_to)
    except Invalid:
        raise BadRequest("bad_value") from None
    if words.are_empty or form.kept_writer is None:
        return NOTHING
    return Kept(words, writer=MemberId(form.kept_writer))


def _place(request: web.Request) -> Place | None:
    make = _PLACES.get(request.match_info.route.name or "")
    try:
        return drafts.place(make(request.match_info)) if make else None
    except Invalid:
        return None
