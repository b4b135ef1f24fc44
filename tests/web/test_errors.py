"""What readers see when something cannot be answered."""

from __future__ import annotations

from io import BytesIO

import pytest

from forum.db import RawConnection
from tests.site import Answer, Site

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def is_error_page(answer: Answer, status: int) -> bool:
    return (
        answer.status == status
        and answer.headers["Content-Type"] == "text/html; charset=utf-8"
        and answer.text.count("<h1>") == 1
        and f"Σφάλμα {status}" in answer.text
        and 'href="/help"' in answer.text
    )


async def test_members_find_a_page_where_nothing_is(site: Site) -> None:
    answer = await (await site.visitor("maria")).get("/nothing/here")
    assert is_error_page(answer, 404)
    assert 'href="/search"' in answer.text
    assert answer.headers["X-Request-Id"] not in answer.text


async def test_members_read_errors_in_their_own_language(site: Site) -> None:
    answer = await (await site.visitor("sophie")).get("/nothing", headers={"Accept-Language": "el"})
    assert answer.status == 404
    assert '<html lang="en">' in answer.text
    assert "Nothing is here" in answer.text


async def test_guests_are_sent_to_sign_in_from_where_nothing_is(site: Site) -> None:
    answer = await (await site.visitor()).get("/nothing/here?a=b")
    assert (answer.status, answer.location) == (303, "/login?next=/nothing/here?a%3Db")


async def test_a_missing_file_is_a_plain_404_for_everybody(site: Site) -> None:
    for person in (None, "maria"):
        assert (await (await site.visitor(person)).get("/static/nothing.css")).status == 404


async def test_a_method_that_is_not_taken_is_explained(site: Site) -> None:
    answer = await (await site.visitor("maria")).request("PUT", "/settings")
    assert is_error_page(answer, 405)


@pytest.mark.parametrize("path", ["/help?%00", "/%00", "/search?q=%00"])
async def test_bytes_that_are_no_text_are_a_bad_request(site: Site, path: str) -> None:
    answer = await (await site.visitor("maria")).get(path)
    assert is_error_page(answer, 400)


async def test_an_endless_address_is_refused(site: Site) -> None:
    assert is_error_page(await (await site.visitor("maria")).get("/" + "a" * 5000), 414)


async def test_a_body_beyond_the_limit_is_refused(site: Site) -> None:
    visitor = await site.visitor("maria")
    answer = await visitor.request("POST", "/settings", data=BytesIO(b"name=" + b"x" * 1024**2), headers=FORM)
    assert is_error_page(answer, 413)


async def test_a_refused_form_explains_itself(site: Site) -> None:
    answer = await (await site.visitor("maria")).request("POST", "/settings", data={"csrf_token": "x"})
    assert is_error_page(answer, 403)


@pytest.mark.own_database
async def test_an_error_of_ours_shows_only_its_number(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    assert (await visitor.get("/")).status == 200
    await owner.execute("ALTER TABLE topics RENAME TO topics_elsewhere")
    answer = await visitor.get("/")
    assert is_error_page(answer, 500)
    assert answer.headers["X-Request-Id"] in answer.text
    assert "topics_elsewhere" not in answer.text
    assert "Traceback" not in answer.text
    assert "asyncpg" not in answer.text.lower()


async def test_every_error_carries_the_headers_of_every_page(site: Site) -> None:
    for person, path in ((None, "/static/none"), ("maria", "/none"), ("maria", "/%00")):
        answer = await (await site.visitor(person)).get(path)
        assert answer.status >= 400
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Server"] == "Koinon"


async def test_what_is_in_an_address_is_never_markup(site: Site) -> None:
    answer = await (await site.visitor("maria")).get("/%3Cscript%3Ealert(1)%3C/script%3E?%22%3E%3Cb%3E")
    assert answer.status == 404
    assert "<script>" not in answer.text
    assert "alert(1)</script" not in answer.text
    assert '"><b>' not in answer.text
