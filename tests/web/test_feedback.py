"""Messages to the moderators: written by anybody, read and settled by staff."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.db import RawConnection
from forum.domain import feedback
from forum.domain.feedback import A_PAGE, FeedbackId
from forum.keys import DB
from tests.site import Site
from tests.web import content, doors, structure

GOOD = {
    "body": "Ο πίνακας δεν διαβάζεται\r\nμε αναγνώστη οθόνης",
    "page": "/help/access",
    "contact": "eleni@example.org",
}


async def _send(site: Site, body: str = "Δεν διαβάζεται", page: str = "") -> FeedbackId:
    async with site.app[DB].write() as tx:
        return await feedback.send(tx, None, body=body, page=page, contact="")


async def test_a_guest_writes_and_is_thanked(site: Site, owner: RawConnection) -> None:
    guest = await site.visitor()
    page = await guest.get("/feedback")
    assert (page.status, list(structure.faults(page.text))) == (200, [])
    assert 'name="contact"' in page.text
    answer = await guest.submit("/feedback", GOOD)
    assert (answer.status, answer.location) == (303, "/feedback/sent")
    thanks = await guest.follow(answer)
    assert (thanks.status, list(structure.faults(thanks.text))) == (200, [])
    [row] = await owner.fetch("SELECT member_id, contact, page, body FROM feedback")
    assert tuple(row) == (None, GOOD["contact"], GOOD["page"], GOOD["body"].replace("\r\n", "\n"))
    assert await content.acts(owner) == ["feedback.sent"]


async def test_a_member_is_known_and_leaves_no_contact(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    page = await maria.get("/feedback")
    assert 'name="contact"' not in page.text
    assert (await maria.submit("/feedback", GOOD)).status == 303
    [row] = await owner.fetch("SELECT member_id, contact FROM feedback")
    assert tuple(row) == (site.cast.maria.member_id, None)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("/topics/12/x", "/topics/12/x"),
        ("https://evil.example/", ""),
        ("//evil.example/", ""),
        ("javascript:alert(1)", ""),
        (f"/{'a' * 600}", ""),
        ("", ""),
    ],
)
async def test_the_page_is_filled_in_when_it_is_ours(site: Site, asked: str, kept: str) -> None:
    page = await (await site.visitor()).get(f"/feedback?page={asked}")
    assert page.status == 200
    found = re.search(r'name="page"[^>]* value="([^"]*)"', page.text)
    assert found
    assert found[1] == kept


async def test_every_page_and_the_statement_lead_to_the_form(site: Site) -> None:
    guest, maria = await site.visitor(), await site.visitor("maria")
    assert 'href="/feedback"' in (await guest.get("/privacy")).text
    assert 'href="/feedback?page=/help/writing"' in (await maria.get("/help/writing?x=1")).text
    statement = (await guest.get("/accessibility")).text
    assert 'href="/feedback"' in statement[statement.index("<main") : statement.index("</main>")]


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"body": ""}, "body"),
        ({"body": " \u200b\n"}, "body"),
        ({"body": "α" * 5001}, "body"),
        ({"body": "α\x00"}, "body"),
        ({"page": "/" + "a" * 500}, "page"),
        ({"contact": "a" * 255}, "contact"),
        ({"contact": "a\u202eb"}, "contact"),
    ],
)
async def test_what_cannot_be_taken_is_asked_for_again(
    site: Site, owner: RawConnection, changed: dict[str, str], faulty: str
) -> None:
    guest = await site.visitor()
    answer = await guest.submit("/feedback", {**GOOD, **changed})
    assert answer.status == 422
    assert f'href="#{faulty}"' in answer.text
    assert list(structure.faults(answer.text)) == []
    if faulty != "body":
        assert "Ο πίνακας δεν διαβάζεται" in answer.text
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 0


async def test_the_form_asks_for_the_token(site: Site, owner: RawConnection) -> None:
    await doors.asks_for_the_token(site, "maria", "/feedback", GOOD)
    guest = await site.visitor()
    await guest.get("/feedback")
    assert (await guest.request("POST", "/feedback", data=GOOD)).status == 403
    assert (await guest.submit("/feedback", GOOD, headers={"Origin": "https://evil.example"})).status == 403
    await doors.takes_no_other_method(site, "maria", "/feedback", "PUT", "DELETE")
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 0


async def test_staff_read_settle_and_reopen(site: Site, owner: RawConnection) -> None:
    moderator, guest = await site.visitor("moderator"), await site.visitor()
    empty = await moderator.get("/moderation/feedback")
    assert (empty.status, list(structure.faults(empty.text))) == (200, [])
    await guest.submit("/feedback", {**GOOD, "body": "<script>alert(1)</script>"})
    await (await site.visitor("maria")).submit("/feedback", {**GOOD, "page": "https://evil.example/"})
    page = await moderator.get("/moderation/feedback")
    assert list(structure.faults(page.text)) == []
    assert "<script>alert" not in page.text
    assert GOOD["contact"] in page.text
    assert site.cast.maria.name in page.text
    assert f'href="{GOOD["page"]}"' in page.text
    assert "https://evil.example/" in page.text
    assert 'href="https://evil.example/"' not in page.text
    first = await owner.fetchval("SELECT min(id) FROM feedback")
    path = f"/moderation/feedback/{first}/settle"
    assert path in page.text
    answer = await moderator.submit(path)
    assert (answer.status, answer.location) == (303, "/moderation/feedback")
    page = await moderator.follow(answer)
    assert f"{path}/delete" in page.text
    assert page.text.index(f"{path}/delete") > page.text.index(f"/moderation/feedback/{first + 1}/settle")
    settled = await owner.fetchrow("SELECT settled_at, settled_by_id FROM feedback WHERE id = $1", first)
    assert settled is not None
    assert settled["settled_by_id"] == site.cast.moderator.member_id
    administrator = await site.visitor("administrator")
    assert (await administrator.submit(f"{path}/delete")).status == 303
    assert await owner.fetchval("SELECT settled_at FROM feedback WHERE id = $1", first) is None
    assert await content.acts(owner) == ["feedback.sent"] * 2 + ["feedback.settled", "feedback.reopened"]


async def test_a_long_list_has_pages(site: Site) -> None:
    for number in range(A_PAGE + 1):
        await _send(site, f"Μήνυμα αριθμός {number}.")
    moderator = await site.visitor("moderator")
    page = await moderator.get("/moderation/feedback")
    assert page.text.count("Μήνυμα αριθμός") == A_PAGE
    following = re.search(r'href="(/moderation/feedback\?cursor=[^"]+)"', page.text)
    assert following
    page = await moderator.get(following[1])
    assert page.text.count("Μήνυμα αριθμός") == 1
    assert f"Μήνυμα αριθμός {A_PAGE}." in page.text
    assert (await moderator.get("/moderation/feedback?cursor=x")).status == 400


async def test_the_list_is_closed_to_everybody_else(site: Site, owner: RawConnection) -> None:
    path = f"/moderation/feedback/{await _send(site)}/settle"
    for person in (None, "suspended"):
        visitor = await site.visitor(person)
        assert (await visitor.get("/moderation/feedback")).location.startswith("/login")
        assert (await visitor.submit(path)).location.startswith("/login")
    for person in ("maria", "sophie", "stranger"):
        visitor = await site.visitor(person)
        assert (await visitor.get("/moderation/feedback")).status == 403
        for asked in (path, f"{path}/delete", f"/moderation/feedback/{doors.ABSENT}/settle"):
            assert (await visitor.submit(asked)).status == 403
        assert "/moderation/feedback" not in (await visitor.get("/help")).text
    assert await owner.fetchval("SELECT settled_at FROM feedback") is None


async def test_what_is_not_there_cannot_be_settled(site: Site) -> None:
    moderator = await site.visitor("moderator")
    for act in ("settle", "settle/delete"):
        assert (await moderator.submit(f"/moderation/feedback/{doors.ABSENT}/{act}")).status == 404
        assert (await moderator.submit(f"/moderation/feedback/abc/{act}")).status == 400


async def test_settling_asks_for_the_token(site: Site, owner: RawConnection) -> None:
    path = f"/moderation/feedback/{await _send(site)}/settle"
    await doors.asks_for_the_token(site, "moderator", path)
    await doors.asks_for_the_token(site, "moderator", f"{path}/delete")
    await doors.takes_no_other_method(site, "moderator", path, "PUT", "DELETE")
    assert await owner.fetchval("SELECT settled_at FROM feedback") is None


class TestTooMany:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        """A fifth of the usual limits: two messages an hour."""
        return Config(_env_file=None, data_dir=tmp_path, secret_key=SecretStr("k" * 64), rate_limits=1 / 5)

    async def test_the_third_is_refused_and_its_words_are_kept(self, site: Site, owner: RawConnection) -> None:
        for person in (None, "maria"):
            for number in range(3):
                visitor = await site.visitor(person)
                answer = await visitor.submit("/feedback", {**GOOD, "body": f"Μήνυμα {number}"})
                assert answer.status == (429 if number == 2 else 303), person
            assert "Μήνυμα 2" in answer.text
            assert 1 <= int(answer.headers["Retry-After"]) <= 3600
        assert (await (await site.visitor("nikos")).submit("/feedback", GOOD)).status == 303
        assert await owner.fetchval("SELECT count(*) FROM feedback") == 5
