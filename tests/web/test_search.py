"""Search, over what the reader may read and nothing else."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from forum.keys import DB
from tests.domain import writing
from tests.domain.practising import PRACTICE
from tests.site import Site
from tests.web import content, doors


def _search(words: str, **parameters: str) -> str:
    rest = "".join(f"&{name}={quote(value)}" for name, value in parameters.items())
    return f"/search?q={quote(words)}{rest}"


async def test_words_are_found_in_titles_and_texts_whatever_their_ending(site: Site) -> None:
    started = await content.start(site, "nikos", title="Αφαλάτωση", body="Μονάδες για μικρά νησιά")
    maria = await site.visitor("maria")
    for words in ("αφαλατωση", "ΝΗΣΙΑ", "μονάδα"):
        answer = await maria.get(_search(words))
        assert answer.status == 200
        assert f'<h3><a href="/posts/{started.first_post_id}">Αφαλάτωση</a></h3>' in answer.text, words
        assert "Νίκος Καραντώνης" in answer.text
    assert "<mark>νησιά</mark>" in (await maria.get(_search("νησιά"))).text


async def test_what_was_typed_comes_back_as_text(site: Site) -> None:
    await content.start(site, "nikos", body="Το <b>πλαίσιο</b> & τα υπόλοιπα <script>alert(1)</script>")
    maria = await site.visitor("maria")
    answer = await maria.get(_search('πλαίσιο "><script>alert(1)</script>'))
    assert answer.status == 200
    assert "<script>" not in answer.text
    assert "<script>" not in (await maria.get(_search("πλαίσιο"))).text


async def test_one_category_can_be_searched_alone(site: Site) -> None:
    await content.start(site, "nikos", "questions", title="Νερό εδώ")
    await content.start(site, "nikos", "good-practices", title="Νερό εκεί")
    maria = await site.visitor("maria")
    answer = await maria.get(_search("νερό", category="good-practices"))
    assert "Νερό εκεί" in answer.text
    assert "Νερό εδώ" not in answer.text
    assert '<option value="good-practices" selected>' in answer.text
    assert 'class="empty"' in (await maria.get(_search("νερό", category="no-such-place"))).text


async def test_one_kind_of_topic_can_be_searched_alone(site: Site) -> None:
    await content.start(site, "nikos", "questions", title="Νερό εδώ")
    db, cast = site.app[DB], site.cast
    await writing.start(
        db,
        cast.nikos,
        category="good-practices",
        title="Νερό εκεί",
        body="",
        kind="good_practice",
        fields=PRACTICE | {"owner": "mytilene"},
    )
    maria = await site.visitor("maria")
    answer = await maria.get(_search("νερό", kind="good_practice"))
    assert "Νερό εκεί" in answer.text
    assert "Νερό εδώ" not in answer.text
    assert '<option value="good_practice" selected>Καλή πρακτική</option>' in answer.text
    assert 'class="empty"' in (await maria.get(_search("νερό", kind="proposal"))).text
    unknown = await maria.get(_search("νερό", kind="nonsense"))
    assert (unknown.status, "empty" in unknown.text) == (200, True)


async def test_nothing_typed_shows_the_form_and_no_result(site: Site) -> None:
    maria = await site.visitor("maria")
    for path in ("/search", "/search?q=", "/search?q=%20%20"):
        answer = await maria.get(path)
        assert answer.status == 200
        assert 'id="q"' in answer.text
        assert 'class="empty"' not in answer.text


async def test_nothing_found_says_so_and_what_to_do(site: Site) -> None:
    maria = await site.visitor("maria")
    answer = await maria.get(_search("ουδέποτε"))
    assert answer.status == 200
    assert 'class="empty"' in answer.text
    assert "ουδέποτε" in answer.text


async def test_more_than_a_page_is_led_on_to(site: Site) -> None:
    for number in range(21):
        await content.start(site, "nikos", title=f"Θέμα {number}", body="ανακύκλωση")
    maria = await site.visitor("maria")
    first = await maria.get(_search("ανακύκλωση", category="questions"))
    assert first.text.count("<mark>") == 20
    link = first.text.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "category=questions" in link
    second = await maria.get(link)
    assert second.text.count("<mark>") == 1
    assert 'rel="next"' not in second.text


async def test_too_long_a_question_is_asked_for_again(site: Site) -> None:
    maria = await site.visitor("maria")
    assert (await maria.get(_search("α" * 200))).status == 200
    answer = await maria.get(_search("α" * 201))
    assert answer.status == 422
    assert "α" * 201 in answer.text
    assert 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize("query", ["q=%00", "q=a&q=b", "q=a&cursor=zzz", "q=a&cursor=W10", "q=a%0d%0ab"])
async def test_hostile_values_are_refused(site: Site, query: str) -> None:
    maria = await site.visitor("maria")
    assert (await maria.get(f"/search?{query}")).status == 400


@pytest.mark.parametrize("words", ["'", "a & | ! b", ":*", '"', "- -", "\\", "%_", "(" * 100, "or or or", "<->"])
async def test_signs_of_the_search_language_are_no_error(site: Site, words: str) -> None:
    await content.start(site, "nikos")
    maria = await site.visitor("maria")
    assert (await maria.get(_search(words))).status == 200


async def test_a_stranger_finds_nothing_and_no_category(site: Site) -> None:
    await content.start(site, "nikos", title="Κρυμμένο")
    maria, stranger = await site.visitor("maria"), await site.visitor("stranger")
    assert "/posts/" in (await maria.get(_search("κρυμμένο"))).text
    answer = await stranger.get(_search("κρυμμένο"))
    assert answer.status == 200
    assert "/posts/" not in answer.text
    assert '<option value="questions"' not in answer.text


async def test_what_was_deleted_is_not_found(site: Site) -> None:
    started = await content.start(site, "nikos", title="Παλιό")
    made = await content.reply(site, "maria", started.topic_id, "μοναδική λέξη")
    maria = await site.visitor("maria")
    assert "/posts/" in (await maria.get(_search("μοναδική"))).text
    await content.delete_post(site, "maria", made.id)
    assert "/posts/" not in (await maria.get(_search("μοναδική"))).text


async def test_a_guest_is_led_to_sign_in_and_back(site: Site) -> None:
    for person in (None, "suspended"):
        answer = await (await site.visitor(person)).get("/search?q=a")
        assert answer.status == 303
        assert answer.location == "/login?next=/search?q%3Da"
    await doors.takes_no_other_method(site, "maria", "/search", "POST", "DELETE")
