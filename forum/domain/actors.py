"""Who asks: a signed-in member with what every page needs of them. Passed, never global."""

from __future__ import annotations

from dataclasses import dataclass

from forum.domain.entities import Language, MemberId, OrganisationId, Role, Scheme


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in member, by session or token; the query that reads it refuses the suspended.

    Fields stand in the order of the columns of `sessions.actor` and `api_tokens.actor`.
    """

    member_id: MemberId
    name: str
    organisation_id: OrganisationId
    organisation_slug: str
    organisation_el: str
    organisation_en: str
    region_slug: str | None
    language: Language
    zone: str
    scheme: Scheme
    is_moderator: bool
    is_administrator: bool
    session_id: int | None
    token_id: int | None

    @property
    def role(self) -> Role:
        if self.is_administrator:
            return Role.ADMINISTRATOR
        return Role.MODERATOR if self.is_moderator else Role.MEMBER

    @property
    def is_staff(self) -> bool:
        """Moderators and administrators, whose passwords must be longer."""
        return self.is_administrator or self.is_moderator
