"""Topics from a file: looked at first, then started all at once, by associations and moderators alone."""

from __future__ import annotations

import json
import re

import pytest
from aiohttp import FormData

from forum.db import RawConnection
from tests.site import Answer, Site, Visitor

_GUIDES = "/categories/guides/import/guide"
_PRACTICES = "/categories/good-practices/import/good_practice"

GUIDES = """Τίτλος;Αποδέκτες;Γλώσσα του οδηγού;Ισχύει από;Θεματικές;Κείμενο;Ετικέτες
Υπόδειγμα σύμβασης;"Τεχνικές υπηρεσίες, Όλοι";Ελληνικά;28/3/2027;Νερό;"Πρώτη παράγραφος.

Δεύτερη **παράγραφος**.";σύμβαση, προμήθειες
Tender template;Finance and procurement;English;2027-01-31;water, Sustainable mobility;A text;
"""

PRACTICES = """title;teaser;owner;problem;solution;resources;indicators;transfer;contact;links
LED;Μισή κατανάλωση;Δήμος Χίου;Παλαιό δίκτυο;Αντικατάσταση;400.000 €;"Κατανάλωση | 1.200 | 610 | MWh
Λαμπτήρες|0|5.400|τεμάχια";Μελέτη;Τεχνική Υπηρεσία;https://example.org/a https://example.org/b
"""


async def _send(visitor: Visitor, path: str, text: str) -> Answer:
    await visitor.get(path)
    form = FormData()
    form.add_field("csrf_token", visitor.token)
    form.add_field("file", text.encode(), filename="οδηγοί.csv", content_type="text/csv")
    return await visitor.request("POST", path, data=form)


async def _looked(visitor: Visitor, path: str, text: str) -> tuple[str, Answer]:
    sent = await _send(visitor, path, text)
    assert sent.status == 303, sent.text
    return sent.location, await visitor.follow(sent)


async def test_a_file_is_looked_at_first_and_then_started_whole(site: Site, owner: RawConnection) -> None:
    sophie = await site.visitor("sophie")
    path, page = await _looked(sophie, _GUIDES, GUIDES)
    assert "Publish 2 topics" in page.text
    assert "Υπόδειγμα σύμβασης" in page.text
    assert not await owner.fetchval("SELECT count(*) FROM topics"), "nothing yet"
    assert (await sophie.submit(path)).status == 303
    rows = await owner.fetch("SELECT title, kind, fields, tags, language FROM topics ORDER BY id")
    first, second = ({**row, "fields": json.loads(row["fields"])} for row in rows)
    assert first == {
        "title": "Υπόδειγμα σύμβασης",
        "kind": "guide",
        "fields": {
            "audience": ["technical", "everyone"],
            "language": "el",
            "valid_from": "2027-03-28",
            "themes": ["water"],
        },
        "tags": ["σύμβαση", "προμήθειες"],
        "language": "el",
    }
    assert second["fields"]["themes"] == ["mobility", "water"]
    assert "<strong>παράγραφος</strong>" in await owner.fetchval("SELECT html FROM posts ORDER BY id LIMIT 1")
    again = await sophie.get(path)
    assert "Publish" not in again.text
    assert await owner.fetchval("SELECT topic_count FROM categories WHERE slug = 'guides'") == 2
    assert not await owner.fetchval("SELECT count(*) FROM fanouts"), "nobody is told of a hundred topics one by one"


async def test_a_table_within_a_cell_and_links_are_understood(site: Site, owner: RawConnection) -> None:
    sophie = await site.visitor("sophie")
    path, _ = await _looked(sophie, _PRACTICES, PRACTICES)
    assert (await sophie.submit(path)).status == 303
    fields = json.loads(await owner.fetchval("SELECT fields FROM topics"))
    assert fields["indicators"] == [
        {"name": "Κατανάλωση", "before": "1.200", "after": "610", "unit": "MWh"},
        {"name": "Λαμπτήρες", "before": "0", "after": "5.400", "unit": "τεμάχια"},
    ]
    assert fields["links"] == ["https://example.org/a", "https://example.org/b"]
    assert (fields["owner"], fields["state"]) == ("chios", "submitted")


async def test_what_is_sent_twice_is_started_once(site: Site, owner: RawConnection) -> None:
    sophie = await site.visitor("sophie")
    path, _ = await _looked(sophie, _GUIDES, GUIDES)
    await sophie.submit(path)
    await sophie.submit(path)
    _, page = await _looked(sophie, _GUIDES, GUIDES)
    assert re.search(r"<dt>Are there already</dt><dd>2</dd>", page.text)
    assert await owner.fetchval("SELECT count(*) FROM topics") == 2


async def test_each_faulty_line_is_told_and_left_out(site: Site, owner: RawConnection) -> None:
    sophie = await site.visitor("sophie")
    faulty = GUIDES + "\n".join(
        (
            "Χωρίς γλώσσα;;;;;Κείμενο;",
            "Άγνωστη θεματική;;el;;Μαγεία;Κείμενο;",
            "Κακή ημέρα;;el;30/2/2027;;Κείμενο;",
            "υποδειγμα συμβασης;;el;;;Κείμενο;",
        )
    )
    path, page = await _looked(sophie, _GUIDES, faulty)
    assert re.search(r"<dt>Faults</dt><dd>4</dd>", page.text)
    told = ("“Μαγεία” is none of the values", "There is no such day. Please write a date such as 28/3/2027.")
    for said in ("30/2/2027", *told, "An earlier line has the same title."):
        assert said in page.text
    await sophie.submit(path)
    assert await owner.fetchval("SELECT count(*) FROM topics") == 2


@pytest.mark.parametrize("text", ["", "Τίτλος;Κείμενο\nΑ;Β\n", "\x00\x01"])
async def test_what_is_no_table_of_the_kind_is_refused(site: Site, text: str) -> None:
    sophie = await site.visitor("sophie")
    assert (await _send(sophie, _GUIDES, text)).status == 422


async def test_columns_that_are_missing_and_those_that_are_not_known_are_named(site: Site) -> None:
    sophie = await site.visitor("sophie")
    page = await _send(sophie, _GUIDES, "Name;Κοινό;Γλώσσα;Κείμενο\nΑ;Β;Γ;Δ\n")
    assert page.status == 422
    for said in ("first line: Title and Language of the guide.", "not known: Name, Κοινό, Γλώσσα."):
        assert page.text.count(said) == 2, said
    twice = await _send(sophie, _GUIDES, "title;Τίτλος;language\nΑ;Β;el\n")
    assert twice.text.count("more than once: Title.") == 2


async def test_the_page_lists_the_values_that_its_columns_take(site: Site) -> None:
    page = (await (await site.visitor("sophie")).get(_GUIDES)).text
    for said in ("Water", "Sustainable mobility", "Turkish", "Finance and procurement"):
        assert said in page, said
    page = (await (await site.visitor("sophie")).get("/categories/proposals/import/proposal")).text
    assert "Slovenia" in page
    assert "The name of an organisation of the network." in page


@pytest.mark.parametrize("person", ["maria", "nikos", "stranger", None])
async def test_nobody_else_brings_files(site: Site, person: str | None, owner: RawConnection) -> None:
    visitor = await site.visitor(person)
    await owner.execute("UPDATE grants SET can_start = true, can_reply = true WHERE can_read")
    expected = {"maria": 403, "nikos": 403, "stranger": 404, None: 303}[person]
    assert (await visitor.get(_GUIDES)).status == expected
    assert (await visitor.get(f"{_GUIDES}/columns.csv")).status == expected
    assert (await visitor.get("/categories/nowhere/import/guide")).status in {404, 303}


async def test_a_file_is_its_senders_alone_and_of_its_own_place(site: Site) -> None:
    sophie, administrator = await site.visitor("sophie"), await site.visitor("administrator")
    path, _ = await _looked(sophie, _GUIDES, GUIDES)
    assert (await administrator.get(path)).status == 404
    assert (await administrator.submit(path)).status == 404
    elsewhere = path.replace(_GUIDES, _PRACTICES)
    assert (await sophie.get(elsewhere)).status == 404
    assert (await sophie.get("/categories/guides/import/proposal")).status == 404
    assert (await sophie.submit(f"{path}/delete")).status == 303
    assert (await sophie.get(path)).status == 404


async def test_the_empty_table_names_the_columns_that_are_read(site: Site) -> None:
    sophie = await site.visitor("sophie")
    head = (await sophie.get(f"{_GUIDES}/columns.csv")).text.lstrip("\ufeff").strip()
    assert head == "Title;Audience;Language of the guide;Valid from;Themes;Text;Tags"
    _, page = await _looked(sophie, _GUIDES, f"{head}\r\nA;Everybody;English;;;Text;\r\n")
    assert "Publish 1 topic" in page.text


@pytest.mark.parametrize("is_internal", [False, True])
async def test_a_title_that_one_may_not_read_is_not_there(site: Site, owner: RawConnection, is_internal: bool) -> None:
    sophie = await site.visitor("sophie")
    path, _ = await _looked(sophie, _GUIDES, GUIDES)
    await sophie.submit(path)
    await owner.execute("UPDATE topics SET is_internal = $1", is_internal)
    _, page = await _looked(sophie, _GUIDES, GUIDES)
    assert re.search(r"<dt>Are there already</dt><dd>2</dd>", page.text), "the premise: what one may read is there"
    since = "internal_since" if is_internal else "topics_since = now() + interval '1 day', internal_since"
    await owner.execute(f"UPDATE grants SET {since} = now() + interval '1 day'")
    path, page = await _looked(sophie, _GUIDES, GUIDES)
    assert re.search(r"<dt>Are there already</dt><dd>0</dd>", page.text)
    assert "Publish 2 topics" in page.text
    assert (await sophie.submit(path)).status == 303
    assert await owner.fetchval("SELECT count(*) FROM topics") == 4, "and no answer tells it afterwards"
