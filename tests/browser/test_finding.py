"""Finding words, places and people, and keeping one's own settings."""

from __future__ import annotations

from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen
from tests.browser.window import halfway
from tests.cast import PASSWORD, email
from tests.site import Site

_NEW_PASSWORD = "βαρκούλες στον Μόλο 1922"


@halfway
async def test_words_are_found_with_and_without_accents_and_capitals(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    nikos = await Pen.of(site, "nikos")
    topic = await nikos.start("Διαχείριση υδάτων", "Η αφαλάτωση κοστίζει.")
    await nikos.start("Άσχετο", "Τίποτε.")
    window = await open_page("maria", language=language, width=width)
    await window.go("/search")
    for typed in ("αφαλάτωση", "αφαλατωση", "ΑΦΑΛΑΤΩΣΗ", "διαχειριση ΥΔΑΤΩΝ"):
        await window.field("Words to look for").fill(typed)
        await window.press(window.say("Search"), within=window.main)
        assert await window.main.get_by_role("heading", level=3).all_inner_texts() == ["Διαχείριση υδάτων"]
        assert await window.field("Words to look for").input_value() == typed
    await window.follow(topic.title, within=window.main)
    assert window.path == f"{topic.path}#post-1"
    await window.go("/search")
    await window.field("Words to look for").fill("ανύπαρκτο")
    await window.press(window.say("Search"), within=window.main)
    await window.says(
        "Nothing was found for “%(query)s”. Try fewer or other words, or all categories.", query="ανύπαρκτο"
    )


@halfway
async def test_a_municipality_leads_to_its_members_and_they_to_what_they_wrote(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    topic = await (await Pen.of(site, "nikos")).start("Διαχείριση υδάτων", "Η αφαλάτωση κοστίζει.")
    window = await open_page("maria", language=language, width=width)
    await window.go("/")
    await window.open_menu()
    await window.follow(window.say("Municipalities"), within=window.page.get_by_role("navigation"))
    await window.follow({"el": "Μυτιλήνη", "en": "Mytilene"}[language], within=window.main)
    assert window.path == "/municipalities/mytilene"
    await window.shows(topic.title)
    await window.follow("Νίκος Καραντώνης", within=window.main)
    assert await window.heading() == "Νίκος Καραντώνης"
    await window.shows("Η αφαλάτωση κοστίζει.")
    await window.follow(topic.title, within=window.main)
    assert window.path == f"{topic.path}#post-1"


@halfway
async def test_name_language_and_zone_are_kept(open_page: OpenPage, language: Language, width: int) -> None:
    window = await open_page("maria", language=language, width=width)
    await window.go("/settings")
    await window.field("Name").fill("")
    await window.press(window.say("Save"), status=422)
    await window.field("Name").fill("Μαρία Χ.")
    await window.field("Time zone").select_option("Europe/Brussels")
    await window.press(window.say("Save"))
    await window.says("Your settings are saved.")
    await window.go("/settings")
    assert await window.field("Name").input_value() == "Μαρία Χ."
    assert await window.field("Time zone").input_value() == "Europe/Brussels"


@halfway
async def test_another_session_is_ended_and_a_new_password_ends_all_others(
    open_page: OpenPage, language: Language, width: int
) -> None:
    here = await open_page("maria", language=language, width=width)
    there = await open_page("maria", language=language, width=width)
    await there.go("/settings")
    await here.go("/settings/sessions")
    rows = here.main.locator("tbody tr")
    assert await rows.count() == 2
    other = rows.filter(has_not_text=here.say("this one"))
    await here.press(here.say("End"), within=other)
    await here.says("The session has ended.")
    assert await rows.count() == 1
    await there.go("/settings")
    assert there.path == "/login?next=/settings"

    await there.field("E-mail address").fill(email("maria"))
    await there.field("Password").fill(PASSWORD)
    await there.press(there.say("Sign in"))
    assert there.path == "/settings"
    await here.follow(here.say("Password"), within=here.main)
    await here.field("Present password").fill("not it")
    await here.field("New password").fill(_NEW_PASSWORD)
    await here.field("New password once more").fill(_NEW_PASSWORD)
    await here.press(here.say("Change the password"), status=422)
    await here.says("This is not your present password.")
    await here.field("Present password").fill(PASSWORD)
    await here.field("New password").fill(_NEW_PASSWORD)
    await here.field("New password once more").fill(_NEW_PASSWORD)
    await here.press(here.say("Change the password"))
    await here.says("Your password is changed. All other sessions and tokens have ended.")
    await there.go("/settings")
    assert there.path == "/login?next=/settings"
    await there.field("E-mail address").fill(email("maria"))
    await there.field("Password").fill(PASSWORD)
    await there.press(there.say("Sign in"), status=422)
    await there.field("Password").fill(_NEW_PASSWORD)
    await there.press(there.say("Sign in"))
    assert there.path == "/settings"
