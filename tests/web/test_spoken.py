"""What is in another language than the page says so, wherever it stands (WCAG 3.1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from forum import i18n
from forum.config import Config
from forum.db import RawConnection
from tests import pseudo
from tests.site import Site
from tests.web import content

TITLE, BODY = "Partners sought", "Who would join us in a call?"


@pytest.mark.parametrize("path", ["/", "/categories/questions", "/municipalities/larnaca"])
async def test_a_title_in_a_list_carries_its_language(site: Site, path: str) -> None:
    started = await content.start(site, "maria", title=TITLE, body=BODY, language="en")
    nikos, sophie = await site.visitor("nikos"), await site.visitor("sophie")
    link = f'href="/topics/{started.topic_id}/{started.slug}"'
    greek, english = await nikos.get(path), await sophie.get(path)
    assert f'{link} lang="en">{TITLE}<' in greek.text
    assert f"{link}>{TITLE}" not in greek.text
    assert f"{link}>{TITLE}<" in english.text, "a page in the same language need not say so"


async def test_results_and_what_a_member_wrote_carry_their_language(site: Site) -> None:
    await content.start(site, "maria", title=TITLE, body=BODY, language="en")
    nikos = await site.visitor("nikos")
    found = await nikos.get("/search?q=partners")
    assert f'lang="en">{TITLE}</a>' in found.text
    assert '<p class="snippet" lang="en">' in found.text
    member = await nikos.get(f"/members/{site.cast.maria.member_id}")
    assert f'lang="en">{TITLE}</a>' in member.text
    assert f'<p class="snippet" lang="en">{BODY}</p>' in member.text


async def test_the_topic_its_crumbs_and_its_versions_carry_its_language(site: Site, owner: RawConnection) -> None:
    started = await content.start(site, "maria", title=TITLE, body=BODY, language="en")
    maria = await site.visitor("maria")
    topic = await maria.get(f"/topics/{started.topic_id}/{started.slug}")
    assert f'<h1 lang="en">{TITLE}</h1>' in topic.text
    assert '<div class="post-body" lang="en">' in topic.text
    post_id = await owner.fetchval("SELECT id FROM posts")
    await maria.submit(f"/posts/{post_id}/edit", {"title": TITLE, "body": "Nobody?"})
    versions = await maria.get(f"/posts/{post_id}/revisions")
    assert f'<span lang="en">{TITLE}</span></a>' in versions.text, "the way back"
    assert f'<strong lang="en">{TITLE}</strong>' in versions.text
    assert versions.text.count('<p class="source gap" lang="en">') == 2


async def test_a_topic_of_no_known_language_says_nothing(site: Site) -> None:
    started = await content.start(site, "maria", title=TITLE)
    topic = await (await site.visitor("maria")).get(f"/topics/{started.topic_id}/{started.slug}")
    assert f"<h1>{TITLE}</h1>" in topic.text


class TestAThirdLanguage:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Iterator[Config]:
        folder = pseudo.make(tmp_path / "languages")
        yield Config(
            _env_file=None, data_dir=tmp_path, secret_key=SecretStr("k" * 64), rate_limits=0, locale_dir=folder
        )
        i18n.speak(None)

    async def test_a_guest_is_spoken_to_in_it(self, site: Site) -> None:
        guest = await site.visitor()
        page = await guest.get("/login", headers={"Accept-Language": "mt"})
        assert '<html lang="mt"' in page.text
        assert page.headers["Content-Language"] == "mt"
        chosen = await guest.submit("/language", {"language": "mt", "next": "/login"})
        assert chosen.status == 303
        assert '<html lang="mt"' in (await guest.get("/login", headers={"Accept-Language": "el"})).text

    async def test_a_member_chooses_it_and_reads_names_in_english(self, site: Site, owner: RawConnection) -> None:
        maria = await site.visitor("maria")
        form = {"name": "Μαρία Χατζηγιάννη", "language": "mt", "zone": "Europe/Athens", "scheme": "auto"}
        assert (await maria.submit("/settings", form)).status == 303
        assert await owner.fetchval("SELECT language FROM members WHERE name LIKE 'Μαρία%'") == "mt"
        settings = await maria.get("/settings")
        assert f'<option value="mt" selected>{pseudo.NAME}</option>' in settings.text
        home = await maria.get("/")
        assert '<span lang="en">Questions and discussion</span>' in home.text
        places = await maria.get("/municipalities")
        assert '<span lang="en">Municipality of Larnaca</span>' in places.text
        assert places.text.index("Municipality of Aradippou") < places.text.index("Municipality of Larnaca")
        topic = await maria.get("/categories/questions/new")
        assert f'<option value="mt" selected>{pseudo.NAME}</option>' in topic.text
        made = await maria.submit("/categories/questions/new", {"title": "X", "body": "Y", "language": "mt"})
        assert made.status == 303
        assert await owner.fetchval("SELECT language FROM topics") == "mt"

    async def test_the_handbook_is_english_where_it_has_no_page(self, site: Site) -> None:
        page = await (await site.visitor()).get("/help/writing", headers={"Accept-Language": "mt"})
        assert '<h1 lang="en">Writing and formatting</h1>' in page.text
        assert '<div class="prose" lang="en">' in page.text

    async def test_a_program_gets_names_in_english(self, site: Site, owner: RawConnection) -> None:
        await owner.execute("UPDATE members SET language = 'mt' WHERE id = $1", site.cast.maria.member_id)
        program = await site.program("maria")
        assert (await program.get("/api/v1/me")).json["language"] == "mt"
        assert (await program.get("/api/v1/me")).json["organisation_name"] == "Municipality of Larnaca"


async def test_a_language_nobody_speaks_is_refused_everywhere(site: Site, owner: RawConnection) -> None:
    maria, guest = await site.visitor("maria"), await site.visitor()
    form = {"name": "Μαρία", "language": "mt", "zone": "Europe/Athens", "scheme": "auto"}
    assert (await maria.submit("/settings", form)).status == 422
    assert (await maria.submit("/language", {"language": "mt"})).status == 422
    assert (await guest.submit("/language", {"language": "mt"})).status == 422
    made = await maria.submit("/categories/questions/new", {"title": "X", "body": "Y", "language": "mt"})
    assert made.status == 422
    assert await owner.fetchval("SELECT count(*) FROM topics") == 0


async def test_a_member_whose_language_is_gone_is_answered_in_english(site: Site, owner: RawConnection) -> None:
    await owner.execute("UPDATE members SET language = 'mt' WHERE id = $1", site.cast.maria.member_id)
    page = await (await site.visitor("maria")).get("/")
    assert '<html lang="en"' in page.text
    assert "Questions and discussion" in page.text
