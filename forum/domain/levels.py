"""How much a member wants to hear of a topic, said once, as pieces of SQL for pages and for whom a post reaches.

watch: every post. follow: what is addressed to them (a mention, a quotation, an answer; of a topic that they chose to
follow, also which reply was marked as the answer). mute: nothing. The first that
is there counts: what they chose for the topic; what they chose for its category; what their groups have for the
category, of several the one that says most; the rule, by which one watches what one started or answered and what
members of one's own municipality started, and follows the rest. Source: CATALOGUE, "Notifications".
"""

from __future__ import annotations

from typing import Final, Literal

Level = Literal["watch", "follow", "mute"]

LEVELS: Final[tuple[Level, ...]] = ("watch", "follow", "mute")
"""From the one that says most to the one that says nothing."""


def chosen(*, member: str, topic: str, category: str) -> str:
    """Return the join that brings in `chosen`: topic_level, category_level and group_level, each NULL if there is none.

    `member`, `topic` and `category` are SQL of their ids.
    """
    return f"""
        LEFT JOIN LATERAL (
            SELECT
                (
                    SELECT topic_subscriptions.level
                    FROM topic_subscriptions
                    WHERE topic_subscriptions.member_id = {member} AND topic_subscriptions.topic_id = {topic}
                ) AS topic_level,
                {of_category(member=member, category=category)} AS category_level,
                {of_groups(member=member, category=category)} AS group_level
        ) AS chosen ON true
    """


def of_category(*, member: str, category: str) -> str:
    """Return what a member chose for a category."""
    return f"""(
        SELECT category_subscriptions.level
        FROM category_subscriptions
        WHERE category_subscriptions.member_id = {member} AND category_subscriptions.category_id = {category}
    )"""


def of_groups(*, member: str, category: str) -> str:
    """Return what a member's groups have for a category."""
    return f"""(
        SELECT group_levels.level
        FROM group_levels
        JOIN memberships ON memberships.group_id = group_levels.group_id AND memberships.member_id = {member}
        WHERE group_levels.category_id = {category}
        ORDER BY array_position(ARRAY['watch', 'follow', 'mute'], group_levels.level)
        LIMIT 1
    )"""


def is_own(*, member: str) -> str:
    """Return whether a topic is one that a member started or answered, or that somebody of their municipality started.

    It speaks of `topics`.
    """
    return f"""(
        EXISTS (SELECT 1 FROM posts WHERE posts.topic_id = topics.id AND posts.author_id = {member})
        OR EXISTS (
            SELECT 1
            FROM members AS starters
            JOIN organisations ON organisations.id = starters.organisation_id AND organisations.kind = 'municipality'
            JOIN members AS colleagues ON colleagues.organisation_id = organisations.id
            WHERE starters.id = topics.author_id AND colleagues.id = {member}
        )
    )"""


def level(is_own: str) -> str:
    """Return the level that counts; `chosen` is joined, and the SQL of the rule given."""
    return f"""
        coalesce(
            chosen.topic_level, chosen.category_level, chosen.group_level,
            CASE WHEN {is_own} THEN 'watch' ELSE 'follow' END
        )
    """
