"""A twinning as a member of one of its two municipalities reads it: its shape, its stages, and the SQL that fills it.

Who may read it is asked in `twinning_access.py`; what is done to it is `twinnings`'.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from forum.domain.entities import MemberId, OrganisationId, TopicId, TwinningId

Stage = Literal["in_contact", "letter_of_intent", "council_decisions", "signed", "active", "dormant", "ended"]
State = Literal["invited", "declined", "withdrawn"] | Stage

STAGES: Final[tuple[Stage, ...]] = (
    "in_contact",
    "letter_of_intent",
    "council_decisions",
    "signed",
    "active",
    "dormant",
    "ended",
)
"""From an accepted invitation on. Source: CATALOGUE, "Twinning"."""

PUBLIC: Final = ("signed", "active", "dormant")
"""Stages at which everybody sees that the two are twins; of the others only the two know."""

IS_PUBLIC: Final = f"twinnings.state IN ({', '.join(repr(state) for state in PUBLIC)})"


@dataclass(frozen=True, slots=True)
class Twinning:
    """`is_from` says whether the reader's municipality is the one that invited; decisions are of the two councils."""

    id: TwinningId
    from_id: OrganisationId
    from_slug: str
    from_el: str
    from_en: str
    to_id: OrganisationId
    to_slug: str
    to_el: str
    to_en: str
    is_from: bool
    state: State
    topic_id: TopicId
    topic_slug: str
    has_topic: bool
    """Whether the topic of the two is still there."""
    invited_by_id: MemberId
    invited_by_name: str
    created_at: datetime
    answered_at: datetime | None
    from_decision_number: str | None
    from_decided_on: date | None
    to_decision_number: str | None
    to_decided_on: date | None
    signed_on: date | None
    next_event: str | None
    next_event_at: datetime | None
    next_event_zone: str | None

    @property
    def other_slug(self) -> str:
        return self.to_slug if self.is_from else self.from_slug

    @property
    def other_el(self) -> str:
        return self.to_el if self.is_from else self.from_el

    @property
    def other_en(self) -> str:
        return self.to_en if self.is_from else self.from_en

    @property
    def is_open(self) -> bool:
        """Whether the invitation was accepted, so that its stages can be moved."""
        return self.state in STAGES


_IS_FROM: Final = "readers.organisation_id IN (inviting.id, inviting.merged_into_id)"

COLUMNS: Final = f"""
    twinnings.id, inviting.id, inviting.slug, inviting.name_el, inviting.name_en,
    invited.id, invited.slug, invited.name_el, invited.name_en,
    {_IS_FROM}, twinnings.state,
    topics.id, topics.slug, topics.deleted_at IS NULL, inviters.id, inviters.name,
    twinnings.created_at, twinnings.answered_at,
    twinnings.from_decision_number, twinnings.from_decided_on, twinnings.to_decision_number, twinnings.to_decided_on,
    twinnings.signed_on, twinnings.next_event, twinnings.next_event_at, twinnings.next_event_zone
"""

# Member $1 reads what their rights in the topic's category let them read, and must be of one of the two besides.
JOINS: Final = """
    FROM twinnings
    JOIN organisations AS inviting ON inviting.id = twinnings.from_organisation_id
    JOIN organisations AS invited ON invited.id = twinnings.to_organisation_id
    JOIN topics ON topics.id = twinnings.topic_id
    JOIN members AS inviters ON inviters.id = twinnings.invited_by_id
    JOIN members AS readers ON readers.id = $1
        AND readers.organisation_id IN (inviting.id, invited.id, inviting.merged_into_id, invited.merged_into_id)
    JOIN category_rights AS rights
        ON rights.category_id = twinnings.category_id AND rights.member_id = $1 AND rights.can_read
"""


def other(column: str) -> str:
    """Return the SQL of a column of the municipality that is not the reader's."""
    return f"CASE WHEN {_IS_FROM} THEN invited.{column} ELSE inviting.{column} END"
