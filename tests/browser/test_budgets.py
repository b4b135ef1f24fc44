"""What a page costs a reader's line and nerves: bytes, requests, and nothing that moves after it was first seen."""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import resources
from itertools import cycle
from typing import Any, Final

from playwright.async_api import CDPSession, Page

from forum.db import RawConnection
from forum.domain.entities import POSTS_A_PAGE
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen, Topic
from tests.browser.families import every_family
from tests.browser.window import HEIGHT, SETTLED, Window, held_until
from tests.lengths import IS_AUDIT
from tests.site import Site

_KB: Final = 1024
_LIMITS: Final = {"script": 25 * _KB, "stylesheet": 15 * _KB, "font": 60 * _KB, "document": 25 * _KB}
"""Bytes of all files of a kind that a page needs, as gzip sends them."""

_COLD, _WARM = 10, 1
"""Requests of a first visit, and of a later one."""

_LENGTH: Final = 600
"""Characters of a post: about what members write in a reply of three sentences and a list."""

_SHIFTS: Final = """() => {
  const observer = new PerformanceObserver(() => {});
  observer.observe({type: 'layout-shift', buffered: true});
  const name = source => source.node && (source.node.outerHTML ?? source.node.data).slice(0, 90);
  return observer.takeRecords().filter(shift => !shift.hadRecentInput)
    .map(shift => `${shift.value.toFixed(4)}: ${shift.sources.map(name)}`);
}"""
"""The layout shifts of a page since it began, each with what moved."""

_PAINTED: Final = """() => new Promise(resolve => {
  new PerformanceObserver(resolve).observe({type: 'paint', buffered: true});
})"""


@dataclass
class Traffic:
    """What Chromium's network layer tells of one page: each answer's kind and size, and whether it was asked for."""

    cdp: CDPSession
    kinds: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)

    @classmethod
    async def of(cls, page: Page) -> Traffic:
        traffic = cls(await page.context.new_cdp_session(page))
        traffic.cdp.on("Network.responseReceived", traffic._received)
        traffic.cdp.on("Network.requestServedFromCache", lambda event: traffic.kept.add(event["requestId"]))
        traffic.cdp.on("Network.loadingFinished", lambda event: traffic.done.add(event["requestId"]))
        await traffic.cdp.send("Network.enable")
        return traffic

    def _received(self, event: dict[str, Any]) -> None:
        self.kinds[event["requestId"]] = event["type"].lower()
        self.addresses[event["requestId"]] = event["response"]["url"]
        if event["response"].get("fromDiskCache"):
            self.kept.add(event["requestId"])

    @property
    def requests(self) -> list[str]:
        """Return the addresses that the server was asked for."""
        return [
            address
            for number, address in self.addresses.items()
            if number not in self.kept and not address.startswith("data:")
        ]

    async def sizes(self) -> dict[str, int]:
        """Return the bytes of each kind, compressed as a web server in front of the forum does."""
        sizes: dict[str, int] = {}
        for number in self.done & self.kinds.keys():
            answer = await self.cdp.send("Network.getResponseBody", {"requestId": number})
            body = base64.b64decode(answer["body"]) if answer["base64Encoded"] else answer["body"].encode()
            kind = self.kinds[number]
            sizes[kind] = sizes.get(kind, 0) + len(gzip.compress(body, 6))
        return sizes


def _prose() -> Iterator[str]:
    """Give pieces of the handbook, as long as a post and each another one."""
    pages = sorted(resources.files("forum").joinpath("handbook", "el").iterdir(), key=lambda page: page.name)
    paragraphs = [text for page in pages for text in page.read_text("utf-8").split("\n\n") if text[0] not in "#|`"]
    piece: list[str] = []
    for paragraph in cycle(paragraphs):
        piece.append(paragraph)
        if sum(map(len, piece)) >= _LENGTH:
            yield "\n\n".join(piece)
            piece = []


async def _discussion(site: Site) -> Topic:
    """Write a topic that fills a page, by both of a conversation."""
    texts = _prose()
    nikos, maria = await Pen.of(site, "nikos"), await Pen.of(site, "maria")
    topic = await nikos.start("Τηλεμετρία στο δίκτυο ύδρευσης: απώλειες και κόστος", next(texts))
    for number in range(1, POSTS_A_PAGE):
        await (maria, nikos)[number % 2].reply(topic, next(texts), to=number if number % 3 == 0 else None)
    return topic


async def _shifts(window: Window) -> list[str]:
    """Return what has moved on a page until it settled; one without scripts cannot say when, but is loaded."""
    if window.has_scripts:
        await window.page.evaluate(SETTLED)
    shifts: list[str] = await window.page.evaluate(_SHIFTS)
    return shifts


async def _visit(window: Window, path: str) -> Traffic:
    traffic = await Traffic.of(window.page)
    await window.page.goto(window.address + path, wait_until="networkidle")
    return traffic


async def test_a_topic_page_and_the_home_page_keep_to_their_budgets(open_page: OpenPage, site: Site) -> None:
    topic = await _discussion(site)
    faults: list[str] = []
    for path in (topic.path, "/"):
        window = await open_page("maria", scripts=True)
        cold = await _visit(window, path)
        sizes = await cold.sizes()
        asked = len(cold.requests)
        faults += [f"{path}: {kind}, {size} bytes" for kind, size in sizes.items() if size > _LIMITS.get(kind, size)]
        faults += [f"{path}: {asked} requests, {cold.requests}"] if asked > _COLD else []
        assert {"document", "stylesheet", "font"} <= sizes.keys()
        warm = await _visit(window, path)
        faults += [f"{path}, again: {warm.requests}"] if len(warm.requests) > _WARM else []
    assert not faults, "\n".join(faults)


async def test_nothing_moves_on_any_page_after_it_was_seen(
    open_page: OpenPage, site: Site, owner: RawConnection
) -> None:
    """In the audit every page; else every sixth."""
    windows: dict[tuple[str | None, bool], Window] = {}
    faults: list[str] = []
    number = -1
    async for family in every_family(site, owner):
        number += 1
        if number % 12 and not IS_AUDIT:
            continue
        key = family.person, family.has_scripts
        if key not in windows:
            windows[key] = await open_page(family.person, scripts=family.has_scripts)
        window = windows[key]
        width = (360, 1280)[number // 6 % 2]
        await window.page.set_viewport_size({"width": width, "height": HEIGHT})
        shifts: list[str] = []
        for _ in range(5):
            if number % 2 == 0:
                cdp = await window.page.context.new_cdp_session(window.page)
                await cdp.send("Network.clearBrowserCache")
                await cdp.detach()
            await replace(family, is_unfolded=False).visit(window)  # what opens moves what is below
            # A machine that is held up while it reads the page or waits for a font moves words: not every time.
            if not (shifts := await _shifts(window)):
                break
        faults += [f"{family.name}, {width}: {shift}" for shift in shifts]
    assert not faults, "\n".join(faults)


async def test_fonts_that_come_late_move_nothing(open_page: OpenPage, site: Site) -> None:
    topic = await _discussion(site)
    for width in (360, 1280):
        window = await open_page("maria", width=width, scripts=True)
        seen = asyncio.Event()
        await window.page.route("**/*.woff2", held_until(seen))
        await window.page.goto(window.address + topic.path, wait_until="domcontentloaded")
        await window.page.evaluate(_PAINTED)
        async with window.page.expect_response("**/*.woff2"):
            seen.set()
        await window.page.wait_for_load_state("networkidle")
        assert await _shifts(window) == []
        await window.page.evaluate("document.body.prepend(document.querySelector('.editor').cloneNode(true))")
        assert await _shifts(window), "what moves is seen"
