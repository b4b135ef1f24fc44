"""Search finds what one may read, best first, and no query breaks it."""

from __future__ import annotations

import html
import random
import time
from typing import Any, Final

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, pages, posts, search
from forum.domain.actors import Actor
from forum.domain.entities import PostId
from forum.domain.pages import Page
from forum.domain.posts import Reply
from forum.domain.search import MARK_CLOSE, MARK_OPEN, RANKED_LIMIT, Hit
from forum.errors import BadRequest
from forum.markup import Rendered
from tests.cast import Cast
from tests.domain import writing

ODD: Final = (
    "",
    " ",
    "!",
    "&",
    "|",
    "(",
    ")",
    "((((",
    "'",
    "''",
    '"',
    '"νερό',
    '""',
    ":*",
    "a:b",
    "a:A",
    "<->",
    "a <-> b",
    "!!νερό",
    "-",
    "--νερό",
    "- -",
    "or",
    "or or or",
    "νερό or",
    "\\",
    "\\'",
    "%_",
    "a\nb\tc",
    "\U0001f600",
    "𝔘𝔫𝔦",
    "και",
    "the",
    "a" * 5000,
    "νερό " * 2000,
    "(" * 5000,
    '"' * 999,
    "-" * 999,
    "-" * 40 + "νερό",
    "- " * 40 + "νερό",
    "-!" * 40 + "νερό",
    "(-" * 40 + "νερό",
    '-"' * 40 + "νερό",
    "-νερό" * 100,
    "-νερό " * 100,
    "κάτι@άλλο.gr http://παράδειγμα.ευ/α?β=γ#δ",
)


async def _search(db: Database, actor: Actor, query: str, **options: Any) -> Page[Hit]:
    async with db.read() as conn:
        return await search.search(conn, actor, query, **options)


async def _found(db: Database, actor: Actor, query: str, **options: Any) -> list[PostId]:
    return [hit.post_id for hit in (await _search(db, actor, query, **options)).items]


async def test_words_are_found_in_any_case_accent_and_common_form(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria, title="Ανακύκλωση", body="Οι κάδοι των Δήμων στη Λάρνακα")
    for query in ("κάδοι", "ΚΑΔΟΙ", "καδοι", "λαρνακα", "ΛΆΡΝΑΚΑ", "ανακυκλωση", "κάδοι λάρνακα", "δήμων"):
        assert await _found(db, cast.nikos, query) == [started.first_post_id], query
    for query in ("νερό", "κάδοι νερό"):
        assert await _found(db, cast.nikos, query) == [], query


async def test_latin_words_are_found_in_their_english_forms(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.sophie, title="Partner search", body="Municipalities deliberating on grants")
    for query in ("municipality", "deliberate", "GRANT", "partners"):
        assert await _found(db, cast.maria, query) == [started.first_post_id], query


async def test_operators_narrow_and_widen(db: Database, cast: Cast) -> None:
    water = await writing.start(db, cast.maria, title="Νερό", body="Δίκτυο ύδρευσης πόλης")
    energy = await writing.start(db, cast.maria, title="Ενέργεια", body="Δίκτυο φωτισμού πόλης")
    first, second = water.first_post_id, energy.first_post_id
    assert set(await _found(db, cast.nikos, "δίκτυο")) == {first, second}
    assert await _found(db, cast.nikos, "δίκτυο -φωτισμού") == [first]
    assert set(await _found(db, cast.nikos, "ύδρευσης or φωτισμού")) == {first, second}
    assert await _found(db, cast.nikos, '"φωτισμού πόλης"') == [second]
    assert await _found(db, cast.nikos, '"πόλης φωτισμού"') == []
    assert await _found(db, cast.nikos, "-φωτισμού") == [], "nothing but exclusions finds nothing"


@pytest.mark.parametrize("quoted", ['"κοινή προμήθεια"', "«κοινή προμήθεια»", "“κοινή προμήθεια”"])
async def test_words_in_quotation_marks_of_any_kind_are_neighbours(db: Database, cast: Cast, quoted: str) -> None:
    together = await writing.start(db, cast.maria, title="Μαζί", body="Η κοινή προμήθεια οχημάτων")
    apart = await writing.start(db, cast.maria, title="Χωριστά", body="Η προμήθεια δεν είναι κοινή")
    both = {together.first_post_id, apart.first_post_id}
    assert set(await _found(db, cast.nikos, "κοινή προμήθεια")) == both, "the premise: both hold the words"
    assert await _found(db, cast.nikos, quoted) == [together.first_post_id]


async def test_no_query_breaks_it(db: Database, cast: Cast) -> None:
    await writing.start(db, cast.maria, title="Νερό", body="Κάτι, the water & 'quotes' \\ back 😀")
    for query in ODD:
        page = await _search(db, cast.nikos, query)
        assert len(page.items) <= 1, query
    chance = random.Random(20261123)  # noqa: S311 - the same disorder every time
    for _ in range(400):
        signs = chance.sample("--\"' x(!|&:*<>\\.,_\u3000\u200b\u0301ά1@/", 4)
        await _search(db, cast.nikos, "-".join(chance.choices(signs, k=chance.randint(1, 120))))
    for query in ("a\0b", "\ud800"):
        with pytest.raises(BadRequest):
            await _search(db, cast.nikos, query)


async def test_the_hidden_and_the_deleted_are_never_found(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria, title="Μοναδικός", body="Ρινόκερος")
    post = await writing.reply(db, cast.nikos, started.topic_id, "Ρινόκερος πάλι")
    guide = await writing.start(db, cast.sophie, category="guides", body="Ρινόκερος οδηγός")
    everything = {started.first_post_id, post.id, guide.first_post_id}
    assert set(await _found(db, cast.maria, "ρινόκερος")) == everything
    assert await _found(db, cast.stranger, "ρινόκερος") == []
    assert await _found(db, cast.suspended, "ρινόκερος") == []
    await writing.delete(db, cast.nikos, post.id)
    assert set(await _found(db, cast.nikos, "ρινόκερος")) == everything - {post.id}, "not even by who deleted it"
    await writing.delete_topic(db, cast.maria, started.topic_id)
    for person in (cast.maria, cast.moderator, cast.nikos):
        assert await _found(db, person, "ρινόκερος") == [guide.first_post_id]
    await writing.restore_topic(db, cast.maria, started.topic_id)
    await writing.restore(db, cast.nikos, post.id)
    assert set(await _found(db, cast.maria, "ρινόκερος")) == everything
    await owner.execute(
        "DELETE FROM grants USING groups, categories WHERE groups.id = grants.group_id "
        "AND categories.id = grants.category_id AND groups.slug = 'region-cyprus' AND categories.slug = 'guides'"
    )
    assert set(await _found(db, cast.maria, "ρινόκερος")) == everything - {guide.first_post_id}
    assert set(await _found(db, cast.nikos, "ρινόκερος")) == everything


async def test_seeing_a_category_is_not_enough(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.sophie, category="guides", body="Ρινόκερος")
    assert await _found(db, cast.maria, "ρινόκερος") == [started.first_post_id]
    await owner.execute(
        "UPDATE grants SET can_read = false, can_start = false, can_reply = false, can_vote = false, "
        "can_attach = false, can_moderate = false"
    )
    assert await _found(db, cast.maria, "ρινόκερος") == []


async def test_what_was_edited_is_found_by_its_new_words_only(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria, title="Παλιός τίτλος", body="Ελάφι")
    await writing.edit(db, cast.maria, started.first_post_id, "Ζαρκάδι", "Νέος τίτλος")
    for query, found in (("ελάφι", False), ("παλιός", False), ("ζαρκάδι", True), ("νέος τίτλος", True)):
        assert bool(await _found(db, cast.nikos, query)) is found, query
    post = await writing.reply(db, cast.nikos, started.topic_id, "Λαγός")
    await writing.edit(db, cast.nikos, post.id, "Αλεπού")
    assert await _found(db, cast.maria, "αλεπού") == [post.id]
    assert await _found(db, cast.maria, "λαγός") == []
    assert await _found(db, cast.maria, "αλεπού τίτλος") == [], "the title belongs to the first post"


async def test_a_title_counts_more_than_a_mention(db: Database, cast: Cast) -> None:
    by_title = await writing.start(db, cast.maria, title="Αδελφοποίηση πόλεων", body="Ποιος ενδιαφέρεται;")
    in_passing = await writing.start(db, cast.maria, title="Διάφορα", body="Μεταξύ άλλων και αδελφοποίηση")
    assert await _found(db, cast.nikos, "αδελφοποίηση") == [by_title.first_post_id, in_passing.first_post_id]


async def test_equals_stand_newest_first_and_every_page_goes_on_where_the_last_ended(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria, title="Θέμα", body="Άσχετο")
    written = [(await writing.reply(db, cast.nikos, started.topic_id, "Πελαργός")).id for _ in range(7)]
    found: list[PostId] = []
    cursor = None
    for _ in range(4):
        page = await _search(db, cast.maria, "πελαργός", cursor=cursor, limit=2)
        found += [hit.post_id for hit in page.items]
        cursor = page.next
        await writing.reply(db, cast.nikos, started.topic_id, "Πελαργός")
    assert cursor is None
    assert found == sorted(written, reverse=True)
    for forged in ("x", pages.encode(1, 2), pages.encode(0.5)):
        with pytest.raises(BadRequest):
            await _search(db, cast.maria, "πελαργός", cursor=forged)


async def test_a_search_can_be_narrowed_to_a_category_and_a_municipality(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria, body="Πελαργός")
    answer = await writing.reply(db, cast.nikos, started.topic_id, "Πελαργός")
    guide = await writing.start(db, cast.sophie, category="guides", body="Πελαργός")
    assert set(await _found(db, cast.maria, "πελαργός", category="questions")) == {started.first_post_id, answer.id}
    assert await _found(db, cast.maria, "πελαργός", category="guides") == [guide.first_post_id]
    assert await _found(db, cast.maria, "πελαργός", category="nowhere") == []
    assert await _found(db, cast.maria, "πελαργός", municipality="mytilene") == [answer.id]
    assert await _found(db, cast.maria, "πελαργός", municipality="mytilene", category="guides") == []
    assert await _found(db, cast.maria, "πελαργός", municipality="atlantis") == []


async def test_a_hit_tells_where_it_stands_and_who_wrote_it(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria, title="Νερό")
    post = await writing.reply(db, cast.nikos, started.topic_id, "Πελαργός")
    (hit,) = (await _search(db, cast.maria, "πελαργός")).items
    assert (hit.topic_id, hit.post_id, hit.number, hit.title, hit.topic_slug) == (
        started.topic_id,
        post.id,
        2,
        "Νερό",
        "nero",
    )
    assert (hit.category_slug, hit.category_en, hit.author_name, hit.created_at) == (
        "questions",
        "Questions and discussion",
        "Νίκος Καραντώνης",
        post.created_at,
    )
    assert hit.score > 0


async def test_a_snippet_is_plain_text_with_marks_around_the_words(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    text = f"Πριν & μετά <script>alert(1)</script> ο πελαργός{MARK_OPEN}ψέμα{MARK_CLOSE} πετά"
    rendered = Rendered(f'<p title="πελαργός">{html.escape(text)} <strong>ψηλά</strong></p>', text, False)
    async with db.write() as tx:
        grant = await access.topic_to_reply(tx, cast.nikos, started.topic_id)
        await posts.reply(tx, grant, Reply(text, rendered))
    (hit,) = (await _search(db, cast.maria, "πετά")).items
    assert f"{MARK_OPEN}πετά{MARK_CLOSE} ψηλά" in hit.snippet
    assert (hit.snippet.count(MARK_OPEN), hit.snippet.count(MARK_CLOSE)) == (1, 1)
    assert "<script>alert(1)</script>" in hit.snippet, "typed as text, text it stays: the edge escapes it"
    assert "<strong>" not in hit.snippet
    assert "title=" not in hit.snippet


async def test_a_long_post_gives_a_short_snippet_around_the_match(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria, title="Θέμα", body="λόγια " * 500 + "πελαργός " + "λόγια " * 500)
    (hit,) = (await _search(db, cast.maria, "πελαργός")).items
    assert f"{MARK_OPEN}πελαργός{MARK_CLOSE}" in hit.snippet
    assert len(hit.snippet) < 500
    assert hit.topic_id == started.topic_id


async def test_a_title_alone_gives_the_beginning_of_the_text(db: Database, cast: Cast) -> None:
    await writing.start(db, cast.maria, title="Πελαργός", body="Η αρχή του κειμένου " + "και λόγια " * 100)
    (hit,) = (await _search(db, cast.maria, "πελαργός")).items
    assert hit.snippet.startswith("Η αρχή του κειμένου")
    assert MARK_OPEN not in hit.snippet


async def test_a_word_of_every_post_is_found_in_bounded_time(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    await owner.execute(
        """
        INSERT INTO posts (topic_id, number, author_id, body, html, search)
        SELECT $1, n, $2, 'x', '<p>Πελαργός</p>', to_tsvector('koinon', 'Πελαργός')
        FROM generate_series(2, $3) AS n
        """,
        started.topic_id,
        cast.maria.member_id,
        RANKED_LIMIT + 100,
    )
    began = time.monotonic()
    page = await _search(db, cast.nikos, "πελαργός", limit=100)
    assert len(page.items) == 100
    assert page.items[0].number == RANKED_LIMIT + 100
    assert time.monotonic() - began < 2


async def test_what_the_newest_posts_do_not_hold_is_looked_for_in_all(db: Database, cast: Cast) -> None:
    reaches = (3, None)
    started = await writing.start(db, cast.maria, title="Πελαργός")
    for number in range(6):
        await writing.reply(db, cast.nikos, started.topic_id, "Πελαργός" if number % 2 else "Γλάρος")
    found, seen = await _search(db, cast.nikos, "πελαργός", limit=2, reaches=reaches), set()
    while True:
        seen |= {hit.number for hit in found.items}
        if found.next is None:
            break
        found = await _search(db, cast.nikos, "πελαργός", limit=2, cursor=found.next, reaches=reaches)
    assert seen == {1, 3, 5, 7}
