"""Atom feeds, read as a feed reader reads them: what is in them, what is not, and how they are answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.db import REGISTRY, RawConnection
from forum.domain import feeds
from forum.i18n import translator
from forum.web.feeding import KINDS
from tests.site import Site, without_tokens
from tests.web import content
from tests.web.subscribing import address, feed, read_feed, set_fields, titles

CATEGORY, TOPICS, KIND, THEME = (
    "categories/questions.atom",
    "topics.atom",
    "kinds/discussion.atom",
    "themes/water.atom",
)
EVERY = (CATEGORY, TOPICS, KIND, THEME)


async def start(site: Site, owner: RawConnection, title: str, person: str = "nikos", **options: Any) -> int:
    """Start a discussion on water, which every feed has."""
    started = await content.start(site, person, title=title, **options)
    await set_fields(owner, started.topic_id, "discussion", themes=["water"])
    return started.topic_id


@pytest.mark.parametrize("ending", EVERY)
async def test_the_newest_come_first_and_not_all_of_them(site: Site, owner: RawConnection, ending: str) -> None:
    for number in range(feeds.LENGTH + 2):
        await start(site, owner, f"Θέμα {number}")
    found = await titles(site, f"{await address(site)}/{ending}")
    assert found == [f"Θέμα {number}" for number in range(feeds.LENGTH + 1, 1, -1)]


async def test_an_entry_says_who_wrote_what_where_and_when(site: Site, owner: RawConnection) -> None:
    body = "Δείτε [το άλλο](/topics/1), **προσοχή** και <https://example.org/x?a=1&b=2>."
    topic = await content.start(site, "nikos", title="Ύδρευση & <b>έργα</b>", body=body, language="el")
    await set_fields(owner, topic.topic_id, "proposal", themes=["water", "energy", "unknown"])
    found = await feed(site, f"{await address(site)}/{CATEGORY}")
    (entry,) = found.entries
    origin = "http://127.0.0.1:8080"
    assert entry.title == "Ύδρευση & <b>έργα</b>"
    assert entry.title_detail.type == "text/plain"
    assert entry.link == f"{origin}/topics/{topic.topic_id}/{topic.slug}"
    assert re.fullmatch(rf"tag:127\.0\.0\.1,\d{{4}}-\d\d-\d\d:topics/{topic.topic_id}", entry.id)
    assert entry.author == "Νίκος Καραντώνης, Δήμος Μυτιλήνης"
    assert entry.published == entry.updated
    assert {(tag.term, tag.label) for tag in entry.tags} == {
        ("questions", "Ερωτήσεις και συζήτηση"),
        ("proposal", translator("el").gettext(KINDS["proposal"])),
        ("water", "Νερό"),
        ("energy", "Ενέργεια και κλίμα"),
    }
    (html,) = entry.content
    assert (html.type, html.language) == ("text/html", "el")
    stored = await owner.fetchval("SELECT html FROM posts WHERE topic_id = $1 AND number = 1", topic.topic_id)
    assert html.value == stored.replace('href="/topics/1"', f'href="{origin}/topics/1"')
    assert f'href="{origin}/topics/1"' in html.value
    assert found.feed.title == "Ερωτήσεις και συζήτηση — Κοινόν"
    assert found.feed.language == "el"


async def test_only_tags_get_whole_addresses_and_words_stay(site: Site, owner: RawConnection) -> None:
    html = '<p><a class="mention" href="/members/1">Α</a> <img alt="a > b" src="/attachments/1"> src="/x" href="/y"</p>'
    topic = await content.start(site)
    await owner.execute("UPDATE posts SET html = $1 WHERE topic_id = $2", html, topic.topic_id)
    (entry,) = (await feed(site, f"{await address(site)}/{TOPICS}")).entries
    assert entry.content[0].value == (
        '<p><a class="mention" href="http://127.0.0.1:8080/members/1">Α</a> '
        '<img alt="a > b" src="http://127.0.0.1:8080/attachments/1"> src="/x" href="/y"</p>'
    )


async def test_an_edit_shows_and_an_answer_does_not(site: Site, owner: RawConnection) -> None:
    base, topic = await address(site), await content.start(site, "maria")
    before = (await feed(site, f"{base}/{TOPICS}")).entries[0]
    await content.reply(site, "nikos", topic.topic_id)
    assert (await feed(site, f"{base}/{TOPICS}")).entries[0] == before
    maria = await site.visitor("maria")
    await owner.execute("UPDATE topics SET created_at = created_at - interval '1 hour'")
    path = f"/posts/{topic.first_post_id}/edit"
    await maria.get(path)
    edited = await maria.submit(path, {"title": "Άλλος τίτλος", "body": "Άλλο κείμενο"})
    assert edited.status == 303
    after = (await feed(site, f"{base}/{TOPICS}")).entries[0]
    assert (after.id, after.title) == (before.id, "Άλλος τίτλος")
    assert after.updated > after.published
    assert "Άλλο κείμενο" in after.content[0].value


async def test_kinds_and_themes_are_told_apart(site: Site, owner: RawConnection) -> None:
    base = await address(site)
    for title, kind, themes in (("Α", "proposal", ["water", "energy"]), ("Β", "guide", ["energy"]), ("Γ", "guide", [])):
        topic = await content.start(site, "nikos", title=title)
        await set_fields(owner, topic.topic_id, kind, themes=themes)
    assert await titles(site, f"{base}/kinds/guide.atom") == ["Γ", "Β"]
    assert await titles(site, f"{base}/kinds/proposal.atom") == ["Α"]
    assert await titles(site, f"{base}/themes/energy.atom") == ["Β", "Α"]
    assert await titles(site, f"{base}/themes/water.atom") == ["Α"]
    assert await titles(site, f"{base}/themes/housing.atom") == []
    guest = await site.visitor()
    for unknown in ("kinds/rumour.atom", "themes/weather.atom", "categories/cellar.atom", "topics.rss", "topics", ""):
        assert (await guest.get(f"{base}/{unknown}")).status == 404, unknown


async def test_a_feed_is_in_its_readers_language(site: Site, owner: RawConnection) -> None:
    await content.start(site, "nikos")
    found = await feed(site, f"{await address(site, 'sophie')}/{CATEGORY}")
    assert found.feed.title == "Questions and discussion — Koinon"
    assert found.entries[0].author == "Νίκος Καραντώνης, Municipality of Mytilene"


async def test_an_empty_feed_is_one_too(site: Site) -> None:
    found = await feed(site, f"{await address(site, 'stranger')}/{TOPICS}")
    assert found.entries == []
    assert found.feed.updated
    assert found.feed.id.endswith(f":members/{site.cast.stranger.member_id}/feeds/topics")


@pytest.mark.parametrize(
    "title",
    [
        "Δύο\r\nγραμμές\x00\x0b\x1b και \ufffe\uffff",
        "]]> <![CDATA[ --> & &amp; &#0; &#x1b; <script>alert(1)</script>",
        "\u202eανάποδα\u2066",
        "\U0001f3db" * 100,
    ],
)
async def test_hostile_words_break_no_feed(site: Site, owner: RawConnection, title: str) -> None:
    """Not even what could only come into the database by hand."""
    kept = title.replace("\x00", "")
    topic = await content.start(site)
    await owner.execute("UPDATE topics SET title = $1", kept)
    await owner.execute("UPDATE posts SET html = $1", f"<p>{kept}</p>")
    await owner.execute("UPDATE members SET name = $1", kept[:90])
    found = await feed(site, f"{await address(site)}/{TOPICS}")
    (entry,) = found.entries
    written = re.sub("[\x0b\x1b\ufffe\uffff]", "\ufffd", kept.replace("\r\n", "\n"))
    assert entry.title == written
    assert entry.content[0].value == f"<p>{written}</p>"
    assert entry.id.endswith(f"topics/{topic.topic_id}")


# What one may not read --------------------------------------------------------------------------


@pytest.mark.parametrize("ending", EVERY)
async def test_the_rights_of_the_moment_decide(site: Site, owner: RawConnection, ending: str) -> None:
    """Between two fetches a right goes, and comes again."""
    guest, base = await site.visitor(), await address(site)
    await start(site, owner, "Υπόθεση")
    taken = (
        "UPDATE grants SET valid_until = CASE WHEN $1 THEN now() ELSE 'infinity' END"
        " FROM categories WHERE categories.id = grants.category_id AND categories.slug = 'questions'"
    )
    first = await guest.get(f"{base}/{ending}")
    assert [entry.title for entry in read_feed(first).entries] == ["Υπόθεση"]
    await owner.execute(taken, True)
    conditional = {"If-None-Match": first.headers["ETag"]}
    second = await guest.get(f"{base}/{ending}", headers=conditional)
    if ending == CATEGORY:
        assert second.status == 404
    else:
        assert read_feed(second).entries == [], "no 304 that confirms what was there"
    assert "Υπόθεση" not in second.text
    await owner.execute(taken, False)
    third = await guest.get(f"{base}/{ending}", headers=conditional)
    assert (third.status, third.text) == (304, "")


@pytest.mark.parametrize("ending", EVERY)
async def test_hidden_deleted_internal_and_older_topics_are_not_there(
    site: Site, owner: RawConnection, ending: str
) -> None:
    old = await start(site, owner, "Παλαιό")
    await owner.execute("UPDATE topics SET created_at = now() - interval '1 year' WHERE id = $1", old)
    await start(site, owner, "Εσωτερικό", is_internal=True)
    gone = await start(site, owner, "Διαγραμμένο")
    await owner.execute("UPDATE topics SET deleted_at = now(), deleted_by_id = author_id WHERE id = $1", gone)
    moved = await start(site, owner, "Μετακινημένο")
    await start(site, owner, "Ορατό")
    base, others = await address(site), await address(site, "stranger")
    assert set(await titles(site, f"{base}/{ending}")) == {"Παλαιό", "Εσωτερικό", "Μετακινημένο", "Ορατό"}
    await owner.execute(
        "INSERT INTO categories (slug, position, name_el, name_en) VALUES ('vault', 99, 'Θησαυροφυλάκιο', 'Vault')"
    )
    await owner.execute(
        "UPDATE topics SET category_id = (SELECT id FROM categories WHERE slug = 'vault') WHERE id = $1", moved
    )
    await owner.execute(
        "UPDATE grants SET topics_since = now() - interval '1 day', internal_since = now() + interval '1 day'"
    )
    assert await titles(site, f"{base}/{ending}") == ["Ορατό"]
    guest = await site.visitor()
    foreign = await guest.get(f"{others}/{ending}")
    assert foreign.status == (404 if ending == CATEGORY else 200)
    assert "Ορατό" not in foreign.text


async def test_a_hidden_category_is_as_one_that_never_was(site: Site, owner: RawConnection) -> None:
    guest, base = await site.visitor(), await address(site)
    await owner.execute(
        "INSERT INTO categories (slug, position, name_el, name_en) VALUES ('vault', 99, 'Θησαυροφυλάκιο', 'Vault')"
    )
    hidden, never = [await guest.get(f"{base}/categories/{slug}.atom") for slug in ("vault", "never")]
    assert hidden.status == never.status == 404
    plain = [re.sub("vault|never|[0-9a-f]{16}", "", without_tokens(answer.text)) for answer in (hidden, never)]
    assert plain[0] == plain[1]


async def test_a_category_that_one_may_see_and_not_read_has_no_feed(site: Site, owner: RawConnection) -> None:
    await content.start(site, "nikos", title="Υπόθεση")
    guest, base = await site.visitor(), await address(site)
    await owner.execute(
        "UPDATE grants SET can_read = false, can_start = false, can_reply = false, can_vote = false,"
        " can_attach = false, can_moderate = false"
    )
    refused = await guest.get(f"{base}/{CATEGORY}")
    assert refused.status == 403
    assert "Υπόθεση" not in refused.text
    assert await titles(site, f"{base}/{TOPICS}") == []


async def test_a_category_by_its_former_name_is_still_its_feed(site: Site, owner: RawConnection) -> None:
    await content.start(site, "nikos", title="Εδώ")
    base = await address(site)
    await owner.execute("UPDATE categories SET slug = 'talk' WHERE slug = 'questions'")
    await owner.execute(
        "INSERT INTO former_category_slugs (slug, category_id) "
        "SELECT 'questions', id FROM categories WHERE slug = 'talk'"
    )
    assert await titles(site, f"{base}/categories/questions.atom") == ["Εδώ"]


# How it is answered -----------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [*EVERY, "calendar.ics"])
async def test_it_is_kept_by_nobody_and_taken_for_nothing_else(site: Site, ending: str) -> None:
    guest, path = await site.visitor(), f"{await address(site)}/{ending}"
    answer = await guest.get(path)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "Set-Cookie" not in answer.headers
    assert path.split("/")[2] not in answer.text, "the secret is not repeated"
    head = await guest.request("HEAD", path)
    assert (head.status, head.text) == (200, "")
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == answer.headers[name]
    assert re.fullmatch('"[0-9a-f]{32}"', answer.headers["ETag"])
    same = await guest.get(path, headers={"If-None-Match": f'W/"x", {answer.headers["ETag"]}'})
    assert (same.status, same.text, same.headers["ETag"]) == (304, "", answer.headers["ETag"])
    assert same.headers["Cache-Control"] == "private, no-store"
    other = await guest.get(path, headers={"If-None-Match": '"x"'})
    assert (other.status, other.text) == (200, answer.text)
    assert (await guest.request("POST", path)).status == 405


async def test_a_session_changes_nothing(site: Site) -> None:
    """The address alone says who reads: not the browser in which somebody opens it."""
    await content.start(site, "nikos", title="Για τη Μαρία")
    base, stranger, guest = await address(site), await site.visitor("stranger"), await site.visitor()
    answers = [await asker.get(f"{base}/{TOPICS}") for asker in (stranger, guest)]
    assert answers[0].text == answers[1].text
    assert "Για τη Μαρία" in answers[0].text


class TestUnderAPath:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return config.model_copy(
            update={"base_url": "https://www.example.org/intranet", "secret_key": SecretStr("k" * 64)}
        )

    async def test_addresses_are_whole_and_names_stay(self, site: Site) -> None:
        topic = await content.start(site, "nikos", body="Για τον @Νίκος.Καραντώνης")
        base = "/intranet" + await address(site)
        found = await feed(site, f"{base}/{TOPICS}")
        (entry,) = found.entries
        assert entry.link.startswith(f"https://www.example.org/intranet/topics/{topic.topic_id}/")
        assert entry.id.startswith("tag:www.example.org,")
        assert "intranet" not in entry.id
        maria = await site.visitor("maria")
        assert 'href="/intranet/settings/feeds"' in (await maria.get("/intranet/settings")).text


# What it costs ----------------------------------------------------------------------------------

_MANY = """
INSERT INTO topics (category_id, author_id, title, slug, last_author_id, kind, fields, created_at)
SELECT (n % 5) + 1, $1, 'Θέμα ' || n, 'thema-' || n, $1, CASE WHEN n % 1000 = 0 THEN 'guide' ELSE 'discussion' END,
    CASE WHEN n % 10 = 0 THEN '{"themes": ["water"]}'::jsonb ELSE '{}' END, now() - n * interval '1 minute'
FROM generate_series(1, 10000) AS n
"""


@pytest.mark.parametrize("query", ["feeds.latest", "feeds.of_category", "feeds.of_kind", "feeds.of_theme"])
async def test_of_ten_thousand_topics_few_are_looked_at(site: Site, owner: RawConnection, query: str) -> None:
    await owner.execute(_MANY, site.cast.nikos.member_id)
    await owner.execute(
        "INSERT INTO posts (topic_id, number, author_id, body, html, search) "
        "SELECT id, 1, author_id, 'Κ', '<p>Κ</p>', '' FROM topics"
    )
    await owner.execute("ANALYZE topics; ANALYZE posts")
    await owner.execute("SET plan_cache_mode = force_generic_plan")
    values = {"feeds.latest": (), "feeds.of_category": (1,), "feeds.of_kind": ("guide",), "feeds.of_theme": ("water",)}
    given = ", ".join(repr(value) for value in (site.cast.maria.member_id, *values[query]))
    await owner.execute(f"PREPARE asked AS {REGISTRY[query].sql}")
    plan = json.loads(await owner.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked ({given})"))
    read = sum(_read(plan[0]["Plan"]))
    assert 0 < read <= (1000 if query == "feeds.of_theme" else 5 * feeds.LENGTH)


def _read(node: dict[str, Any]) -> Iterator[float]:
    """Say how many topics each part of a plan looks at."""
    if node.get("Relation Name") == "topics":
        yield (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    for inner in node.get("Plans", []):
        yield from _read(inner)


async def test_a_topic_with_fields_says_them_in_short_and_escaped(site: Site, owner: RawConnection) -> None:
    started = await content.start(site, "sophie", "proposals", title="Πρόσκληση")
    deadline = {"at": "2027-03-28T15:00:00Z", "zone": "Europe/Brussels"}
    await set_fields(owner, started.topic_id, summary="Νερό <script> & ήλιος", deadline=deadline)
    (entry,) = (await feed(site, f"{await address(site, 'nikos')}/kinds/proposal.atom")).entries
    text = entry.content[0].value
    assert "Νερό &lt;script&gt; &amp; ήλιος" in text
    assert "Προθεσμία: 28/03/2027, 17:00 (Βρυξέλλες)." in text
