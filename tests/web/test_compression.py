"""Pages and files come packed to browsers that take it, but never a page that another site may have asked for."""

from __future__ import annotations

import gzip

import pytest

from forum.web.compression import AT_ONCE, LEAST
from tests.site import Answer, Site, Visitor
from tests.web.content import reply, start

TAKES = {"Accept-Encoding": "gzip, deflate, br"}
OWN = {**TAKES, "Sec-Fetch-Site": "same-origin"}


def is_packed(answer: Answer) -> bool:
    packed = answer.headers.get("Content-Encoding") == "gzip"
    assert packed or "Content-Encoding" not in answer.headers
    return packed


async def _plain_and_packed(visitor: Visitor, path: str) -> tuple[Answer, Answer]:
    plain = await visitor.get(path, headers={"Accept-Encoding": "identity", "Sec-Fetch-Site": "none"})
    packed = await visitor.get(path, headers={**TAKES, "Sec-Fetch-Site": "none"})
    assert not is_packed(plain)
    assert is_packed(packed)
    return plain, packed


@pytest.mark.parametrize(("person", "path"), [(None, "/login"), ("maria", "/"), ("maria", "/nothing"), (None, "/help")])
async def test_a_page_is_the_same_packed_and_a_third_of_its_size(site: Site, person: str | None, path: str) -> None:
    plain, packed = await _plain_and_packed(await site.visitor(person), path)
    assert packed.text.count("\n") == plain.text.count("\n")
    assert packed.headers["Content-Type"] == plain.headers["Content-Type"] == "text/html; charset=utf-8"
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    for answer in (plain, packed):
        assert answer.headers["Vary"] == "Accept-Encoding, Sec-Fetch-Site"


@pytest.mark.parametrize(
    "coding", ["", "identity", "br", "*", "gzip;q=0", "deflate, gzip; q=0.0", "notgzip", "gzipped"]
)
async def test_who_does_not_take_gzip_gets_none(site: Site, coding: str) -> None:
    headers = {"Accept-Encoding": coding, "Sec-Fetch-Site": "none"}
    assert not is_packed(await (await site.visitor()).get("/help", headers=headers))


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br,gzip", "br;q=1.0, gzip;q=0.8", "x-gzip", " gzip ; q=1 "])
async def test_who_takes_gzip_gets_it(site: Site, coding: str) -> None:
    headers = {"Accept-Encoding": coding, "Sec-Fetch-Site": "none"}
    assert is_packed(await (await site.visitor()).get("/help", headers=headers))


@pytest.mark.parametrize("asker", ["cross-site", "same-site", "", None])
async def test_a_page_that_another_site_may_have_asked_for_is_never_packed(site: Site, asker: str | None) -> None:
    maria = await site.visitor("maria")
    path = "/search?q=water"
    assert is_packed(await maria.get(path, headers=OWN))
    headers = TAKES if asker is None else {**TAKES, "Sec-Fetch-Site": asker}
    assert not is_packed(await maria.get(path, headers=headers))


async def test_what_is_short_and_what_programs_ask_for_stays_as_it_is(site: Site) -> None:
    maria, program = await site.visitor("maria"), await site.program("maria")
    await maria.get("/settings")
    preview = await maria.submit("/preview", {"body": "Κείμενο."}, headers=OWN)
    assert preview.status == 200
    assert len(preview.text.encode()) < LEAST
    assert not is_packed(preview)
    assert not is_packed(await program.get("/api/v1/topics", headers=OWN))
    assert not is_packed(await (await site.visitor()).get("/healthz", headers=OWN))


async def test_a_very_long_page_is_packed_whole(site: Site) -> None:
    maria = await site.visitor("maria")
    started = await start(site, body="λέξη " * 8000)
    for _ in range(3):
        await reply(site, "nikos", started.topic_id, "λόγος " * 8000)
    page = await maria.get(f"/topics/{started.topic_id}/{started.slug}", headers=OWN)
    assert is_packed(page)
    assert len(page.text.encode()) > AT_ONCE
    assert page.text.rstrip().endswith("</html>")


async def test_head_tells_the_length_of_what_get_would_send(site: Site) -> None:
    guest = await site.visitor()
    head = await guest.request("HEAD", "/help", headers=OWN)
    assert is_packed(head)
    assert 0 < int(head.headers["Content-Length"]) < 20_000


async def test_texts_among_the_static_files_come_packed_and_fonts_as_they_are(site: Site) -> None:
    guest = await site.visitor()
    page = await guest.get("/login")
    for part, is_text in (
        ('rel="stylesheet" href="', True),
        ('rel="icon" href="', True),
        ('rel="preload" href="', False),
    ):
        path = page.text.partition(part)[2].partition('"')[0]
        # another site may ask for these: they hold no secrets and no words of anybody
        for headers in (TAKES, {**TAKES, "Sec-Fetch-Site": "cross-site"}):
            packed = await guest.get(path, headers=headers)
            assert is_packed(packed) == is_text
            assert packed.headers.get("Vary") == ("Accept-Encoding" if is_text else None)
        plain = await guest.get(path, headers={"Accept-Encoding": "identity"})
        assert not is_packed(plain)
        assert plain.text == packed.text
        assert plain.headers["Cache-Control"] == packed.headers["Cache-Control"]


async def test_a_packed_style_sheet_is_as_small_as_gzip_makes_it(site: Site) -> None:
    guest = await site.visitor()
    path = (await guest.get("/login")).text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    packed = await guest.get(path, headers=TAKES)
    assert int(packed.headers["Content-Length"]) == len(gzip.compress(packed.text.encode(), 9, mtime=0))
