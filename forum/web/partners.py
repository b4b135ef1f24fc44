"""What the first page of a proposal shows of its partners, and what the pages of proposals and practices lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from forum.db import Conn
from forum.domain import interests, leading, origins, permissions
from forum.domain.access import ReadGrant
from forum.domain.actors import Actor
from forum.domain.entities import Decision, OrganisationId, Topic
from forum.domain.interests import Consortium
from forum.domain.kinds.proposal import MOVES, PROPOSAL, ROLES, STATES
from forum.domain.origins import Related
from forum.domain.permissions import Verdict
from forum.i18n import Translator, mark

DECISIONS: Final[dict[Decision, str]] = {
    "waiting": mark("Waiting for an answer"),
    "accepted": mark("Takes part"),
    "reserved": mark("In reserve"),
    "declined": mark("Declined"),
    "withdrawn": mark("Has withdrawn"),
}
"""The msgid of every decision, as a badge says it."""

ROLE_NAMES: Final = dict(ROLES)


@dataclass(frozen=True, slots=True)
class Partners:
    """The partners of a proposal as one reader may see them, with the verdicts on what they can do."""

    consortium: Consortium
    can_express: Verdict
    can_leave: Verdict
    can_lead: Verdict
    can_grow: Verdict
    decisions: dict[Decision, str]
    roles: dict[str, str]

    @property
    def is_complete(self) -> bool:
        """Whether all that are needed are found, and nobody has said so."""
        return self.consortium.standing.state == "open" and self.consortium.meter.is_full


@dataclass(frozen=True, slots=True)
class Ties:
    """What stands on the first page of a topic beside its fields: partners, and topics that it belongs to."""

    partners: Partners | None = None
    related: tuple[Related, ...] = ()


NOTHING: Final = Ties()


async def read(conn: Conn, grant: ReadGrant) -> Ties:
    """Return what the first page of a topic shows; of most proposals it costs one query, of other topics none."""
    topic = grant.topic
    partners = None
    if is_proposal(topic):
        found = await interests.consortium(conn, grant)
        partners = Partners(
            consortium=found,
            can_express=permissions.can_express_interest(topic, found.standing),
            can_leave=permissions.can_leave_proposal(topic, found.standing),
            can_lead=permissions.can_lead_proposal(topic, found.standing),
            can_grow=permissions.can_make_practice(found.standing),
            decisions=DECISIONS,
            roles=ROLE_NAMES,
        )
    related = await origins.list_related(conn, grant) if is_for_one(topic) else []
    return Ties(partners, tuple(related))


def is_for_one(topic: Topic) -> bool:
    """Say whether the page names topics that its other readers might not see: it is made anew for each."""
    return topic.origin_id is not None or (is_proposal(topic) and topic.fields.get("state") in permissions.CARRIED_OUT)


def is_proposal(topic: Topic) -> bool:
    return topic.kind == PROPOSAL.code


def side(actor: Actor, topic: Topic) -> OrganisationId | None:
    """Return for whom the page of a proposal is made besides what the rights in it say: organisations see their own."""
    return leading.organisation_of(actor) if is_proposal(topic) else None


def moves(state: str, words: Translator) -> list[tuple[str, str]]:
    """Return the states that may follow, with what they are called."""
    called = dict(STATES)
    return [(code, words.gettext(called[code])) for code in MOVES.get(state, ())]
