"""Signing in and out as people do it: through the form, with a wrong password first, and with the back button after."""

from __future__ import annotations

from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.window import everywhere
from tests.cast import PASSWORD, email


@everywhere
async def test_a_wrong_password_keeps_the_address_and_a_right_one_opens_the_home_page(
    open_page: OpenPage, language: Language, width: int
) -> None:
    window = await open_page(None, language=language, width=width)
    await window.go("/")
    assert window.path == "/login"
    await window.field("E-mail address").fill(email("maria"))
    await window.field("Password").fill("not the password")
    await window.press(window.say("Sign in"), status=422)
    assert await window.heading() == window.say("Sign in")
    await window.says("The e-mail address or the password is not right. Check both and try again.")
    assert (await window.page.title()).startswith(window.say("Error:"))
    assert await window.field("E-mail address").input_value() == email("maria")
    assert await window.field("Password").input_value() == ""
    await window.field("Password").fill(PASSWORD)
    await window.press(window.say("Sign in"))
    assert window.path == "/"


@everywhere
async def test_after_signing_out_the_back_button_shows_nothing_private(
    open_page: OpenPage, language: Language, width: int
) -> None:
    window = await open_page("maria", language=language, width=width)
    await window.go("/settings")
    assert await window.field("Name").input_value() == "Μαρία Χατζηγιάννη"
    await window.open_menu()
    await window.press(window.say("Sign out"))
    assert window.path == "/login"
    await window.says("You have signed out.")
    await window.back()
    assert window.path.startswith("/login?next=")
    await window.hides("Μαρία")
    await window.go("/settings")
    assert window.path.startswith("/login?next=")
