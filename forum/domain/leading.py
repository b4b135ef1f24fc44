"""Who leads a proposal and who may see what of its expressions of interest, said once, mostly as pieces of SQL.

The lead's side are the members of the lead organisation, which is the author's where the proposal names none, the
author, and the moderators of the category. An organisation that has merged is the one its members passed on to. An
expression of interest is for the lead's side and the organisation itself, an accepted one for all readers of the topic.
Who has expressed it trusted the lead of that day with a contact: so the lead stays while anybody's interest stands.
"""

from __future__ import annotations

from typing import Final

from forum.db import Card, Conn, Query
from forum.domain.actors import Actor
from forum.domain.entities import OrganisationId, TopicId

LEAD: Final = """(
    SELECT coalesce(leads.merged_into_id, leads.id)
    FROM organisations AS leads
    WHERE leads.id = coalesce(
        (SELECT named.id FROM organisations AS named WHERE named.slug = topics.fields ->> 'lead'),
        (SELECT former.organisation_id FROM former_slugs AS former WHERE former.slug = topics.fields ->> 'lead'),
        topics.organisation_id,
        (SELECT starters.organisation_id FROM members AS starters WHERE starters.id = topics.author_id)
    )
)"""
"""The id of the organisation that leads; it speaks of `topics`."""

CLOSES_AT: Final = "coalesce((topics.fields #>> '{interest_deadline,at}')::timestamptz, topics.deadline_at)"
"""Until when interest can be expressed, NULL for ever; it speaks of `topics`."""

# By the clock of this moment: a transaction may have waited for the topic's lock since it began.
IS_OPEN: Final = f"(topics.fields ->> 'state' = 'open' AND coalesce(clock_timestamp() < {CLOSES_AT}, true))"
"""Whether interest can be expressed; it speaks of `topics`."""

_BOUND = Query(
    "leading.bound",
    f"""
    SELECT {LEAD}
    FROM topics
    WHERE topics.id = $1 AND topics.kind = 'proposal' AND EXISTS (
        SELECT 1
        FROM interests
        WHERE interests.topic_id = topics.id AND interests.withdrawn_at IS NULL
    )
    """,
    returns=OrganisationId,
    card=Card.ZERO_OR_ONE,
)


async def bound(conn: Conn, topic_id: TopicId) -> OrganisationId | None:
    """Return who leads a proposal in which somebody's interest stands, None where nobody's does: it has to stay so."""
    return await conn.maybe(_BOUND, topic_id)


def is_of(*, organisation: str) -> str:
    """Return whether a row of `interests` is that of an organisation, given as SQL of its id."""
    return f"""(
        interests.organisation_id = {organisation}
        OR EXISTS (
            SELECT 1
            FROM organisations AS old
            WHERE old.id = interests.organisation_id AND old.merged_into_id = {organisation}
        )
    )"""


def is_party(*, member: str, can_moderate: str) -> str:
    """Return whether a member is on the lead's side, or of the organisation of `interests`; it speaks of `topics`."""
    return f"""(
        topics.author_id = {member}
        OR {can_moderate}
        OR EXISTS (
            SELECT 1
            FROM members AS parties
            WHERE parties.id = {member}
                AND (parties.organisation_id = {LEAD} OR {is_of(organisation="parties.organisation_id")})
        )
    )"""


def organisation_of(actor: Actor) -> OrganisationId:
    """Return for which organisation somebody speaks; who looks as others do speaks for none."""
    return actor.organisation_id if actor.member_id > 0 else OrganisationId(0)
