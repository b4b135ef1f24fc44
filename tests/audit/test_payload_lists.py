"""Several thousand hostile texts from public lists, wherever somebody may write: nothing runs, nothing calls out.

What has a form or a call goes through it; names that only the operator gives are written into the database. Then every
page that shows them is opened in Chromium with scripts on, many texts to a page.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from html.parser import HTMLParser
from typing import Final
from urllib.parse import quote

import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser

from forum.db import RawConnection
from forum.domain.entities import CONTACT_LIMIT, FEEDBACK_LIMIT, NAME_LIMIT, REASON_LIMIT, TITLE_LIMIT
from forum.handlers.search import QUERY_LIMIT
from forum.markup import render, sanitize
from tests import markup_corpus
from tests.audit import tools
from tests.browser import harmless
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen
from tests.browser.window import Window
from tests.site import Program, Site
from tests.unit.test_markup_hostile import inspect

LEAST: Final = 4_500
_AT_ONCE: Final = 8
_SLOTS: Final = 100
"""Members, organisations and categories that are given other names round by round."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def listed() -> AsyncIterator[list[str]]:
    """The texts of the lists, as the database can hold them."""
    texts = (text.replace("\x00", "").encode("utf-8", "replace").decode() for text in await tools.payloads())
    yield list(dict.fromkeys(plain for text in texts if (plain := unicodedata.normalize("NFC", text).strip())))


async def test_the_lists_hold_several_thousand_texts(listed: list[str]) -> None:
    assert len(listed) > LEAST
    assert sum("<" in text for text in listed) > 2_000


# Markup ------------------------------------------------------------------------------------------


async def test_stored_html_is_inert_to_us_and_to_the_browser(
    listed: list[str], chromium: Browser, server: TestServer
) -> None:
    htmls: list[str] = []
    for number, text in enumerate(listed):
        places = ("{}", markup_corpus.PLACES[number % len(markup_corpus.PLACES)], "[α]({})")
        sources = [place.replace("{}", text) for place in places]
        htmls += [*(render(source).html for source in sources), sanitize(text)]
        for html in htmls[-4:]:
            inspect(html, may_nest_links=True)
    assert len(htmls) > 4 * LEAST
    address = str(server.make_url("/")).rstrip("/")
    for start in range(0, len(htmls), 2_000):
        assert await harmless.read_as_it_stands(chromium, address, htmls[start : start + 2_000]) == []


async def test_posts(listed: list[str], open_page: OpenPage, site: Site) -> None:
    pen = await Pen.of(site, "maria")
    topic = await pen.start("Κείμενα", "Όλα όσα ακολουθούν είναι κείμενο.")
    program = await site.program("maria")

    async def reply(text: str) -> bool:
        return await _sent(program, f"/api/v1/topics/{topic.id}/posts", {"body": text})

    assert sum(await _each(listed, reply)) > LEAST
    window = await _window(open_page)
    last = await _number_of_pages(window, topic.path)
    assert last > LEAST / 20
    for page in range(1, last + 1):
        await harmless.look(window, f"{topic.path}?page={page}" if page > 1 else topic.path)


async def test_titles(listed: list[str], open_page: OpenPage, site: Site) -> None:
    program = await site.program("maria")

    async def start(text: str) -> bool:
        sent = {"category": "questions", "title": text[:TITLE_LIMIT], "body": text}
        return await _sent(program, "/api/v1/topics", sent)

    assert sum(await _each(listed, start)) > LEAST
    window = await _window(open_page)
    assert await _walk(window, "/categories/questions") > LEAST / 20
    await harmless.look(window, "/")
    assert await _walk(window, f"/members/{site.cast.maria.member_id}") > LEAST / 20
    # The title stands in the head of its own page too: of one in twenty.
    for topic_id in range(1, len(listed), 20):
        answer = await program.get(f"/api/v1/topics/{topic_id}")
        if answer.status == 200:
            await harmless.look(window, f"/topics/{topic_id}/{answer.json['slug']}")


async def test_reasons_of_locks(listed: list[str], open_page: OpenPage, site: Site) -> None:
    pen, moderator = await Pen.of(site, "maria"), await site.program("moderator")
    window = await _window(open_page)
    reasons = _packed(listed, REASON_LIMIT)
    for start in range(0, len(reasons), 60):
        topic = await pen.start("Κλειδωμένο", "Κείμενο")
        for reason in reasons[start : start + 60]:
            answer = await moderator.put(f"/api/v1/topics/{topic.id}/lock", json={"reason": reason})
            assert answer.status in {200, 422}, answer.text
            await moderator.delete(f"/api/v1/topics/{topic.id}/lock")
        await moderator.put(f"/api/v1/topics/{topic.id}/lock", json={"reason": reasons[start]})
        await harmless.look(window, topic.path)
        assert await window.main.get_by_text(reasons[start][:20]).count() > 0


async def test_drafts_and_the_forms_they_fill(listed: list[str], open_page: OpenPage, site: Site) -> None:
    pen, maria = await Pen.of(site, "maria"), await site.visitor("maria")
    window = await _window(open_page)
    await maria.get("/settings")
    bodies = _packed(listed, 4_000)
    assert len(bodies) <= 99, "a member has at most a hundred drafts"
    for body in bodies:
        topic = await pen.start("Θέμα", "Κείμενο")
        kept = await maria.submit("/drafts", {"place": f"topic:{topic.id}", "body": body})
        assert kept.status == 204, kept.text
        await harmless.look(window, f"/topics/{topic.id}/posts/new")
        assert await window.field("Text").input_value() == body
    title = _packed(listed, TITLE_LIMIT)[0]
    await maria.submit("/drafts", {"place": "category:questions", "title": title, "body": bodies[0]})
    await harmless.look(window, "/categories/questions/new")
    assert await _walk(window, "/drafts") >= len(bodies) // 20


async def test_feedback(listed: list[str], open_page: OpenPage, site: Site) -> None:
    guest = await site.visitor()
    await guest.get("/feedback")
    contacts, bodies = _packed(listed, CONTACT_LIMIT), _packed(listed, FEEDBACK_LIMIT)
    for number, contact in enumerate(contacts):
        sent = {"body": bodies[number % len(bodies)], "contact": contact, "page": "/"}
        assert (await guest.submit("/feedback", sent)).status == 303
    window = await _window(open_page, "moderator")
    assert await _walk(window, "/moderation/feedback") >= len(contacts) // 20


# Names -------------------------------------------------------------------------------------------


async def test_names(listed: list[str], open_page: OpenPage, site: Site, owner: RawConnection) -> None:
    pen = await Pen.of(site, "maria")
    topic = await pen.start("Ονόματα", "Κείμενο")
    for _ in range(_SLOTS):
        await pen.reply(topic, "Κείμενο")
    await owner.execute(_MAKE_SLOTS, _SLOTS)
    await owner.execute(_GIVE_POSTS, topic.id)
    await owner.execute(_OPEN_CATEGORIES)
    window = await _window(open_page)
    pages = (
        "/members",
        "/municipalities",
        "/municipalities/larnaca",
        "/categories/slot-1",
        f"/search?q={quote('κείμενο')}",
        "/",
    )
    for start in range(0, len(listed), _SLOTS):
        texts = listed[start : start + _SLOTS]
        await owner.execute(_NAME_MEMBERS, [text[:NAME_LIMIT].strip() for text in texts])
        await owner.execute(_NAME_ORGANISATIONS, [text[:160] for text in texts])
        await owner.execute(_NAME_CATEGORIES, [text[:120] for text in texts])
        await owner.execute("UPDATE network SET name_el = $1, tagline_el = $2", texts[0][:40].strip(), texts[-1][:80])
        await owner.execute(
            "UPDATE members SET name = $1 WHERE id = $2", texts[0][:NAME_LIMIT].strip(), site.cast.maria.member_id
        )
        await owner.execute("UPDATE organisations SET name_el = $1 WHERE slug = 'larnaca'", texts[-1][:160])
        for path in (*pages, *(f"{topic.path}?page={page}" for page in range(1 + _SLOTS // 20, 0, -1))):
            await harmless.look(window, path.removesuffix("?page=1"))


_MAKE_SLOTS: Final = """
WITH numbers AS (SELECT generate_series(1, $1::integer) AS n),
places AS (
    INSERT INTO organisations (slug, kind, name_el, name_en)
    SELECT 'slot-' || n, 'partner', 'x', 'x' FROM numbers RETURNING id, slug
),
kinds AS (
    INSERT INTO categories (slug, position, name_el, name_en)
    SELECT 'slot-' || n, 100 + n, 'x', 'x' FROM numbers RETURNING id
)
INSERT INTO members (organisation_id, email, name, password_hash)
SELECT places.id, places.slug || '@slots.example', 'x', 'x' FROM places
"""
_GIVE_POSTS: Final = """
UPDATE posts SET author_id = slots.id
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM members WHERE email LIKE 'slot-%') AS slots
WHERE posts.topic_id = $1 AND posts.number = slots.n + 1
"""
_OPEN_CATEGORIES: Final = """
INSERT INTO grants
SELECT (jsonb_populate_record(grants, jsonb_build_object('category_id', slots.id))).*
FROM grants
JOIN categories ON categories.id = grants.category_id AND categories.slug = 'questions'
CROSS JOIN (SELECT id FROM categories WHERE slug LIKE 'slot-%') AS slots
"""
_NAMED: Final = """
UPDATE {table} SET {column} = texts.text
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM {table} WHERE {slot} LIKE 'slot-%') AS slots
JOIN unnest($1::text[]) WITH ORDINALITY AS texts (text, n) USING (n)
WHERE {table}.id = slots.id
"""
_NAME_MEMBERS: Final = _NAMED.format(table="members", column="name", slot="email")
_NAME_ORGANISATIONS: Final = _NAMED.format(table="organisations", column="name_el", slot="slug")
_NAME_CATEGORIES: Final = _NAMED.format(table="categories", column="name_el", slot="slug")


# What is searched for ----------------------------------------------------------------------------


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.bones: list[tuple[str, tuple[str, ...]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.bones.append((tag, tuple(name for name, _ in attrs)))


async def test_the_page_of_a_search_is_made_the_same_whatever_is_looked_for(
    listed: list[str], open_page: OpenPage, site: Site
) -> None:
    maria = await site.visitor("maria")
    for form, limit in (("/search?q=", QUERY_LIMIT), ("/members?q=", NAME_LIMIT)):
        made = Skeleton((await maria.get(f"{form}nothing-that-is-there")).text).bones
        assert len(made) > 40

        async def ask(text: str, form: str = form, limit: int = limit) -> bool:
            answer = await maria.get(form + quote(text[:limit], safe=""))
            return answer.status == 200 and Skeleton(answer.text).bones == made  # noqa: B023 - asked at once

        asked = [text for text in listed if _is_line(text)]
        odd = [text for text, is_same in zip(asked, await _each(asked, ask), strict=True) if not is_same]
        assert odd == []
    window = await _window(open_page)
    for text in listed[::20]:
        if _is_line(text):
            await window.go("/search?q=" + quote(text[:QUERY_LIMIT], safe=""))
            assert await window.page.evaluate("window.ran") == 0
    assert not window.faults


def _is_line(text: str) -> bool:
    """Say whether a text can be typed into a field of one line, and is looked for."""
    return not (_REFUSED.search(text) or {"\t", "\n"} & set(text)) and re.search(r"[^\W_]{2}", text) is not None


# Shared ------------------------------------------------------------------------------------------


async def _window(open_page: OpenPage, person: str = "maria") -> Window:
    window = await open_page(person, scripts=True)
    await harmless.watch(window)
    return window


async def _each(texts: Sequence[str], act: Callable[[str], Awaitable[bool]]) -> list[bool]:
    """Do something with each text, some at once, and return how it went."""
    done: list[bool] = []
    for start in range(0, len(texts), _AT_ONCE):
        done += await asyncio.gather(*(act(text) for text in texts[start : start + _AT_ONCE]))
    return done


async def _sent(program: Program, path: str, sent: dict[str, str]) -> bool:
    """Send a text to the API; what cannot be stored or seen is refused and no more."""
    answer = await program.post(path, json=sent)
    assert answer.status in {201, 422}, (sent, answer.text)
    return answer.status == 201


async def _walk(window: Window, path: str) -> int:
    """Look at a list from its first page to its last and return how many there are."""
    count = 0
    while path:
        await harmless.look(window, path)
        count += 1
        following = window.main.locator("a[rel=next]")
        path = (await following.first.get_attribute("href") or "") if await following.count() else ""
    return count


async def _number_of_pages(window: Window, path: str) -> int:
    await window.go(path)
    links = await window.main.locator("a[href*='page=']").evaluate_all("links => links.map(a => a.href)")
    return max(int(found[1]) for link in links if (found := re.search(r"page=(\d+)", link)))


_REFUSED: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]|[\u0300-\u036f]{31}")
"""What no form takes: it would take a whole packet of texts with it."""


def _packed(texts: Sequence[str], limit: int) -> list[str]:
    """Return the texts joined in lines as long as a field may be."""
    packed: list[str] = []
    for text in texts:
        line = "" if _REFUSED.search(text) else " ".join(text.split())[:limit]
        if line and packed and len(packed[-1]) + 1 + len(line) <= limit:
            packed[-1] += f" {line}"
        elif line:
            packed.append(line)
    return packed
