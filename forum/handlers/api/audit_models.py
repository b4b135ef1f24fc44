"""What goes into and comes out of the API about the audit log."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from forum.handlers.api.models import INT8, Answer, Id, Instant, Page, PageQuery, number
from forum.i18n import mark
from forum.web import audit_names


def _known(names: Collection[str]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in names:
            raise PydanticCustomError("unknown", "none of the names")
        return value

    return check


Act = Annotated[
    str, AfterValidator(_known(audit_names.ACTS)), Field(json_schema_extra={"enum": list(audit_names.ACTS)})
]
Subject = Annotated[
    str, AfterValidator(_known(audit_names.SUBJECTS)), Field(json_schema_extra={"enum": list(audit_names.SUBJECTS)})
]
ActorId = Annotated[
    int,
    Field(ge=1, le=INT8),
    BeforeValidator(number, json_schema_input_type=Annotated[int, Field(ge=1, le=INT8)]),
]


class AuditQuery(PageQuery):
    actor: ActorId | None = Field(None, description=mark("Number of the member who did it."))
    act: Act | None = None
    subject: Subject | None = Field(None, description=mark("What it was done to."))
    since: Instant | None = Field(None, alias="from", description=mark("The first instant."))
    until: Instant | None = Field(None, alias="to", description=mark("The first instant that is not meant any more."))


class AuditActor(Answer):
    id: Id
    name: str


class AuditEntry(Answer):
    id: Id
    actor: AuditActor | None = Field(description=mark("null where nobody was signed in."))
    act: str
    subject: str
    subject_id: Id | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: str | None
    created_at: datetime


class AuditEntries(Page[AuditEntry]):
    pass
