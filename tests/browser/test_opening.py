"""A category is opened to a new region, widened and closed again, while somebody of that region has it before them."""

from __future__ import annotations

from forum.db import RawConnection
from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen
from tests.browser.window import Window, everywhere
from tests.cast import email
from tests.site import Site

_CRETE = """
    WITH region AS (
        INSERT INTO regions (slug, country, name_el, name_en) VALUES ('crete', 'GR', 'Κρήτη', 'Crete') RETURNING id
    ),
    town AS (
        INSERT INTO organisations (slug, kind, region_id, name_el, name_en)
        SELECT 'chania', 'municipality', region.id, 'Δήμος Χανίων', 'Municipality of Chania' FROM region
        RETURNING id
    ),
    listed AS (
        INSERT INTO groups (slug, kind, region_id, name_el, name_en)
        SELECT 'region-crete', 'region', region.id, 'Κρήτη', 'Crete' FROM region
    )
    SELECT town.id FROM town
"""


async def _choose(desk: Window, stage: str) -> None:
    """Go to the category's rights, choose what Crete may do, and confirm what that does."""
    await desk.go("/admin")
    await desk.follow(desk.say("Categories and rights"), within=desk.main)
    await desk.follow("Καλές πρακτικές" if desk.language == "el" else "Good practices", within=desk.main)
    await desk.follow(desk.say("Open to a group"), within=desk.main)
    await desk.field("Group").select_option(label="Κρήτη" if desk.language == "el" else "Crete")
    await desk.field("What the group may do").select_option(stage)
    await desk.press(desk.say("Show what will happen"))
    await desk.press(desk.say("Close it to the group" if stage == "closed" else "Change the rights so"))


@everywhere
async def test_a_region_reads_then_replies_and_then_is_out(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int
) -> None:
    nikos = await Pen.of(site, "nikos")
    topic = await nikos.start("Ανακύκλωση με χωριστή συλλογή", "Έτσι το κάναμε.", category="good-practices")
    town = await owner.fetchval(_CRETE)
    await owner.execute("UPDATE members SET organisation_id = $1 WHERE email = $2", town, email("stranger"))
    desk = await open_page("administrator", language=language, width=width)
    eleni = await open_page("stranger", language=language, width=width, scripts=True)
    await eleni.go(topic.path, status=404)

    await _choose(desk, "readers")
    await eleni.go(topic.path)
    assert await eleni.post(1).is_visible()
    assert await eleni.page.locator("#body").count() == 0

    await _choose(desk, "commenters")
    await eleni.go(topic.path)
    assert await eleni.page.locator("#body").count() == 1
    await nikos.reply(topic, "Και οι σχολές συμμετέχουν.")
    await eleni.post(2).wait_for(state="attached")

    await _choose(desk, "closed")
    await nikos.reply(topic, "Αυτό δεν το ακούει.")
    await eleni.page.wait_for_timeout(1500)
    assert "Αυτό δεν το ακούει." not in await eleni.page.content()
    await eleni.go(topic.path, status=404)
    await desk.press(desk.say("Take back"))
    await eleni.go(topic.path)
    assert await eleni.page.locator("#body").count() == 1
