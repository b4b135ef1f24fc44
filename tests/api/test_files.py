"""Files of guides over the API: added, renewed, listed with their sums and addresses, and taken away."""

from __future__ import annotations

import hashlib

import pytest

from tests import files
from tests.api.arrange import faulty, problem, start
from tests.api.test_attachments import send
from tests.site import Program, Site


@pytest.fixture
async def sophie(site: Site) -> Program:
    return await site.program("sophie")


async def _guide(program: Program) -> int:
    return int((await start(program, category="guides", kind="guide", body="", fields={"language": "el"}))["id"])


async def _bring(program: Program, words: str = "one") -> int:
    return int((await send(program, files.pdf(words))).json["id"])


async def test_a_file_and_its_second_version_are_added_and_read(site: Site, sophie: Program) -> None:
    guide, nikos = await _guide(sophie), await site.program("nikos")
    first = await sophie.post(
        f"/api/v1/topics/{guide}/files", json={"title": "Υπόδειγμα", "attachment": await _bring(sophie)}
    )
    assert first.status == 201, first.text
    file_id = first.json["id"]
    assert first.location.endswith(f"/api/v1/files/{file_id}")
    sent = {"attachment": await _bring(sophie, "two"), "note": "Νέο άρθρο", "valid_from": "2027-01-01"}
    second = await sophie.post(f"/api/v1/topics/{guide}/files/{file_id}/versions", json=sent)
    assert second.status == 201, second.text
    listed = await nikos.get(f"/api/v1/topics/{guide}/files")
    assert listed.json == {"items": [second.json]}
    assert (await nikos.get(f"/api/v1/files/{file_id}")).json == second.json
    newest, oldest = second.json["versions"]
    assert (newest["number"], newest["note"], newest["valid_from"]) == (2, "Νέο άρθρο", "2027-01-01")
    assert newest["sha256"] == hashlib.sha256(files.pdf("two")).hexdigest()
    assert second.json["url"].endswith(f"/guides/files/{file_id}")
    assert oldest["url"].endswith(f"/guides/files/{file_id}/1")
    content = await nikos.get(f"/api/v1/attachments/{oldest['attachment_id']}/content")
    assert content.status == 200
    assert (await nikos.delete(f"/api/v1/files/{file_id}")).status == 403
    assert problem(await sophie.delete(f"/api/v1/attachments/{oldest['attachment_id']}"), 403) == "guide_version"
    assert (await sophie.delete(f"/api/v1/files/{file_id}")).status == 204
    assert (await nikos.get(f"/api/v1/files/{file_id}")).status == 404
    assert (await nikos.get(f"/api/v1/attachments/{oldest['attachment_id']}/content")).status == 404


async def test_the_same_key_adds_once(sophie: Program) -> None:
    guide, brought = await _guide(sophie), await _bring(sophie)
    path, sent = f"/api/v1/topics/{guide}/files", {"title": "Υπόδειγμα", "attachment": brought}
    answers = [await sophie.post(path, json=sent, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert faulty(await sophie.post(path, json=sent)) == {"attachment"}


async def test_what_is_wrong_is_named(site: Site, sophie: Program) -> None:
    guide, other = await _guide(sophie), await _guide(sophie)
    path = f"/api/v1/topics/{guide}/files"
    assert faulty(await sophie.post(path, json={})) == {"title", "attachment"}
    brought = await _bring(sophie)
    sent = {"title": "Υπόδειγμα", "attachment": brought, "valid_from": "2027-02-30"}
    assert faulty(await sophie.post(path, json=sent)) == {"valid_from"}
    of_others = await _bring(await site.program("administrator"))
    assert faulty(await sophie.post(path, json={"title": "Υπόδειγμα", "attachment": of_others})) == {"attachment"}
    file_id = (await sophie.post(path, json={"title": "Υπόδειγμα", "attachment": brought})).json["id"]
    elsewhere = f"/api/v1/topics/{other}/files/{file_id}/versions"
    assert (await sophie.post(elsewhere, json={"attachment": await _bring(sophie)})).status == 404
    stranger = await site.program("stranger")
    for hidden in (f"/api/v1/topics/{guide}/files", f"/api/v1/files/{file_id}"):
        assert (await stranger.get(hidden)).status == 404
