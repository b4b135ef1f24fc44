"""A category is opened to a new region, widened and closed again, while somebody of that region has it before them."""

from __future__ import annotations

import email.policy
import re
from email import message_from_bytes
from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload

from forum.db import RawConnection
from forum.i18n import Language
from tests.browser.conftest import OpenPage, new_window
from tests.browser.content import Pen
from tests.browser.window import Window, everywhere
from tests.cast import PASSWORD
from tests.cast import email as address_of
from tests.drills.forum_process import Person, forum, until
from tests.site import Site

_TABLE = (
    "name_el;name_en;region\r\n"
    "Δήμος Χανίων;Municipality of Chania;Κρήτη\r\n"
    "Δήμος Ρεθύμνης;Municipality of Rethymno;Κρήτη\r\n"
    "Δήμος Σητείας;Municipality of Sitia;Κρήτη\r\n"
)

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
    await owner.execute("UPDATE members SET organisation_id = $1 WHERE email = $2", town, address_of("stranger"))
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


async def _invited(folder: Path) -> str:
    """Return where the letter leads that the forum's own process has put into its folder."""
    found: list[str] = []

    async def has_come() -> bool:
        for file in folder.glob("*.eml"):
            message = message_from_bytes(file.read_bytes(), policy=email.policy.default)
            body = message.get_body(("plain",))
            if body and (way := re.search(r"https?://[^/\s]+(/invite/[\w-]+)", body.get_content())):
                found.append(way[1])
        return bool(found)

    await until(has_come, 30, "the invitation is in the folder of letters")
    return found[0]


@pytest.mark.audit
async def test_a_region_comes_from_nothing_to_replies_in_two_processes(chromium: Browser, data_dir: Path) -> None:
    """Crete is added with three municipalities from a file and a member who is invited; she signs in once."""
    with forum(data_dir, FORUM_WORKERS="2") as process:
        assert len(process.processes("web")) == 2
        process.create_member("admin@union.example", "union-of-cyprus-municipalities", "administrator")
        process.create_member("nikos@mytilene.example", "mytilene", name="Νίκος Καραντώνης")
        desk_window = new_window(chromium, process.url, language="el", width=1280)
        eleni_window = new_window(chromium, process.url, language="el", width=360, scripts=True)
        async with Person(process.url) as nikos, desk_window as desk, eleni_window as eleni:
            await nikos.sign_in("nikos@mytilene.example")
            await nikos.get("/categories/good-practices/new")
            _, place = await nikos.submit(
                "/categories/good-practices/new", title="Χωριστή συλλογή", body="Έτσι το κάναμε."
            )
            topic = place.partition("#")[0]
            await desk.go("/login")
            await desk.field("E-mail address").fill("admin@union.example")
            await desk.field("Password").fill(PASSWORD)
            await desk.press(desk.say("Sign in"))

            await desk.go("/admin/regions/new")
            await desk.field("Name in Greek").fill("Κρήτη")
            await desk.field("Name in English").fill("Crete")
            await desk.press(desk.say("Add the region"))
            await desk.go("/admin/organisations/import")
            file = FilePayload(name="Κρήτη.csv", mimeType="text/csv", buffer=_TABLE.encode())
            await desk.field("CSV file").set_input_files(file)
            await desk.press(desk.say("Look at it first"))
            await desk.press(desk.count("Add %(n)s municipality", "Add %(n)s municipalities", 3).replace("%(n)s", "3"))
            await desk.go("/admin/invitations/new")
            await desk.field("E-mail addresses").fill("eleni@chania.example")
            await desk.field("Organisation").select_option(label="Δήμος Χανίων")
            await desk.press(desk.say("Send the invitation"))

            await eleni.go(await _invited(data_dir / "mail"))
            await eleni.field("Name").fill("Ελένη Αργυρού")
            await eleni.field("Password").fill("δεκατρείς ανεμόμυλοι")
            await eleni.field("Password once more").fill("δεκατρείς ανεμόμυλοι")
            await eleni.main.get_by_role("checkbox").check()
            await eleni.press(eleni.say("Become a member"))
            await eleni.go(topic, status=404)

            await _choose(desk, "readers")
            await eleni.go(topic)
            assert await eleni.page.locator("#body").count() == 0
            await _choose(desk, "commenters")
            await eleni.go(topic)
            await eleni.page.locator("#body").fill("Θα το δοκιμάσουμε στα Χανιά.")
            await eleni.page.get_by_role("button", name=eleni.say("Publish the reply")).click()
            await eleni.post(2).wait_for(state="attached")
            await nikos.get(topic)
            await nikos.submit(f"{topic.rpartition('/')[0]}/posts", body="Πείτε μας πώς πάει.")
            await eleni.post(3).wait_for(state="attached")

            await _choose(desk, "closed")
            await nikos.submit(f"{topic.rpartition('/')[0]}/posts", body="Αυτό δεν το ακούει.")
            await eleni.page.wait_for_timeout(1500)
            await eleni.hides("Αυτό δεν το ακούει.")
            for _ in range(6):
                await eleni.go(topic, status=404)
            await eleni.go("/")
            await eleni.hides("Χωριστή συλλογή")
