"""Whether an opening proves itself: who of the group read and wrote in the category, week by week and by organisation.

Counted are people, never named. Of the groups of regions and organisations those count who belonged there when they
read or wrote; of others, who is in them now. Whoever wrote has read. What was read is known from the first week that
visits were noted in (`category_visits`): before that it is None, which is not nought.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from forum.db import Card, Conn, Query
from forum.domain import category_visits, groups, right_changes, stages
from forum.domain.access import AdministerGrant
from forum.domain.entities import CategoryId, GroupId, OpeningId, OrganisationId
from forum.domain.openings import LATER
from forum.errors import NotFound

WEEKS_BEFORE: Final = 8
WEEKS_AFTER: Final = 26
"""How many weeks are shown at most, that of the opening among the latter."""

SPAN_WEEKS: Final = 4
"""How many weeks the summary is about, before the opening and now."""

_WEEK: Final = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class ReviewedOpening:
    """An opening as its own page says it: what the group holds by it and held before, and how it stands."""

    id: OpeningId
    category_id: CategoryId
    category_slug: str
    category_el: str
    category_en: str
    group_id: GroupId
    group_kind: str
    group_el: str
    group_en: str
    rights: list[str]
    rights_before: list[str]
    effective_at: datetime
    is_scheduled: bool
    undone_at: datetime | None
    followed_by_id: OpeningId | None
    """The one by which the group holds what it holds, or will, where it is not this."""
    review_at: datetime | None
    is_due: bool
    reviewed_at: datetime | None
    reviewed_by: str | None
    can_read_now: bool
    """Whether the group, whatever came after, may read the category at this moment."""
    now: datetime
    counted_since: date
    """The first week of which it is known who read."""

    @property
    def stage(self) -> str:
        return stages.stage_of(self.rights)

    @property
    def stage_before(self) -> str:
        return stages.stage_of(self.rights_before)

    @property
    def is_standing(self) -> bool:
        return self.undone_at is None and self.followed_by_id is None


@dataclass(frozen=True, slots=True)
class Count:
    """Members who read and who wrote, and what they wrote; nobody knows who read where `read_count` is None."""

    read_count: int | None
    wrote_count: int
    post_count: int
    topic_count: int


@dataclass(frozen=True, slots=True)
class Week:
    """A week and what was done in it by the whole group."""

    begins_on: date
    is_after: bool
    """Whether it is the opening's week or a later one."""
    count: Count


@dataclass(frozen=True, slots=True)
class OrganisationFigures:
    """An organisation of the group: since the opening, and in each of the weeks."""

    slug: str
    organisation_el: str
    organisation_en: str
    member_count: int
    """Who can read the category through the group now."""
    since: Count
    weeks: tuple[Count, ...]
    active_week_count: int
    """Weeks since the opening in which somebody read, of those shown."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All there is to say of an opening; what speaks of weeks that have not come is None."""

    opening: ReviewedOpening
    member_count: int
    member_organisation_count: int
    """Members who can read through the group now, and the organisations that have any."""
    weeks: tuple[Week, ...]
    organisations: tuple[OrganisationFigures, ...]
    """Those who read most first, those with nobody active last."""
    before: Count
    """The last weeks before the opening, SPAN_WEEKS of them."""
    recent: Count | None
    recent_week_count: int
    """The weeks up to now, at most SPAN_WEEKS of them, less where the opening is younger."""

    @property
    def weeks_after(self) -> tuple[Week, ...]:
        return tuple(week for week in self.weeks if week.is_after)


@dataclass(frozen=True, slots=True)
class Period:
    """Some weeks, from the Monday of the first to that of the last."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Periods:
    """What is counted: each week that is shown, then all since the opening, and those of the summary."""

    weeks: tuple[Period, ...]
    since: Period
    before: Period
    recent: Period

    def all(self) -> tuple[Period, ...]:
        return (*self.weeks, self.since, self.before, self.recent)


@dataclass(frozen=True, slots=True)
class Activity:
    """What was counted of a period, by its number from 0: of an organisation, or of all where that is None."""

    period: int
    organisation_id: OrganisationId | None
    read_count: int
    wrote_count: int
    post_count: int
    topic_count: int


@dataclass(frozen=True, slots=True)
class OfGroup:
    """An organisation that has members in the group, or did something as one of it."""

    organisation_id: OrganisationId
    slug: str
    organisation_el: str
    organisation_en: str
    member_count: int


_OPENING = Query(
    "opening_figures.opening",
    f"""
    SELECT openings.id, categories.id, categories.slug, categories.name_el, categories.name_en,
           groups.id, groups.kind, groups.name_el, groups.name_en, openings.rights,
           coalesce(
               (
                   SELECT {stages.held("grants")}
                   FROM grants
                   WHERE grants.category_id = openings.category_id AND grants.group_id = openings.group_id
                       AND grants.valid_from = openings.replaces_from
               ),
               '{{}}'
           ),
           openings.effective_at, openings.effective_at > now(), openings.undone_at,
           CASE WHEN {LATER} THEN (
               SELECT max(later.id)
               FROM openings AS later
               WHERE later.category_id = openings.category_id AND later.group_id = openings.group_id
                   AND later.undone_at IS NULL
           ) END,
           openings.review_at, coalesce(openings.review_at <= now(), false), openings.reviewed_at, reviewers.name,
           EXISTS (
               SELECT 1
               FROM grants
               WHERE grants.category_id = openings.category_id AND grants.group_id = openings.group_id
                   AND grants.can_read AND {groups.IN_FORCE}
           ),
           now(),
           coalesce((SELECT min(category_visits.week) FROM category_visits), {category_visits.week("now()")})
    FROM openings
    JOIN categories ON categories.id = openings.category_id
    JOIN groups ON groups.id = openings.group_id
    LEFT JOIN members AS reviewers ON reviewers.id = openings.reviewed_by_id
    WHERE openings.id = $1
    """,
    returns=ReviewedOpening,
    card=Card.ZERO_OR_ONE,
)

# All periods at once, in the category and in those below it that go by its rights; what somebody did counts for what
# they belonged to when they did it.
_ACTIVITY = Query(
    "opening_figures.activity",
    f"""
    WITH periods AS (
        SELECT told.number, told.first_week, told.last_week
        FROM unnest($3::date[], $4::date[]) WITH ORDINALITY AS told (first_week, last_week, number)
    ),
    bounds AS (
        SELECT min(periods.first_week) AS first_week, max(periods.last_week) AS last_week FROM periods
    ),
    places AS (
        SELECT categories.id FROM categories WHERE {right_changes.GRANTED_IN} = $1
    ),
    acts AS (
        SELECT category_visits.week, category_visits.organisation_id, category_visits.member_id,
               0 AS post_count, 0 AS topic_count
        FROM bounds
        CROSS JOIN places
        JOIN category_visits ON category_visits.category_id = places.id
            AND category_visits.week BETWEEN bounds.first_week AND bounds.last_week
        UNION ALL
        SELECT {category_visits.week("posts.created_at")}, coalesce(posts.organisation_id, members.organisation_id),
               posts.author_id, 1, (posts.number = 1)::integer
        FROM bounds
        CROSS JOIN places
        JOIN topics ON topics.category_id = places.id AND topics.deleted_at IS NULL
            AND topics.last_post_at >= {category_visits.beginning("bounds.first_week")}
        JOIN posts ON posts.topic_id = topics.id AND posts.deleted_at IS NULL
            AND posts.created_at >= {category_visits.beginning("bounds.first_week")}
        JOIN members ON members.id = posts.author_id
    )
    SELECT periods.number - 1, acts.organisation_id, count(DISTINCT acts.member_id),
           count(DISTINCT acts.member_id) FILTER (WHERE acts.post_count > 0),
           sum(acts.post_count)::bigint, sum(acts.topic_count)::bigint
    FROM acts
    JOIN periods ON acts.week BETWEEN periods.first_week AND periods.last_week
    WHERE
        acts.organisation_id IN (
            SELECT organisations.id
            FROM groups
            JOIN organisations ON organisations.id = groups.organisation_id
                OR organisations.region_id = groups.region_id
            WHERE groups.id = $2
        )
        OR acts.member_id IN (
            SELECT group_members.member_id FROM group_members WHERE group_members.group_id = $2
        )
    GROUP BY GROUPING SETS ((periods.number), (periods.number, acts.organisation_id))
    """,
    returns=Activity,
    card=Card.MANY,
)

# Municipalities of a region that nobody has come from are of it, too: that is what one looks for.
_ORGANISATIONS = Query(
    "opening_figures.organisations",
    f"""
    WITH people AS MATERIALIZED (
        SELECT members.organisation_id, count(*) AS member_count
        FROM members
        WHERE $3 AND members.id IN ({groups.members_of("$1")})
            AND (members.suspended_until IS NULL OR members.suspended_until <= now())
        GROUP BY members.organisation_id
    )
    SELECT organisations.id, organisations.slug, organisations.name_el, organisations.name_en,
           coalesce(people.member_count, 0)
    FROM organisations
    LEFT JOIN people ON people.organisation_id = organisations.id
    WHERE people.member_count > 0 OR organisations.id = ANY ($2::bigint[]) OR (
        organisations.closed_at IS NULL AND organisations.region_id = (
            SELECT groups.region_id FROM groups WHERE groups.id = $1
        )
    )
    ORDER BY fold(organisations.name_el) COLLATE "C", organisations.id
    """,
    returns=OfGroup,
    card=Card.MANY,
)


async def figures(conn: Conn, grant: AdministerGrant, opening_id: OpeningId) -> Figures:
    """Return what became of an opening; raise NotFound. One that was taken back or waits has what there is."""
    del grant
    opening = await conn.maybe(_OPENING, opening_id)
    if opening is None:
        raise NotFound
    periods = periods_of(opening.effective_at, opening.now)
    asked = periods.all()
    activity = await conn.many(
        _ACTIVITY,
        opening.category_id,
        opening.group_id,
        [period.first for period in asked],
        [period.last for period in asked],
    )
    seen = sorted({one.organisation_id for one in activity if one.organisation_id is not None})
    listed = await conn.many(_ORGANISATIONS, opening.group_id, seen, opening.can_read_now)
    return shape(opening, periods, activity, listed)


def periods_of(effective_at: datetime, now: datetime) -> Periods:
    """Return what is to be counted of an opening that takes effect at an instant, seen from another.

    Weeks to come are none; a period that has not begun ends before it begins.
    """
    opened, current = category_visits.week_of(effective_at), category_visits.week_of(now)
    first, last = opened - WEEKS_BEFORE * _WEEK, min(current, opened + (WEEKS_AFTER - 1) * _WEEK)
    count = max((last - first) // _WEEK + 1, 0)
    mondays = [first + number * _WEEK for number in range(count)]
    return Periods(
        tuple(Period(monday, monday) for monday in mondays),
        since=Period(opened, current),
        before=Period(opened - SPAN_WEEKS * _WEEK, min(opened - _WEEK, current)),
        recent=Period(max(opened, current - (SPAN_WEEKS - 1) * _WEEK), current),
    )


def shape(
    opening: ReviewedOpening, periods: Periods, activity: Iterable[Activity], listed: Sequence[OfGroup]
) -> Figures:
    """Return what was counted as the page tells it, with nought where nothing was."""
    counted: dict[OrganisationId | None, dict[int, Activity]] = defaultdict(dict)
    for one in activity:
        counted[one.organisation_id][one.period] = one
    asked, since = periods.all(), opening.counted_since
    opened = periods.since.first
    after = [number for number, period in enumerate(periods.weeks) if period.first >= opened]

    def counts(organisation_id: OrganisationId | None) -> tuple[Count, ...]:
        return _counts(asked, counted[organisation_id], since)

    total = counts(None)
    before, recent = total[-2:]
    if periods.before.first < since:
        # That nobody read is said of what is known whole.
        before = replace(before, read_count=None)
    rows = [_row(one, counts(one.organisation_id), after) for one in listed]
    return Figures(
        opening=opening,
        member_count=sum(one.member_count for one in listed),
        member_organisation_count=sum(one.member_count > 0 for one in listed),
        weeks=tuple(
            Week(period.first, period.first >= opened, total[number]) for number, period in enumerate(periods.weeks)
        ),
        organisations=tuple(sorted(rows, key=lambda row: (-(row.since.read_count or 0), -row.since.wrote_count))),
        before=before,
        recent=recent if opened <= periods.recent.last else None,
        recent_week_count=max((periods.recent.last - periods.recent.first) // _WEEK + 1, 0),
    )


def _counts(asked: Sequence[Period], found: Mapping[int, Activity], since: date) -> tuple[Count, ...]:
    """Return a count for each period: who read is not known where it was over before anybody noted it."""
    nothing = Activity(0, None, 0, 0, 0, 0)
    made: list[Count] = []
    for number, period in enumerate(asked):
        one = found.get(number, nothing)
        read = one.read_count if period.last >= since else None
        made.append(Count(read, one.wrote_count, one.post_count, one.topic_count))
    return tuple(made)


def _row(one: OfGroup, counts: Sequence[Count], after: Collection[int]) -> OrganisationFigures:
    weeks, since = tuple(counts[:-3]), counts[-3]
    return OrganisationFigures(
        one.slug,
        one.organisation_el,
        one.organisation_en,
        one.member_count,
        since,
        weeks,
        active_week_count=sum(bool(weeks[number].read_count or weeks[number].wrote_count) for number in after),
    )
