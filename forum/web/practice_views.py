"""What the page of a good practice says beside its fields: its validation, who uses it, and what its reader may do."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from forum.domain import adoptions, practice_access, practices, validations
from forum.domain.access import ReadGrant
from forum.domain.permissions import Verdict
from forum.domain.practices import Adoption, Validation
from forum.domain.validations import Course
from forum.keys import DB
from forum.web.urls import absolute, url_for


@dataclass(frozen=True, slots=True)
class PracticeView:
    """A practice as its reader stands to it; `own` is the adoption by their own municipality."""

    state: str
    course: Course
    sees_reasons: bool
    can_validate: bool
    """Whether they may decide and it waits for that."""
    can_submit: Verdict
    can_adopt: Verdict
    adoptions: list[Adoption]
    own: Adoption | None
    address: str
    """Where it stands, for those who hold it on paper."""

    @property
    def decision(self) -> Validation | None:
        """The last decision that its reader may read, as long as it holds."""
        last = self.course.history[0] if self.course.history else None
        return last if last is not None and last.verdict == self.state else None

    @property
    def earlier(self) -> list[Validation]:
        return [each for each in self.course.history if each is not self.decision]

    @property
    def in_use_count(self) -> int:
        return sum(each.stage == "in_use" for each in self.adoptions)


async def read(request: web.Request, grant: ReadGrant) -> PracticeView:
    """Return a practice as the actor stands to it."""
    actor, topic = grant.actor, grant.topic
    async with request.app[DB].read() as conn:
        standing = await practice_access.standing(conn, actor, topic.id)
        course = await validations.course(conn, grant, standing)
        listed = await adoptions.list_adoptions(conn, grant)
        is_waiting = await validations.is_waiting(conn, topic, course.revision)
    return PracticeView(
        state=practices.state_of(topic),
        course=course,
        sees_reasons=practices.can_read_reasons(standing),
        can_validate=bool(practices.can_validate_practice(topic, standing)) and is_waiting,
        can_submit=practices.can_submit_practice(topic, standing),
        can_adopt=practices.can_adopt_practice(topic, standing),
        adoptions=listed,
        own=next((each for each in listed if each.organisation_id == actor.organisation_id), None),
        address=absolute(request.app, url_for(request.app, "topics.show", topic_id=topic.id, slug=topic.slug)),
    )
