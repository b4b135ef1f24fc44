"""How what gathered around the topics of the demo comes into the tables, one statement each, within `laying`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import Final

from forum.db import RawConnection
from forum.demo.columns import columns
from forum.demo.rows import History
from forum.demo.shapes import Content
from forum.domain import search_vector, stages
from forum.markup import Rendered


async def make_categories(connection: RawConnection, content: Content) -> None:
    """Make the categories of twinnings, with the rights of both municipalities: topics go into them."""
    twinnings = content.twinnings
    slugs = [twinning.category for twinning in twinnings]
    await connection.execute(_CATEGORIES, slugs)
    ends = [[twinning.inviting for twinning in twinnings], [twinning.invited for twinning in twinnings]]
    await connection.execute(_GRANTS, slugs, *ends, list(stages.STAGES["participants"]))
    await connection.execute(_LEVELS, slugs, *ends)


async def write(connection: RawConnection, rendered: Mapping[str, Rendered], history: History) -> None:
    """Write what gathered around topics and posts that are there."""
    gathered = history.gathered
    await connection.execute(_INTERESTS, *columns(map(astuple, gathered.interests), 11))
    await connection.execute(_VALIDATIONS, *columns(map(astuple, gathered.validations), 6))
    await connection.execute(_ADOPTIONS, *columns(map(astuple, gathered.adoptions), 10), history.now)
    await connection.execute(_ADOPTION_STEPS, *columns(map(astuple, gathered.adoption_steps), 5))
    translations = []
    for row in gathered.translations:
        found = rendered[row.body]
        words = f"{found.text}\n{row.found_by_fields}"
        about = (row.topic_id, row.language, row.author_id, row.title, row.body)
        translations.append((*about, found.html, row.fields, words, row.revision_count, row.updated_at))
    await connection.execute(_TRANSLATIONS, *columns(translations, 10))
    originals = {post.topic_id: post for post in history.posts if post.number == 1}
    for topic_id in sorted({row.topic_id for row in gathered.translations}):
        post = originals[topic_id]
        words = f"{rendered[post.body].text}\n{post.found_by_fields}"
        await connection.execute(_FOUND_BY, post.id, post.found_by_title, words)
    await connection.execute(_GUIDE_FILES, *columns(map(astuple, gathered.guide_files), 5))
    await connection.execute(_GUIDE_VERSIONS, *columns(map(astuple, gathered.guide_versions), 6))
    await connection.execute(_TWINNINGS, *columns(map(astuple, gathered.twinnings), 17))
    await connection.execute(_TWINNING_STEPS, *columns(map(astuple, gathered.twinning_steps), 5))
    await connection.execute(_FOLLOWS, *columns(map(astuple, gathered.follows), 3))
    await connection.execute(_SEQUENCES)


_CATEGORIES: Final = """
INSERT INTO categories (slug, position, name_el, name_en, is_private)
SELECT told.slug, 0, 'Αδελφοποιήσεις', 'Twinnings', true
FROM unnest($1::text[]) WITH ORDINALITY AS told (slug, place)
ORDER BY told.place
"""

_OF_THE_TWO: Final = """
    FROM unnest($1::text[], $2::text[], $3::text[]) AS told (slug, inviting, invited)
    JOIN categories ON categories.slug = told.slug
    JOIN organisations ON organisations.slug IN (told.inviting, told.invited)
    JOIN groups ON groups.organisation_id = organisations.id
"""

_HELD: Final = stages.each("'{right}' = ANY ($4::text[])")

_GRANTS: Final = f"""
INSERT INTO grants (category_id, group_id, {stages.each("can_{right}")})
SELECT categories.id, groups.id, {_HELD}
{_OF_THE_TWO}
"""

_LEVELS: Final = f"""
INSERT INTO group_levels (category_id, group_id, level)
SELECT categories.id, groups.id, 'watch'
{_OF_THE_TWO}
"""

_INTERESTS: Final = """
INSERT INTO interests (
    id, topic_id, organisation_id, member_id, role, note, contact, decision, answer, decided_by_id, decided_at,
    created_at, updated_at
)
OVERRIDING SYSTEM VALUE
SELECT told.id, told.topic_id, members.organisation_id, members.id, told.role, told.note, told.contact, told.decision,
       told.answer, told.decided_by_id, told.decided_at, told.created_at, told.created_at
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::bigint[], $10::timestamptz[], $11::timestamptz[])
    AS told (id, topic_id, member_id, role, note, contact, decision, answer, decided_by_id, decided_at, created_at)
JOIN members ON members.id = told.member_id
"""

_VALIDATIONS: Final = """
INSERT INTO validations (topic_id, member_id, verdict, opinion, revision, created_at)
SELECT told.topic_id, told.member_id, told.verdict, told.opinion, told.revision, told.created_at
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::integer[], $6::timestamptz[])
    WITH ORDINALITY AS told (topic_id, member_id, verdict, opinion, revision, created_at, place)
ORDER BY told.place
"""

# Their people were asked after half a year and after a year, as far as these have passed; `now` is that of the demo.
_ADOPTIONS: Final = """
INSERT INTO adoptions (
    id, topic_id, organisation_id, member_id, stage, note, outcome, started_on, staged_at, created_at, updated_at,
    ask_at, asked_at
)
OVERRIDING SYSTEM VALUE
SELECT told.id, told.topic_id, members.organisation_id, members.id, told.stage, told.note, told.outcome,
       told.started_on, told.staged_at, told.created_at, told.updated_at,
       CASE WHEN told.stage <> 'stopped' THEN asks.next END, asks.last
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::date[],
            $8::timestamptz[], $9::timestamptz[], $10::timestamptz[])
    AS told (id, topic_id, member_id, stage, note, outcome, started_on, staged_at, created_at, updated_at)
JOIN members ON members.id = told.member_id
CROSS JOIN LATERAL (
    SELECT min(asked.at) FILTER (WHERE asked.at > $11::timestamptz) AS next,
           max(asked.at) FILTER (WHERE asked.at <= $11::timestamptz) AS last
    FROM (
        VALUES (told.created_at + interval '6 months'), (told.created_at + interval '12 months')
    ) AS asked (at)
) AS asks
"""

_ADOPTION_STEPS: Final = """
INSERT INTO adoption_steps (adoption_id, member_id, stage, note, created_at)
SELECT told.adoption_id, told.member_id, told.stage, told.note, told.created_at
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[])
    WITH ORDINALITY AS told (adoption_id, member_id, stage, note, created_at, place)
ORDER BY told.place
"""

_TRANSLATIONS: Final = """
WITH written AS (
    INSERT INTO topic_translations (
        topic_id, language, author_id, title, body, html, fields, words, revision_count, updated_at
    )
    SELECT told.topic_id, told.language, told.author_id, told.title, told.body, told.html, told.fields::jsonb,
           told.words, told.revision_count, told.updated_at
    FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::integer[], $10::timestamptz[])
        AS told (topic_id, language, author_id, title, body, html, fields, words, revision_count, updated_at)
    RETURNING topic_id, language, title
)
UPDATE topics
SET translated_titles = topics.translated_titles || jsonb_build_object(written.language, written.title)
FROM written
WHERE topics.id = written.topic_id
"""

_FOUND_BY: Final = f"UPDATE posts SET search = {search_vector.of_post(title='$2', body='$3')} WHERE posts.id = $1"

_GUIDE_FILES: Final = """
INSERT INTO guide_files (id, topic_id, position, title, created_at)
OVERRIDING SYSTEM VALUE
SELECT told.id, told.topic_id, told.position, told.title, told.created_at
FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::text[], $5::timestamptz[])
    AS told (id, topic_id, position, title, created_at)
"""

_GUIDE_VERSIONS: Final = """
INSERT INTO guide_versions (guide_file_id, number, attachment_id, author_id, organisation_id, note, created_at)
SELECT told.guide_file_id, told.number, told.attachment_id, members.id, members.organisation_id, nullif(told.note, ''),
       told.created_at
FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::text[], $6::timestamptz[])
    AS told (guide_file_id, number, attachment_id, author_id, note, created_at)
JOIN members ON members.id = told.author_id
"""

_TWINNINGS: Final = """
INSERT INTO twinnings (
    id, from_organisation_id, to_organisation_id, category_id, topic_id, state, invited_by_id, created_at, answered_at,
    from_decision_number, from_decided_on, to_decision_number, to_decided_on, signed_on, next_event, next_event_at,
    next_event_zone, updated_at
)
OVERRIDING SYSTEM VALUE
SELECT told.id, inviting.id, invited.id, categories.id, told.topic_id, told.state, told.invited_by_id, told.created_at,
       told.answered_at, told.from_number, told.from_decided_on, told.to_number, told.to_decided_on, told.signed_on,
       told.event, told.event_at, told.event_zone, coalesce(told.answered_at, told.created_at)
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[],
            $8::timestamptz[], $9::timestamptz[], $10::text[], $11::date[], $12::text[], $13::date[], $14::date[],
            $15::text[], $16::timestamptz[], $17::text[])
    AS told (id, inviting, invited, category, topic_id, state, invited_by_id, created_at, answered_at, from_number,
             from_decided_on, to_number, to_decided_on, signed_on, event, event_at, event_zone)
JOIN organisations AS inviting ON inviting.slug = told.inviting
JOIN organisations AS invited ON invited.slug = told.invited
JOIN categories ON categories.slug = told.category
"""

_TWINNING_STEPS: Final = """
INSERT INTO twinning_steps (twinning_id, actor_id, state, post_id, created_at)
SELECT told.twinning_id, told.actor_id, told.state, told.post_id, told.created_at
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::timestamptz[])
    WITH ORDINALITY AS told (twinning_id, actor_id, state, post_id, created_at, place)
ORDER BY told.place
"""

_FOLLOWS: Final = """
INSERT INTO theme_subscriptions (member_id, theme_id, created_at)
SELECT told.member_id, themes.id, told.created_at
FROM unnest($1::bigint[], $2::text[], $3::timestamptz[]) AS told (member_id, theme, created_at)
JOIN themes ON themes.slug = told.theme
"""

# The ids were given by us: the next ones go on from there.
_SEQUENCES: Final = """
SELECT setval(pg_get_serial_sequence('interests', 'id'), (SELECT max(id) FROM interests)),
       setval(pg_get_serial_sequence('adoptions', 'id'), (SELECT max(id) FROM adoptions)),
       setval(pg_get_serial_sequence('guide_files', 'id'), (SELECT max(id) FROM guide_files)),
       setval(pg_get_serial_sequence('twinnings', 'id'), (SELECT max(id) FROM twinnings))
"""
