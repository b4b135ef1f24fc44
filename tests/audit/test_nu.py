"""The Nu HTML checker, which the W3C's own service runs, finds nothing in any kind of page or in the style sheet."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest
from playwright.async_api import Response

from forum.db import RawConnection
from forum.i18n import LANGUAGES, Language
from tests.audit import tools
from tests.browser.conftest import OpenPage
from tests.browser.families import every_family
from tests.browser.family import Family
from tests.browser.window import Window
from tests.site import Site

ALLOWED: Final = {
    r"The “list” role is unnecessary for element “[uo]l”": "WebKit takes a list that hides its markers for no list",
    r"appears to be written in Greek but": "it counts what members wrote, of which no language is kept",
    r'Cannot invoke "org\.w3c\.css\.': "the checker itself fails at light-dark() with custom properties in it",
}
"""What the checker says that is no fault of ours, as a pattern, and why."""

_STYLES: Final = Path(__file__).parents[2] / "forum" / "static" / "koinon.css"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_is_html_as_it_is_written_down(
    open_page: OpenPage, site: Site, owner: RawConnection, tmp_path: Path, language: Language
) -> None:
    windows: dict[str | None, Window] = {}
    async for family in every_family(site, owner):
        if family.person not in windows:
            windows[family.person] = await open_page(family.person, language=language)
        html = await _as_sent(windows[family.person], family)
        assert f'<html lang="{language}"' in html
        (tmp_path / f"{family.name}.html").write_text(html, encoding="utf-8")
    pages = sorted(tmp_path.glob("*.html"))
    assert len(pages) > 50
    faults = await _said_of(pages)
    assert not faults, "\n".join(faults)


async def test_the_checker_would_see_a_fault(tmp_path: Path) -> None:
    page = tmp_path / "faulty.html"
    page.write_text("<!doctype html><html lang=en><title>Faulty</title><p><div id=a></div></p><ul><p id=a></ul>")
    assert len(await _said_of([page])) >= 3


async def test_the_style_sheet_is_css() -> None:
    faults = await _said_of([_STYLES], "--css")
    assert not faults, "\n".join(faults)


async def _as_sent(window: Window, family: Family) -> str:
    """Return the page as the server sent it, before the browser has mended anything."""
    documents: list[Response] = []

    def note(response: Response) -> None:
        if response.request.resource_type == "document":
            documents.append(response)

    window.page.on("response", note)
    await family.visit(window)
    window.page.remove_listener("response", note)
    return await documents[-1].text()


async def _said_of(files: list[Path], *options: str) -> list[str]:
    """Return each complaint once, with the number of its places and the first of them."""
    status, _said, found = await tools.run("java", "-jar", tools.VNU, "--format", "json", *options, *files)
    messages = json.loads(found)["messages"]
    assert status == 0 or messages, found
    places: dict[str, list[str]] = {}
    for message in messages:
        if not any(re.search(pattern, message["message"]) for pattern in ALLOWED):
            kind = message.get("subType", message["type"])
            place = (
                f"{unquote(Path(message['url']).stem)}, {message.get('lastLine', 0)}: {message.get('extract', '')!r}"
            )
            places.setdefault(f"{kind}: {message['message']}", []).append(place)
    return [f"{what} {len(where)} times, first on {where[0]}" for what, where in places.items()]
