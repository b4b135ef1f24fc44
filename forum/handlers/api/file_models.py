"""What the API takes and says of the files of guides, as pydantic models."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from forum.domain.guide_files import NOTE_LIMIT, TITLE_LIMIT
from forum.handlers.api.models import Answer, Body, Id
from forum.i18n import mark
from forum.web.forms import RequiredLine, Text

Note = Annotated[Text, Field(max_length=NOTE_LIMIT, description=mark("What is new."))]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", json_schema_extra={"format": "date"})]


class NewVersion(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"attachment": 14, "note": "Νέο άρθρο 5"}]})
    attachment: Id = Field(description=mark("Of a file of one's own that nothing has taken up yet."))
    note: Note = ""
    valid_from: Day | None = None


class NewFile(NewVersion):
    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Υπόδειγμα απόφασης", "attachment": 12}]})
    title: Annotated[RequiredLine, Field(min_length=1, max_length=TITLE_LIMIT)]


class Version(Answer):
    number: int
    url: str = Field(description=mark("Where this version stays."))
    attachment_id: Id
    name: str
    content_type: str
    size: int = Field(description=mark("In bytes."))
    sha256: str = Field(description=mark("Of the file as it is kept; a picture is written anew."))
    note: str | None
    valid_from: date | None
    created_at: datetime
    author_id: Id
    author_name: str


class File(Answer):
    id: Id
    topic_id: Id
    title: str
    url: str = Field(description=mark("The permanent address: it always gives the newest version."))
    versions: list[Version] = Field(description=mark("The newest first."))


class Files(Answer):
    items: list[File]
