"""A member's authenticator app, as a test has one: it knows the secret and makes the codes of any step."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pyotp

from forum.db import RawConnection
from forum.domain.second_factors import STEP_SECONDS
from tests.cast import PASSWORD, email
from tests.site import Answer, Site, Visitor

PATH: Final = "/settings/second-factor"
_STEP: Final = f"SELECT floor(extract(epoch FROM clock_timestamp()) / {STEP_SECONDS})::bigint"


@dataclass(frozen=True, slots=True)
class App:
    """What a telephone holds, with the clock of the forum's database."""

    secret: str
    owner: RawConnection

    async def step(self) -> int:
        """Return the number of the present step."""
        return int(await self.owner.fetchval(_STEP))

    async def code(self, later: int = 0) -> str:
        """Return the code of the present step, or of one so many steps later."""
        return pyotp.TOTP(self.secret).generate_otp(await self.step() + later)

    async def wrong_code(self) -> str:
        """Return six digits that are the code of no step that is near."""
        near = {await self.code(later) for later in range(-4, 5)}
        return next(code for code in map("{:06}".format, range(100)) if code not in near)

    async def wait(self) -> None:
        """Let what was spent be long ago: the same code may be shown again, as that of a later step."""
        await self.owner.execute("UPDATE second_factors SET last_step = 0")


def uri_of(page: Answer) -> str:
    """Return what the page's link gives the app."""
    found = re.search(r'href="(otpauth:[^"]+)"', page.text)
    assert found
    return unescape(found[1])


def app_of(page: Answer, owner: RawConnection) -> App:
    """Return the app of somebody who reads the page."""
    return App(parse_qs(urlsplit(uri_of(page)).query)["secret"][0], owner)


def codes_of(page: Answer) -> list[str]:
    """Return the recovery codes that a page shows."""
    return re.findall(r"<li><code>([0-9a-z-]+)</code></li>", page.text)


def field(page: Answer, name: str) -> str:
    """Return the value of a hidden field of the page's own form; the masthead has forms too."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text.partition("<main")[2])
    assert found, f"no hidden field {name} in the page's own form"
    return unescape(found[1])


async def set_up(visitor: Visitor, owner: RawConnection) -> tuple[App, list[str]]:
    """Set up a second factor on the pages; return the app and the recovery codes. Nothing of the app's is spent."""
    begun = await visitor.submit(PATH)
    page = await visitor.follow(begun)
    app = app_of(page, owner)
    answer = await visitor.submit(f"{PATH}/new", {"code": await app.code()})
    assert answer.status == 200, answer.text[:2000]
    await app.wait()
    return app, codes_of(answer)


async def give_password(visitor: Visitor, person: str = "maria", **fields: str) -> Answer:
    """Take the first step of signing in."""
    await visitor.get("/login")
    return await visitor.submit("/login", {"email": email(person), "password": PASSWORD, **fields})


async def at_second_step(site: Site, person: str = "maria") -> Visitor:
    """Return the browser of somebody who is asked for the code."""
    visitor = await site.visitor()
    answer = await give_password(visitor, person)
    assert (answer.status, answer.location) == (303, "/login/code")
    assert (await visitor.follow(answer)).status == 200
    return visitor


async def age(owner: RawConnection) -> None:
    """Let the password of every session have been given too long ago for a grave act."""
    await owner.execute("UPDATE sessions SET authenticated_at = now() - interval '15 minutes 1 second'")
