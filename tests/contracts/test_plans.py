"""No query of a page or of a call scans a table that grows, with a plan made without knowing the values."""

from __future__ import annotations

import re
from typing import Final

from forum.db import REGISTRY, RawConnection
from forum.domain import counters
from forum.routes import ROUTES

_GROWING: Final = (
    "posts",
    "topics",
    "members",
    "topic_reads",
    "sessions",
    "post_revisions",
    "topic_notices",
    "audit_entries",
    "api_tokens",
    "idempotency_keys",
    "attempts",
    "drafts",
    "feedback",
    "second_factors",
    "recovery_codes",
    "sign_in_steps",
)

_BY_DESIGN: Final = {
    "counters.list_wrong": "counts all there is, when an operator asks",
    "counters.lock_topics": "locks what that found",
    "sessions.sweep": "deletes what has expired, once an hour",
    "members.any_exists": "stops at the first row",
    "members.any_other": "stops at the second row",
    "setup.is_valid": "stops at the first row",
    "opening_previews.affected": "compares the rights of all members of a region, for an administrator",
    "right_changes.reach": "counts what becomes visible of a category, for an administrator",
    "right_changes.under_rights_of": "compares the rights of all members in two categories, for an administrator",
    "category_mergers.pass_drafts": "moves what was begun in a category when it merges, which is seldom",
    "opening_figures.activity": "counts what was read and written in a category in half a year, for an administrator",
    "opening_figures.organisations": "counts all members of a group, for an administrator",
}
"""Queries that are no part of a page."""

_SCAN: Final = re.compile(rf"Seq Scan on ({'|'.join(_GROWING)})\b")

_FILL: Final = """
INSERT INTO members (name, email, organisation_id, password_hash)
SELECT 'Μέλος ' || n, 'm' || n || '@example.org', n / 500 + 1, 'x' FROM generate_series(1, 20000) AS n;
INSERT INTO topics (category_id, author_id, title, slug, last_author_id, post_count, reply_count, last_post_number,
    last_post_at)
SELECT (n % 5) + 1, (n % 2000) + 1, 'Θέμα ' || n, 'thema-' || n, (n % 2000) + 1, 10, 9, 10,
    now() - n * interval '1 minute'
FROM generate_series(1, 3000) AS n;
INSERT INTO posts (topic_id, number, author_id, body, html, search)
SELECT t.id, n, (t.id + n) % 2000 + 1, 'Κείμενο', '<p>Κείμενο</p>', to_tsvector('koinon', 'λέξη' || t.id % 500)
FROM topics t CROSS JOIN generate_series(1, 10) AS n;
INSERT INTO topic_reads (member_id, topic_id, last_number)
SELECT m.id, t.id, 5 FROM members m JOIN topics t ON t.id % 1000 = m.id % 1000;
INSERT INTO sessions (key_hash, member_id, address, agent, expires_at)
SELECT sha256(m.id::text::bytea), m.id, '127.0.0.1', '', now() + interval '1 day' FROM members m;
INSERT INTO api_tokens (member_id, name, token_hash)
SELECT m.id, 'x', sha256(m.id::text::bytea) FROM members m;
INSERT INTO audit_entries (actor_id, act, subject, subject_id) SELECT m.id, 'a.b', 'member', m.id FROM members m;
INSERT INTO post_revisions (post_id, number, editor_id, body, created_at)
SELECT p.id, 1, p.author_id, 'Πριν', now() FROM posts p WHERE p.id % 5 = 0;
INSERT INTO topic_notices (topic_id, after_number, actor_id, act) SELECT t.id, 1, 1, 'pin' FROM topics t;
INSERT INTO idempotency_keys (member_id, key, act, request_hash)
SELECT m.id, 'k', 'a', sha256('x'::bytea) FROM members m;
INSERT INTO attempts (subject, act, count, next_at, expires_at)
SELECT sha256(n::text::bytea), 'x', 1, now(), now() + interval '1 hour' FROM generate_series(1, 2000) AS n;
INSERT INTO drafts (member_id, place, body)
SELECT m.id, 'topic:' || n, 'Πρόχειρο' FROM members m CROSS JOIN generate_series(1, 2) AS n;
INSERT INTO feedback (member_id, body, settled_at, settled_by_id)
SELECT m.id, 'Μήνυμα', CASE WHEN m.id % 3 > 0 THEN now() END, CASE WHEN m.id % 3 > 0 THEN 1 END FROM members m;
INSERT INTO second_factors (member_id, secret, confirmed_at) SELECT m.id, repeat('A', 32), now() FROM members m;
INSERT INTO recovery_codes (member_id, code_hash)
SELECT m.id, sha256(n::text::bytea) FROM members m CROSS JOIN generate_series(1, 2) AS n;
INSERT INTO sign_in_steps (key_hash, member_id, expires_at)
SELECT sha256(m.id::text::bytea), m.id, now() + interval '1 day' FROM members m;
ANALYZE;
"""


async def test_no_query_scans_a_table_that_grows(owner: RawConnection) -> None:
    assert ROUTES, "the table imports every handler, and so every query of theirs"
    assert counters, "that of a command"
    await owner.execute(_FILL)
    await owner.execute("SET plan_cache_mode = force_generic_plan")
    faults: list[str] = []
    for number, query in enumerate(REGISTRY.values()):
        if query.name in _BY_DESIGN:
            continue
        count = len((await owner.prepare(query.sql)).get_parameters())
        await owner.execute(f"PREPARE planned_{number} AS {query.sql}")
        nulls = ", ".join(["NULL"] * count)
        plan = await owner.fetch(f"EXPLAIN EXECUTE planned_{number}{f'({nulls})' if count else ''}")
        text = "\n".join(row[0] for row in plan)
        if found := _SCAN.search(text):
            faults.append(f"{query.name}: {found[0]}\n{text}")
    assert not faults, "\n\n".join(faults)
