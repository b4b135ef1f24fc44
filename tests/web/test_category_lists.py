"""The list of a category whose topics have fields: its tabs, filters and columns, and the table made of it."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest

from forum.db import RawConnection
from forum.domain.entities import TopicId
from forum.keys import DB
from forum.spreadsheets import MARK
from tests.domain import proposing
from tests.domain.test_topic_lists import close, propose
from tests.site import Site, Visitor
from tests.web import content, doors

_PAGE = "/categories/proposals"


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r'class="t-title" href="/topics/(\d+)/', text)]


async def _propose(site: Site, days: int = 10, **fields: object) -> TopicId:
    return await propose(site.app[DB], site.cast.sophie, days, **fields)


async def _listed(visitor: Visitor, query: str = "") -> list[int]:
    answer = await visitor.get(f"{_PAGE}?{query}" if query else _PAGE)
    assert answer.status == 200, answer.text[:500]
    return _numbers(answer.text)


async def _table(visitor: Visitor, query: str = "", category: str = "proposals") -> list[dict[str, str]]:
    answer = await visitor.get(f"/categories/{category}/topics.csv?{query}")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = answer.text
    assert text.encode().startswith(MARK)
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))


async def test_what_closes_next_stands_first_and_the_tabs_lead_to_the_other_orders(
    site: Site, owner: RawConnection
) -> None:
    late, soon, gone = await _propose(site, 9), await _propose(site, 5), await _propose(site, 1)
    await close(owner, gone)
    maria = await site.visitor("maria")
    text = (await maria.get(_PAGE)).text
    assert _numbers(text) == [soon, late]
    tabs = text[text.index('<nav class="tabs"') :].partition("</nav>")[0]
    paths = [unescape(path) for path in re.findall(r'href="([^"]+)"', tabs)]
    assert paths == [_PAGE, f"{_PAGE}?sort=activity", f"{_PAGE}?sort=created", f"{_PAGE}?deadline=closed"]
    assert [await _listed(maria, path.partition("?")[2]) for path in paths[1:]] == [
        [gone, soon, late],
        [gone, soon, late],
        [gone],
    ]
    assert 'aria-sort="ascending"' in text
    assert 'aria-sort="descending"' in (await maria.get(paths[3])).text


async def _close_interest(owner: RawConnection, topic_id: TopicId) -> None:
    await owner.execute(
        """UPDATE topics SET fields = jsonb_set(fields, '{interest_deadline,at}', '"2026-01-01T16:00:00Z"')
        WHERE id = $1""",
        topic_id,
    )


async def test_a_page_that_was_kept_does_not_outlive_a_deadline(site: Site, owner: RawConnection) -> None:
    topic = await _propose(site)
    maria = await site.visitor("maria")
    await close(owner, topic, seconds=-1.5)
    assert await _listed(maria) == await _listed(maria) == [topic]
    await owner.execute("SELECT pg_sleep(1.6)")
    assert await _listed(maria) == []
    assert await _listed(maria, "sort=deadline&deadline=closed") == [topic]


async def test_the_columns_are_those_of_the_kind_in_the_readers_language(site: Site, owner: RawConnection) -> None:
    await _propose(site, programme="Interreg", type="partner_search")
    for person, words in (
        ("maria", ("Πρόγραμμα", "Προθεσμία", "Αναζήτηση εταίρων")),
        ("sophie", ("Programme", "Deadline", "Partner search")),
    ):
        text = (await (await site.visitor(person)).get(_PAGE)).text
        head, row = re.findall(r"<tr.*?</tr>", text, re.DOTALL)[:2]
        for word in words[:2]:
            assert f">{word}</th>" in head
            assert f'data-th="{word}"' in row
        assert words[2] in row
        assert "Interreg" in row
        assert '<time datetime="2030-01-11T16:00:00Z">' in row


async def test_a_list_of_proposals_says_until_when_interest_can_be_expressed(site: Site, owner: RawConnection) -> None:
    brussels = {"zone": "Europe/Brussels"}
    await _propose(site, interest_deadline={"at": "2029-12-20T16:00:00Z", **brussels})
    await _close_interest(owner, await _propose(site, interest_deadline={"at": "2029-12-21T16:00:00Z", **brussels}))
    text = (await (await site.visitor("maria")).get(_PAGE)).text
    assert text.count("Ενδιαφέρον έως") == 1, "what has passed is said on the proposal's page"
    assert "Ενδιαφέρον έως 20/12/2029" in text


async def test_a_list_of_proposals_says_how_many_partners_each_has(site: Site, owner: RawConnection) -> None:
    db, cast = site.app[DB], site.cast
    made = await proposing.propose(db, cast.sophie, lead="larnaca", partners_min=4)
    await proposing.propose(db, cast.sophie, title="Χωρίς αριθμό")
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    maria = await site.visitor("maria")
    cells = {
        title: re.sub("<.*?>", "", cell).strip()
        for title, cell in re.findall(
            r'<tr.*?>(Δίκτυο πόλεων|Χωρίς αριθμό)</a>.*?data-th="Εταίροι ως τώρα">(.*?)</td>',
            (await maria.get(_PAGE)).text,
            re.DOTALL,
        )
    }
    assert cells == {"Δίκτυο πόλεων": "1 από 4", "Χωρίς αριθμό": "1"}
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted")
    assert ">2 από 4<" in (await maria.get(_PAGE)).text
    rows = [line.split(";") for line in (await maria.get("/categories/proposals/topics.csv")).text.splitlines()]
    at = rows[0].index("Εταίροι που βρέθηκαν")
    assert [row[at : at + 2] for row in rows[1:] if row[0] == "Δίκτυο πόλεων"] == [["2", "2"]]


async def test_a_list_of_plain_topics_is_as_it_was(site: Site) -> None:
    await content.start(site)
    text = (await (await site.visitor("maria")).get("/categories/questions")).text
    assert 'class="filters"' not in text
    assert "topics.csv" not in text
    assert "aria-sort" not in text


async def test_filters_narrow_the_list_and_are_told_with_a_way_out(site: Site) -> None:
    one = await _propose(site, 1, themes=["water"], programme="LIFE")
    two = await _propose(site, 2, themes=["water", "energy"])
    maria = await site.visitor("maria")
    assert await _listed(maria, "theme=water&type=&programme=&kind=") == [one, two]
    assert await _listed(maria, "theme=energy") == [two]
    assert await _listed(maria, "theme=water&programme=life&state=open&type=call&country=CY") == [one]
    text = (await maria.get(f"{_PAGE}?theme=water&programme=life")).text
    assert re.search(r'<option value="water" selected>Νερό</option>', text)
    assert 'name="programme" value="life"' in text
    chips = re.findall(r'<a class="chip" href="([^"]+)">([^<]+)<', text)
    assert {unescape(path): label.strip() for path, label in chips} == {
        f"{_PAGE}?theme=water": "Πρόγραμμα: life",
        f"{_PAGE}?programme=life": "Θεματική: Νερό",
    }
    applied = text[text.index('class="applied"') :]
    assert re.search(rf'<a href="{_PAGE}">', applied)
    assert re.search(r"<p>\s*1 θέμα\s*</p>", applied)


async def test_the_computed_state_is_a_filter_like_the_others(site: Site, owner: RawConnection) -> None:
    open_, gone, funded = await _propose(site, 1), await _propose(site, 2), await _propose(site, 3)
    await close(owner, gone)
    await owner.execute("""UPDATE topics SET fields = fields || '{"state": "funded"}' WHERE id = $1""", funded)
    maria = await site.visitor("maria")
    for query, expected in (
        ("state=open", [open_]),
        ("state=closed", [gone]),
        ("state=funded", [funded]),
        ("state=closed&sort=activity", [gone]),
        ("state=open&sort=created", [open_]),
        ("state=open&sort=deadline&deadline=closed", []),
        ("state=closed&sort=deadline&deadline=open", []),
        ("sort=deadline&deadline=all", [open_, gone, funded]),
        ("sort=created&deadline=closed", [gone]),
    ):
        assert sorted(await _listed(maria, query)) == sorted(expected), query


async def test_filters_and_order_are_kept_from_page_to_page(site: Site) -> None:
    topics = [await _propose(site, day, themes=["water"], tags=["νησιά"]) for day in range(21)]
    await _propose(site, 1)
    maria = await site.visitor("maria")
    first = await maria.get(f"{_PAGE}?theme=water&tag=%CE%BD%CE%B7%CF%83%CE%B9%CE%AC")
    assert _numbers(first.text) == topics[:20]
    onward = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert onward
    second = await maria.get(unescape(onward[1]))
    assert _numbers(second.text) == topics[20:]
    assert "theme=water" in unescape(onward[1])
    assert "tag=" in unescape(onward[1])
    assert 'name="tag" value="νησιά"' in second.text, "the form keeps it"


@pytest.mark.parametrize(
    "query",
    [
        "sort=colour",
        "deadline=soon",
        "kind=poem",
        "type=poem",
        "state=poem",
        "theme=%27",
        "country=XX",
        "role=boss",
        "owner=larnaca",
        "language=el",
        "tag=" + "a" * 41,
        "municipality=" + "a" * 81,
        "programme=" + "a" * 121,
        "theme=water&theme=energy",
        "cursor=nonsense",
        "sort=deadline&cursor=WzFd",
    ],
)
async def test_what_cannot_be_asked_for_is_refused(site: Site, query: str) -> None:
    maria = await site.visitor("maria")
    assert (await maria.get(f"{_PAGE}?{query}")).status == 400
    if "cursor" not in query:
        assert (await maria.get(f"{_PAGE}/topics.csv?{query}")).status == 400


async def test_hostile_words_find_nothing_and_break_nothing(site: Site) -> None:
    await _propose(site)
    maria = await site.visitor("maria")
    assert await _listed(maria, "programme=%27%20or%201%3D1%20%3C%2Fscript%3E%22") == []
    assert await _listed(maria, "tag=%7B%22%5C%2C%27") == []


async def test_an_empty_list_says_what_to_do(site: Site) -> None:
    sophie = await site.visitor("sophie")
    text = (await sophie.get(_PAGE)).text
    assert "There is nothing open here at present." in text
    assert text.count(f'href="{_PAGE}/new?kind=proposal"') == 2
    text = (await sophie.get(f"{_PAGE}?theme=water&sort=activity")).text
    assert "Nothing here fits these filters." in text
    empty = text[text.index('class="empty"') :]
    assert f'href="{_PAGE}?sort=activity"' in empty


async def test_tags_and_themes_of_a_topic_lead_to_their_lists(site: Site) -> None:
    topic = await _propose(site, themes=["water", "energy"], tags=["νησιά"])
    maria = await site.visitor("maria")
    text = (await maria.follow(await maria.get(f"/topics/{topic}"))).text
    paths = [unescape(path) for path in re.findall(rf'href="({_PAGE}\?[^"]+)"', text)]
    assert len(paths) == 3
    for path in paths:
        assert _numbers((await maria.get(path)).text) == [topic]


async def test_the_table_holds_the_list_as_it_is_sifted_with_all_fields(site: Site, owner: RawConnection) -> None:
    topic = await _propose(
        site,
        title="=HYPERLINK(1)",
        programme="LIFE",
        themes=["water"],
        countries=["CY", "GR"],
        budget=1200000,
        cofinancing=82.5,
        opens_on="2027-01-02",
        requirements="+1\nδύο",
        links=["https://example.org"],
        tags=["νησιά"],
    )
    gone = await _propose(site, 2)
    await close(owner, gone)
    (row,) = await _table(await site.visitor("maria"), "theme=water&programme=life")
    assert row["Τίτλος"] == "'=HYPERLINK(1)"
    assert row["Δήμος του συντάκτη"] == "Ένωση Δήμων Κύπρου"
    assert row["Πρόγραμμα"] == "LIFE"
    assert "'+1\nδύο" in row.values(), "no cell is computed"
    assert "Νερό" in row.values()
    assert row["Κατάσταση"] == "Ανοικτή"
    assert row["Ετικέτες"] == "νησιά"
    address = list(row.values())[-1]
    assert address.endswith(f"/topics/{topic}/hyperlink-1")
    english = await _table(await site.visitor("sophie"), "sort=activity")
    assert [one["State"] for one in english] == ["Has closed", "Still open"]
    second = english[1]
    assert (second["Total budget in euros"], second["Opens on"]) == ("1200000", "2027-01-02")
    assert second["Co-financing in per cent"] == "82.5"
    assert second["Deadline"] == "2030-01-11 18:00"
    assert second["Eligible countries"] == "Cyprus and Greece"


async def test_nobody_outside_gets_a_table(site: Site) -> None:
    await _propose(site)
    await doors.closed_to_outsiders(site, "GET", f"{_PAGE}/topics.csv", "/categories/atlantis/topics.csv")
