"""What the API says of files, as pydantic models; the OpenAPI document is made of these same classes."""

from __future__ import annotations

from pydantic import Field

from forum.handlers.api.models import Answer, Id
from forum.i18n import mark


class Attachment(Answer):
    id: Id
    url: str
    name: str
    size: int = Field(description=mark("In bytes."))
    content_type: str
    sha256: str = Field(description=mark("Of the file as it is kept; a picture is written anew."))
    post_id: Id | None = Field(description=mark("The post that has taken it up; null as long as none has."))
    markdown: str = Field(description=mark("What stands for it in a text."))
