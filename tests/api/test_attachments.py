"""Files over the API: brought once however often they are sent, told of, handed out, and taken away."""

from __future__ import annotations

import io

import pytest
from aiohttp import FormData

from forum.db import RawConnection
from tests import files
from tests.site import Answer, Program, Site

_PATH = "/api/v1/attachments"


async def send(program: Program, content: bytes, name: str = "Πρακτικά.pdf", key: str = "") -> Answer:
    form = FormData(quote_fields=False)
    form.add_field("file", io.BytesIO(content), filename=name)
    return await program.post(_PATH, data=form, headers={"Idempotency-Key": key} if key else {})


async def test_a_program_brings_a_file_and_names_it_in_a_text(site: Site, owner: RawConnection) -> None:
    maria, nikos = await site.program("maria"), await site.program("nikos")
    made = await send(maria, files.pdf())
    assert made.status == 201
    told = made.json
    assert made.location.endswith(f"{_PATH}/{told['id']}")
    assert {name: told[name] for name in ("name", "size", "content_type", "post_id", "markdown")} == {
        "name": "Πρακτικά.pdf",
        "size": len(files.pdf()),
        "content_type": "application/pdf",
        "post_id": None,
        "markdown": f"[Πρακτικά.pdf](/attachments/{told['id']})",
    }
    assert (await nikos.get(f"{_PATH}/{told['id']}")).status == 404
    topic = await maria.post(
        "/api/v1/topics", json={"category": "questions", "title": "Θέμα", "body": told["markdown"]}
    )
    shown = await nikos.get(f"{_PATH}/{told['id']}")
    assert shown.json == {**told, "post_id": topic.json["first_post_id"]}
    content = await nikos.get(f"{_PATH}/{told['id']}/content", headers={"Range": "bytes=0-4"})
    assert (content.status, content.text) == (206, "%PDF-")
    assert (await nikos.delete(f"{_PATH}/{told['id']}")).status == 403
    assert (await maria.delete(f"{_PATH}/{told['id']}")).status == 204
    assert (await nikos.get(f"{_PATH}/{told['id']}")).status == 404
    assert await owner.fetchval("SELECT taken FROM storage_room") == 0


async def test_the_same_key_brings_one_file(site: Site, owner: RawConnection) -> None:
    maria = await site.program("maria")
    answers = [await send(maria, files.pdf(), key="k1") for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert (await send(maria, files.pdf("Other words"), key="k1")).status == 422
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 1
    assert await owner.fetchval("SELECT taken FROM storage_room") == len(files.pdf())


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [("α.exe", b"MZ", "DOCX"), ("α.pdf", b"", "κενό"), ("α.png", files.huge_picture(), "εικονοστοιχεία")],
)
async def test_what_is_not_taken_is_said_why(site: Site, name: str, content: bytes, word: str) -> None:
    answer = await send(await site.program("maria"), content, name)
    assert answer.status == 422
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert word in answer.json["errors"]["file"][0]


async def test_an_opening_counts_the_files_that_become_visible(site: Site, owner: RawConnection) -> None:
    sophie, administrator = await site.program("sophie"), await site.program("administrator")
    made = (await send(sophie, files.pdf())).json
    await sophie.post("/api/v1/topics", json={"category": "guides", "title": "Οδηγός", "body": made["markdown"]})
    await owner.execute(
        "DELETE FROM grants USING groups, categories WHERE groups.id = group_id AND categories.id = category_id "
        "AND groups.slug = 'region-cyprus' AND categories.slug = 'guides'"
    )
    wanted = {"region": "cyprus", "stage": "readers", "preview": True}
    shown = await administrator.post("/api/v1/categories/guides/openings", json=wanted)
    assert (shown.json["topics"], shown.json["posts"], shown.json["attachments"]) == (1, 1, 1)
