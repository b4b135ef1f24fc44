"""A forgotten password: all are answered alike; the link works once, for an hour, and only its form spends it."""

from __future__ import annotations

import re

import pytest

from forum.config import Config
from forum.db import RawConnection
from forum.keys import CONFIG, DB
from tests import cast as people
from tests.cast import PASSWORD
from tests.mail.sending import send_due
from tests.site import Answer, Site, without_tokens

NEW = "δεκατρείς ανεμόμυλοι"
GOOD = {"password": NEW, "password_repeat": NEW}
MARIA = people.email("maria")


def _config(site: Site) -> Config:
    return site.app[CONFIG]


async def _ask(site: Site, email: str = MARIA) -> Answer:
    guest = await site.visitor()
    await guest.get("/password")
    return await guest.submit("/password", {"email": email})


async def _letters(site: Site) -> list[str]:
    """Send what is due and return the text of every letter so far."""
    await send_due(site.app[DB], _config(site))
    found = []
    for file in sorted(_config(site).mail_folder.glob("*.eml"), key=lambda path: int(path.name.partition(".")[0])):
        import email  # noqa: PLC0415

        message = email.message_from_bytes(file.read_bytes())
        payload = message.get_payload()[0].get_payload(decode=True)  # type: ignore[index, union-attr]
        found.append(payload.decode())  # type: ignore[union-attr]
    return found


async def _link(site: Site) -> str:
    await _ask(site)
    found = re.search(r"/password/[0-9]+-[\w-]{43}", (await _letters(site))[-1])
    assert found
    return found[0]


async def test_a_member_sets_a_new_password_by_the_link(site: Site) -> None:
    signed_in, program = await site.visitor("maria"), await site.program("maria")
    assert (await signed_in.get("/settings")).status == 200
    link = await _link(site)
    guest = await site.visitor()
    assert (await guest.get(link)).status == 200
    answer = await guest.submit(link, GOOD)
    assert (answer.status, answer.location) == (303, "/login")
    assert 'role="status"' in (await guest.follow(answer)).text
    assert (await signed_in.get("/settings")).status == 303
    assert (await program.get("/api/v1/me")).status == 401
    for password, status in ((PASSWORD, 422), (NEW, 303)):
        other = await site.visitor()
        assert (await other.submit("/login", {"email": MARIA, "password": password})).status == status
    letters = await _letters(site)
    assert len(letters) == 2, "the owner is told that the password has changed"


async def test_known_and_unknown_and_suspended_are_answered_alike(site: Site, owner: RawConnection) -> None:
    answers = [await _ask(site, email) for email in (MARIA, "nobody@larnaca.example", people.email("suspended"))]
    assert {(answer.status, answer.location) for answer in answers} == {(303, "/password/sent")}
    assert len({without_tokens(answer.text) for answer in answers}) == 1
    assert await owner.fetchval("SELECT count(*) FROM mails") == 3, "the same is written for each"
    assert len(await _letters(site)) == 1
    assert await owner.fetchval("SELECT count(*) FROM mails WHERE outcome = 'dropped'") == 2


async def test_looking_at_the_link_spends_nothing(site: Site) -> None:
    link = await _link(site)
    for _ in range(3):
        assert (await (await site.visitor()).get(link)).status == 200
    assert (await (await site.visitor()).submit(link, GOOD)).status == 303


async def test_the_link_works_once(site: Site) -> None:
    link = await _link(site)
    guest = await site.visitor()
    assert (await guest.submit(link, GOOD)).status == 303
    for answer in (await guest.get(link), await guest.submit(link, GOOD)):
        assert answer.status == 404
        assert 'href="/password"' in answer.text


async def test_the_link_works_for_an_hour(site: Site, owner: RawConnection) -> None:
    link = await _link(site)
    await owner.execute("UPDATE password_resets SET expires_at = expires_at - interval '59 minutes'")
    assert (await (await site.visitor()).get(link)).status == 200
    await owner.execute("UPDATE password_resets SET expires_at = expires_at - interval '1 minute'")
    guest = await site.visitor()
    assert (await guest.get(link)).status == 404
    assert (await guest.submit(link, GOOD)).status == 404


async def test_a_changed_password_voids_the_link(site: Site) -> None:
    link = await _link(site)
    visitor = await site.visitor("maria")
    await visitor.get("/settings/password")
    assert (await visitor.submit("/settings/password", {"password_current": PASSWORD, **GOOD})).status == 303
    assert (await (await site.visitor()).get(link)).status == 404


@pytest.mark.parametrize("changed", ["last", "number", "purpose"])
async def test_a_link_that_is_not_ours_opens_nothing(site: Site, changed: str) -> None:
    link = await _link(site)
    wrong = {
        "last": link[:-1] + ("A" if link[-1] != "A" else "B"),
        "number": re.sub(r"/([0-9]+)-", lambda found: f"/{int(found[1]) + 1}-", link),
        "purpose": "/password/99999999999999999999-" + "A" * 43,
    }[changed]
    guest = await site.visitor()
    assert (await guest.get(wrong)).status == 404
    assert (await guest.submit(wrong, GOOD)).status == 404


@pytest.mark.parametrize(
    ("form", "faulty"),
    [
        ({"password": "", "password_repeat": ""}, "password"),
        ({"password": "short7!", "password_repeat": "short7!"}, "password"),
        ({"password": "password1234", "password_repeat": "password1234"}, "password"),
        ({"password": "Χατζηγιάννη", "password_repeat": "Χατζηγιάννη"}, "password"),
        ({"password": NEW, "password_repeat": NEW + "!"}, "password_repeat"),
    ],
)
async def test_a_password_that_will_not_do_leaves_the_link_good(site: Site, form: dict[str, str], faulty: str) -> None:
    link = await _link(site)
    guest = await site.visitor()
    answer = await guest.submit(link, form)
    assert answer.status == 422
    assert f'id="{faulty}-error"' in answer.text
    assert (await guest.submit(link, GOOD)).status == 303


async def test_staff_need_a_longer_password(site: Site) -> None:
    await _ask(site, people.email("moderator"))
    found = re.search(r"/password/[0-9]+-[\w-]{43}", (await _letters(site))[-1])
    assert found
    guest = await site.visitor()
    answer = await guest.submit(found[0], {"password": "δεκατρείς", "password_repeat": "δεκατρείς"})
    assert answer.status == 422


@pytest.mark.parametrize("email", ["", "no address", "a@b", "x" * 300 + "@example.org"])
async def test_what_is_no_address_is_refused_and_kept(site: Site, email: str) -> None:
    answer = await _ask(site, email)
    assert answer.status == 422
    assert 'id="email-error"' in answer.text


async def test_an_address_is_not_flooded(site: Site, owner: RawConnection) -> None:
    for _ in range(3):
        await _ask(site)
    assert await owner.fetchval("SELECT count(*) FROM mails") == 1, "what is on its way is not sent twice"
    for _ in range(8):
        await _letters(site)
        await _ask(site)
    assert len(await _letters(site)) == 5


async def test_the_token_is_kept_nowhere(site: Site, owner: RawConnection) -> None:
    link = await _link(site)
    token = link.rpartition("/")[2].partition("-")[2]
    for table in ("mails", "password_resets", "audit_entries"):
        rows = await owner.fetch(f"SELECT {table}::text AS row FROM {table}")
        assert not any(token in row["row"] for row in rows)


async def test_forms_without_the_sessions_token_do_nothing(site: Site, owner: RawConnection) -> None:
    link = await _link(site)
    guest = await site.visitor()
    for path, form in (("/password", {"email": MARIA}), (link, GOOD)):
        answer = await guest.request("POST", path, data=form)
        assert answer.status == 403
    assert await owner.fetchval("SELECT count(*) FROM mails") == 1
