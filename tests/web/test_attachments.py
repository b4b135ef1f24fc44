"""Attachments: brought while one writes, taken up by a post, handed out to who may read it, and to nobody else."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Final

import pytest

from forum.db import RawConnection
from forum.domain.entities import AttachmentId
from forum.domain.topics import Started
from forum.keys import CONFIG
from tests import files
from tests.site import Site, Visitor, without_tokens
from tests.web import content
from tests.web.attaching import FETCH, bring, send

_HARMLESS = "default-src 'none'; sandbox; frame-ancestors 'none'"


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "maria", body="Πρώτη ανάρτηση")


@pytest.fixture
async def maria(site: Site) -> Visitor:
    return await site.visitor("maria")


async def publish(visitor: Visitor, topic: Started, *ids: AttachmentId, words: str = "Δείτε") -> None:
    """Reply with these files."""
    body = "\n\n".join([words, *(f"[αρχείο](/attachments/{id_})" for id_ in ids)])
    answer = await visitor.submit(f"/topics/{topic.topic_id}/posts", {"body": body})
    assert answer.status == 303, answer.text


def like_the_absent(text: str, id_: AttachmentId) -> str:
    """Return a page without what was asked for."""
    return without_tokens(text).replace(f"/attachments/{id_}", "/attachments/999999")


def stored(site: Site) -> list[Path]:
    return sorted(path for path in (site.app[CONFIG].data_dir / "files").rglob("*") if path.is_file())


# Bringing ----------------------------------------------------------------------------------------


async def test_a_script_is_told_what_stands_for_a_file(site: Site, maria: Visitor, owner: RawConnection) -> None:
    answer = await send(maria, files.pdf(), "Μελέτη [τελική].pdf")
    assert answer.status == 201
    id_ = answer.json["id"]
    assert answer.json == {
        "id": id_,
        "name": "Μελέτη [τελική].pdf",
        "type": "application/pdf",
        "markdown": f"[Μελέτη \\[τελική\\].pdf](/attachments/{id_})",
    }
    row = await owner.fetchrow("SELECT post_id, size, is_text_due FROM attachments")
    assert row is not None
    assert tuple(row) == (None, len(files.pdf()), True)
    assert [path.read_bytes() for path in stored(site)] == [files.pdf()]
    assert await owner.fetchval("SELECT taken FROM storage_room") == len(files.pdf())
    assert not list(site.app[CONFIG].arrivals_folder.iterdir())


async def test_of_a_picture_what_it_shows_is_still_to_be_said(maria: Visitor) -> None:
    answer = await send(maria, files.picture(), "IMG.png")
    assert answer.json["markdown"] == f"![](/attachments/{answer.json['id']})"


async def test_without_scripts_the_words_come_back_with_the_file(
    site: Site, maria: Visitor, topic: Started, owner: RawConnection
) -> None:
    page = await maria.get(f"/topics/{topic.topic_id}/posts/new")
    assert 'formenctype="multipart/form-data"' in page.text
    place = f"topic:{topic.topic_id}"
    fields = {"body": "Η μελέτη:\n", "place": place, "reply_to": "1"}
    answer = await send(maria, files.pdf(), "μελέτη.pdf", fields=fields, is_script=False)
    assert (answer.status, answer.location) == (303, f"/topics/{topic.topic_id}/posts/new")
    id_ = await owner.fetchval("SELECT id FROM attachments")
    shown = await maria.follow(answer)
    assert f"Η μελέτη:\n\n[μελέτη.pdf](/attachments/{id_})</textarea>" in shown.text
    assert "Το αρχείο επισυνάφθηκε" in shown.text
    assert shown.hidden("reply_to") == "1"


async def test_without_scripts_a_file_that_is_refused_costs_no_word(
    maria: Visitor, topic: Started, owner: RawConnection
) -> None:
    fields = {"body": "Οι λέξεις μου", "place": f"topic:{topic.topic_id}"}
    answer = await send(maria, b"MZ", "virus.exe", fields=fields, is_script=False)
    assert answer.status == 422
    assert f'href="/topics/{topic.topic_id}/posts/new"' in answer.text
    assert "DOCX" in answer.text
    assert await owner.fetchval("SELECT body FROM drafts") == "Οι λέξεις μου"
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 0


@pytest.mark.parametrize(
    ("name", "sent", "words"),
    [
        ("α.svg", b"<svg onload=alert(1)>", "DOCX"),
        ("α.html", b"<script>alert(1)</script>", "DOCX"),
        ("α.png", b"<script>alert(1)</script>", "DOCX"),
        ("α.png", files.picture()[:50], "κατεστραμμένο"),
        ("α.png", files.huge_picture(), "εικονοστοιχεία"),
        ("α.docx", files.docx(more={"word/vbaProject.bin": b"x"}), "μακροεντολές"),
        ("α.pdf", b"", "κενό"),
        ("α.pdf", None, "συμπληρώστε"),
    ],
)
async def test_what_is_not_taken_is_said_why(
    site: Site, maria: Visitor, owner: RawConnection, name: str, sent: bytes | None, words: str
) -> None:
    answer = await send(maria, sent, name)
    assert answer.status == 422
    assert words in answer.text
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 0
    assert stored(site) == []
    folder = site.app[CONFIG].arrivals_folder
    assert not folder.exists() or not list(folder.iterdir())


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Έγγραφα\\Μελέτη.pdf", "Μελέτη.pdf"),
        ("α\u202efdp.pdf", "αfdp.pdf"),
        ('α"; filename=x.pdf', "α; filename=x.pdf"),
        (f"{'μ' * 300}.pdf", f"{'μ' * 196}.pdf"),
        (".pdf", "file.pdf"),
    ],
)
async def test_a_name_leads_nowhere_and_breaks_nothing(maria: Visitor, said: str, kept: str) -> None:
    answer = await send(maria, files.pdf(), said.replace('"', "%22"))
    if '"' in said:
        kept = "α%22; filename=x.pdf"
    assert answer.status == 201
    assert answer.json["name"] == kept
    shown = await maria.get(f"/attachments/{answer.json['id']}")
    assert shown.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "\n" not in shown.headers["Content-Disposition"]


async def test_a_file_that_is_too_large_is_refused(
    site: Site, maria: Visitor, owner: RawConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    object.__setattr__(site.app[CONFIG], "attachment_mb", 1)
    answer = await send(maria, b"a" * 1_000_001, "α.txt")
    assert answer.status == 413
    assert "μεγαλύτερο" in answer.text
    assert (await send(maria, b"a" * 1_000_000, "α.txt")).status == 201
    object.__setattr__(site.app[CONFIG], "attachment_member_mb", 1)
    answer = await send(maria, b"a", "α.txt")
    assert answer.status == 507
    assert "Ρυθμίσεις" in answer.text
    nikos = await site.visitor("nikos")
    assert (await send(nikos, b"a", "α.txt")).status == 201
    object.__setattr__(site.app[CONFIG], "attachment_site_mb", 1)
    assert (await send(nikos, b"a", "α.txt")).status == 507
    assert await owner.fetchval("SELECT taken FROM storage_room") == 1_000_001
    assert len(stored(site)) == 2


async def test_who_may_attach_nowhere_brings_nothing(site: Site, owner: RawConnection) -> None:
    stranger = await site.visitor("stranger")
    assert (await send(stranger, files.pdf())).status == 403
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 0


async def test_a_guest_brings_nothing(site: Site, owner: RawConnection) -> None:
    guest = await site.visitor()
    answer = await send(guest, files.pdf(), is_script=False)
    assert answer.status == 303
    assert "/login" in answer.location
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 0


@pytest.mark.parametrize("is_script", [True, False])
async def test_another_site_sends_no_file(maria: Visitor, owner: RawConnection, is_script: bool) -> None:
    assert (await send(maria, files.pdf(), token="", is_script=is_script)).status == 403
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 0


async def test_a_form_that_is_no_form_is_the_senders_mistake(maria: Visitor) -> None:
    await maria.get("/help")
    headers = {"X-CSRF-Token": maria.token}
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x", "application/json", "text/plain"):
        sent = {**headers, "Content-Type": kind}
        assert (await maria.request("POST", "/attachments", data=b"--y\r\n\r\n", headers=sent)).status in {
            400,
            403,
            422,
        }


# Handing out -------------------------------------------------------------------------------------


async def test_a_file_is_its_authors_until_a_post_takes_it_up(
    site: Site, maria: Visitor, topic: Started, owner: RawConnection
) -> None:
    nikos, moderator = await site.visitor("nikos"), await site.visitor("moderator")
    id_ = await bring(maria, files.pdf())
    for visitor in (nikos, moderator, await site.visitor("administrator")):
        refused = await visitor.get(f"/attachments/{id_}")
        absent = await visitor.get("/attachments/999999")
        assert refused.status == absent.status == 404
        assert like_the_absent(refused.text, id_) == without_tokens(absent.text)
    assert (await maria.get(f"/attachments/{id_}")).status == 200
    await publish(maria, topic, id_)
    answer = await nikos.get(f"/attachments/{id_}")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Security-Policy"] == _HARMLESS
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"________.pdf\"; filename*=UTF-8''%CE%A0%CF%81%CE%B1%CE%BA%CF%84%CE%B9%CE%BA%CE%AC.pdf"
    )
    assert await owner.fetchval("SELECT post_id IS NOT NULL FROM attachments")


async def test_whoever_may_not_read_the_topic_learns_nothing_of_its_files(
    site: Site, maria: Visitor, topic: Started
) -> None:
    id_ = await bring(maria, files.picture(), "α.png")
    await publish(maria, topic, id_)
    stranger, guest = await site.visitor("stranger"), await site.visitor()
    for path, method in itertools.product(("", "/preview"), ("GET", "HEAD")):
        tag = (await maria.get(f"/attachments/{id_}{path}")).headers["ETag"]
        for asked in ({}, {"Range": "bytes=0-3"}, {"If-None-Match": "*"}, {"If-None-Match": tag}, {"If-Range": tag}):
            refused = await stranger.request(method, f"/attachments/{id_}{path}", headers=asked)
            absent = await stranger.request(method, f"/attachments/999999{path}", headers=asked)
            assert (refused.status, absent.status) == (404, 404)
            assert like_the_absent(refused.text, id_) == without_tokens(absent.text)
            assert "ETag" not in refused.headers
            assert (await guest.request(method, f"/attachments/{id_}{path}", headers=asked)).status == 303


async def test_the_files_of_a_deleted_reply_are_for_who_deleted_it(site: Site, maria: Visitor, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    id_ = await bring(maria, files.pdf())
    post = await content.reply(site, "maria", topic.topic_id, f"[α](/attachments/{id_})")
    assert (await nikos.get(f"/attachments/{id_}")).status == 200
    await content.delete_post(site, "maria", post.id)
    assert (await nikos.get(f"/attachments/{id_}")).status == 404
    assert (await maria.get(f"/attachments/{id_}")).status == 200


async def test_the_files_of_a_topic_go_with_the_right_to_read_it(
    site: Site, maria: Visitor, topic: Started, owner: RawConnection
) -> None:
    nikos = await site.visitor("nikos")
    id_ = await bring(maria, files.pdf())
    await publish(maria, topic, id_)
    assert (await nikos.get(f"/attachments/{id_}")).status == 200
    await owner.execute(
        "DELETE FROM grants USING groups, categories WHERE groups.id = group_id AND categories.id = category_id "
        "AND groups.slug = 'region-north-aegean' AND categories.slug = 'questions'"
    )
    assert (await nikos.get(f"/attachments/{id_}")).status == 404
    assert (await nikos.request("HEAD", f"/attachments/{id_}")).status == 404


_PARTS: Final = (
    ("bytes=0-3", 206, (0, 4)),
    ("bytes=10-", 206, (10, None)),
    ("bytes=-5", 206, (-5, None)),
    ("bytes=0-99999999", 206, (0, None)),
    ("bytes=99999999-", 416, None),
    ("bytes=-0", 416, None),
    ("bytes=5-2", 200, (0, None)),
    ("bytes=0-1,3-4", 200, (0, None)),
    ("bytes=-", 200, (0, None)),
    ("lines=1-2", 200, (0, None)),
    (f"bytes={'9' * 19}-", 416, None),
)


async def test_a_part_is_handed_out(maria: Visitor) -> None:
    sent = "".join(chr(97 + number % 26) for number in range(1000)).encode()
    id_ = await bring(maria, sent, "α.txt")
    for asked, status, part in _PARTS:
        answer = await maria.get(f"/attachments/{id_}", headers={"Range": asked})
        assert answer.status == status, asked
        if part is None:
            assert answer.headers["Content-Range"] == "bytes */1000"
            continue
        wanted = sent[slice(*part)]
        assert answer.text == wanted.decode(), asked
        if status == 206:
            start = part[0] if part[0] >= 0 else 1000 + part[0]
            assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(wanted) - 1}/1000"


async def test_what_is_known_is_not_sent_again(maria: Visitor) -> None:
    id_ = await bring(maria, b"abcdef", "α.txt")
    tag = (await maria.get(f"/attachments/{id_}")).headers["ETag"]
    answer = await maria.get(f"/attachments/{id_}", headers={"If-None-Match": f'"x", {tag}'})
    assert (answer.status, answer.text) == (304, "")
    part = {"Range": "bytes=1-2", "If-Range": tag}
    assert (await maria.get(f"/attachments/{id_}", headers=part)).text == "bc"
    assert (await maria.get(f"/attachments/{id_}", headers={**part, "If-Range": '"other"'})).text == "abcdef"
    head = await maria.request("HEAD", f"/attachments/{id_}")
    assert (head.headers["Content-Length"], head.headers["ETag"]) == ("6", tag)


async def test_a_large_picture_is_shown_smaller(site: Site, maria: Visitor, topic: Started) -> None:
    id_ = await bring(maria, files.picture(size=(2000, 1000)), "Πλατεία.png")
    answer = await maria.submit(
        f"/topics/{topic.topic_id}/posts", {"body": f"![Η πλατεία μετά το έργο](/attachments/{id_})"}
    )
    page = await maria.follow(answer)
    shown = f'<img alt="Η πλατεία μετά το έργο" loading="lazy" src="/attachments/{id_}/preview">'
    assert f'<a class="picture" href="/attachments/{id_}" rel="nofollow ugc noopener">{shown}</a>' in page.text
    preview = await maria.get(f"/attachments/{id_}/preview")
    assert preview.headers["Content-Type"] == "image/webp"
    assert preview.headers["Content-Disposition"].startswith("inline; ")
    whole = await maria.get(f"/attachments/{id_}")
    assert whole.headers["Content-Type"] == "image/png"
    assert whole.headers["ETag"] != preview.headers["ETag"]


async def test_bytes_that_are_lost_are_not_found(site: Site, maria: Visitor) -> None:
    id_ = await bring(maria, files.pdf())
    for path in stored(site):
        path.unlink()
    assert (await maria.get(f"/attachments/{id_}")).status == 404


# Posts -------------------------------------------------------------------------------------------


async def test_files_of_others_are_not_taken_up(
    site: Site, maria: Visitor, topic: Started, owner: RawConnection
) -> None:
    nikos = await site.visitor("nikos")
    id_ = await bring(maria, files.pdf())
    await publish(nikos, topic, id_)
    assert await owner.fetchval("SELECT post_id FROM attachments") is None
    assert (await nikos.get(f"/attachments/{id_}")).status == 404


async def test_a_file_stays_with_the_post_that_took_it_up(
    site: Site, maria: Visitor, topic: Started, owner: RawConnection
) -> None:
    id_ = await bring(maria, files.pdf())
    await publish(maria, topic, id_)
    first = await owner.fetchval("SELECT post_id FROM attachments")
    await publish(maria, topic, id_, words="Και πάλι")
    assert await owner.fetchval("SELECT post_id FROM attachments") == first


async def test_who_may_not_attach_there_is_told_and_keeps_the_words(
    site: Site, maria: Visitor, owner: RawConnection
) -> None:
    topic = await content.start(site, "sophie", "proposals", title="Πρόσκληση")  # where regions are commenters
    id_ = await bring(maria, files.pdf())
    page = await maria.get(f"/topics/{topic.topic_id}/posts/new")
    assert "attach-file" not in page.text
    answer = await maria.submit(f"/topics/{topic.topic_id}/posts", {"body": f"Δείτε [α](/attachments/{id_})"})
    assert answer.status == 403
    assert f"Δείτε [α](/attachments/{id_})" in answer.text
    assert await owner.fetchval("SELECT count(*) FROM posts WHERE author_id = $1", site.cast.maria.member_id) == 0
    assert (await maria.submit(f"/topics/{topic.topic_id}/posts", {"body": "Χωρίς αρχείο"})).status == 303


async def test_a_post_takes_twenty_files(site: Site, maria: Visitor, topic: Started, owner: RawConnection) -> None:
    ids = [await bring(maria, b"a%d" % number, "α.txt") for number in range(21)]
    body = "\n\n".join(f"[α](/attachments/{id_})" for id_ in ids)
    refused = await maria.submit(f"/topics/{topic.topic_id}/posts", {"body": body})
    assert refused.status == 422
    assert "20" in refused.text
    await publish(maria, topic, *ids[:20])
    assert await owner.fetchval("SELECT count(*) FROM attachments WHERE post_id IS NOT NULL") == 20


async def test_a_topic_and_an_edit_take_files_up(site: Site, maria: Visitor, owner: RawConnection) -> None:
    one, other = await bring(maria, b"1", "α.txt"), await bring(maria, b"2", "β.txt")
    sent = {"title": "Θέμα", "body": f"[α](/attachments/{one})"}
    started = await maria.submit("/categories/questions/new", sent)
    assert started.status == 303
    post_id = await owner.fetchval("SELECT post_id FROM attachments WHERE id = $1", one)
    assert post_id
    sent["body"] += f" [β](/attachments/{other})"
    assert (await maria.submit(f"/posts/{post_id}/edit", sent)).status == 303
    assert await owner.fetchval("SELECT post_id FROM attachments WHERE id = $1", other) == post_id


# One's own ---------------------------------------------------------------------------------------


async def test_ones_own_files_are_listed_and_deleted(
    site: Site, maria: Visitor, topic: Started, owner: RawConnection
) -> None:
    one, other = await bring(maria, files.pdf(), "Μελέτη.pdf"), await bring(maria, b"x", "πρόχειρο.txt")
    await publish(maria, topic, one)
    page = await maria.get("/settings/files")
    assert page.status == 200
    assert page.text.index("πρόχειρο.txt") < page.text.index("Μελέτη.pdf")
    assert "Φωτισμός λιμανιού" in page.text
    asked = await maria.get(f"/attachments/{one}/delete")
    assert "Μελέτη.pdf" in asked.text
    assert (await maria.submit(f"/attachments/{one}/delete")).location == "/settings/files"
    assert (await maria.get(f"/attachments/{one}")).status == 404
    answer = await maria.submit(f"/attachments/{other}/delete", headers=FETCH)
    assert answer.status == 204
    assert stored(site) == []
    assert await owner.fetchval("SELECT taken FROM storage_room") == 0
    assert "Δεν έχετε επισυνάψει" in (await maria.get("/settings/files")).text


async def test_nobody_deletes_anothers_file(site: Site, maria: Visitor, topic: Started, owner: RawConnection) -> None:
    id_ = await bring(maria, files.pdf())
    nikos = await site.visitor("nikos")
    assert (await nikos.submit(f"/attachments/{id_}/delete")).status == 404
    await publish(maria, topic, id_)
    assert (await nikos.submit(f"/attachments/{id_}/delete")).status == 403
    await content.lock(site, topic.topic_id)
    assert (await maria.submit(f"/attachments/{id_}/delete")).status == 403
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 1


async def test_two_files_at_once_keep_to_the_room(site: Site, maria: Visitor, owner: RawConnection) -> None:
    object.__setattr__(site.app[CONFIG], "attachment_member_mb", 1)
    sent = b"a" * 700_000
    answers = await asyncio.gather(*(send(maria, sent, f"α{number}.txt") for number in range(3)))
    assert sorted(answer.status for answer in answers) == [201, 507, 507]
    assert await owner.fetchval("SELECT taken FROM storage_room") == 700_000
    assert len(stored(site)) == 1
