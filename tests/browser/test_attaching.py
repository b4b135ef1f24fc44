"""Attaching files: chosen, pasted and dropped, with their progress and what a picture shows; and without scripts."""

from __future__ import annotations

import asyncio
import base64
import re
from pathlib import Path
from typing import Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from forum.db import RawConnection
from forum.i18n import Language
from tests import files
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen, Topic
from tests.browser.window import PATIENCE, Window, everywhere, halfway, held_until
from tests.cast import PASSWORD, email
from tests.site import Site

_PICTURE: Final = "Η πλατεία.png"
_PUT: Final = """([data, kind]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], 'Η πλατεία.png', {type: 'image/png'}));
  const area = document.querySelector('textarea.area');
  const name = kind === 'paste' ? 'clipboardData' : 'dataTransfer';
  const made = kind === 'paste' ? ClipboardEvent : DragEvent;
  area.dispatchEvent(new made(kind, {[name]: transfer, bubbles: true, cancelable: true}));
}"""
"""Paste or drop a picture into the text, as the browser tells of it."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / _PICTURE).write_bytes(files.picture(size=(1600, 900)))
    (tmp_path / "Μελέτη.pdf").write_bytes(files.pdf())
    (tmp_path / "κακό.exe").write_bytes(b"MZ")
    return tmp_path


async def _topic(site: Site) -> Topic:
    return await (await Pen.of(site, "nikos")).start("Ανάπλαση", "Πώς έγινε;")


async def _choose(window: Window, *paths: Path) -> None:
    part = window.page.locator(".attach")
    if await part.get_attribute("open") is None:
        await part.locator("summary").click()
    await window.page.set_input_files("#attach-file", list(paths))


@everywhere
async def test_files_are_chosen_described_taken_out_and_published(
    open_page: OpenPage, site: Site, owner: RawConnection, folder: Path, language: Language, width: int
) -> None:
    topic = await _topic(site)
    window = await open_page("maria", language=language, width=width, scripts=True)
    await window.go(topic.path)
    area = window.field("Text")
    await area.fill("Έτσι:")
    await _choose(window, folder / _PICTURE, folder / "Μελέτη.pdf")
    listed = window.page.locator(".files li")
    await expect(listed.filter(has_text="Μελέτη.pdf").get_by_role("button")).to_contain_text(
        window.say("Remove"), timeout=PATIENCE
    )
    first, second = [row["id"] for row in await owner.fetch("SELECT id FROM attachments ORDER BY id")]
    assert (await area.input_value()).split() == [
        "Έτσι:",
        f"![](/attachments/{first})",
        f"[Μελέτη.pdf](/attachments/{second})",
    ]
    await window.field("What the picture shows").fill("Η πλατεία [2026]")
    assert f"![Η πλατεία \\[2026\\]](/attachments/{first})" in await area.input_value()
    found = (await Axe().run(window.page)).response["violations"]
    assert found == [], [one["id"] for one in found]
    await listed.filter(has_text="Μελέτη.pdf").get_by_role("button").click()
    assert "Μελέτη.pdf" not in await area.input_value()
    await window.main.get_by_role("button", name=window.say("Publish the reply")).click()
    picture = window.post(2).get_by_role("img", name="Η πλατεία [2026]")
    await expect(picture).to_be_visible(timeout=PATIENCE)
    await picture.evaluate("image => image.decode()")
    assert await picture.evaluate("image => image.naturalWidth") == 1280
    await expect(listed).to_have_count(0)
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 1


@pytest.mark.parametrize("kind", ["paste", "drop"])
async def test_a_picture_is_pasted_and_dropped(
    open_page: OpenPage, site: Site, owner: RawConnection, kind: str
) -> None:
    window = await open_page("maria", scripts=True)
    await window.go((await _topic(site)).path)
    await window.page.evaluate(_PUT, [base64.b64encode(files.picture()).decode(), kind])
    await expect(window.page.locator(".files img")).to_be_visible(timeout=PATIENCE)
    id_ = await owner.fetchval("SELECT id FROM attachments")
    assert (await window.field("Text").input_value()).strip() == f"![](/attachments/{id_})"


@halfway
async def test_a_file_that_is_not_taken_is_said_why_and_the_text_stays(
    open_page: OpenPage, site: Site, folder: Path, language: Language, width: int
) -> None:
    window = await open_page("maria", language=language, width=width, scripts=True)
    await window.go((await _topic(site)).path)
    await window.field("Text").fill("Λέξεις")
    await _choose(window, folder / "κακό.exe")
    refused = window.page.locator(".files .bad")
    await expect(refused).to_contain_text("DOCX", timeout=PATIENCE)
    assert await window.field("Text").input_value() == "Λέξεις"
    await refused.get_by_role("button").click()
    await expect(refused).to_have_count(0)
    window.faults.clear()


async def test_a_file_that_came_after_the_session_is_sent_again_once_signed_in(
    open_page: OpenPage, site: Site, owner: RawConnection, folder: Path
) -> None:
    window = await open_page("maria", scripts=True)
    await window.go((await _topic(site)).path)
    await owner.execute("DELETE FROM sessions WHERE member_id = $1", site.cast.maria.member_id)
    await _choose(window, folder / "Μελέτη.pdf")
    refused = window.page.locator(".files .bad")
    link = refused.get_by_role("link", name=window.say("Sign in again, in a new tab"))
    async with window.page.expect_popup() as opened:
        await link.click()
    other = await opened.value
    await other.get_by_label(window.say("E-mail address")).fill(email("maria"))
    await other.get_by_label(window.say("Password"), exact=True).fill(PASSWORD)
    await other.get_by_role("button", name=window.say("Sign in"), exact=True).click()
    await other.wait_for_url("**/")
    await other.close()
    await window.page.bring_to_front()
    await refused.get_by_role("button", name=window.say("Try again")).click()
    await expect(window.page.locator(".files li:not(.bad) b")).to_have_text("Μελέτη.pdf", timeout=PATIENCE)
    await expect(window.field("Text")).to_have_value(re.compile(r"^\[Μελέτη\.pdf\]"), timeout=PATIENCE)
    window.faults.clear()


async def test_a_file_under_way_can_be_stopped_and_holds_up_the_reply(
    open_page: OpenPage, site: Site, owner: RawConnection, folder: Path
) -> None:
    window = await open_page("maria", scripts=True)
    await window.go((await _topic(site)).path)
    await window.field("Text").fill("Λέξεις")
    await window.page.route("**/attachments", held_until(asyncio.Event()))
    await _choose(window, folder / "Μελέτη.pdf")
    stop = window.page.locator(".files").get_by_role("button", name=window.say("Stop"))
    await stop.wait_for()
    await window.main.get_by_role("button", name=window.say("Publish the reply")).click()
    await window.says("A file is still on its way. Please wait until it is there.")
    await stop.click()
    await expect(window.page.locator(".files li")).to_have_count(0)
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 0
    window.faults.clear()


@everywhere
async def test_without_scripts_a_file_comes_with_the_words(
    open_page: OpenPage, site: Site, owner: RawConnection, folder: Path, language: Language, width: int
) -> None:
    window = await open_page("maria", language=language, width=width)
    await window.go((await _topic(site)).path)
    await window.field("Text").fill("Η μελέτη:")
    await _choose(window, folder / "Μελέτη.pdf")
    await window.press(window.say("Attach the file"))
    id_ = await owner.fetchval("SELECT id FROM attachments")
    assert await window.field("Text").input_value() == f"Η μελέτη:\n\n[Μελέτη.pdf](/attachments/{id_})"
    await _choose(window, folder / "κακό.exe")
    await window.press(window.say("Attach the file"), status=422)
    assert await window.heading() == window.say("The file is not attached")
    await window.follow(window.say("Back to your text"))
    await window.press(window.say("Publish the reply"))
    link = window.post(2).get_by_role("link", name="Μελέτη.pdf")
    async with window.page.expect_download() as download:
        await link.click()
    assert (await download.value).suggested_filename == "Μελέτη.pdf"
    window.faults.clear()
