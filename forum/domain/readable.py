"""Which topics a member may read, as pieces of SQL for lists and counts; single rows ask the views of rights.

Both say the same (docs/adr/0031-grants-in-time.md): a test draws grants and topics and compares.
"""

from __future__ import annotations

from typing import Final

CTE: Final = """
    readable AS MATERIALIZED (
        SELECT array_agg(category_rights.category_id) AS ids,
               array_agg(category_rights.topics_since) AS topics_since,
               array_agg(category_rights.internal_since) AS internal_since
        FROM category_rights
        WHERE category_rights.member_id = $1 AND category_rights.can_read
    )
"""
"""What member `$1` may read, for WITH: worked out once a query, however many topics IS is asked about.

A NULL instead of empty arrays where it is nothing.
"""

IS: Final = """(
    topics.category_id = ANY ((SELECT readable.ids FROM readable)::bigint[])
    AND topics.created_at >= (
        CASE
            WHEN topics.is_internal THEN (SELECT readable.internal_since FROM readable)
            ELSE (SELECT readable.topics_since FROM readable)
        END
    )[array_position((SELECT readable.ids FROM readable), topics.category_id)]
)"""
"""Whether member `$1` of CTE may read one of `topics`; the view `topic_rights` says the same of a single one."""

SINCE: Final = "(CASE WHEN topics.is_internal THEN {rights}.internal_since ELSE {rights}.topics_since END)"
"""When one of `topics` must have been started at the earliest for `rights`, rows of `category_rights`, to mean it."""

TOPIC_COUNT: Final = f"""
    CASE
        WHEN NOT rights.can_read THEN 0
        WHEN rights.topics_since = '-infinity' THEN categories.topic_count - (
            SELECT count(*)
            FROM topics
            WHERE topics.category_id = categories.id AND topics.deleted_at IS NULL AND topics.is_internal
                AND topics.created_at < rights.internal_since
        )
        ELSE (
            SELECT count(*)
            FROM topics
            WHERE topics.category_id = categories.id AND topics.deleted_at IS NULL
                AND topics.created_at >= {SINCE.format(rights="rights")}
        )
    END
"""
"""How many topics of one of `categories` may be read with `rights`: counted where some are left to others."""
