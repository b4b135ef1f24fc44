"""The home page begins with what closes this week and what fits, and says why."""

from __future__ import annotations

from datetime import timedelta

from forum import clock
from forum.db import RawConnection
from tests.site import Site
from tests.web import content
from tests.web.subscribing import instant, set_fields


async def _call(site: Site, owner: RawConnection, title: str, days: int, **fields: object) -> None:
    topic = await content.start(site, "sophie", "proposals", title=title)
    due = instant(clock.now() + timedelta(days=days))
    await set_fields(owner, topic.topic_id, deadline=due, state="open", programme="LIFE", **fields)


async def test_what_closes_stands_before_what_is_new(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    assert "Κλείνουν αυτή την εβδομάδα" not in (await maria.get("/")).text
    await _call(site, owner, "Κλείνει σύντομα", 3)
    page = (await maria.get("/")).text
    assert page.index("Κλείνουν αυτή την εβδομάδα") < page.index("Κλείνει σύντομα") < page.index("Πρόσφατα θέματα")
    assert "Σε 2 ημέρες" in page or "Σε 3 ημέρες" in page
    assert "LIFE" in page
    stranger = await site.visitor("stranger")
    assert "Κλείνει σύντομα" not in (await stranger.get("/")).text


async def test_that_interest_closes_is_said_so(site: Site, owner: RawConnection) -> None:
    closes = instant(clock.now() + timedelta(days=2))
    await _call(site, owner, "Για δηλώσεις", 60, interest_deadline=closes)
    page = (await (await site.visitor("maria")).get("/")).text
    assert page.index("Κλείνουν αυτή την εβδομάδα") < page.index("Για δηλώσεις") < page.index("Πρόσφατα θέματα")
    assert "Προθεσμία εκδήλωσης ενδιαφέροντος: " in page


async def test_what_fits_says_which_themes_it_shares(site: Site, owner: RawConnection) -> None:
    await _call(site, owner, "Για εμάς", 60, themes=["water"])
    maria = await site.visitor("maria")
    assert "Για τον φορέα σας" not in (await maria.get("/")).text
    await owner.execute(
        "INSERT INTO profiles (organisation_id, themes, updated_by_id) SELECT organisation_id, '{water}', id "
        "FROM members WHERE id = $1",
        site.cast.maria.member_id,
    )
    page = (await maria.get("/")).text
    assert "Για τον φορέα σας" in page
    assert "Λόγω των θεματικών σας: Νερό." in page


async def test_what_is_translated_is_named_in_the_reader_s_language(site: Site, owner: RawConnection) -> None:
    await _call(site, owner, "Κλείνει σύντομα", 3)
    await owner.execute(
        "UPDATE topics SET language = 'el', translated_titles = jsonb_build_object('en', 'Closes soon') "
        "WHERE title = 'Κλείνει σύντομα'"
    )
    maria = await site.visitor("maria")
    assert "Closes soon" not in (await maria.get("/")).text
    await owner.execute("UPDATE members SET language = 'en' WHERE id = $1", site.cast.maria.member_id)
    page = (await maria.get("/")).text
    assert page.index("Closes this week") < page.index("Closes soon") < page.index("Latest topics")
    assert "Κλείνει σύντομα" not in page


async def test_the_page_forgets_what_has_closed_the_moment_it_does(site: Site, owner: RawConnection) -> None:
    await _call(site, owner, "Κλείνει τώρα", 1)
    await owner.execute("UPDATE topics SET deadline_at = clock_timestamp() + interval '1.5 s'")
    maria = await site.visitor("maria")
    assert "Κλείνουν αυτή την εβδομάδα" in (await maria.get("/")).text
    await owner.execute("SELECT pg_sleep(1.6)")
    assert "Κλείνουν αυτή την εβδομάδα" not in (await maria.get("/")).text
