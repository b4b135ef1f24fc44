"""A guide's file and its second version: added, told of and read under one address, with scripts and without."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from playwright.async_api import expect

from forum.i18n import Language
from forum.keys import DB
from tests import files
from tests.browser.conftest import OpenPage
from tests.browser.test_accessibility import looks_right
from tests.browser.window import PATIENCE, everywhere
from tests.domain import telling
from tests.site import Site
from tests.web import guides


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Υπόδειγμα απόφασης.pdf").write_bytes(files.pdf("one"))
    (tmp_path / "Υπόδειγμα απόφασης, αναθεωρημένο.pdf").write_bytes(files.pdf("two"))
    (tmp_path / "κακό.exe").write_bytes(b"MZ")
    return tmp_path


@pytest.mark.parametrize("scripts", [True, False])
@everywhere
async def test_a_guide_gets_a_file_and_its_second_version(
    open_page: OpenPage, site: Site, folder: Path, language: Language, width: int, scripts: bool
) -> None:
    db = site.app[DB]
    guide = await guides.start(site, "sophie", title="Οδηγός δημοσίων συμβάσεων")
    await telling.choose(db, site.cast.nikos, guide.topic_id, "watch")
    path = f"/topics/{guide.topic_id}/{guide.slug}"
    window = await open_page("sophie", language=language, width=width, scripts=scripts)

    async def choose(name: str) -> None:
        await window.page.set_input_files("#file", folder / name)
        if scripts:
            arrived = window.page.locator(".files li:not(.bad)")
            await expect(arrived.get_by_role("button")).to_contain_text(window.say("Remove"), timeout=PATIENCE)

    await window.go(path)
    await window.main.get_by_role("link", name=window.say("Add a file")).click()
    await window.main.get_by_label(window.say("Title of the file")).fill("Υπόδειγμα απόφασης δημοτικού συμβουλίου")
    await choose("Υπόδειγμα απόφασης.pdf")
    await looks_right(window, "guide-new")
    await window.press(window.say("Add the file"), within=window.main)

    await window.main.get_by_role("link", name=window.say("New version")).click()
    await window.main.get_by_label(window.say("What is new")).fill("Προσαρμογή στον νέο νόμο για τις συμβάσεις.")
    await window.main.get_by_label(window.say("Valid from")).fill("2027-01-01")
    await choose("Υπόδειγμα απόφασης, αναθεωρημένο.pdf")
    await looks_right(window, "guide-version")
    await window.press(window.say("Publish the version"), within=window.main)

    section = window.main.locator("#files")
    said = window.say("Version %(number)s, replaces version %(previous)s")
    await expect(section).to_contain_text(said % {"number": 2, "previous": 1})
    await expect(section).to_contain_text(hashlib.sha256(files.pdf("two")).hexdigest())
    await section.locator("summary").click()
    await expect(section).to_contain_text(hashlib.sha256(files.pdf("one")).hexdigest())
    await looks_right(window, "guide-files")
    for link, content in (("Download", files.pdf("two")),):
        href = await section.get_by_role("link", name=window.say(link)).first.get_attribute("href")
        assert href in {"/guides/files/1", "/guides/files/1/1"}
        answer = await window.page.request.get(str(await window.page.evaluate("location.origin")) + "/guides/files/1")
        assert await answer.body() == content

    await telling.fan_out(db)
    nikos = await open_page("nikos", language=language, width=width, scripts=scripts)
    await nikos.go("/notifications")
    await looks_right(nikos, "guide-told")
    title = "Υπόδειγμα απόφασης δημοτικού συμβουλίου"
    await nikos.follow(nikos.say("adds version %(number)s of “%(title)s”", number=2, title=title), within=nikos.main)
    assert nikos.path == f"{path}#files"
    await nikos.says("Version %(number)s, replaces version %(previous)s", number=2, previous=1)
    await looks_right(nikos, "guide-read")

    await section.get_by_role("link", name=window.say("Take the file away")).click()
    await looks_right(window, "guide-delete")
    await window.press(window.say("Take the file away"), within=window.main)
    await expect(window.main.locator("#files").get_by_role("heading", level=3)).to_have_count(0)


async def test_a_file_that_is_not_taken_is_said_why_and_another_can_be_chosen(
    open_page: OpenPage, site: Site, folder: Path
) -> None:
    guide = await guides.start(site, "sophie")
    window = await open_page("sophie", scripts=True)
    await window.go(f"/topics/{guide.topic_id}/files/new")
    await window.page.set_input_files("#file", folder / "κακό.exe")
    await expect(window.page.locator(".files .bad")).to_contain_text("DOCX", timeout=PATIENCE)
    await window.page.set_input_files("#file", folder / "Υπόδειγμα απόφασης.pdf")
    await expect(window.page.locator(".files li:not(.bad) b")).to_have_text("Υπόδειγμα απόφασης.pdf", timeout=PATIENCE)
    await expect(window.page.locator(".files .bad")).to_have_count(0)
    await expect(window.page.locator("[name=attachment]")).not_to_have_value("")
    window.faults.clear()
