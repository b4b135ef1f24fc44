"""No query of a page or of a call scans a table that grows, with a plan made without knowing the values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from forum import clock
from forum.db import REGISTRY, RawConnection
from forum.domain import counters
from forum.domain.audit_log import Filters
from forum.domain.entities import MemberId
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
    "feed_tokens",
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
    "opening_previews.people": "names all members of a region, for an administrator",
    "opening_previews.holdings": "compares the rights of all members of a region, for an administrator",
    "right_changes.reach": "counts what becomes visible of a category, for an administrator",
    "right_changes.under_rights_of": "compares the rights of all members in two categories, for an administrator",
    "drafts.pass_on": "moves what was begun in a category that merges or gets another slug, which is seldom",
    "opening_figures.activity": "counts what was read and written in a category in half a year, for an administrator",
    "opening_figures.organisations": "counts all members of a group, for an administrator",
    "audit_log.list": "is planned for what is asked for; a test below looks at each",
}
"""Queries that are no part of a page, or are looked at otherwise."""

_SCAN: Final = re.compile(rf"Seq Scan on ({'|'.join(_GROWING)})\b")

_FILL: Final = """
INSERT INTO members (name, email, organisation_id, password_hash)
SELECT 'Μέλος ' || n, 'm' || n || '@example.org', n / 500 + 1, 'x' FROM generate_series(1, 20000) AS n;
INSERT INTO topics (category_id, author_id, title, slug, last_author_id, post_count, reply_count, last_post_number,
    last_post_at, deadline_at, fields)
SELECT (n % 5) + 1, (n % 2000) + 1, 'Θέμα ' || n, 'thema-' || n, (n % 2000) + 1, 10, 9, 10,
    now() - n * interval '1 minute', CASE WHEN n % 10 = 0 THEN now() + n * interval '1 hour' END,
    CASE WHEN n % 10 = 0 THEN jsonb_build_object('themes', '["water"]'::jsonb, 'interest_deadline',
        jsonb_build_object('at', to_char(now() + n * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))) ELSE '{}' END
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
INSERT INTO feed_tokens (member_id, token_hash) SELECT m.id, sha256(m.id::text::bytea) FROM members m;
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


_LOG: Final = """
INSERT INTO members (name, email, organisation_id, password_hash)
SELECT 'Μέλος ' || n, 'm' || n || '@example.org', 1, 'x' FROM generate_series(1, 1000) AS n;
INSERT INTO audit_entries (actor_id, act, subject, subject_id, created_at)
SELECT m.id, CASE WHEN n % 2000 = 0 AND n < 50000 THEN 'region.changed' ELSE 'sign_in.succeeded' END,
       CASE WHEN n % 2000 = 0 AND n < 50000 THEN 'region' ELSE 'member' END,
       m.id, now() - (100000 - n) * interval '10 minutes'
FROM generate_series(1, 100000) AS n
JOIN (SELECT members.id, row_number() OVER () AS place FROM members WHERE members.email LIKE 'm%@example.org') AS m
    ON m.place = CASE WHEN n % 1000 = 999 AND n > 50000 THEN 1 ELSE n % 900 + 1 END;
ANALYZE;
"""


async def test_of_the_audit_log_no_more_is_read_than_is_shown(owner: RawConnection) -> None:
    """Whatever is asked for: neither what came since, nor what somebody else did."""
    await owner.execute(_LOG)
    long_ago = clock.now() - timedelta(days=600)
    day_after = long_ago + timedelta(days=1)
    a_member = MemberId(await owner.fetchval("SELECT id FROM members WHERE email LIKE 'm%@example.org' ORDER BY id"))
    asked = [
        Filters(),
        Filters(actor_id=a_member),
        Filters(act="region.changed"),
        Filters(act="sign_in.succeeded"),
        Filters(subject="region"),
        Filters(subject="member", subject_id=a_member),
        Filters(since=long_ago, until=day_after),
        Filters(until=long_ago),
        Filters(act="sign_in.succeeded", since=long_ago, until=day_after),
        Filters(actor_id=a_member, until=long_ago),
    ]
    sql = REGISTRY["audit_log.list"].sql
    for filters in asked:
        for after in ((None, None), (long_ago, 1)):
            values = ", ".join(
                "NULL" if value is None else f"'{value}'" for value in (*asdict(filters).values(), *after)
            )
            await owner.execute("DEALLOCATE ALL")
            await owner.execute("SET plan_cache_mode = force_custom_plan")
            await owner.execute(f"PREPARE listed AS {sql}")
            plan = json.loads(await owner.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE listed ({values}, 51)"))
            read = sum(_read(plan[0]["Plan"]))
            assert read < 300, f"{filters} after {after}: {read}\n{json.dumps(plan, indent=1)}"


def _read(node: dict[str, Any]) -> Iterator[int]:
    """Say how many entries each part of a plan looks at."""
    if node.get("Relation Name") == "audit_entries":
        yield (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    for inner in node.get("Plans", []):
        yield from _read(inner)
