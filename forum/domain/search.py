"""Full-text search over the posts a member may read, best matches first.

The words of a post are indexed by the modules that write it (`topics.start`, `posts.reply`, `posts.edit`), the title of
a topic with its first post and above all other words. Nothing deleted is ever found. What to draw around a match is
the edge's affair: a snippet is plain text in which MARK_OPEN and MARK_CLOSE stand around the words that matched.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from forum.db import Card, Conn, Query
from forum.domain import pages, readable
from forum.domain.actors import Actor
from forum.domain.entities import TOPICS_A_PAGE, PostId, TopicId
from forum.domain.pages import Page

MARK_OPEN: Final = "\ue000"
MARK_CLOSE: Final = "\ue001"
"""Characters of the private use area, taken out of what members wrote before they are put in."""

SNIPPET_SOURCE: Final = 20_000
"""Characters of a post's HTML a snippet is looked for in: about ten pages, so that a page of the longest posts costs
a bounded time too. A match further on shows the beginning of the post."""


RANKED_LIMIT: Final = 500
"""Matches that are ranked, the newest first: words that stand in almost every post cost a bounded time too."""

REACHES: Final = (100_000, None)
"""How many of the newest posts are looked through until there are so many matches; None: all there are.

A word that stands in many posts has its matches among the newest, and the older ones that hold it need not be read.
"""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A post that matches, how well, and how many matches were ranked."""

    post_id: PostId
    score: float
    matches: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A post that matches."""

    topic_id: TopicId
    post_id: PostId
    number: int
    title: str
    topic_slug: str
    category_slug: str
    category_el: str
    category_en: str
    author_name: str
    created_at: datetime
    snippet: str
    score: float
    language: str | None
    translated_titles: dict[str, str]


# Read once a query, not once a row.
_WANTED = "(SELECT websearch_to_tsquery('koinon', $2))"

# Looked up for each match by itself: joined, it would make the planner read all topics first.
_MAY_BE_READ = f"""(
    SELECT {readable.IS} AND ($3::text IS NULL OR topics.category_id = (
        SELECT categories.id FROM categories WHERE categories.slug = $3
    )) AND ($9::text IS NULL OR topics.kind = $9) AND ($10::text IS NULL OR topics.language = $10)
    FROM topics
    WHERE topics.id = posts.topic_id AND topics.deleted_at IS NULL
)"""

# A query of nothing but exclusions would have to read every post there is; it finds nothing, as an empty one does.
# Whether the words are common decides which way is the short one, and so the plan is made for them each time.
_RANK = Query(
    "search.rank",
    f"""
    WITH {readable.CTE},
    matches AS MATERIALIZED (
        SELECT posts.id, posts.search
        FROM posts
        WHERE posts.search @@ websearch_to_tsquery('koinon', $2) AND querytree({_WANTED}) NOT IN ('', 'T')
            AND posts.id > $8
            AND posts.deleted_at IS NULL
            AND {_MAY_BE_READ}
            AND ($4::text IS NULL OR posts.organisation_id = ANY (ARRAY(
                SELECT places.id
                FROM organisations
                JOIN organisations AS places
                    ON places.id = organisations.id OR places.merged_into_id = organisations.id
                WHERE organisations.slug = $4
            )) OR (posts.organisation_id IS NULL AND posts.author_id = ANY (ARRAY(
                SELECT members.id
                FROM members
                WHERE members.organisation_id = (
                    SELECT organisations.id FROM organisations WHERE organisations.slug = $4
                )
            ))))
        ORDER BY posts.id DESC
        LIMIT {RANKED_LIMIT}
    ),
    ranked AS MATERIALIZED (
        SELECT matches.id, ts_rank_cd(matches.search, {_WANTED}, 1)::float8 AS score
        FROM matches
    )
    SELECT ranked.id, ranked.score, (SELECT count(*) FROM matches)
    FROM ranked
    WHERE (ranked.score, ranked.id)
        < (coalesce($6::float8, 'infinity'::float8), coalesce($7, 9223372036854775807))
    ORDER BY ranked.score DESC, ranked.id DESC
    LIMIT $5
    """,
    returns=Ranked,
    card=Card.MANY,
    is_planned_anew=True,
)

_LAST = Query("search.last", "SELECT coalesce(max(posts.id), 0) FROM posts", returns=int, card=Card.ONE)

# Asked of posts that were ranked a moment ago: what has been deleted or hidden since is not there any more.
_SHOW = Query(
    "search.show",
    f"""
    WITH {readable.CTE}
    SELECT topics.id, posts.id, posts.number, topics.title, topics.slug,
           categories.slug, categories.name_el, categories.name_en, members.name, posts.created_at,
           ts_headline(
               'koinon',
               regexp_replace(
                   translate(left(posts.html, {SNIPPET_SOURCE}), '{MARK_OPEN}{MARK_CLOSE}', ''), '<[^>]*(>|$)', ' ', 'g'
               ),
               {_WANTED},
               'StartSel={MARK_OPEN}, StopSel={MARK_CLOSE}, MinWords=12, MaxWords=32, ShortWord=0, MaxFragments=2'
           ),
           page.score, topics.language, topics.translated_titles
    FROM unnest($3::bigint[], $4::float8[]) AS page (id, score)
    JOIN posts ON posts.id = page.id
    JOIN topics ON topics.id = posts.topic_id
    JOIN categories ON categories.id = topics.category_id
    JOIN members ON members.id = posts.author_id
    WHERE posts.deleted_at IS NULL AND topics.deleted_at IS NULL AND {readable.IS}
    ORDER BY page.score DESC, page.id DESC
    """,
    returns=Hit,
    card=Card.MANY,
)

_SPACES: Final = re.compile(r"\s+")

# PostgreSQL stacks every minus before a word and gives up at 32 ("tsquery stack too small"); one says as much as many.
_QUOTES: Final = str.maketrans(dict.fromkeys("«»“”„‟", '"'))
"""The quotation marks that keyboards and Greek writers use, as the one that the search knows."""

_MINUSES: Final = re.compile(r'-(?:[^\w"]*-)+')


async def search(
    conn: Conn,
    actor: Actor,
    query: str,
    *,
    category: str | None = None,
    municipality: str | None = None,
    kind: str | None = None,
    language: str | None = None,
    cursor: str | None = None,
    limit: int = TOPICS_A_PAGE,
    reaches: Sequence[int | None] = REACHES,
) -> Page[Hit]:
    """Return a page of the posts that hold all words of `query`, best first and the newer of equals.

    "…" or «…» asks for neighbouring words, `or` for either, a leading - for absence; no text is a mistake.
    `category` and `municipality` are slugs, the latter of the organisation whose members wrote; unknown ones have
    nothing. `kind` and `language` are those of the topic.
    """
    after = pages.decode(cursor, float, int) if cursor else (None, None)
    wanted = _MINUSES.sub("-", query.translate(_QUOTES))
    last = await conn.one(_LAST)
    ranked: list[Ranked] = []
    for reach in reaches:
        beyond = 0 if reach is None else max(last - reach, 0)
        ranked = await conn.many(
            _RANK, actor.member_id, wanted, category, municipality, limit + 1, *after, beyond, kind, language
        )
        if not beyond or (ranked and ranked[0].matches == RANKED_LIMIT):
            break
    found = pages.cut(ranked, limit, lambda row: (row.score, row.post_id))
    if not found.items:
        return Page([], None)
    ids, scores = [row.post_id for row in found.items], [row.score for row in found.items]
    rows = await conn.many(_SHOW, actor.member_id, wanted, ids, scores)
    return Page([_readable(row) for row in rows], found.next)


def _readable(row: Hit) -> Hit:
    """Turn the snippet from stripped HTML into plain text on one line."""
    return replace(row, snippet=_SPACES.sub(" ", html.unescape(row.snippet)).strip())
