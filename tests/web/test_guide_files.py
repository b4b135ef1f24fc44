"""Files of guides: added with their first version, renewed, handed out under one address, and taken away."""

from __future__ import annotations

import hashlib
import itertools

import pytest

from forum.db import RawConnection
from forum.domain.topics import Started
from forum.keys import CONFIG
from tests import files
from tests.site import Site, Visitor, without_tokens
from tests.web import attaching, content, guides
from tests.web.test_attachments import stored

_HARMLESS = "default-src 'none'; sandbox; frame-ancestors 'none'"


@pytest.fixture
async def sophie(site: Site, owner: RawConnection) -> Visitor:
    """Of an association, whose members may start guides and attach."""
    await owner.execute("UPDATE members SET language = 'el'")
    return await site.visitor("sophie")


@pytest.fixture
async def guide(site: Site) -> Started:
    return await guides.start(site, "sophie")


def _path(guide: Started) -> str:
    return f"/topics/{guide.topic_id}/{guide.slug}"


# Adding ------------------------------------------------------------------------------------------


async def test_a_file_is_added_and_shown(site: Site, sophie: Visitor, guide: Started, owner: RawConnection) -> None:
    form = await sophie.get(f"/topics/{guide.topic_id}/files/new")
    assert 'enctype="multipart/form-data"' in form.text
    fields = {"title": guides.TITLE, "note": "Η πρώτη έκδοση", "valid_from": "2027-01-01"}
    answer = await guides.post(sophie, f"/topics/{guide.topic_id}/files", files.pdf(), **fields)
    assert (answer.status, answer.location) == (303, f"{_path(guide)}#files")
    shown = await (await site.visitor("nikos")).get(_path(guide))
    assert guides.TITLE in shown.text
    assert hashlib.sha256(files.pdf()).hexdigest() in shown.text
    assert "Η πρώτη έκδοση" in shown.text
    assert "ισχύει από 01/01/2027" in shown.text
    assert "/versions/new" not in shown.text, "who may not add one is not offered it"
    row = await owner.fetchrow("SELECT post_id, author_id FROM attachments")
    assert row is not None
    assert tuple(row) == (guide.first_post_id, site.cast.sophie.member_id)
    assert (await content.acts(owner))[-1] == "topic.add_file"


async def test_the_address_gives_the_newest_version_and_the_earlier_ones_keep_theirs(
    site: Site, sophie: Visitor, guide: Started
) -> None:
    file_id = await guides.add(sophie, guide, b"one", "α.txt")
    nikos = await site.visitor("nikos")
    first = await nikos.get(f"/guides/files/{file_id}")
    assert (first.status, first.text) == (200, "one")
    await guides.renew(sophie, file_id, b"second", "β.txt", note="Νέο άρθρο 5")
    newest = await nikos.get(f"/guides/files/{file_id}", headers={"If-None-Match": first.headers["ETag"]})
    assert (newest.status, newest.text) == (200, "second"), "what was known is not the newest any more"
    assert "%CE%B2.txt" in newest.headers["Content-Disposition"]
    assert (await nikos.get(f"/guides/files/{file_id}/1")).text == "one"
    assert (await nikos.get(f"/guides/files/{file_id}/2")).text == "second"
    for number in ("3", "2147483648", "9223372036854775807"):
        assert (await nikos.get(f"/guides/files/{file_id}/{number}")).status == 404
    for number in ("0", "x", "-1"):
        assert (await nikos.get(f"/guides/files/{file_id}/{number}")).status == 400
    page = await nikos.get(_path(guide))
    assert "Έκδοση 2, αντικαθιστά την έκδοση 1" in page.text
    assert hashlib.sha256(b"one").hexdigest() in page.text
    assert "Νέο άρθρο 5" in page.text
    assert f'href="/guides/files/{file_id}/1"' in page.text


async def test_it_is_handed_out_as_attachments_are(site: Site, sophie: Visitor, guide: Started) -> None:
    file_id = await guides.add(sophie, guide, b"abcdef", "Υπόδειγμα απόφασης.txt")
    nikos, path = await site.visitor("nikos"), f"/guides/files/{file_id}"
    answer = await nikos.get(path)
    assert answer.headers["Content-Security-Policy"] == _HARMLESS
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "%CE%A5%CF%80%CF%8C%CE%B4%CE%B5%CE%B9%CE%B3%CE%BC%CE%B1" in answer.headers["Content-Disposition"]
    tag = answer.headers["ETag"]
    for asked in (path, f"{path}/1"):
        head = await nikos.request("HEAD", asked)
        assert (head.status, head.headers["Content-Length"], head.headers["ETag"]) == (200, "6", tag)
        part = await nikos.get(asked, headers={"Range": "bytes=1-2"})
        assert (part.status, part.text, part.headers["Content-Range"]) == (206, "bc", "bytes 1-2/6")
        assert (await nikos.get(asked, headers={"Range": "bytes=9-"})).status == 416
        known = await nikos.get(asked, headers={"If-None-Match": tag})
        assert (known.status, known.text) == (304, "")
        other = await nikos.get(asked, headers={"Range": "bytes=1-2", "If-Range": '"other"'})
        assert (other.status, other.text) == (200, "abcdef")


async def test_whoever_may_not_read_the_guide_learns_nothing_of_its_files(
    site: Site, sophie: Visitor, guide: Started
) -> None:
    file_id = await guides.add(sophie, guide, files.pdf())
    stranger, guest = await site.visitor("stranger"), await site.visitor()
    tag = (await sophie.get(f"/guides/files/{file_id}")).headers["ETag"]
    for path, method in itertools.product(("", "/1"), ("GET", "HEAD")):
        for asked in ({}, {"Range": "bytes=0-3"}, {"If-None-Match": "*"}, {"If-None-Match": tag}, {"If-Range": tag}):
            refused = await stranger.request(method, f"/guides/files/{file_id}{path}", headers=asked)
            absent = await stranger.request(method, f"/guides/files/999999{path}", headers=asked)
            assert (refused.status, absent.status) == (404, 404)
            said = without_tokens(refused.text).replace(f"/guides/files/{file_id}", "/guides/files/999999")
            assert said == without_tokens(absent.text)
            assert "ETag" not in refused.headers
            assert (await guest.request(method, f"/guides/files/{file_id}{path}", headers=asked)).status == 303
    for path in ("/versions/new", "/delete/new"):
        assert (await stranger.get(f"/guides/files/{file_id}{path}")).status == 404
    for path in ("/versions", "/delete"):
        assert (await guides.post(stranger, f"/guides/files/{file_id}{path}", files.pdf())).status in {403, 404}


async def test_a_deleted_guide_takes_its_files_along(site: Site, sophie: Visitor, guide: Started) -> None:
    file_id = await guides.add(sophie, guide, files.pdf())
    nikos = await site.visitor("nikos")
    assert (await nikos.get(f"/guides/files/{file_id}")).status == 200
    await content.delete_topic(site, "sophie", guide.topic_id)
    assert (await nikos.get(f"/guides/files/{file_id}")).status == 404
    assert (await sophie.get(f"/guides/files/{file_id}")).status == 200
    answer = await guides.post(sophie, f"/guides/files/{file_id}/versions", files.pdf())
    assert answer.status == 403


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
async def test_what_is_not_taken_is_said_why_and_what_was_typed_stays(
    site: Site, sophie: Visitor, guide: Started, owner: RawConnection, name: str, sent: bytes | None, words: str
) -> None:
    file_id = await guides.add(sophie, guide, files.pdf())
    for path in (f"/topics/{guide.topic_id}/files", f"/guides/files/{file_id}/versions"):
        answer = await guides.post(sophie, path, sent, name, title="Ο τίτλος μου", note="Η σημείωσή μου")
        assert answer.status == 422
        assert words in answer.text
        assert "Η σημείωσή μου</textarea>" in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert await owner.fetchval("SELECT count(*) FROM guide_versions") == 1
    assert len(stored(site)) == 1
    assert not list(site.app[CONFIG].arrivals_folder.iterdir())


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Έγγραφα\\Μελέτη.pdf", "Μελέτη.pdf"),
        ("α\u202efdp.pdf", "αfdp.pdf"),
        (".pdf", "file.pdf"),
    ],
)
async def test_a_name_leads_nowhere(
    sophie: Visitor, guide: Started, owner: RawConnection, said: str, kept: str
) -> None:
    await guides.add(sophie, guide, files.pdf(), said)
    assert await owner.fetchval("SELECT name FROM attachments") == kept


async def test_a_file_that_has_arrived_stays_when_something_else_is_wrong(
    sophie: Visitor, guide: Started, owner: RawConnection
) -> None:
    path = f"/topics/{guide.topic_id}/files"
    refused = await guides.post(sophie, path, files.pdf(), title="", note="ν" * 501, valid_from="yesterday")
    assert refused.status == 422
    number = refused.hidden("attachment")
    assert number == str(await owner.fetchval("SELECT id FROM attachments"))
    assert "«Υπόδειγμα.pdf»" in refused.text
    fields = {"title": guides.TITLE, "attachment": number}
    answer = await guides.post(sophie, path, None, **fields)
    assert answer.status == 303
    assert await owner.fetchval("SELECT attachment_id FROM guide_versions") == int(number)
    # Nothing is a version twice, and it is asked for anew.
    again = await guides.post(sophie, path, None, **fields)
    assert again.status == 422
    assert again.hidden("attachment") == ""


async def test_a_script_sends_the_file_first_and_names_it(site: Site, sophie: Visitor, guide: Started) -> None:
    number = await attaching.bring(sophie, files.pdf())
    path = f"/topics/{guide.topic_id}/files"
    assert (await sophie.submit(path, {"title": guides.TITLE, "attachment": str(number)})).status == 303
    other = await attaching.bring(await site.visitor("administrator"), files.pdf())
    for named in (str(other), "999999", "x", "-1", "9" * 30, "１"):
        answer = await sophie.submit(path, {"title": guides.TITLE, "attachment": named})
        assert answer.status == 422, "what is not one's own cannot be named"


async def test_the_same_form_twice_adds_one_file(sophie: Visitor, guide: Started, owner: RawConnection) -> None:
    path, fields = f"/topics/{guide.topic_id}/files", {"title": guides.TITLE, "idempotency_key": "k1"}
    for _ in range(2):
        assert (await guides.post(sophie, path, files.pdf(), **fields)).status == 303
    assert await owner.fetchval("SELECT count(*) FROM guide_files") == 1
    assert (await guides.post(sophie, path, files.pdf("other"), **fields)).status == 422


async def test_another_site_adds_nothing(sophie: Visitor, guide: Started, owner: RawConnection) -> None:
    answer = await guides.post(sophie, f"/topics/{guide.topic_id}/files", files.pdf(), title="α", token="")
    assert answer.status == 403
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 0


async def test_a_file_that_is_too_large_is_refused(site: Site, sophie: Visitor, guide: Started) -> None:
    object.__setattr__(site.app[CONFIG], "attachment_mb", 1)
    answer = await guides.post(sophie, f"/topics/{guide.topic_id}/files", b"a" * 1_000_001, "α.txt", title="Τίτλος")
    assert answer.status == 413
    assert "μεγαλύτερο" in answer.text
    assert 'value="Τίτλος"' in answer.text


async def test_a_discussion_has_no_files_of_this_sort(site: Site, sophie: Visitor) -> None:
    topic = await content.start(site, "sophie")
    assert (await sophie.get(f"/topics/{topic.topic_id}/files/new")).status == 403
    assert (await guides.post(sophie, f"/topics/{topic.topic_id}/files", files.pdf(), title="α")).status == 403


# The page ----------------------------------------------------------------------------------------


async def test_a_guide_without_text_leads_to_its_files(site: Site, sophie: Visitor, owner: RawConnection) -> None:
    fields = {"kind": "guide", "title": "Οδηγός", "language": "el", "action": "publish"}
    answer = await sophie.submit("/categories/guides/new", fields)
    number = await owner.fetchval("SELECT max(id) FROM topics")
    assert (answer.status, answer.location) == (303, f"/topics/{number}/files/new")
    page = await sophie.get(f"/topics/{number}/odigos")
    assert "ούτε κείμενο ούτε αρχεία" in page.text
    assert "ούτε κείμενο ούτε αρχεία" not in (await (await site.visitor("nikos")).get(f"/topics/{number}/odigos")).text


async def test_who_may_bring_no_files_has_to_write_the_text_of_a_guide(
    site: Site, sophie: Visitor, owner: RawConnection
) -> None:
    await owner.execute("UPDATE grants SET can_attach = false")
    fields = {"kind": "guide", "title": "Οδηγός", "language": "el", "action": "publish"}
    assert (await sophie.submit("/categories/guides/new", fields)).status == 422
    assert (await sophie.submit("/categories/guides/new", {**fields, "body": "Κείμενο"})).status == 303


async def test_a_page_that_was_written_before_shows_a_new_version(site: Site, sophie: Visitor, guide: Started) -> None:
    file_id = await guides.add(sophie, guide, b"one", "α.txt")
    nikos = await site.visitor("nikos")
    for _ in range(2):
        assert hashlib.sha256(b"one").hexdigest() in (await nikos.get(_path(guide))).text
    await guides.renew(sophie, file_id, b"second", "α.txt")
    page = await nikos.get(_path(guide))
    assert hashlib.sha256(b"second").hexdigest() in page.text
    assert "Προστέθηκε η έκδοση 2 ενός αρχείου" in page.text


async def test_a_colleague_of_the_author_keeps_the_files_and_others_do_not(
    site: Site, sophie: Visitor, guide: Started
) -> None:
    await guides.add(sophie, guide, files.pdf())
    colleague, nikos = await site.visitor("administrator"), await site.visitor("nikos")
    assert site.cast.administrator.organisation_id == site.cast.sophie.organisation_id, "the premise"
    for visitor, is_offered in ((colleague, True), (nikos, False), (colleague, True)):
        assert ("/versions/new" in (await visitor.get(_path(guide))).text) is is_offered
    assert (await nikos.get(f"/topics/{guide.topic_id}/files/new")).status == 403


async def test_who_may_only_read_by_now_takes_nothing_of_a_colleague_away(
    site: Site, sophie: Visitor, guide: Started, owner: RawConnection
) -> None:
    file_id = await guides.add(sophie, guide, b"one", "α.txt")
    colleague, path = await site.visitor("administrator"), f"/guides/files/{file_id}/delete"
    assert site.cast.administrator.organisation_id == site.cast.sophie.organisation_id, "the premise"
    assert path in (await colleague.get(_path(guide))).text, "the premise"
    await owner.execute("UPDATE grants SET can_start = false, can_attach = false, can_moderate = false")
    for visitor in (colleague, sophie):
        assert path not in (await visitor.get(_path(guide))).text
        assert (await visitor.get(f"{path}/new")).status == 403
        assert (await visitor.submit(path)).status == 403
    assert (await sophie.get(f"/guides/files/{file_id}")).text == "one"


# Taking away -------------------------------------------------------------------------------------


async def test_a_file_is_taken_away_with_all_its_versions(
    site: Site, sophie: Visitor, guide: Started, owner: RawConnection
) -> None:
    file_id = await guides.add(sophie, guide, b"one", "α.txt")
    await guides.renew(sophie, file_id, b"second", "α.txt")
    question = await sophie.get(f"/guides/files/{file_id}/delete/new")
    assert "2 εκδόσεις" in question.text
    answer = await sophie.submit(f"/guides/files/{file_id}/delete")
    assert (answer.status, answer.location) == (303, f"{_path(guide)}#files")
    assert (await sophie.get(f"/guides/files/{file_id}")).status == 404
    assert (await sophie.get(f"/guides/files/{file_id}/1")).status == 404
    assert stored(site) == []
    assert await owner.fetchval("SELECT taken FROM storage_room") == 0
    assert (await content.acts(owner))[-1] == "topic.delete_file"
    assert "Ένα αρχείο αφαιρέθηκε" in (await sophie.get(_path(guide))).text


async def test_a_version_cannot_be_deleted_among_ones_own_files(
    sophie: Visitor, guide: Started, owner: RawConnection
) -> None:
    await guides.add(sophie, guide, files.pdf())
    number = await owner.fetchval("SELECT id FROM attachments")
    listed = await sophie.get("/settings/files")
    assert "έκδοση αρχείου οδηγού" in listed.text
    assert f"/attachments/{number}/delete" not in listed.text
    assert (await sophie.get(f"/attachments/{number}/delete")).status == 403
    refused = await sophie.submit(f"/attachments/{number}/delete")
    assert refused.status == 403
    assert await owner.fetchval("SELECT count(*) FROM attachments") == 1
