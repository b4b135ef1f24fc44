"""A second factor as people have one: set up with an app that reads the picture, shown at sign-in, lost, replaced."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

from forum.db import RawConnection
from forum.handlers.second_factors import picture
from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.window import Window, everywhere
from tests.cast import PASSWORD, email
from tests.web.factors import App, age


async def _scan(window: Window, owner: RawConnection) -> App:
    """Return the app that has read the picture: what it holds is compared with the address beside it."""
    uri = await window.main.get_by_role("link", name=window.say("Open it in the app on this device")).get_attribute(
        "href"
    )
    assert uri
    image = window.main.get_by_role("img")
    assert await image.get_attribute("src") == picture(uri)
    assert await image.evaluate("image => image.complete && image.naturalWidth > 100"), "the policy lets it be shown"
    assert email("maria") in unquote(urlsplit(uri).path)
    secret = parse_qs(urlsplit(uri).query)["secret"][0]
    label = window.say("Or type this key into the app, for the account %(account)s:", account=email("maria"))
    typed = window.main.get_by_role("textbox", name=label)
    assert (await typed.inner_text()).replace(" ", "") == secret
    return App(secret, owner)


async def _password(window: Window) -> None:
    await window.field("E-mail address").fill(email("maria"))
    await window.field("Password").fill(PASSWORD)
    await window.press(window.say("Sign in"), within=window.main)


@everywhere
async def test_it_is_set_up_used_and_replaced_by_a_recovery_code(
    open_page: OpenPage, owner: RawConnection, language: Language, width: int
) -> None:
    window = await open_page("maria", language=language, width=width)
    await window.go("/settings")
    await window.follow(window.say("Two-step sign-in"), within=window.main)
    await age(owner)
    await window.press(window.say("Set it up"), within=window.main, status=401)
    assert await window.heading() == window.say("Your password, please")
    await window.field("Present password").fill(PASSWORD)
    await window.press(window.say("Go on"), within=window.main)
    assert window.path == "/settings/second-factor/new"
    app = await _scan(window, owner)
    await window.field("One-time code").fill(await app.wrong_code())
    await window.press(window.say("Switch it on"), within=window.main, status=422)
    await window.says("The code is not right, or was used already. Wait for the next one and try again.")
    await window.field("One-time code").fill(await app.code())
    await window.press(window.say("Switch it on"), within=window.main)
    assert await window.heading() == window.say("Your recovery codes")
    codes = await window.main.locator("li code").all_inner_texts()
    assert len(codes) == 10
    await window.follow(window.say("Done, I have kept them"), within=window.main)
    await window.hides(codes[0])
    await app.wait()

    other = await open_page(None, language=language, width=width)
    await other.go("/settings/sessions")
    await _password(other)
    assert await other.heading() == other.say("The second step")
    code = other.field("One-time code")
    assert await code.get_attribute("autocomplete") == "one-time-code"
    assert await code.get_attribute("inputmode") == "numeric"
    await code.fill(await app.code())
    await other.press(other.say("Sign in"), within=other.main)
    assert other.path == "/settings/sessions"

    third = await open_page(None, language=language, width=width)
    await third.go("/login")
    await _password(third)
    await third.press(third.say("Use a recovery code"), within=third.main)
    await third.field("Recovery code").fill(codes[0])
    await third.press(third.say("Sign in"), within=third.main)
    assert third.path == "/"
    await third.go("/settings/second-factor")
    await third.shows(
        third.count(
            "You have %(n)s recovery code left. Each works once, in the place of a code of the app.",
            "You have %(n)s recovery codes left. Each works once, in the place of a code of the app.",
            9,
        )
    )
    await third.main.get_by_role("link", name=third.say("Switch two-step sign-in off")).click()
    await third.press(third.say("Switch two-step sign-in off"), within=third.main)
    await third.says("Two-step sign-in is off. Your password alone opens your account.")


@everywhere
async def test_an_administrator_who_asks_it_of_staff_is_led_to_it_too(
    open_page: OpenPage, owner: RawConnection, language: Language, width: int
) -> None:
    window = await open_page("administrator", language=language, width=width)
    await window.go("/admin/security")
    await window.field("Moderators and administrators have to sign in with two steps").check()
    await age(owner)
    await window.press(window.say("Save"), within=window.main, status=401)
    await window.field("Present password").fill(PASSWORD)
    await window.press(window.say("Go on"), within=window.main)
    assert window.path == "/settings/second-factor", "the rule holds for who made it"
    await window.says("Before you go on")
    await window.go("/categories/questions")
    assert window.path == "/settings/second-factor"
    await window.go("/help/signing-in")
    assert window.path == "/help/signing-in"
