"""Expressions of interest in a proposal: what organisations offer, what the lead decides, and the consortium of it.

One row an organisation and proposal. All but the accepted ones are for the lead's side and the organisation itself; of
an accepted one other readers learn the organisation and its role. Who may do what, `proposal_access` says; every read
takes a ReadGrant, so that nobody asks about a topic they may not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, events, idempotency, leading, levels, notification_settings, proposal_access
from forum.domain.access import ReadGrant
from forum.domain.actors import Actor
from forum.domain.entities import (
    Decision,
    InterestId,
    MemberId,
    NotificationKind,
    OrganisationId,
    Standing,
    Topic,
    TopicId,
)
from forum.domain.events import Event, Kind
from forum.domain.idempotency import Key
from forum.domain.kinds.proposal import PROPOSAL, ROLES
from forum.domain.proposal_access import InterestGrant, LeadGrant, LeaveGrant
from forum.errors import Conflict, Invalid, NotFound

Role = Literal["lead", "partner", "associate", "observer"]
Decided = Literal["accepted", "reserved", "declined"]


@dataclass(frozen=True, slots=True)
class Interest:
    """What an organisation offers. For others than the lead's side and itself, what only those know is None."""

    id: InterestId
    organisation_id: OrganisationId
    """The one its members belong to by now, where it has merged."""
    organisation_slug: str
    organisation_el: str
    organisation_en: str
    country: str | None
    """ISO 3166-1; None for associations and partners, which belong to no region."""
    role: Role
    decision: Decision
    is_own: bool
    """Whether it is that of the actor's organisation."""
    note: str | None
    contact: str | None
    answer: str | None
    withdrawal_reason: str | None
    """Why it withdrew, where it did so after it was answered."""
    member_id: MemberId | None
    member_name: str | None
    decided_by_name: str | None
    decided_at: datetime | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Meter:
    """Partners and countries found, the lead among them, of those that are needed: None where nobody said how many."""

    found: int
    needed: int | None
    countries_found: int
    countries_needed: int | None

    @property
    def is_full(self) -> bool:
        """Whether as many as are needed are found; where nobody said how many, a partner beside the lead will do."""
        return self.found >= (self.needed or 2) and self.countries_found >= (self.countries_needed or 0)


@dataclass(frozen=True, slots=True)
class Consortium:
    """Who takes part in a proposal, as one reader may see it: the lead, and expressions of interest."""

    standing: Standing
    lead: Interest
    """As if it had expressed interest, in the role of the lead; its id counts for nothing."""
    interests: list[Interest]
    meter: Meter

    @property
    def accepted(self) -> list[Interest]:
        return [interest for interest in self.interests if interest.decision == "accepted"]

    @property
    def own(self) -> Interest | None:
        """What the reader's own organisation said, where it did."""
        return next((one for one in self.interests if one.id == self.standing.own_id), None)

    @property
    def is_unfinished(self) -> bool:
        """Whether as many as are needed are not found, or somebody waits for an answer."""
        lacks = self.meter.found < (self.meter.needed or 0)
        return lacks or self.meter.countries_found < (self.meter.countries_needed or 0) or bool(self.of("waiting"))

    def named(self, interest_id: int) -> Interest:
        """Return the one of a number; raise NotFound where there is none that the reader may see."""
        for interest in self.interests:
            if interest.id == interest_id:
                return interest
        raise NotFound

    def of(self, decision: Decision) -> list[Interest]:
        """Return those on which this was decided, as far as the reader may know of them."""
        return [interest for interest in self.interests if interest.decision == decision]


@dataclass(frozen=True, slots=True)
class _Row(Interest):
    is_lead: bool
    lead_id: OrganisationId
    state: str
    closes_at: datetime | None
    is_open: bool
    is_leading: bool
    is_of_lead: bool


@dataclass(frozen=True, slots=True)
class _Party:
    topic_id: TopicId
    organisation_id: OrganisationId
    country: str | None
    fields: dict[str, Any]


_CONSORTIUM = Query(
    "interests.consortium",
    f"""
    WITH stood (topic_id, lead_id, state, closes_at, is_open, is_leading, is_of_lead) AS MATERIALIZED (
        SELECT topics.id, {proposal_access.STANDING_COLUMNS}
        FROM topics
        WHERE topics.id = $2 AND topics.kind = 'proposal'
    ),
    shown AS (
        SELECT 0::bigint AS id, stood.lead_id AS organisation_id, 'lead' AS role, 'accepted' AS decision,
               false AS knows, '' AS note, '' AS contact, '' AS answer,
               NULL::text AS withdrawal_reason, NULL::bigint AS member_id, NULL::bigint AS decided_by_id,
               NULL::timestamptz AS decided_at, NULL::timestamptz AS created_at, NULL::timestamptz AS updated_at
        FROM stood
        UNION ALL
        SELECT interests.id, interests.organisation_id, interests.role, interests.decision,
               stood.is_leading OR {leading.is_of(organisation="$3")}, interests.note, interests.contact,
               interests.answer, interests.withdrawal_reason, interests.member_id, interests.decided_by_id,
               interests.decided_at, interests.created_at, interests.updated_at
        FROM stood
        JOIN interests ON interests.topic_id = stood.topic_id
        WHERE interests.withdrawn_at IS NULL
            AND (interests.decision = 'accepted' OR stood.is_leading OR {leading.is_of(organisation="$3")})
    )
    SELECT shown.id, organisations.id, organisations.slug, organisations.name_el, organisations.name_en,
           regions.country, shown.role, shown.decision, organisations.id = $3 AND shown.id > 0,
           CASE WHEN shown.knows THEN shown.note END, CASE WHEN shown.knows THEN shown.contact END,
           CASE WHEN shown.knows THEN shown.answer END, CASE WHEN shown.knows THEN shown.withdrawal_reason END,
           CASE WHEN shown.knows THEN shown.member_id END,
           CASE WHEN shown.knows THEN members.name END, CASE WHEN shown.knows THEN deciders.name END,
           CASE WHEN shown.knows THEN shown.decided_at END, CASE WHEN shown.knows THEN shown.created_at END,
           CASE WHEN shown.knows THEN shown.updated_at END,
           shown.id = 0, stood.lead_id, stood.state, stood.closes_at, stood.is_open, stood.is_leading, stood.is_of_lead
    FROM stood
    CROSS JOIN shown
    JOIN organisations AS said ON said.id = shown.organisation_id
    JOIN organisations ON organisations.id = coalesce(said.merged_into_id, said.id)
    LEFT JOIN regions ON regions.id = organisations.region_id
    LEFT JOIN members ON members.id = shown.member_id
    LEFT JOIN members AS deciders ON deciders.id = shown.decided_by_id
    ORDER BY shown.id
    """,
    returns=_Row,
    card=Card.MANY,
)

_PARTIES = Query(
    "interests.parties",
    f"""
    SELECT topics.id, organisations.id, regions.country,
           jsonb_build_object(
               'partners_min', topics.fields -> 'partners_min', 'partners_max', topics.fields -> 'partners_max',
               'countries_min', topics.fields -> 'countries_min'
           )
    FROM topics
    CROSS JOIN LATERAL (
        SELECT {leading.LEAD} AS organisation_id
        UNION ALL
        SELECT interests.organisation_id
        FROM interests
        WHERE interests.topic_id = topics.id AND interests.decision = 'accepted' AND interests.withdrawn_at IS NULL
    ) AS parties
    JOIN organisations AS said ON said.id = parties.organisation_id
    JOIN organisations ON organisations.id = coalesce(said.merged_into_id, said.id)
    LEFT JOIN regions ON regions.id = organisations.region_id
    WHERE topics.id = ANY ($1::bigint[]) AND topics.kind = 'proposal'
    """,
    returns=_Party,
    card=Card.MANY,
)

# A row that was withdrawn is taken up again; one that stands is left alone.
_EXPRESS = Statement(
    "interests.express",
    """
    INSERT INTO interests (topic_id, organisation_id, member_id, role, note, contact)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (topic_id, organisation_id) DO UPDATE
    SET member_id = excluded.member_id, role = excluded.role, note = excluded.note, contact = excluded.contact,
        decision = 'waiting', answer = '', decided_by_id = NULL, decided_at = NULL, withdrawal_reason = NULL,
        created_at = now(), updated_at = now(), withdrawn_at = NULL
    WHERE interests.withdrawn_at IS NOT NULL OR interests.decision = 'withdrawn'
    RETURNING interests.id
    """,
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_CHANGE = Statement(
    "interests.change",
    """
    UPDATE interests
    SET member_id = $2, role = $3, note = $4, contact = $5, updated_at = now()
    WHERE interests.id = $1 AND interests.decision = 'waiting' AND interests.withdrawn_at IS NULL
        AND (interests.role, interests.note, interests.contact) IS DISTINCT FROM ($3, $4, $5)
    """,
    returns=int,
    card=Card.NONE,
)

_WITHDRAW = Statement(
    "interests.withdraw",
    """
    UPDATE interests
    SET withdrawn_at = now(), updated_at = now()
    WHERE interests.id = $1 AND interests.decision = 'waiting' AND interests.withdrawn_at IS NULL
    """,
    returns=int,
    card=Card.NONE,
)

_LEAVE = Statement(
    "interests.leave",
    """
    UPDATE interests
    SET decision = 'withdrawn', withdrawal_reason = $3, member_id = $2, updated_at = now()
    WHERE interests.id = $1
    """,
    returns=int,
    card=Card.NONE,
)

_DECISION = Query(
    "interests.decision",
    """
    SELECT interests.decision
    FROM interests
    WHERE interests.id = $1 AND interests.topic_id = $2 AND interests.withdrawn_at IS NULL
    """,
    returns=str,
    card=Card.ZERO_OR_ONE,
)

_DECIDE = Statement(
    "interests.decide",
    """
    UPDATE interests
    SET decision = $2, answer = $3, decided_by_id = $4, decided_at = now()
    WHERE interests.id = $1 AND (interests.decision, interests.answer) IS DISTINCT FROM ($2, $3)
    """,
    returns=int,
    card=Card.NONE,
)

_FREQUENCY: Final = notification_settings.frequency(member="members.id", kind=f"'{NotificationKind.INTEREST}'")


# LIMIT: of few rows each is looked up, whatever a planner without figures yet would make of it.
def _telling(*, decision: str, told: str, wants: str) -> str:
    """Return the SQL that tells members of interest `$1` what `$2` did: those whom `told` selects and who want it."""
    return f"""
        INSERT INTO notifications (
            member_id, kind, topic_id, interest_id, decision, actor_id, mail_kind, mail_due_at
        )
        SELECT members.id, '{NotificationKind.INTEREST}', topics.id, interests.id, {decision}, $2,
               {notification_settings.mail_kind("mail.frequency")},
               {notification_settings.mail_due_at("mail.frequency")}
        FROM interests
        CROSS JOIN LATERAL (SELECT topics.* FROM topics WHERE topics.id = interests.topic_id LIMIT 1) AS topics
        CROSS JOIN LATERAL ({told}) AS told (member_id)
        CROSS JOIN LATERAL (SELECT members.* FROM members WHERE members.id = told.member_id LIMIT 1) AS members
        JOIN topic_rights ON topic_rights.topic_id = topics.id AND topic_rights.member_id = members.id
        {levels.chosen(member="members.id", topic="topics.id", category="topics.category_id")}
        CROSS JOIN LATERAL (
            SELECT CASE WHEN members.mail_refused_at IS NOT NULL THEN 'never' ELSE {_FREQUENCY} END AS frequency
        ) AS mail
        WHERE interests.id = $1 AND topic_rights.can_read AND members.id <> $2 AND {wants}
        ON CONFLICT (interest_id, member_id) WHERE interest_id IS NOT NULL DO UPDATE
        SET decision = excluded.decision, actor_id = excluded.actor_id, {notification_settings.TOLD_ANEW}
        RETURNING notifications.member_id
    """


_TELL_LEAD = Statement(
    "interests.tell_lead",
    _telling(
        decision="$3::text",
        told=f"""
            SELECT colleagues.id FROM members AS colleagues WHERE colleagues.organisation_id = {leading.LEAD}
            UNION
            SELECT topics.author_id
        """,
        wants="coalesce(chosen.topic_level, chosen.category_level, chosen.group_level, '') <> 'mute'",
    ),
    returns=int,
    card=Card.MANY,
)

_LEVEL: Final = levels.level(levels.is_own(member="members.id"))

_TELL_ORGANISATION = Statement(
    "interests.tell_organisation",
    _telling(
        decision="$3::text",
        told="""
            SELECT colleagues.id
            FROM organisations AS said
            JOIN members AS colleagues ON colleagues.organisation_id = coalesce(said.merged_into_id, said.id)
            WHERE said.id = interests.organisation_id
        """,
        wants=f"({_LEVEL} = 'watch' OR ({_LEVEL} = 'follow' AND members.id = interests.member_id))",
    ),
    returns=int,
    card=Card.MANY,
)


async def consortium(conn: Conn, grant: ReadGrant) -> Consortium:
    """Return who takes part in a proposal, as far as the reader may know; one query. NotFound where it is none."""
    actor, topic = grant.actor, grant.topic
    organisation_id = leading.organisation_of(actor)
    rows = await conn.many(_CONSORTIUM, actor.member_id, topic.id, organisation_id, topic.can_moderate)
    if not rows:
        raise NotFound
    lead, interests = rows[0], rows[1:]
    owns = sorted((row for row in interests if row.is_own), key=lambda row: row.id)
    standing = Standing(
        lead_id=lead.lead_id,
        state=lead.state,
        closes_at=lead.closes_at,
        is_open=lead.is_open,
        is_leading=lead.is_leading,
        is_of_lead=lead.is_of_lead,
        own_id=owns[0].id if owns else None,
        own_decision=owns[0].decision if owns else None,
    )
    taking_part = ((row.organisation_id, row.country) for row in rows if row.decision == "accepted")
    return Consortium(standing, lead, list(interests), _meter(topic.fields, taking_part))


async def meters(conn: Conn, topic_ids: Iterable[TopicId]) -> dict[TopicId, Meter]:
    """Return how many partners are found for those of some topics that are proposals; one query, none for no topics.

    Whether they may be read is for whoever names them; what it says is what every reader of a topic sees on its page.
    """
    wanted = list(topic_ids)
    found: dict[TopicId, list[_Party]] = {}
    for party in await conn.many(_PARTIES, wanted) if wanted else []:
        found.setdefault(party.topic_id, []).append(party)
    return {
        topic_id: _meter(parties[0].fields, ((party.organisation_id, party.country) for party in parties))
        for topic_id, parties in found.items()
    }


async def meter(conn: Conn, topic: Topic) -> Meter | None:
    """Return the same of one topic, None where it is no proposal."""
    return (await meters(conn, [topic.id])).get(topic.id) if topic.kind == PROPOSAL.code else None


async def express(
    tx: Tx, grant: InterestGrant, *, role: str, note: str, contact: str, key: Key | None = None
) -> InterestId:
    """Say for the actor's organisation that it wants to take part, and tell the lead's side.

    Raise Invalid for a role that is not sought, Conflict where a colleague was faster.
    """
    actor, topic = grant.actor, grant.topic
    _require_role(grant, role)
    if key is not None and (earlier := await idempotency.claim(tx, actor, key)) is not None:
        return InterestId(earlier)
    said = (role, note, contact)
    made = await tx.maybe(_EXPRESS, topic.id, actor.organisation_id, actor.member_id, *said)
    if made is None:
        raise Conflict("interest_there")
    interest_id = InterestId(made)
    if key is not None:
        await idempotency.settle(tx, actor, key, interest_id)
    await _record(tx, actor, interest_id, "expressed", None, {"decision": "waiting", "topic_id": topic.id})
    await _tell(tx, topic.id, await tx.many(_TELL_LEAD, interest_id, actor.member_id, None))
    return interest_id


async def change(tx: Tx, grant: InterestGrant, *, role: str, note: str, contact: str) -> None:
    """Say something else for the actor's organisation, while nothing is decided. Raise Invalid as `express` does."""
    _require_role(grant, role)
    interest_id = _own(grant)
    if await tx.run(_CHANGE, interest_id, grant.actor.member_id, role, note, contact):
        await _record(tx, grant.actor, interest_id, "changed", None, None)


async def withdraw(tx: Tx, grant: InterestGrant) -> None:
    """Take back what the actor's organisation said, while nothing is decided."""
    interest_id = _own(grant)
    if await tx.run(_WITHDRAW, interest_id):
        await _record(tx, grant.actor, interest_id, "withdrawn", None, None)


async def leave(tx: Tx, grant: LeaveGrant, reason: str) -> None:
    """Withdraw the actor's organisation after it was answered, and tell the lead's side why."""
    actor, topic, interest_id = grant.actor, grant.topic, grant.interest_id
    await tx.run(_LEAVE, interest_id, actor.member_id, reason)
    await _record(tx, actor, interest_id, "withdrawn", {"decision": grant.decision}, {"decision": "withdrawn"})
    await _tell(tx, topic.id, await tx.many(_TELL_LEAD, interest_id, actor.member_id, "withdrawn"))
    if grant.decision == "accepted":
        await events.announce(tx, Event(Kind.TOPIC_UPDATED, topic.id, actor.member_id, act="partners"))


async def decide(tx: Tx, grant: LeadGrant, interest_id: InterestId, decision: Decided, answer: str) -> None:
    """Accept, reserve or decline, and tell the organisation; the same once more changes nothing.

    Raise NotFound, or Conflict where the organisation has withdrawn after an answer.
    """
    actor, topic = grant.actor, grant.topic
    before = await tx.maybe(_DECISION, interest_id, topic.id)
    if before is None:
        raise NotFound
    if before == "withdrawn":
        raise Conflict("interest_withdrawn")
    if await tx.run(_DECIDE, interest_id, decision, answer, actor.member_id):
        await _record(tx, actor, interest_id, "decided", {"decision": before}, {"decision": decision})
        await _tell(tx, topic.id, await tx.many(_TELL_ORGANISATION, interest_id, actor.member_id, decision))
        if "accepted" in {before, decision}:
            await events.announce(tx, Event(Kind.TOPIC_UPDATED, topic.id, actor.member_id, act="partners"))


def roles_sought(fields: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the roles that a proposal seeks, each with its msgid; all where it names none."""
    sought = fields.get("roles") or dict(ROLES)
    return tuple((code, label) for code, label in ROLES if code in sought)


def _meter(fields: Mapping[str, Any], taking_part: Iterable[tuple[OrganisationId, str | None]]) -> Meter:
    parties = dict(taking_part)
    countries = {country for country in parties.values() if country}
    needed = fields.get("partners_min") or fields.get("partners_max")
    return Meter(len(parties), needed, len(countries), fields.get("countries_min"))


def _require_role(grant: InterestGrant, role: str) -> None:
    if role not in dict(roles_sought(grant.topic.fields)):
        raise Invalid({"role": ("unknown",)})


def _own(grant: InterestGrant) -> InterestId:
    if grant.standing.own_id is None:
        raise NotFound
    return grant.standing.own_id


async def _tell(tx: Tx, topic_id: TopicId, member_ids: list[int]) -> None:
    """Have every process say to these that there is something new for them."""
    if member_ids:
        await events.announce(tx, Event(Kind.NOTIFICATION_CREATED, topic_id))


async def _record(
    tx: Tx, actor: Actor, interest_id: InterestId, act: str, before: audit.Facts | None, after: audit.Facts | None
) -> None:
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act=f"interest.{act}",
        subject="interest",
        subject_id=interest_id,
        before=before,
        after=after,
    )
