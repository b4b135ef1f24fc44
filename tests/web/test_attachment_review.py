"""What a review of attachments found: names and links at their edges, requests that come again, endless forms."""

from __future__ import annotations

import asyncio
import io
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientError, FormData

from forum import attachment_jobs
from forum.db import RawConnection, connect
from forum.domain.entities import BODY_LIMIT
from forum.domain.topics import Started
from forum.files.kinds import Unusable
from forum.files.looking import Looking
from forum.keys import CONFIG, DB
from forum.postgres import EmbeddedServer, Endpoint
from forum.web import receiving
from tests import files
from tests.site import Answer, Program, Site, Visitor
from tests.web import content
from tests.web.attaching import FETCH, bring, send

_API = "/api/v1/attachments"


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "maria", body="Πρώτη ανάρτηση")


@pytest.fixture
async def maria(site: Site) -> Visitor:
    return await site.visitor("maria")


def stored(site: Site) -> list[Path]:
    return sorted(path for path in (site.app[CONFIG].data_dir / "files").rglob("*") if path.is_file())


async def send_by_program(program: Program, sent: bytes, key: str) -> Answer:
    form = FormData(quote_fields=False)
    form.add_field("file", io.BytesIO(sent), filename="α.pdf")
    return await program.post(_API, data=form, headers={"Idempotency-Key": key})


async def send_raw(visitor: Visitor, pieces: AsyncIterator[bytes]) -> Answer:
    """Send a form as it stands, without saying how long it is."""
    await visitor.get("/help")
    headers = {**FETCH, "X-CSRF-Token": visitor.token, "Content-Type": "multipart/form-data; boundary=limit"}
    return await visitor.request("POST", "/attachments", data=pieces, headers=headers)


_HEAD = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
_TAIL = b"\r\n--limit--\r\n"


# The event loop and endless forms -------------------------------------------------------------------


async def test_what_stands_before_a_form_holds_nobody_up(maria: Visitor) -> None:
    """Lines before the first boundary are read one by one, and nobody else has a turn between them."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            began = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - began)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"\n" * 250_000
        yield _HEAD + b"x" + _TAIL

    await maria.get("/help")
    ticking = asyncio.create_task(tick())
    await send_raw(maria, pieces())
    ticking.cancel()
    assert longest < 0.1, f"{longest:.2f} s of the processor at a stretch"


async def test_a_form_that_does_not_begin_is_refused(maria: Visitor, owner: RawConnection) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        line = b"x" * 1000 + b"\r\n"
        for _ in range(2 * receiving.AROUND // (len(line) * 100)):
            yield line * 100
        yield _HEAD + b"x" + _TAIL

    answer = await send_raw(maria, pieces())
    assert answer.status in {400, 413}
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 0


async def test_who_answers_does_not_search_through_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "arrived"
    path.write_bytes(b"\xff\xd8\xff\xe0\x00\x10" + bytes(16_000_000))
    looking = Looking()
    with pytest.raises(Unusable):
        await looking.take(path, "α.jpg")
    began = time.process_time()  # of this process, the child's is its own
    with pytest.raises(Unusable):
        await looking.take(path, "α.jpg")
    spent = time.process_time() - began
    assert spent < 0.2, f"{spent:.2f} s of the processor"


@pytest.mark.parametrize("tail", [b"", b"\r\n--limi", b"\r\n--limit", b"\r\n--limit\r\n"])
async def test_a_form_without_its_end_is_refused(maria: Visitor, owner: RawConnection, tail: bytes) -> None:
    """What was cut off would be kept as if it were whole."""

    async def pieces() -> AsyncIterator[bytes]:
        yield _HEAD + b"the beginning of the file" + tail

    answer = await send_raw(maria, pieces())
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 0, answer.text
    assert answer.status == 400


async def test_what_only_begins_like_the_boundary_is_the_files(site: Site, maria: Visitor) -> None:
    whole = b"the beginning\r\n--limited\r\n and\r\n--lim it goes on"

    async def pieces() -> AsyncIterator[bytes]:
        for byte in _HEAD + whole + _TAIL:
            yield bytes([byte])

    assert (await send_raw(maria, pieces())).status == 201
    assert [path.read_bytes() for path in stored(site)] == [whole]


@pytest.mark.parametrize("said", [b'form-data; name="file"; filename', b'form-data; name="file', b'"'])
async def test_a_part_that_says_nothing_readable_of_itself_is_refused(maria: Visitor, said: bytes) -> None:

    async def pieces() -> AsyncIterator[bytes]:
        yield b"--limit\r\nContent-Disposition: " + said + b"\r\n\r\nx" + _TAIL

    assert (await send_raw(maria, pieces())).status in {400, 422}


# Answers of 500, and what they cost -----------------------------------------------------------------


@pytest.mark.parametrize("ending", ["jpg", "png", "gif"])
async def test_a_long_name_gets_another_ending(maria: Visitor, ending: str) -> None:
    answer = await send(maria, files.picture("WEBP"), f"{'μ' * 300}.{ending}")
    assert answer.status == 201, answer.text
    assert answer.json["name"].endswith(".webp")
    assert len(answer.json["name"]) <= 200


async def test_without_scripts_a_full_text_is_not_lost(maria: Visitor, topic: Started, owner: RawConnection) -> None:
    body = "α" * (BODY_LIMIT - 5)
    fields = {"body": body, "place": f"topic:{topic.topic_id}"}
    answer = await send(maria, files.pdf(), fields=fields, is_script=False)
    assert answer.status in {303, 422}, answer.text
    assert str(await owner.fetchval("SELECT body FROM drafts")).startswith(body[:1000])


# Requests that come again ---------------------------------------------------------------------------


async def test_a_key_whose_file_is_gone_leaves_no_bytes(site: Site, owner: RawConnection) -> None:
    maria = await site.program("maria")
    made = await send_by_program(maria, files.pdf(), "k1")
    assert (await maria.delete(f"{_API}/{made.json['id']}")).status == 204
    assert stored(site) == []
    again = await send_by_program(maria, files.pdf(), "k1")
    assert again.status < 500
    assert len(stored(site)) == await owner.fetchval("SELECT count(*) FROM attachments")


async def test_a_file_is_not_empty_when_the_database_had_to_be_asked_again(
    maria: Visitor, owner: RawConnection, postgres: Endpoint, database_name: str
) -> None:
    """A connection breaks before anything is committed: the act is done again, though its form is read already."""
    await maria.get("/help")
    superuser = await connect(postgres.url(database_name, EmbeddedServer.SUPERUSER))
    try:
        async with owner.transaction():
            await owner.execute("SELECT taken FROM storage_room FOR UPDATE")
            sending = asyncio.create_task(send(maria, files.pdf()))
            while not await superuser.fetchval(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND usename = 'koinon' AND wait_event_type = 'Lock' LIMIT 1"
            ):
                assert not sending.done()
                await asyncio.sleep(0.02)
    finally:
        await superuser.close()
    answer = await sending
    assert "κενό" not in answer.text
    assert answer.status in {201, 503}, answer.text


async def test_bytes_stay_where_their_row_may_stand(
    site: Site, maria: Visitor, owner: RawConnection, postgres: Endpoint, database_name: str
) -> None:
    """The connection breaks while a commit is acknowledged: the row stands, so its bytes must."""
    superuser = await connect(postgres.url(database_name, EmbeddedServer.SUPERUSER))
    try:
        await superuser.execute("ALTER ROLE koinon SET synchronous_commit = on")
        await superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'koinon'")
        await maria.get("/help")
        async with owner.transaction():
            await owner.execute("SELECT taken FROM storage_room FOR UPDATE")
            sending = asyncio.create_task(send(maria, files.pdf()))
            while not await superuser.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = 'koinon' AND wait_event_type = 'Lock'"
            ):
                assert not sending.done()
                await asyncio.sleep(0.02)
            # From here on a commit is written, and then waits for a replica that there is not.
            await superuser.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
            await superuser.execute("SELECT pg_reload_conf()")
            await asyncio.sleep(0.3)
        while not await superuser.fetchval(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'koinon' AND wait_event = 'SyncRep' LIMIT 1"
        ):
            assert not sending.done()
            await asyncio.sleep(0.02)
    finally:
        await superuser.execute("ALTER SYSTEM RESET synchronous_standby_names")
        await superuser.execute("SELECT pg_reload_conf()")
        await superuser.execute("ALTER ROLE koinon RESET synchronous_commit")
        await superuser.close()
    await sending
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 1, "it was committed"
    assert len(stored(site)) == 1


# What a post names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/attachments/{}#page=3", "/attachments/{}?page=3", "{origin}/attachments/{}"])
async def test_what_a_post_names_in_any_way_is_its_own(
    site: Site, maria: Visitor, topic: Started, owner: RawConnection, address: str
) -> None:
    """A draft that names it so keeps it from the sweep; the post that the draft becomes must do so too."""
    nikos = await site.visitor("nikos")
    id_ = await bring(maria, files.pdf())
    named = address.format(id_, origin=site.app[CONFIG].origin)
    sent = {"body": f"Δείτε [τη σελίδα 3]({named})"}
    assert (await maria.submit(f"/topics/{topic.topic_id}/posts", sent)).status == 303
    assert (await nikos.get(f"/attachments/{id_}")).status == 200
    await owner.execute("UPDATE attachments SET created_at = created_at - interval '25 hours'")
    await attachment_jobs.sweep(site.app[DB], site.app[CONFIG])
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 1


async def test_the_title_of_a_topic_that_is_deleted_is_for_nobody(
    site: Site, topic: Started, owner: RawConnection
) -> None:
    nikos = await site.visitor("nikos")
    id_ = await bring(nikos, files.pdf())
    post = await content.reply(site, "nikos", topic.topic_id, f"[α](/attachments/{id_})")
    await content.delete_post(site, "nikos", post.id)
    await content.delete_topic(site, "maria", topic.topic_id)
    assert (await nikos.get(f"/topics/{topic.topic_id}")).status == 404
    assert (await nikos.get(f"/attachments/{id_}")).status == 404
    page = await nikos.get("/settings/files")
    assert "Φωτισμός λιμανιού" not in page.text


async def test_a_file_that_became_shorter_breaks_off(site: Site, maria: Visitor) -> None:
    """Kept open, the connection would hand out the next answer as the rest of this one."""
    id_ = await bring(maria, b"a" * 1000, "α.txt")
    (path,) = stored(site)
    path.write_bytes(b"a" * 500)
    async with asyncio.timeout(5):
        with pytest.raises(ClientError):
            await maria.get(f"/attachments/{id_}")


# What is left behind --------------------------------------------------------------------------------


async def test_bytes_that_were_half_put_go_a_day_later(site: Site, maria: Visitor) -> None:
    """A process was killed while it put a file into the folder: its draft has no name of a file."""
    await bring(maria, files.pdf())
    (whole,) = stored(site)
    half = whole.with_name(f".{'0' * 32}.partial")
    half.write_bytes(b"x" * 1000)
    long_ago = time.time() - 25 * 3600
    os.utime(half, (long_ago, long_ago))
    await attachment_jobs.sweep(site.app[DB], site.app[CONFIG])
    assert stored(site) == [whole]


# Names and documents --------------------------------------------------------------------------------


async def test_no_mark_of_direction_stays_in_a_name(maria: Visitor) -> None:
    answer = await send(maria, files.pdf(), "α\u061c12\u061c.pdf")
    assert answer.json["name"] == "α12.pdf"


async def test_macros_are_known_by_what_they_are(maria: Visitor) -> None:
    """The part may have any name: what it is, the document itself says."""
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    said = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/word/document.xml" ContentType="{word}.main+xml"/>'
        '<Override PartName="/word/data.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    )
    answer = await send(maria, files.docx(more={"[Content_Types].xml": said.encode(), "word/data.bin": b"x"}), "α.docx")
    assert answer.status == 422
    assert "μακροεντολές" in answer.text
