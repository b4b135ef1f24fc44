"""Hostile files at every door there is: refused with nothing kept, or taken so that they harm nobody who opens them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from forum.db import RawConnection
from forum.keys import CONFIG
from tests import files, hostile
from tests.api import test_attachments as calls
from tests.site import Answer, Site
from tests.web import attaching, guides
from tests.web.test_attachments import stored

_Door = Callable[[bytes, str], Awaitable[Answer]]

_DOORS: Final = ("a script", "a form", "a program", "a file of a guide", "a version of a file")


async def _open(site: Site, door: str) -> _Door:
    """Return what sends a file through a door, as sophie."""
    sophie = await site.visitor("sophie")
    match door:
        case "a script":
            return lambda content, name: attaching.send(sophie, content, name)
        case "a form":
            place = {"body": "Κείμενο", "place": "category:questions"}
            return lambda content, name: attaching.send(sophie, content, name, fields=place, is_script=False)
        case "a program":
            program = await site.program("sophie")
            return lambda content, name: calls.send(program, content, name)
    guide = await guides.start(site, "sophie")
    if door == "a file of a guide":
        return lambda content, name: guides.post(sophie, f"/topics/{guide.topic_id}/files", content, name, title="Α")
    file_id = await guides.add(sophie, guide, files.pdf())
    return lambda content, name: guides.post(sophie, f"/guides/files/{file_id}/versions", content, name)


@pytest.mark.parametrize("door", _DOORS)
async def test_what_is_refused_leaves_nothing_behind(site: Site, owner: RawConnection, door: str) -> None:
    send = await _open(site, door)
    kept, rows = stored(site), await owner.fetchval("SELECT count(*) FROM attachments")
    statuses = {name: (await send(content, name)).status for name, content in hostile.refused().items()}
    assert statuses == dict.fromkeys(statuses, 422)
    assert stored(site) == kept
    assert await owner.fetchval("SELECT count(*) FROM attachments") == rows
    folder = site.app[CONFIG].arrivals_folder
    assert not folder.exists() or not list(folder.iterdir())
    assert (await send(files.pdf(), "Πρακτικά.pdf")).status in {200, 201, 303}, "and everything goes on"


@pytest.mark.parametrize("door", _DOORS)
async def test_what_is_taken_does_nothing_where_it_is_opened(site: Site, owner: RawConnection, door: str) -> None:
    send = await _open(site, door)
    sophie = await site.visitor("sophie")
    for name, content in hostile.taken().items():
        answer = await send(content, name)
        assert answer.status in {200, 201, 303}, (name, answer.text)
        row = await owner.fetchrow("SELECT id, name, content_type FROM attachments ORDER BY id DESC LIMIT 1")
        assert row
        assert row["name"] == name.rpartition("/")[2].replace("\u202e", "").replace(".gif", ".png")
        shown = await sophie.get(f"/attachments/{row['id']}")
        assert shown.status == 200
        is_picture = row["content_type"].startswith("image/")
        assert hostile.SCRIPT.decode() not in shown.text or not is_picture, "it is written anew"
        assert shown.headers["Content-Type"].partition(";")[0] == row["content_type"]
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        assert shown.headers["Content-Disposition"].startswith("inline" if is_picture else "attachment")
