"""A guide's file and its second version: added, read and found under one address, with scripts and without."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from forum.i18n import Language
from tests import files
from tests.browser.conftest import OpenPage
from tests.browser.window import PATIENCE, Window, everywhere
from tests.site import Site
from tests.web import guides


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Υπόδειγμα απόφασης.pdf").write_bytes(files.pdf("one"))
    (tmp_path / "Υπόδειγμα απόφασης, αναθεωρημένο.pdf").write_bytes(files.pdf("two"))
    (tmp_path / "κακό.exe").write_bytes(b"MZ")
    return tmp_path


async def _look(window: Window, name: str) -> None:
    """See that the page is open to everybody; leave a picture where somebody wants to look at it."""
    found = (await Axe().run(window.page)).response["violations"]
    assert found == [], [one["id"] for one in found]
    if pictures := os.environ.get("KOINON_PICTURES"):
        await window.page.screenshot(path=f"{pictures}/{name}.png", full_page=True)


@pytest.mark.parametrize("scripts", [True, False])
@everywhere
async def test_a_guide_gets_a_file_and_its_second_version(
    open_page: OpenPage, site: Site, folder: Path, language: Language, width: int, scripts: bool
) -> None:
    guide = await guides.start(site, "sophie", title="Οδηγός δημοσίων συμβάσεων")
    path = f"/topics/{guide.topic_id}/{guide.slug}"
    window = await open_page("sophie", language=language, width=width, scripts=scripts)
    seen = f"{language}-{width}-{'scripts' if scripts else 'plain'}"

    async def choose(name: str) -> None:
        await window.page.set_input_files("#file", folder / name)
        if scripts:
            arrived = window.page.locator(".files li:not(.bad)")
            await expect(arrived.get_by_role("button")).to_contain_text(window.say("Remove"), timeout=PATIENCE)

    await window.go(path)
    await window.main.get_by_role("link", name=window.say("Add a file")).click()
    await window.main.get_by_label(window.say("Title of the file")).fill("Υπόδειγμα απόφασης δημοτικού συμβουλίου")
    await choose("Υπόδειγμα απόφασης.pdf")
    await _look(window, f"new-{seen}")
    await window.press(window.say("Add the file"), within=window.main)

    await window.main.get_by_role("link", name=window.say("New version")).click()
    await window.main.get_by_label(window.say("What is new")).fill("Προσαρμογή στον νέο νόμο για τις συμβάσεις.")
    await window.main.get_by_label(window.say("Valid from")).fill("2027-01-01")
    await choose("Υπόδειγμα απόφασης, αναθεωρημένο.pdf")
    await _look(window, f"version-{seen}")
    await window.press(window.say("Publish the version"), within=window.main)

    section = window.main.locator("#files")
    said = window.say("Version %(number)s, replaces version %(previous)s")
    await expect(section).to_contain_text(said % {"number": 2, "previous": 1})
    await expect(section).to_contain_text(hashlib.sha256(files.pdf("two")).hexdigest())
    await section.locator("summary").click()
    await expect(section).to_contain_text(hashlib.sha256(files.pdf("one")).hexdigest())
    await _look(window, f"files-{seen}")
    for link, content in (("Download", files.pdf("two")),):
        href = await section.get_by_role("link", name=window.say(link)).first.get_attribute("href")
        assert href in {"/guides/files/1", "/guides/files/1/1"}
        answer = await window.page.request.get(str(await window.page.evaluate("location.origin")) + "/guides/files/1")
        assert await answer.body() == content

    await section.get_by_role("link", name=window.say("Take the file away")).click()
    await _look(window, f"delete-{seen}")
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
