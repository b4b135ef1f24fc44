"""bleach is past its end of life and nh3 stands behind it: both must let through exactly the same."""

from __future__ import annotations

import inspect
from html.parser import HTMLParser

import pytest

from forum.markup import links, sanitising
from forum.markup.sanitising import ATTRIBUTES, REL, accepted_value, first_wall, second_wall

ELEMENTS = (
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote "
    "body br button canvas caption center cite code col colgroup command content data datalist dd del details dfn "
    "dialog dir div dl dt element em embed fencedframe fieldset figcaption figure font footer form frame frameset "
    "h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe image img input ins isindex kbd keygen label legend li "
    "link listing main map mark marquee math menu menuitem meta meter multicol nav nextid nobr noembed noframes "
    "noscript object ol optgroup option output p param picture plaintext portal pre progress q rb rp rt rtc ruby "
    "s samp script search section select shadow slot small source spacer span strike strong style sub summary sup "
    "svg table tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr xmp x-own"
)

NAMES = (
    "abbr accept accesskey action align alt aria-hidden aria-label aria-labelledby autocomplete autofocus "
    "background bgcolor border cite class color cols colspan content contenteditable controls data data-enhance "
    "data-id data-turbo datetime dir download draggable enctype face for form formaction headers height hidden "
    "href hreflang hx-get id inert is itemprop lang list loading name nonce onclick onerror onload part ping "
    "placeholder popover popovertarget poster rel role rows rowspan scope shape size slot span src srcdoc srcset "
    "start style tabindex target title translate type up-follow usemap v-html valign value width x-data "
    "xlink:href xml:lang xmlns"
)

VALUES = (
    "",
    "x",
    "0",
    "1",
    "-1",
    "3",
    "12345678901",
    "col",
    "row",
    "group",
    "img",
    "dialog",
    "scroll",
    "scroll x",
    "footnotes",
    "footnote-ref",
    "footnote-backref",
    "mention",
    "task",
    "task-mark",
    "align-left",
    "align-center",
    "align-right",
    "align-top",
    "language-py",
    "language-c++",
    "language-",
    "language-PY",
    "fn-0123abcd-1",
    "fnref-0123abcd-1",
    "fnref-0123abcd-1-2",
    "fn-0123abcd-1-2",
    "fn:1",
    "Πίνακας / Table",
    "Κώδικας / Code",
    "Εκκρεμεί / To do",
    "Έγινε / Done",
    "Επιστροφή στο κείμενο / Back to the text",
    "https://example.org/a?b=1&c=2#d",
    "http://example.org",
    "https://xn--vxakceg6d.eu/%CE%B1",
    "mailto:a@example.org?subject=x",
    "/topics/1",
    "#post-3",
    "//example.org",
    "/\\example.org",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://example.org",
    "tel:112",
    "evil.example",
    REL,
    "opener",
    "lazy",
    "/attachments/12/preview",
    "/attachments/12/preview/../../logout",
    "/attachments/0/preview",
    "/attachments/12",
)

PARENTS = {
    "tbody": "<table>{}</table>",
    "thead": "<table>{}</table>",
    "tr": "<table><tbody>{}</tbody></table>",
    "td": "<table><tbody><tr>{}</tr></tbody></table>",
    "th": "<table><tbody><tr>{}</tr></tbody></table>",
}


class Seen(HTMLParser):
    """The elements of a text, and the attributes of each."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = dict(attrs)


def _kept(wall: str, tag: str, attributes: str) -> dict[str, str | None] | None:
    """Return the attributes that a wall leaves of an element, None where it leaves no such element."""
    html = PARENTS.get(tag, "{}").replace("{}", f"<{tag} {attributes}>x</{tag}>")
    return Seen(first_wall(html) if wall == "bleach" else second_wall(html)).found.get(tag)


def test_the_lists_asked_for_hold_what_is_allowed() -> None:
    names = {name for patterns in ATTRIBUTES.values() for name in patterns}
    assert set(ATTRIBUTES) <= set(ELEMENTS.split())
    assert names <= set(NAMES.split())
    for tag, patterns in ATTRIBUTES.items():
        for name in patterns:
            assert any(accepted_value(tag, name, value) for value in VALUES), f"no value is allowed for {tag} {name}"


@pytest.mark.parametrize("tag", ELEMENTS.split())
def test_both_walls_keep_the_same_elements(tag: str) -> None:
    kept = {wall: _kept(wall, tag, "") is not None for wall in ("bleach", "nh3")}
    assert kept == dict.fromkeys(("bleach", "nh3"), tag in ATTRIBUTES)


@pytest.mark.parametrize("value", VALUES)
def test_both_walls_keep_the_same_attributes(value: str) -> None:
    attributes = " ".join(f'{name}="{value.replace("&", "&amp;")}"' for name in NAMES.split())
    for tag in ATTRIBUTES:
        allowed = {name: value for name in NAMES.split() if accepted_value(tag, name, value) == value}
        bleached, ammonia = _kept("bleach", tag, attributes), _kept("nh3", tag, attributes)
        assert bleached == allowed
        # the second wall writes `rel` on every link itself
        assert ammonia == (allowed | {"rel": REL} if tag == "a" else allowed)


def test_no_attribute_is_allowed_that_a_script_listens_to() -> None:
    for patterns in ATTRIBUTES.values():
        for name in patterns:
            assert not name.startswith(("on", "data-", "hx-", "up-", "x-", "v-", "aria-controls"))
            assert name not in {"style", "name", "target", "form", "formaction", "is", "popovertarget", "slot"}


def test_a_text_loads_nothing_but_files_of_the_forum() -> None:
    sources = [(tag, name) for tag, patterns in ATTRIBUTES.items() for name in patterns if name in {"src", "srcset"}]
    assert sources == [("img", "src")]
    assert [value for value in VALUES if accepted_value("img", "src", value)] == ["/attachments/12/preview"]


@pytest.mark.parametrize("prefix", ["", "x", "javascript:", "\n"])
def test_a_value_must_match_as_a_whole(prefix: str) -> None:
    for tag, patterns in ATTRIBUTES.items():
        for name, pattern in patterns.items():
            for value in VALUES:
                if pattern and pattern.fullmatch(value):
                    assert accepted_value(tag, name, value) == value
                    assert accepted_value(tag, name, f"{value}\n") is None
                    is_words = name == "alt" and prefix != "\n"  # what a picture shows, in any words
                    assert prefix in {"", "x"} or is_words or accepted_value(tag, name, prefix + value) is None


def test_an_address_that_is_kept_is_kept_as_it_is() -> None:
    for value in VALUES:
        kept = links.canonical_href(value)
        assert kept is None or links.canonical_href(kept) == kept


def test_both_walls_are_given_the_one_list() -> None:
    source = inspect.getsource(sanitising)
    assert source.count("bleach.sanitizer.Cleaner(") == 1
    assert source.count("nh3.clean(") == 1
