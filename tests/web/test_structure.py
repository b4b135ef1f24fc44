"""Every page of content has one h1, no skipped heading, named controls and unique ids, in both languages."""

from __future__ import annotations

import pytest

from tests.site import Site
from tests.web import content, structure

_BODY = "### Κεφάλαιο\n\n- [x] έγινε\n- [ ] μένει\n\n| α | β |\n|---|---|\n| 1 | 2 |\n\n> παράθεση[^1]\n\n[^1]: Πηγή\n"


@pytest.mark.parametrize("person", ["moderator", "sophie"])
async def test_pages_are_well_formed(site: Site, person: str) -> None:
    started = await content.start(site, "maria", body=_BODY)
    made = await content.reply(site, person, started.topic_id, _BODY + "α", reply_to=started.first_post_id)
    gone = await content.reply(site, person, started.topic_id, _BODY + "β")
    await content.delete_post(site, person, gone.id)
    await content.lock(site, started.topic_id)
    await content.pin(site, started.topic_id)
    other = await content.start(site, person, body=_BODY)
    for _ in range(20):
        await content.reply(site, "nikos", other.topic_id)
    mine = await content.reply(site, person, other.topic_id, _BODY + "γ")
    empty = await content.start(site, person, title="Templates", language="en")
    topic, second, last = (f"/topics/{found.topic_id}" for found in (started, other, empty))
    paths = [
        "/", "/categories/questions", "/categories/questions?sort=created", "/categories/guides",
        "/categories/questions/new", f"{topic}/{started.slug}", f"{second}/{other.slug}",
        f"{second}/{other.slug}?page=2", f"{last}/delete/new", f"{second}/posts/new",
        f"{second}/posts/new?reply_to=1", f"/posts/{mine.id}/edit", f"/posts/{empty.first_post_id}/edit",
        f"/posts/{mine.id}/delete", f"/posts/{made.id}/revisions", f"/posts/{started.first_post_id}/revisions",
        "/search", "/search?q=templates", "/search?q=nothing", f"/search?q={'a' * 201}", "/municipalities",
        "/municipalities/larnaca", "/municipalities/mytilene", "/members", f"/members?q={'a' * 101}",
        f"/members/{site.cast.maria.member_id}", f"/members/{site.cast.suspended.member_id}",
    ]  # fmt: skip
    if person == "moderator":
        paths.append(f"{second}/lock/new")
    visitor = await site.visitor(person)
    found: list[str] = []
    for path in paths:
        answer = await visitor.get(path)
        assert answer.status in {200, 422}, (path, answer.status)
        found += [f"{path}: {fault}" for fault in structure.faults(answer.text)]
    for path in ("/categories/questions/new", f"{second}/posts", f"/posts/{empty.first_post_id}/edit"):
        answer = await visitor.submit(path, {"title": "", "body": ""})
        assert answer.status == 422, path
        found += [f"POST {path}: {fault}" for fault in structure.faults(answer.text)]
    assert found == []


async def test_a_broken_page_is_noticed() -> None:
    page = (
        "<header></header><main><h1>Α</h1><h3 id='a'>Β</h3><p id='a' style='x'><input name='q'></main><footer></footer>"
    )
    assert len(list(structure.faults(page))) == 6
