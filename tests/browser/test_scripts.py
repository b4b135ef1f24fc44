"""What scripts add to every page: shortcuts on any layout, fresh times, messages that close; policy and budget."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any, Final

import pytest
from playwright.async_api import Locator, Request

from forum.i18n import LANGUAGES, Language
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen
from tests.browser.window import SETTLED, Window, halfway, held_until
from tests.site import Site

_BUDGET: Final = 25_000
_REQUESTS: Final = 4

_CODES: Final = {
    "j": "KeyJ",
    "k": "KeyK",
    "g": "KeyG",
    "h": "KeyH",
    "m": "KeyM",
    "t": "KeyT",
    ";": "KeyQ",
    "?": "Slash",
}
_GREEK: Final = {"j": "ξ", "k": "κ", "g": "γ", "h": "η", "m": "μ", "t": "τ"}


_SHIFTS: Final = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const {value, sources} of list.getEntries()) {
    const moved = sources.map(({node, previousRect, currentRect}) => [
      (node?.outerHTML ?? node?.data ?? '').slice(0, 100), JSON.stringify(previousRect), JSON.stringify(currentRect)]);
    window.shifts.push([value, ...moved]);
  }
}).observe({type: 'layout-shift', buffered: true});
"""


async def _strike(window: Window, letter: str, *, layout: Language = "en", modifiers: int = 0) -> None:
    """Strike the key that has a letter in the Latin layout, with what it writes in the reader's."""
    writes = _GREEK.get(letter, letter) if layout == "el" else letter
    session = await window.page.context.new_cdp_session(window.page)
    event: dict[str, Any] = {"key": writes, "code": _CODES[letter], "modifiers": modifiers}
    await session.send("Input.dispatchKeyEvent", {"type": "keyDown", **event, "text": "" if modifiers else writes})
    await session.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})
    await session.detach()


async def _focused(window: Window) -> str:
    return str(await window.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))


def _keys(window: Window) -> Locator:
    return window.page.get_by_role("dialog", name=window.say("Keyboard shortcuts"))


def _scripts_asked_for(window: Window) -> list[str]:
    """Return a list that grows with each script the page asks for."""
    found: list[str] = []

    def ask(request: Request) -> None:
        if request.resource_type == "script":
            found.append(request.url)

    window.page.on("request", ask)
    return found


# The whole --------------------------------------------------------------------------------------------------------


async def test_all_scripts_together_stay_within_the_budget(open_page: OpenPage, site: Site) -> None:
    topic = await (await Pen.of(site, "nikos")).start("Σύμβαση συντήρησης", "Κείμενο.")
    window = await open_page("maria", scripts=True)
    asked = _scripts_asked_for(window)
    await window.go(topic.path)
    await window.page.locator(".is-ready").wait_for()
    assert 0 < len(asked) <= _REQUESTS
    bodies = [await (await window.page.request.get(url)).body() for url in asked]
    assert sum(len(gzip.compress(body, 9)) for body in bodies) <= _BUDGET

    other = await open_page("maria", scripts=True)
    few = _scripts_asked_for(other)
    await other.go("/help")
    assert len(few) == 2, "what writing needs comes where one writes"


async def test_only_the_one_policy_may_turn_text_into_html(open_page: OpenPage) -> None:
    window = await open_page("maria", scripts=True)
    await window.go("/")
    refused = """() => {
      const refuses = act => { try { act(); return false; } catch { return true; } };
      return [
        refuses(() => { document.createElement('div').innerHTML = '<b>x</b>'; }),
        refuses(() => { document.createElement('script').src = '/x.js'; }),
        refuses(() => trustedTypes.createPolicy('other', {})),
        refuses(() => trustedTypes.createPolicy('koinon', {})),
      ];
    }"""
    assert await window.page.evaluate(refused) == [True] * 4
    assert window.faults, "each of them is reported too"
    window.faults.clear()


@halfway
async def test_scripts_move_nothing_when_they_come(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    topic = await (await Pen.of(site, "maria")).start("Σύμβαση συντήρησης", "Κείμενο.")
    window = await open_page("maria", language=language, width=width, scripts=True)
    await window.page.add_init_script(_SHIFTS)
    for path in ("/", "/categories/questions/new", f"/posts/{topic.posts[0]}/edit", topic.path):
        seen = asyncio.Event()
        await window.page.route("**/*.js", held_until(seen))
        await window.page.goto(window.address + path, wait_until="commit")
        await window.page.wait_for_function("document.readyState === 'interactive'")
        await window.page.evaluate(SETTLED)
        await window.page.evaluate("window.shifts = []")
        seen.set()
        await window.page.wait_for_load_state("networkidle")
        await window.page.wait_for_timeout(300)
        assert await window.page.evaluate("window.shifts") == [], path
        await window.page.unroute_all(behavior="wait")


# Shortcuts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LANGUAGES)
async def test_shortcuts_are_where_their_letters_are_on_latin_keyboards(
    open_page: OpenPage, site: Site, layout: Language
) -> None:
    pen = await Pen.of(site, "nikos")
    topic = await pen.start("Κοινή προμήθεια", "Ένα.")
    await pen.reply(topic, "Δύο.")
    window = await open_page("maria", scripts=True)
    await window.go(topic.path)
    await _strike(window, "j", layout=layout)
    assert await _focused(window) == "post-1"
    await _strike(window, "j", layout=layout)
    assert await _focused(window) == "post-2"
    await _strike(window, "k", layout=layout)
    assert await _focused(window) == "post-1"
    await _strike(window, "g", layout=layout)
    async with window.page.expect_navigation():
        await _strike(window, "m", layout=layout)
    assert window.path == "/municipalities"
    await _strike(window, "g", layout=layout)
    async with window.page.expect_navigation():
        await _strike(window, "h", layout=layout)
    assert window.path == "/"
    await _strike(window, "?", layout=layout)
    assert await _keys(window).is_visible()


async def test_the_greek_question_mark_asks_for_the_list_too(open_page: OpenPage) -> None:
    window = await open_page("maria", scripts=True)
    await window.go("/")
    await _strike(window, ";")
    assert await _keys(window).is_visible()
    assert await _focused(window) == window.say("Close")
    await window.page.keyboard.press("Escape")
    assert await _keys(window).is_hidden()


async def test_shortcuts_keep_out_of_fields_and_of_the_browsers_own(open_page: OpenPage, site: Site) -> None:
    topic = await (await Pen.of(site, "nikos")).start("Κοινή προμήθεια", "Ένα.")
    window = await open_page("maria", scripts=True)
    await window.go(topic.path)
    for modifiers in (1, 2, 4):  # Alt, Ctrl, Meta
        await _strike(window, "j", modifiers=modifiers)
    assert await _focused(window) != "post-1", "the browser's own"
    area = window.field("Text")
    await area.focus()
    await window.page.keyboard.type("j?")
    assert await area.input_value() == "j?"
    assert await _keys(window).is_hidden()
    await window.page.locator("#mast-q").focus()
    await window.page.keyboard.type("gh/t")
    assert await window.page.locator("#mast-q").input_value() == "gh/t"
    assert window.path == topic.path


async def test_a_reader_can_switch_the_shortcuts_off_and_on_again(open_page: OpenPage, site: Site) -> None:
    topic = await (await Pen.of(site, "nikos")).start("Κοινή προμήθεια", "Ένα.")
    window = await open_page("maria", scripts=True)
    await window.go(topic.path)
    await window.page.keyboard.press("?")
    switch = _keys(window).get_by_role("checkbox")
    assert await switch.is_checked()
    await switch.uncheck()
    await _keys(window).get_by_role("button", name=window.say("Close")).click()
    for _ in range(2):
        await _strike(window, "j")
        await _strike(window, "?")
        assert await _focused(window) != "post-1"
        assert await _keys(window).is_hidden()
        await window.page.reload()
    await window.page.get_by_role("link", name=window.say("Keyboard shortcuts")).click()
    await switch.check()
    await window.page.keyboard.press("Escape")
    await _strike(window, "j")
    assert await _focused(window) == "post-1"


@halfway
async def test_the_list_of_keys_fits_and_reads_well(open_page: OpenPage, language: Language, width: int) -> None:
    window = await open_page("maria", language=language, width=width, scripts=True)
    await window.go("/")
    await window.page.keyboard.press("?")
    box = await _keys(window).bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert not await window.page.evaluate("document.querySelector('dialog').scrollWidth > innerWidth")


async def test_one_goes_through_topics_and_to_where_one_writes(open_page: OpenPage, site: Site) -> None:
    pen = await Pen.of(site, "maria")
    for title in ("Πρώτο", "Δεύτερο"):
        topic = await pen.start(title, "Κείμενο.")
    window = await open_page("maria", scripts=True)
    await window.go("/categories/questions")
    press = window.page.keyboard.press
    await press("j")
    assert await _focused(window) == "Δεύτερο"
    await press("j")
    assert await _focused(window) == "Πρώτο"
    await press("k")
    async with window.page.expect_navigation():
        await press("Enter")
    assert window.path == topic.path
    await press("r")
    assert await _focused(window) == "body"
    await window.page.locator("main").focus()
    await press("j")
    async with window.page.expect_navigation():
        await press("e")
    assert window.path == f"/posts/{topic.posts[0]}/edit"
    await window.go("/categories/questions")
    async with window.page.expect_navigation():
        await press("n")
    assert window.path == "/categories/questions/new"
    await window.page.locator("main").focus()
    await press("/")
    assert await _focused(window) == "mast-q"


async def test_u_leads_to_the_first_unread_post(open_page: OpenPage, site: Site) -> None:
    pen = await Pen.of(site, "nikos")
    topic = await pen.start("Κοινή προμήθεια", "Ένα.")
    window = await open_page("maria", scripts=True)
    await window.go(topic.path)
    await pen.reply(topic, "Δύο.")
    await window.go("/categories/questions")
    async with window.page.expect_navigation():
        await window.page.keyboard.press("u")
    assert window.path == f"{topic.path}#post-2"
    await window.page.locator("main").focus()
    await window.page.keyboard.press("u")
    assert await _focused(window) == "post-2"


# Times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
async def test_times_stay_fresh_in_the_servers_own_words(open_page: OpenPage, site: Site, language: Language) -> None:
    await (await Pen.of(site, "nikos")).start("Κοινή προμήθεια", "Ένα.")
    window = await open_page("maria", language=language, scripts=True)
    await window.page.clock.install()
    await window.go("/categories/questions")
    time = window.main.locator("time[title]").first
    assert await time.inner_text() == window.say("just now")
    for minutes, said in ((1, 1), (4, 5)):
        await window.page.clock.fast_forward(minutes * 60_000 + 1000)
        assert await time.inner_text() == window.count("%(n)s minute ago", "%(n)s minutes ago", said).replace(
            "%(n)s", str(said)
        )


async def test_exact_times_come_on_demand_and_stay(open_page: OpenPage, site: Site) -> None:
    pen = await Pen.of(site, "nikos")
    for title in ("Πρώτο", "Δεύτερο"):
        await pen.start(title, "Ένα.")
    window = await open_page("maria", scripts=True)
    await window.go("/categories/questions")
    times = window.main.locator("time[title]")
    first, second = times.nth(0), times.nth(1)
    exact = await first.get_attribute("title")
    await first.focus()
    await window.page.keyboard.press("Enter")
    assert await first.inner_text() == exact
    assert await second.inner_text() == window.say("just now")
    await first.click()
    assert await first.inner_text() == window.say("just now")
    await window.page.keyboard.press("t")
    assert await times.all_inner_texts() == [await time.get_attribute("title") for time in await times.all()]
    await window.page.reload()
    assert await first.inner_text() == exact, "the reader chose so"
    await window.page.keyboard.press("t")
    assert await first.inner_text() == window.say("just now")


# Messages ---------------------------------------------------------------------------------------------------------


async def test_a_message_can_be_closed(open_page: OpenPage) -> None:
    window = await open_page("maria", scripts=True)
    await window.go("/settings")
    await window.press(window.say("Save"), within=window.main)
    notice = window.main.get_by_role("status")
    assert await notice.is_visible()
    await notice.get_by_role("button", name=window.say("Close the message")).click()
    assert await notice.count() == 0
    assert await _focused(window) == "main"


async def test_signing_out_leaves_no_draft_in_the_browser(open_page: OpenPage) -> None:
    window = await open_page("maria", scripts=True)
    await window.go("/")
    await window.page.evaluate("localStorage.setItem('koinon-draft:1:topic:1', '{}')")
    await window.press(window.say("Sign out"))
    assert await window.page.evaluate("Object.keys(localStorage)") == []


async def test_words_that_are_being_written_do_not_outlive_signing_out(open_page: OpenPage, site: Site) -> None:
    topic = await (await Pen.of(site, "nikos")).start("Θέμα", "Κείμενο.")
    window = await open_page("maria", scripts=True)
    # who is asked whether to leave says yes
    await window.page.add_init_script("addEventListener('beforeunload', event => event.stopImmediatePropagation())")
    await window.go(topic.path)
    await window.field("Text").fill("Μόλις άρχισα")
    await window.press(window.say("Sign out"))
    assert window.path == "/login"
    assert await window.page.evaluate("Object.keys(localStorage)") == []


async def test_another_member_finds_no_draft_in_the_browser(open_page: OpenPage, site: Site) -> None:
    window = await open_page("maria", scripts=True)
    own = f"koinon-draft:{site.cast.maria.member_id}:topic:1"
    await window.go("/help")
    for name in (own, f"koinon-draft:{site.cast.nikos.member_id}:topic:1", "koinon-keys"):
        await window.page.evaluate("name => localStorage.setItem(name, '{}')", name)
    await window.go("/")
    assert sorted(await window.page.evaluate("Object.keys(localStorage)")) == [own, "koinon-keys"]
