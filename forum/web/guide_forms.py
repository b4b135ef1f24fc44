"""The forms for files of guides and their versions: the file as it arrives, and what stands before it in the form.

Where something else is wrong the file that was taken stays, and the form names it by its number when it is sent again;
a script of ours sends it so from the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, Final, TypeVar

from aiohttp import web
from pydantic import Field

from forum.domain import access, idempotency
from forum.domain.entities import Attachment, AttachmentId, Topic
from forum.domain.guide_files import NOTE_LIMIT, TITLE_LIMIT, Added, New
from forum.domain.kinds.fields import Day, Fault
from forum.errors import Crowded, ForumError, Invalid, NotFound, RateLimited, TooLarge
from forum.keys import ACTOR, DB
from forum.web import attaching, problem_json, receiving
from forum.web.flash import flash
from forum.web.forms import Form, FormState, Line, RequiredLine, Text, typed
from forum.web.multipart import is_form
from forum.web.pages import Page, render
from forum.web.urls import see_other

FAULTS: Final = (Crowded, Invalid, RateLimited, TooLarge)
"""What shows the form again."""

_DAY: Final = Day(name="valid_from", label="")


class VersionForm(Form):
    note: Annotated[Text, Field(max_length=NOTE_LIMIT)] = ""
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""


class FileForm(VersionForm):
    title: Annotated[RequiredLine, Field(max_length=TITLE_LIMIT)]


F = TypeVar("F", bound=VersionForm)


@dataclass(frozen=True, slots=True)
class Sent:
    """What came in the form: its texts, the file that was taken, or why none was."""

    texts: Mapping[str, str]
    file: Attachment | None = None
    refusal: ForumError | None = None

    def read(self, form: type[F], act: str, *about: str) -> tuple[F, New]:
        """Return what the form says; raise Invalid with all that is wrong with it, or the other of FAULTS."""
        faults: dict[str, tuple[str, ...]] = {}
        found: F | None = None
        day = None
        try:
            found = form.parse(self.texts)
        except Invalid as invalid:
            faults |= invalid.fields
        try:
            day = _DAY.read(self.texts)
        except Fault as fault:
            faults[_DAY.name] = (fault.code,)
        if isinstance(self.refusal, Invalid):
            faults |= self.refusal.fields
        elif self.refusal is not None and not faults:
            raise self.refusal
        if faults or found is None or self.file is None:
            raise Invalid(faults)
        note = found.note.strip()
        parts = (*about, self.file.sha256.hex(), note, day or "")
        key = idempotency.make(found.idempotency_key, act, *parts) if found.idempotency_key else None
        return found, New(self.file.id, note, date.fromisoformat(day) if day else None, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class BringingPage(Page):
    """A form that brings a file for a guide."""

    topic: Topic
    form: FormState = field(default_factory=FormState)
    file: Attachment | None = None
    """What was taken already, where something else was wrong."""
    problem: str = ""


async def again(request: web.Request, page: BringingPage, sent: Sent, fault: ForumError) -> web.Response:
    """Show the form with what was typed, and what is wrong with it."""
    faults, file = dict(fault.fields) if isinstance(fault, Invalid) else {}, sent.file
    if faults.pop("attachment", None):
        # Another post has taken it up meanwhile.
        faults[receiving.FILE], file = ("required",), None
    form, problem = FormState(sent.texts, faults), "" if faults else fault.code
    response = await render(request, replace(page, form=form, file=file, problem=problem), status=fault.status)
    problem_json.retry_after(response, fault)
    return response


async def take(request: web.Request) -> Sent:
    """Take what a form brings."""
    if is_form(request):
        texts = await receiving.fields_before(request)
    else:
        texts = dict(typed(await request.post()))
    try:
        kept = None if receiving.brings_file(request) else await _kept(request, texts.get("attachment", ""))
        return Sent(texts, kept or await attaching.bring(request, await attaching.granted(request)))
    except FAULTS as refusal:
        return Sent(texts, refusal=refusal)


async def _kept(request: web.Request, number: str) -> Attachment | None:
    """Return the file of the member's own that the form names and nothing has taken up."""
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    try:
        async with request.app[DB].read() as conn:
            found = (await access.attachment_to_read(conn, request[ACTOR], AttachmentId(int(number)))).attachment
    except NotFound:
        return None
    return found if found.post_id is None else None


def to_files(request: web.Request, added: Added, word: str) -> web.Response:
    """Answer 303 to the files of the guide, where the sentence of `word` is said."""
    response = see_other(request, "topics.show", fragment="files", topic_id=added.topic_id, slug=added.topic_slug)
    flash(request, response, word)
    return response
