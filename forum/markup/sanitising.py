"""The two walls that all stored HTML has passed: bleach, then nh3, by one allow-list.

Owns the list of elements, attributes and values. Refuses everything that is not on it: scripts, styles, forms,
pictures from elsewhere, foreign namespaces, and every id, class or name that the renderer itself did not make. What
`sanitize` returns is a fixed point of both walls, so cleaning it again changes nothing.
"""

from __future__ import annotations

import html as html_entities
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import bleach.sanitizer
import nh3

from forum.markup.links import canonical_href

if TYPE_CHECKING:
    from collections.abc import Mapping

REL: Final = "nofollow ugc noopener"
"""What every link carries: no search rank is lent, the text is a member's, the opener is out of reach."""

# Labels stand in stored HTML, which readers of both languages see: so each says both, Greek first.
TABLE_LABEL: Final = "Πίνακας / Table"
CODE_LABEL: Final = "Κώδικας / Code"
TODO_LABEL: Final = "Εκκρεμεί / To do"
DONE_LABEL: Final = "Έγινε / Done"
BACK_LABEL: Final = "Επιστροφή στο κείμενο / Back to the text"

MENTION_CLASS: Final = "mention"
PICTURE_CLASS: Final = "picture"

PICTURE: Final = re.compile(r"/attachments/[1-9][0-9]{0,17}")
"""The address of a file of the forum's own: nothing else is shown in a text, which loads nothing from elsewhere."""

_NUMBER: Final = r"[0-9]{1,9}"
_SIDE: Final = "align-(?:left|center|right)"


def _one_of(*values: str) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(value) for value in values))


ATTRIBUTES: Final[Mapping[str, Mapping[str, re.Pattern[str] | None]]] = MappingProxyType(
    {
        "a": {
            "aria-label": _one_of(BACK_LABEL),
            "class": _one_of("footnote-ref", "footnote-backref", MENTION_CLASS, PICTURE_CLASS),
            "href": None,  # not a pattern: `canonical_href` decides
            "rel": _one_of(REL),
        },
        "blockquote": {},
        "br": {},
        "code": {"class": re.compile(r"language-[a-z0-9][a-z0-9+#._-]{0,29}")},
        "del": {},
        "div": {
            "aria-label": _one_of(TABLE_LABEL, CODE_LABEL),
            "class": _one_of("scroll", "footnotes"),
            "role": _one_of("group"),
            "tabindex": _one_of("0"),
        },
        "em": {},
        "h3": {},
        "h4": {},
        "h5": {},
        "h6": {},
        "hr": {},
        "img": {
            "alt": re.compile(r"[^\x00-\x1f]*"),
            "loading": _one_of("lazy"),
            "src": re.compile(rf"{PICTURE.pattern}/preview"),
        },
        "li": {"class": _one_of("task"), "id": re.compile(r"fn-[0-9a-f]{8}-" + _NUMBER)},
        "ol": {"start": re.compile(_NUMBER)},
        "p": {},
        "pre": {},
        "span": {
            "aria-label": _one_of(TODO_LABEL, DONE_LABEL),
            "class": _one_of("task-mark", MENTION_CLASS),
            "role": _one_of("img"),
        },
        "strong": {},
        "sup": {"id": re.compile(rf"fnref-[0-9a-f]{{8}}-{_NUMBER}(?:-{_NUMBER})?")},
        "table": {},
        "tbody": {},
        "td": {"class": re.compile(_SIDE)},
        "th": {"class": re.compile(_SIDE), "scope": _one_of("col")},
        "thead": {},
        "tr": {},
        "ul": {},
    }
)
"""Every element and attribute that stored HTML may hold, with the pattern its whole value must match."""

_SCHEMES: Final = frozenset({"http", "https", "mailto"})
# Tags times the elements open around them. A post at the renderer's own limits stays below the first.
_WORK_LIMIT: Final = 200_000
_TANGLED_LIMIT: Final = 5_000
_DEPTH_LIMIT: Final = 100  # bleach's cost grows with the square of the depth
_ROUNDS: Final = 4
_LINE_END: Final = re.compile(r"\r\n?")
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_OTHER_PICTURE: Final = re.compile(rf'<img(?! alt="[^"]*" loading="lazy" src="{PICTURE.pattern}/preview">)[^>]*>')
_VOID: Final = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr", "area", "base", "col", "embed"})


def accepted_value(tag: str, name: str, value: str) -> str | None:
    """Return the value that attribute `name` of `tag` may keep, or None where it is dropped."""
    patterns = ATTRIBUTES.get(tag, {})
    if name not in patterns:
        return None
    pattern = patterns[name]
    if pattern is None:
        return canonical_href(value)
    return value if pattern.fullmatch(value) else None


def sanitize(html: str) -> str:
    """Return `html` reduced to the allow-list: a text that neither wall would change any more.

    Markup that does not settle, or is dense enough to be an attack on bleach's quadratic parser, comes back as
    escaped text.
    """
    settled = settle(html)
    return escape(_NO_TEXT.sub("\ufffd", _LINE_END.sub("\n", well_formed(html)))) if settled is None else settled


def settle(html: str) -> str | None:
    """Return what both walls leave of `html` and would leave again, or None where `sanitize` escapes it."""
    html = well_formed(html)
    for _ in range(_ROUNDS):
        if _is_dense(html):  # the walls write elements out that HTML lets be left out, so each round looks again
            return None
        cleaned = _OTHER_PICTURE.sub("", second_wall(first_wall(html)))  # one without its address shows nothing
        if cleaned == html:
            return cleaned if first_wall(cleaned) == cleaned else None
        html = cleaned
    return None


def first_wall(html: str) -> str:
    """Return `html` as bleach leaves it."""
    return _BLEACH.clean(html)


def second_wall(html: str) -> str:
    """Return `html` as nh3 (Ammonia) leaves it."""
    return nh3.clean(
        html,
        tags=set(ATTRIBUTES),
        attributes={tag: set(patterns) - {"rel"} for tag, patterns in ATTRIBUTES.items()},
        attribute_filter=accepted_value,
        url_schemes=set(_SCHEMES),
        link_rel=REL,  # set on every link; naming `rel` among the attributes too would be refused
        generic_attribute_prefixes=set(),
        clean_content_tags=set(),
    )


def well_formed(text: str) -> str:
    """Return `text` without lone surrogates, which no encoding can write; pairs become their character."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def escape(text: str) -> str:
    """Return `text` as HTML text in the form both walls write it."""
    return html_entities.escape(text, quote=False).replace("\xa0", "&nbsp;")


def _bleach_accepts(tag: str, name: str, value: str) -> bool:
    return accepted_value(tag, name, value) is not None


def _is_dense(html: str) -> bool:
    """Say whether `html` has more elements, or deeper ones, than bleach reads in reasonable time.

    Elements closed out of order count more: HTML opens them again in every following block.
    """
    work = 0
    is_tangled = False
    stack: list[str] = []
    for match in _TAG.finditer(html):
        name = match[2].lower()
        if match[1]:
            if stack and stack[-1] == name:
                stack.pop()
            else:
                is_tangled = True
                if name in stack:
                    stack.remove(name)
        elif name not in _VOID:
            stack.append(name)
        work += 1 + len(stack)
        if len(stack) > _DEPTH_LIMIT or work > (_TANGLED_LIMIT if is_tangled else _WORK_LIMIT):
            return True
    return False


_BLEACH: Final = bleach.sanitizer.Cleaner(
    tags=frozenset(ATTRIBUTES),
    attributes=_bleach_accepts,
    protocols=_SCHEMES,
    strip=True,
    strip_comments=True,
)
