"""Mentions and named emoji in a text: put in where the reader expects them, left alone everywhere else."""

from __future__ import annotations

import pytest

from forum.markup import Known, render
from forum.markup.inline import SIGN_LIMIT
from forum.markup.sanitising import first_wall, second_wall

KNOWN = Known({"Νίκος.Καραντώνης": (12, "Νίκος Καραντώνης"), "Evil": (3, "<b>& *x*")}, {"smile": "🙂", "+1": "👍"})
LINK = '<a class="mention" href="/members/12" rel="nofollow ugc noopener">@Νίκος Καραντώνης</a>'


def html(source: str) -> str:
    rendered = render(source, KNOWN)
    assert not rendered.is_plain
    assert first_wall(rendered.html) == rendered.html == second_wall(rendered.html)
    return rendered.html.replace("\n", "")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Γεια @Νίκος.Καραντώνης.", f"<p>Γεια {LINK}.</p>"),
        ("**@Νίκος.Καραντώνης** _@Νίκος.Καραντώνης_", f"<p><strong>{LINK}</strong> <em>{LINK}</em></p>"),
        ("- @Νίκος.Καραντώνης", f"<ul><li>{LINK}</li></ul>"),
        ("> @Νίκος.Καραντώνης", f"<blockquote><p>{LINK}</p></blockquote>"),
        ("## @Νίκος.Καραντώνης", f"<h3>{LINK}</h3>"),
        (":smile: :smile::smile: *:+1:*", "<p>🙂 🙂🙂 <em>👍</em></p>"),
    ],
)
def test_known_names_are_put_in(source: str, expected: str) -> None:
    assert html(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "@Nobody και :nobody:",
        r"\@Νίκος.Καραντώνης \:smile:",
        "α@Νίκος.Καραντώνης @Νίκος.Καραντώνης@x @Νίκος.Καραντώνηςς",
        "10:smile:30 std::smile::x",
    ],
)
def test_what_is_not_known_or_not_meant_stays_as_typed(source: str) -> None:
    assert html(source) == f"<p>{source}</p>".replace("\\", "")


def test_code_links_and_addresses_are_left_alone() -> None:
    assert "<code>@Νίκος.Καραντώνης :smile:</code>" in html("`@Νίκος.Καραντώνης :smile:`")
    assert "<code>@Νίκος.Καραντώνης :smile:" in html("```\n@Νίκος.Καραντώνης :smile:\n```")
    for source in (
        "[@Νίκος.Καραντώνης](https://example.org)",
        "https://example.org/@Νίκος.Καραντώνης",
        "<https://example.org/@Νίκος.Καραντώνης>",
        "Evil@example.org @example.org",
    ):
        assert "mention" not in html(source)
    assert 'href="https://example.org/:smile:x"' in html("https://example.org/:smile:x")


def test_a_members_name_is_text() -> None:
    assert "@&lt;b&gt;&amp; *x*</a>" in html("@Evil")


def test_a_member_cannot_make_a_mention_of_another_link() -> None:
    assert "mention" not in html("[@Νίκος Καραντώνης](/members/3)").partition("href")[0]
    assert "&lt;a class" in html('<a class="mention" href="/members/3">@Νίκος Καραντώνης</a>')


def test_the_words_of_a_text_hold_the_name() -> None:
    assert render("@Νίκος.Καραντώνης :smile:", KNOWN).text == "@Νίκος Καραντώνης 🙂"


def test_without_names_known_nothing_is_put_in() -> None:
    assert render("@Νίκος.Καραντώνης :smile:").html == "<p>@Νίκος.Καραντώνης :smile:</p>"


@pytest.mark.parametrize("source", ["@" + "a." * 24_000, "@a-" * 16_000, ":a" * 24_000, ":" + "a" * 49_000, "@" * 390])
def test_hostile_names_cost_little(source: str) -> None:
    rendered = render(source, KNOWN)
    assert rendered.text


@pytest.mark.parametrize("between", ["", " "])
def test_the_emoji_that_are_put_in_are_bounded(between: str) -> None:
    """Each costs a copy of its paragraph; those beyond stay as they were typed."""
    rendered = render(between.join([":+1:"] * (SIGN_LIMIT + 5)), KNOWN)
    assert rendered.html.count("👍") == SIGN_LIMIT
    assert rendered.html.count(":+1:") == 5
