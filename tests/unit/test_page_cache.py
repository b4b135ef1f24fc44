"""Pages in pieces: holes filled for each reader, room for so many bytes, an end to what is said of the time of day."""

from __future__ import annotations

from forum import page_cache
from forum.page_cache import PageCache, Written, cut

NOON = 1_800_000_000.0


def _written(size: int = 10, until: float = NOON + 60) -> Written:
    return Written((b"x" * size,), size, until)


def test_a_page_is_whole_again_with_every_hole_filled() -> None:
    text = (
        f"<b>{page_cache.NAME}</b><i>{page_cache.MEMBER}</i>{page_cache.TOKEN}·{page_cache.NAME}·{page_cache.FORM_KEY}"
        f"<title>{page_cache.UNREAD_TITLE}Θέμα</title><b>{page_cache.UNREAD_COUNT}</b>{page_cache.UNREAD_LABEL}"
    )
    values = {
        page_cache.NAME: "Ελένη".encode(),
        str(page_cache.MEMBER): b"7",
        page_cache.TOKEN: b"token",
        page_cache.FORM_KEY: b"key",
        page_cache.UNREAD_TITLE: b"(3) ",
        page_cache.UNREAD_COUNT: b"3",
        page_cache.UNREAD_LABEL: b"3 unread",
    }
    assert cut(text, NOON).filled(values).decode() == (
        "<b>Ελένη</b><i>7</i>token·Ελένη·key<title>(3) Θέμα</title><b>3</b>3 unread"
    )


def test_what_looks_like_a_hole_of_another_process_stays() -> None:
    text = "hole" + "0" * 32
    assert cut(text, NOON).filled({}).decode() == text


def test_a_page_is_kept_until_it_would_say_something_untrue() -> None:
    pages = PageCache()
    pages.put("page", _written(until=NOON + 60))
    assert pages.get("page", NOON + 59) is not None
    assert pages.get("page", NOON + 60) is None
    assert pages.get("page", NOON) is None


def test_the_page_asked_for_least_lately_makes_room() -> None:
    pages = PageCache(limit=30)
    for key in "abc":
        pages.put(key, _written())
    assert pages.get("a", NOON)
    pages.put("d", _written())
    assert [key for key in "abcd" if pages.get(key, NOON)] == ["a", "c", "d"]


def test_a_page_put_twice_takes_its_room_once() -> None:
    pages = PageCache(limit=30)
    for _ in range(5):
        pages.put("a", _written())
    pages.put("b", _written())
    pages.put("c", _written())
    assert all(pages.get(key, NOON) for key in "abc")


def test_parts_beyond_the_limit_go_the_oldest_first() -> None:
    pages = PageCache()
    half = "π" * (page_cache.PARTS_LIMIT // 2)
    for key in "abc":
        assert pages.keep_part(key, half) == half
    assert [pages.part(key) is not None for key in "abc"] == [False, True, True]
