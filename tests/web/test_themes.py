"""Themes: any topic may name some, members follow them and find topics by them, administrators keep the list."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from forum.db import RawConnection
from forum.keys import DB
from tests.domain import telling
from tests.site import Answer, Site

_NEW = "/categories/questions/new"
TOPIC = {
    "title": "Διαρροές",
    "body": "Πώς τις βρίσκετε;",
    "themes.water": "on",
    "themes.energy": "on",
    "tags": "δίκτυα",
}


async def _start(site: Site, person: str = "maria", **changed: str) -> str:
    visitor = await site.visitor(person)
    answer = await visitor.submit(_NEW, {**TOPIC, **changed})
    assert answer.status == 303, answer.text
    return answer.location.partition("#")[0]


async def _fields(owner: RawConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await owner.fetchval("SELECT fields FROM topics ORDER BY id DESC LIMIT 1"))
    return found


def _beside(page: Answer) -> str:
    found = re.search(r'<details class="beside"( open)?>.*?</details>', page.text, re.DOTALL)
    assert found
    return found[0]


async def test_a_discussion_names_themes_out_of_the_way_of_its_form(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    form = await maria.get(_NEW)
    beside = _beside(form)
    assert 'name="themes.water"' in beside
    assert 'name="tags"' in beside
    assert beside.startswith('<details class="beside">'), "closed where nothing is said in it"
    assert form.text.index('name="body"') < form.text.index('<details class="beside">')
    page = await maria.get(await _start(site))
    assert await _fields(owner) == {"themes": ["energy", "water"]}
    assert '<a class="chip" href="/themes/water">Νερό</a>' in page.text
    assert 'class="badge' not in page.text.partition("<h1")[0].partition("<main")[2], "no badge for a plain topic"
    assert "said-1" not in page.text


async def test_an_edit_changes_the_themes_of_a_discussion_and_its_versions_tell(
    site: Site, owner: RawConnection
) -> None:
    path = await _start(site)
    maria = await site.visitor("maria")
    post_id = await owner.fetchval("SELECT id FROM posts")
    beside = _beside(await maria.get(f"/posts/{post_id}/edit"))
    assert beside.startswith('<details class="beside" open>')
    assert re.search(r'name="themes\.water" checked', beside)
    changed = {**TOPIC, "themes.energy": "", "themes.housing": "on"}
    assert (await maria.submit(f"/posts/{post_id}/edit", changed)).status == 303
    assert await _fields(owner) == {"themes": ["housing", "water"]}
    assert "/themes/energy" not in (await maria.get(path)).text
    assert re.search(r"<ins>[^<]*Νερό", (await maria.get(f"/posts/{post_id}/revisions")).text)


async def test_a_theme_that_is_none_is_refused_and_the_rest_stays(site: Site) -> None:
    maria = await site.visitor("maria")
    answer = await maria.submit(_NEW, {**TOPIC, "themes.nonsense": "on"})
    assert answer.status == 422
    assert 'href="#themes"' in answer.text
    assert 'id="themes-error"' in _beside(answer)
    assert "Πώς τις βρίσκετε;" in answer.text


async def test_themes_are_kept_in_the_draft_of_a_discussion(site: Site) -> None:
    maria = await site.visitor("maria")
    answer = await maria.submit(_NEW, {"title": "", "body": "Μισό", "themes.water": "on", "action": "draft"})
    assert re.search(r'name="themes\.water" checked', _beside(await maria.follow(answer)))


async def test_the_list_counts_and_lists_what_may_be_read_and_nothing_else(site: Site, owner: RawConnection) -> None:
    await _start(site)
    maria, stranger = await site.visitor("maria"), await site.visitor("stranger")
    assert re.search(r"Νερό</a></h3>\s*<p[^>]*><span>1 θέμα", (await maria.get("/themes")).text)
    assert "Διαρροές" in (await maria.get("/themes/water")).text
    assert re.search(r"(Νερό|Water)</a></h3>\s*<p[^>]*><span>0 ", (await stranger.get("/themes")).text)
    assert "Διαρροές" not in (await stranger.get("/themes/water")).text
    await owner.execute("UPDATE topics SET deleted_at = now(), deleted_by_id = author_id")
    assert "Διαρροές" not in (await maria.get("/themes/water")).text
    assert (await maria.get("/themes/nonsense")).status == 404
    assert (await maria.get("/themes/water?cursor=x")).status == 400


async def test_the_topics_of_a_theme_come_a_page_at_a_time(site: Site, owner: RawConnection) -> None:
    await _start(site)
    await owner.execute(
        "INSERT INTO topics (category_id, author_id, last_author_id, title, slug, fields) "
        "SELECT category_id, author_id, author_id, 'Αριθμός ' || n, 'n', fields "
        "FROM topics CROSS JOIN generate_series(1, 40) AS n"
    )
    maria = await site.visitor("maria")
    seen: list[str] = []
    path: str | None = "/themes/water"
    while path:
        page = await maria.get(path)
        seen += re.findall(r"(Αριθμός \d+|Διαρροές)</a>", page.text)
        following = re.search(r'href="(/themes/water\?cursor=[^"]+)"', page.text)
        path = following[1] if following else None
    assert seen == [*(f"Αριθμός {n}" for n in range(40, 0, -1)), "Διαρροές"]


async def test_whoever_follows_a_theme_is_told_of_a_new_topic_that_names_it_once(
    site: Site, owner: RawConnection
) -> None:
    nikos = await site.visitor("nikos")
    await nikos.get("/themes")
    for slug in ("water", "energy"):
        for _ in range(2):
            answer = await nikos.submit(f"/themes/{slug}/subscription", {"next": "/settings/notifications"})
            assert (answer.status, answer.location) == (303, "/settings/notifications")
    assert "/themes/water/subscription/delete" in (await nikos.follow(answer)).text
    stranger = await site.visitor("stranger")
    await stranger.submit("/themes/water/subscription")
    await _start(site)
    await telling.fan_out(site.app[DB])
    rows = await owner.fetch("SELECT member_id, kind FROM notifications")
    assert [tuple(row) for row in rows] == [(site.cast.nikos.member_id, "new_topic")], "only who may read it"
    await nikos.submit("/themes/water/subscription/delete")
    await nikos.submit("/themes/energy/subscription/delete")
    await _start(site)
    await telling.fan_out(site.app[DB])
    assert await owner.fetchval("SELECT count(*) FROM notifications") == 1
    assert (await nikos.submit("/themes/nonsense/subscription")).status == 404
    away = await nikos.submit("/themes/water/subscription", {"next": "//evil.example/"})
    assert away.location == "/"


async def test_a_muted_category_stays_mute_and_a_theme_added_later_tells_nobody(
    site: Site, owner: RawConnection
) -> None:
    nikos, maria = await site.visitor("nikos"), await site.visitor("maria")
    await nikos.submit("/themes/housing/subscription")
    await _start(site)
    await telling.fan_out(site.app[DB])
    post_id = await owner.fetchval("SELECT id FROM posts")
    await maria.submit(f"/posts/{post_id}/edit", {**TOPIC, "themes.housing": "on"})
    await telling.fan_out(site.app[DB])
    assert not await owner.fetchval("SELECT count(*) FROM notifications")
    await nikos.submit("/categories/questions/subscription", {"level": "mute"})
    await _start(site, **{"themes.housing": "on"})
    await telling.fan_out(site.app[DB])
    assert not await owner.fetchval("SELECT count(*) FROM notifications")


_THEME = {"name_el": "Λιμάνια", "name_en": "Harbours", "slug": ""}


async def _entries(owner: RawConnection) -> list[str]:
    rows = await owner.fetch("SELECT act FROM audit_entries WHERE subject = 'theme' ORDER BY id")
    return [row["act"] for row in rows]


async def test_an_administrator_adds_renames_moves_and_deletes_a_theme(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    page = await administrator.get("/admin/themes/new")
    form = {**_THEME, "idempotency_key": page.hidden("idempotency_key")}
    for _ in range(2):
        assert (await administrator.submit("/admin/themes", form)).location == "/admin/themes"
    assert await owner.fetchval("SELECT count(*) FROM themes") == 21
    assert await owner.fetchval("SELECT slug FROM themes ORDER BY position DESC LIMIT 1") == "harbours"
    renamed = {"name_el": "Λιμένες", "name_en": "Ports", "slug": "ports"}
    assert (await administrator.submit("/admin/themes/harbours/edit", renamed)).status == 303
    assert await owner.fetchval("SELECT name_en FROM themes WHERE slug = 'harbours'") == "Ports"
    moved = await administrator.submit("/admin/themes/harbours/place", {"by": "-1"})
    assert moved.location == "/admin/themes#harbours"
    order = [row["slug"] for row in await owner.fetch("SELECT slug FROM themes ORDER BY position")]
    assert order[-2:] == ["harbours", "administration"]
    await administrator.submit("/admin/themes/energy/place", {"by": "-1"})
    assert "Λιμένες" in (await (await site.visitor("maria")).get(_NEW)).text
    assert (await administrator.submit("/admin/themes/harbours/delete")).status == 303
    assert await _entries(owner) == ["theme.added", "theme.renamed", "theme.moved", "theme.deleted"]
    assert (await administrator.get("/admin/audit?subject=theme")).status == 200


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"name_el": ""}, "name_el"),
        ({"name_en": "x" * 121}, "name_en"),
        ({"slug": "Νερό"}, "slug"),
        ({"slug": "water"}, "slug"),
    ],
)
async def test_what_will_not_do_is_refused_and_kept(
    site: Site, owner: RawConnection, changed: dict[str, str], faulty: str
) -> None:
    administrator = await site.visitor("administrator")
    answer = await administrator.submit("/admin/themes", {**_THEME, **changed})
    assert answer.status == 422
    assert f'id="{faulty}-error"' in answer.text
    assert await owner.fetchval("SELECT count(*) FROM themes") == 20


async def test_a_theme_in_use_is_not_deleted_but_merges_with_its_topics_and_followers(
    site: Site, owner: RawConnection
) -> None:
    await _start(site)
    await _start(site, **{"themes.energy": ""})
    await owner.execute(
        "UPDATE topics SET deleted_at = now(), deleted_by_id = author_id WHERE id = (SELECT max(id) FROM topics)"
    )
    nikos = await site.visitor("nikos")
    await nikos.submit("/themes/water/subscription")
    administrator = await site.visitor("administrator")
    page = await administrator.get("/admin/themes/water/edit")
    assert "/admin/themes/water/delete" not in page.text
    assert (await administrator.submit("/admin/themes/water/delete")).status == 409
    assert "2 θέματα" in (await administrator.get("/admin/themes/water/merger/new")).text
    for wrong in ("", "nonsense"):
        refused = await administrator.submit("/admin/themes/water/merger", {"theme": wrong})
        assert refused.status == 422
        assert 'href="#theme"' in refused.text
    assert (await administrator.submit("/admin/themes/water/merger", {"theme": "water"})).status == 409
    assert (await administrator.submit("/admin/themes/water/merger", {"theme": "energy"})).status == 303
    rows = await owner.fetch("SELECT fields -> 'themes' AS themes FROM topics ORDER BY id")
    assert [json.loads(row["themes"]) for row in rows] == [["energy"], ["energy"]], "each once, deleted ones too"
    assert not await owner.fetchval("SELECT count(*) FROM post_revisions")
    assert (
        await owner.fetchval(
            "SELECT themes.slug FROM theme_subscriptions JOIN themes ON themes.id = theme_subscriptions.theme_id"
        )
        == "energy"
    )
    assert not await owner.fetchval("SELECT count(*) FROM themes WHERE slug = 'water'")
    assert await _entries(owner) == ["theme.merged"]
    assert (await nikos.get("/themes/water")).status == 404


async def test_only_administrators_keep_the_list(site: Site, owner: RawConnection) -> None:
    moderator = await site.visitor("moderator")
    assert (await moderator.get("/admin/themes")).status == 403
    for path in ("", "/water/edit", "/water/delete", "/water/place", "/water/merger"):
        assert (await moderator.submit(f"/admin/themes{path}", {**_THEME, "by": "1", "theme": "energy"})).status == 403
    assert await owner.fetchval("SELECT count(*) FROM themes") == 20
    administrator = await site.visitor("administrator")
    for path in ("/nonsense/edit", "/nonsense/merger/new"):
        assert (await administrator.get(f"/admin/themes{path}")).status == 404
    for path in ("/nonsense/delete", "/nonsense/place", "/nonsense/merger"):
        assert (await administrator.submit(f"/admin/themes{path}", {"by": "1", "theme": "energy"})).status == 404


async def test_two_themes_of_one_name_are_refused_beside_the_name(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    before = await owner.fetchval("SELECT count(*) FROM themes")
    twice = {"name_el": "ΝΕΡΟ", "name_en": "Waters", "slug": "waters"}
    answer = await administrator.submit("/admin/themes", twice)
    assert answer.status == 422
    assert answer.text.count("Υπάρχει ήδη θεματική «Νερό».") == 2
    assert 'id="name_el-error"' in answer.text
    assert 'value="waters"' in answer.text
    assert await owner.fetchval("SELECT count(*) FROM themes") == before
    renamed = await administrator.submit("/admin/themes/energy/edit", {"name_el": "Ενέργεια", "name_en": "water"})
    assert renamed.status == 422
    assert 'id="name_en-error"' in renamed.text
    assert (
        await administrator.submit("/admin/themes/water/edit", {"name_el": "Νερά", "name_en": "Water"})
    ).status == 303
