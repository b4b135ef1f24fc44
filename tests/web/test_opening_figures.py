"""Administrators see whether an opening proves itself, and widen, keep or close it on its day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forum.db import RawConnection
from forum.domain.access import AdministerGrant
from forum.domain.entities import OpeningId
from forum.keys import DB
from tests.domain import writing
from tests.domain.opening import PARTNER, Opener
from tests.site import Site, Visitor

QUESTIONS = "/admin/categories/questions"
DUE = "UPDATE openings SET review_at = now() - interval '1 hour'"


@pytest.fixture
async def opening(site: Site, owner: RawConnection) -> OpeningId:
    """The category `questions`, opened to the partner's people as readers."""
    return await Opener(site.app[DB], owner, AdministerGrant(site.cast.administrator)).open(PARTNER, "readers")


async def _day(owner: RawConnection, days: int) -> str:
    """Return a day from today on as a field of a form holds it, by the clocks of Nicosia."""
    found = await owner.fetchval("SELECT now() AT TIME ZONE 'Asia/Nicosia'") + timedelta(days=days)
    return str(found.date())


async def _main(visitor: Visitor, path: str) -> str:
    """Return what a page says between head and foot."""
    return (await visitor.get(path)).text.partition("<main")[2].partition("<footer")[0]


async def test_the_page_says_who_read_and_wrote_and_the_category_leads_to_it(
    site: Site, owner: RawConnection, opening: OpeningId
) -> None:
    started = await writing.start(site.app[DB], site.cast.maria)
    stranger, administrator = await site.visitor("stranger"), await site.visitor("administrator")
    path = f"/admin/openings/{opening}"
    assert f'href="{path}"' in await _main(administrator, QUESTIONS)
    assert '<svg class="week-chart"' not in await _main(administrator, path), "nobody has come yet"
    assert (await stranger.get(f"/topics/{started.topic_id}/{started.slug}")).status == 200
    text = await _main(administrator, path)
    assert '<svg class="week-chart" role="img"' in text
    assert "Δίκτυο Πόλεων Αδριατικής" in text
    assert 'style="' not in text
    assert await owner.fetchval("SELECT count(*) FROM category_visits") == 1


async def test_a_guest_is_led_to_sign_in_and_a_member_is_refused(site: Site, opening: OpeningId) -> None:
    path = f"/admin/openings/{opening}"
    guest = await site.visitor()
    assert (await guest.get(path)).location.startswith("/login")
    for person in ("maria", "moderator", "stranger"):
        visitor = await site.visitor(person)
        assert (await visitor.get(path)).status == 403, person
        for act in ("review", "review/keep"):
            assert (await visitor.submit(f"{path}/{act}", {"review_at": ""})).status == 403, person


async def test_what_is_not_there_is_not_found(site: Site) -> None:
    administrator = await site.visitor("administrator")
    assert (await administrator.get("/admin/openings/999999")).status == 404
    for act in ("review", "review/keep"):
        assert (await administrator.submit(f"/admin/openings/999999/{act}", {"review_at": ""})).status == 404


async def test_a_form_without_its_token_does_nothing(site: Site, owner: RawConnection, opening: OpeningId) -> None:
    administrator = await site.visitor("administrator")
    for act in ("review", "review/keep"):
        answer = await administrator.request(
            "POST", f"/admin/openings/{opening}/{act}", data={"review_at": await _day(owner, 5)}
        )
        assert answer.status == 403
    assert await owner.fetchval("SELECT count(*) FROM openings WHERE review_at IS NULL AND reviewed_at IS NULL") == 1


async def test_a_day_is_chosen_with_the_opening_and_changed_later(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    group = await owner.fetchval("SELECT id::text FROM groups WHERE slug = $1", PARTNER)
    chosen = {"group": group, "stage": "readers", "review_at": await _day(owner, 30)}
    new = f"{QUESTIONS}/openings/new?group={group}&stage=readers&review_at={chosen['review_at']}"
    shown = await administrator.get(new)
    assert shown.hidden("review_at") == chosen["review_at"]
    assert "/".join(reversed(chosen["review_at"].split("-"))) in shown.text
    sent = {**chosen, "digest": shown.hidden("digest")}
    assert (await administrator.submit(f"{QUESTIONS}/openings", sent)).status == 303
    opening = await owner.fetchval("SELECT id FROM openings")
    local = "SELECT to_char(review_at AT TIME ZONE 'Asia/Nicosia', 'YYYY-MM-DD HH24:MI') FROM openings"
    assert await owner.fetchval(local) == f"{chosen['review_at']} 09:00"
    page = await administrator.get(f"/admin/openings/{opening}")
    assert f'value="{chosen["review_at"]}"' in page.text
    other = await _day(owner, 60)
    answer = await administrator.submit(f"/admin/openings/{opening}/review", {"review_at": other})
    assert (answer.status, answer.location) == (303, f"/admin/openings/{opening}")
    assert await owner.fetchval(local) == f"{other} 09:00"
    await administrator.submit(f"/admin/openings/{opening}/review", {"review_at": ""})
    assert await owner.fetchval(local) is None


async def test_a_day_that_will_not_do_is_told_beside_its_field(
    site: Site, owner: RawConnection, opening: OpeningId
) -> None:
    administrator = await site.visitor("administrator")
    group = await owner.fetchval("SELECT id::text FROM groups WHERE slug = 'region-cyprus'")
    for typed in ("χθες", "2020-01-01", "2027-02-30", "2027-03-01T10:00"):
        for act in ("review", "review/keep"):
            answer = await administrator.submit(f"/admin/openings/{opening}/{act}", {"review_at": typed})
            assert answer.status == 422, (act, typed)
            assert 'id="review_at-error"' in answer.text
            assert f'value="{typed}"' in answer.text
        chosen = f"group={group}&stage=readers&effective_at=2035-01-01T10:00"
        for day in (typed, "2034-12-31"):
            new = await administrator.get(f"{QUESTIONS}/openings/new", params={"review_at": day} | _query(chosen))
            assert new.status == 422, day
            assert f'value="{day}"' in new.text
    assert await owner.fetchval("SELECT review_at FROM openings") is None


def _query(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split("&"))


async def test_one_that_is_due_is_told_to_administrators_and_kept(
    site: Site, owner: RawConnection, opening: OpeningId
) -> None:
    administrator, path = await site.visitor("administrator"), f"/admin/openings/{opening}"
    assert path not in await _main(administrator, "/admin")
    await owner.execute(DUE)
    assert f'href="{path}"' in await _main(administrator, "/admin")
    text = await _main(administrator, path)
    assert f"{QUESTIONS}/openings/new?group=" in text
    assert "stage=commenters" in text
    assert "stage=closed" in text
    assert f'formaction="{path}/review/keep"' in text
    answer = await administrator.submit(f"{path}/review/keep", {"review_at": ""})
    assert (answer.status, answer.location) == (303, path)
    assert path not in await _main(administrator, "/admin")
    assert "Χριστίνα Ιωάννου" in await _main(administrator, path)
    acts = await owner.fetch("SELECT act FROM audit_entries WHERE subject = 'category' ORDER BY id")
    assert [row["act"] for row in acts] == ["category.opened", "category.opening_reviewed"]


async def test_one_that_was_followed_or_taken_back_says_so_and_has_nothing_to_decide(
    site: Site, owner: RawConnection, opening: OpeningId
) -> None:
    administrator, path = await site.visitor("administrator"), f"/admin/openings/{opening}"
    opener = Opener(site.app[DB], owner, AdministerGrant(site.cast.administrator))
    later = await opener.open(PARTNER, "commenters")
    text = await _main(administrator, path)
    assert f'href="/admin/openings/{later}"' in text
    assert "/review" not in text
    assert (await administrator.submit(f"{path}/review/keep", {"review_at": ""})).status == 409
    await opener.undo(later)
    text = await _main(administrator, f"/admin/openings/{later}")
    assert "/review" not in text
    assert "ανακλήθηκε" in text
    assert f"{path}/review" in await _main(administrator, path)


async def test_one_that_waits_is_told_with_what_there_is(site: Site, owner: RawConnection) -> None:
    opener = Opener(site.app[DB], owner, AdministerGrant(site.cast.administrator))
    waiting = await opener.open(PARTNER, "participants", effective_at=await opener.now() + timedelta(days=90))
    text = await _main(await site.visitor("administrator"), f"/admin/openings/{waiting}")
    assert f"/admin/openings/{waiting}/review" in text
    assert "review/keep" not in text
