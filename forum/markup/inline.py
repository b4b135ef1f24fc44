"""The inline side of our Markdown: code spans, links, bare addresses, footnote marks, each in linear time.

python-markdown's own patterns read on to the end of the text from every bracket, which is quadratic; these give
up at a bounded depth and distance. Raw HTML has no pattern here, so it stays text. Of images
only the forum's own files are shown, others become links: a post loads nothing from elsewhere.
"""

from __future__ import annotations

import html
import itertools
import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement

from markdown.extensions.footnotes import (
    FN_BACKLINK_TEXT,
    NBSP_PLACEHOLDER,
    FootnoteExtension,
    FootnoteInlineProcessor,
)
from markdown.inlinepatterns import InlineProcessor
from markdown.util import ETX, STX, AtomicString, code_escape

from forum.markup.blocks import TooDense
from forum.markup.links import URL_LIMIT, canonical_href
from forum.markup.sanitising import MENTION_CLASS, PICTURE, PICTURE_CLASS

if TYPE_CHECKING:
    from markdown import Markdown

# A member's name as it is typed after the @, letters and digits with single dots for the blanks; never within an
# address or another word.
# Nothing of it is given back: said by looking ahead, since Python before 3.11.5 errs in possessive groups.
_NAME: Final = r"[^\W_]++(?:['’-][^\W_]++)*"
MENTION: Final = rf"(?<![^\W_])(?<![@/.:+%-])@(?=({_NAME}(?:\.{_NAME}){{0,11}}))\1(?![^\W_]|@)"
_SIGN: Final = r"(?<![^\W_])(?<![:/]):([^\W_][\w-]{0,79}|[+-]1):(?![^\W_])"


@dataclass(frozen=True, slots=True)
class Known:
    """What the names in a text stand for, looked up by whoever knows: the renderer asks nobody.

    `mentions` has the id and name of a member by what was typed after the @, `signs` a character by what was typed
    between colons; `groups` are the slugs of groups that the writer may mention.
    """

    mentions: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    signs: Mapping[str, str] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()


NOBODY: Final = Known()

Match = tuple[Element | str | None, int | None, int | None]

_BRACKET_DEPTH: Final = 8  # more brackets open at once are no link text; keeps the search for the end linear
_TEXT_LIMIT: Final = 4_000
_LABEL_LIMIT: Final = 200

# Marks of one paragraph, cell or heading beyond which it is not rendered: the cost of emphasis grows with their
# number times the length. A page of dense prose stays far below.
MARK_LIMITS: Final = {"*": 600, "_": 600, "~": 400, "`": 600, "[": 600, "<": 1_000, "\\": 600, "\n": 1_000}
ADDRESS_LIMIT: Final = 400
REFERENCE_LIMIT: Final = 300
"""Footnotes, and marks that lead to them, of one post: each is numbered by asking all before it."""

SIGN_LIMIT: Final = 1_000
"""Emoji that are put into one post: each costs a copy of its paragraph, and nobody reads as many."""

_ESCAPED: Final = re.compile(rf"{STX}(\d+){ETX}")
_BRACKET: Final = re.compile(r"[\[\]]")
_PUNCTUATION: Final = ".,;:!?·'*_~»”’…]}"
_TARGET: Final = re.compile(
    r"""\([ \n]*+
    (?:<(?P<angled>[^<>\n]*+)>|(?=(?P<bare>(?:[^\s()<>"]|\([^\s()]*+\))*))(?P=bare))
    (?=(?P<aside>(?:[ \n]++(?:"[^"]*+"|'[^']*+'))?))(?P=aside)
    [ \n]*+\)""",
    re.VERBOSE,
)
_LABEL: Final = re.compile(rf"[ ]?\[([^\[\]]{{0,{_LABEL_LIMIT}}})\]")
_INNER_IMAGE: Final = re.compile(r"!\[([^\[\]]{0,500})\](?:\([^()\s]{0,2000}\))?")
# Digits after STX and before ETX are python-markdown's placeholders; an address ends where one begins.
_URL_CHARACTER: Final = rf"[^\s<>\"`{STX}{ETX}]"
_ADDRESS: Final = (
    r"<(?P<angled>(?:https?://|mailto:)[^\s<>]{1,2000})>"
    r"|<(?P<angled_mail>[^\s<>@:/]{1,64}@[^\s<>@:/]{1,253})>"
    rf"|(?<![\w/@.:+-])(?P<url>https?://{_URL_CHARACTER}{{1,2000}}|www\.(?=[\w-]{{1,63}}\.){_URL_CHARACTER}{{1,2000}})"
    r"|(?<![\w.%+/@:-])(?P<mail>[A-Za-z0-9._%+-]{1,64}@(?:[^\W_](?:[\w-]{0,62})\.){1,8}[^\W\d_]{2,24})(?![\w@])"
)


class _Inline(InlineProcessor):
    """A pattern of ours: `read` returns the element and where it starts and ends, no element to leave the text."""

    @abstractmethod
    def read(self, m: re.Match[str], data: str) -> Match:
        """Return what the match stands for."""

    # the stubs know only the older patterns, whose method takes no second argument
    def handleMatch(self, m: re.Match[str], data: str) -> Match:  # type: ignore[override]  # noqa: N802
        return self.read(m, data)


class Guard(_Inline):
    """See every paragraph, cell and heading first, and refuse the ones too dense to render."""

    def __init__(self, md: Markdown, code_span: CodeSpan, *, capped: bool) -> None:
        super().__init__(r"\A.", md)
        self.code_span = code_span
        self.capped = capped

    def read(self, m: re.Match[str], data: str) -> Match:
        self.code_span.unclosed.clear()
        if self.capped:
            self._refuse_dense(data)
        return None, None, None

    @staticmethod
    def _refuse_dense(data: str) -> None:
        if any(data.count(mark) > limit for mark, limit in MARK_LIMITS.items()):
            raise TooDense
        if data.count("://") + data.count("@") + data.count("www.") > ADDRESS_LIMIT:
            raise TooDense


class CodeSpan(_Inline):
    """Read `` `code` ``: a run of backticks up to the next run as long."""

    _LONGEST = 12

    def __init__(self, md: Markdown) -> None:
        super().__init__(r"(?<!`)(`+)(?!`)", md)
        self.unclosed: set[int] = set()
        """Lengths of runs that were looked for to the end of this text and not found."""

    def read(self, m: re.Match[str], data: str) -> Match:
        ticks = len(m[1])
        before = data[max(0, m.start() - 100) : m.start()]
        is_escaped = (len(before) - len(before.rstrip("\\"))) % 2 == 1
        if ticks > self._LONGEST or is_escaped or ticks in self.unclosed:
            return None, m.start(), m.end()
        closing = re.compile(rf"(?<!`)`{{{ticks}}}(?!`)").search(data, m.end())
        if closing is None:
            self.unclosed.add(ticks)
            return None, m.start(), m.end()
        code = Element("code")
        code.text = AtomicString(code_escape(data[m.end() : closing.start()].strip()))
        return code, m.start(), closing.end()


class Link(_Inline):
    """Read `[text](address)`, `[text][label]`, `[label]`, and images alike, as links with a canonical address.

    An image of a file of the forum's own is shown. Where the address may not be linked, the whole stays text as it was
    typed.
    """

    ANCESTOR_EXCLUDES = ("a",)

    def __init__(self, md: Markdown) -> None:
        super().__init__(r"!?\[", md)

    def read(self, m: re.Match[str], data: str) -> Match:
        is_image = m[0].startswith("!")
        end = _closing_bracket(data, m.end())
        if end is None:
            return None, m.start(), m.end()
        text = data[m.end() : end]
        address, after = self._address(data, text, end + 1)
        href = canonical_href(_plain(self, address)) if address is not None else None
        if href is None:
            return None, m.start(), m.end()
        if is_image and PICTURE.fullmatch(href):
            return self._picture(href, text), m.start(), after
        shown = _INNER_IMAGE.sub(r"\1", text).strip() or href
        link = _link(href, AtomicString(_visible(self, shown)) if is_image or shown is href else shown)
        return link, m.start(), after

    def _picture(self, href: str, text: str) -> Element:
        """Return a picture that leads to the whole of it; one that says nothing (WCAG 1.1.1) leads nowhere."""
        picture = Element("img")
        picture.set("alt", " ".join(_visible(self, text).split()))
        picture.set("loading", "lazy")
        picture.set("src", f"{href}/preview")
        if not picture.get("alt"):
            return picture
        link = _link(href, "")
        link.set("class", PICTURE_CLASS)
        link.append(picture)
        return link

    def _address(self, data: str, text: str, index: int) -> tuple[str | None, int]:
        """Return what follows the text as address, given in place or by a label, and where it ends."""
        target = _TARGET.match(data, index, index + URL_LIMIT * 2)
        if target:
            return target["angled"] if target["angled"] is not None else target["bare"], target.end()
        label = _LABEL.match(data, index)
        if label and label[1].strip():
            name, after = label[1], label.end()
        else:
            name, after = text, label.end() if label else index
        if len(name) > _LABEL_LIMIT:
            return None, index
        found = self.md.references.get(" ".join(name.lower().split())) if self.md else None
        return (found[0], after) if found else (None, index)


class Address(_Inline):
    """Link addresses and mail addresses that stand bare in the text or between angle brackets."""

    ANCESTOR_EXCLUDES = ("a",)

    def __init__(self, md: Markdown) -> None:
        super().__init__(_ADDRESS, md)

    def read(self, m: re.Match[str], data: str) -> Match:
        text = m["url"] or m["mail"] or m["angled"] or m["angled_mail"]
        end = m.end()
        if m["url"]:
            text = _without_punctuation(text)
            end = m.start() + len(text)
        visible = _visible(self, text)
        address = f"mailto:{visible}" if m["mail"] or m["angled_mail"] else visible
        href = canonical_href(f"https://{address}" if address.startswith("www.") else address)
        if href is None:
            return None, m.start(), m.end()
        link = _link(href, AtomicString(visible.replace("&", "&amp;")))
        return link, m.start(), end


class Mention(_Inline):
    """Link the members that were found, mark the groups; other names stay as they were typed."""

    ANCESTOR_EXCLUDES = ("a",)

    def __init__(self, md: Markdown, known: Known) -> None:
        super().__init__(MENTION, md)
        self.known = known

    def read(self, m: re.Match[str], data: str) -> Match:
        found = self.known.mentions.get(m[1])
        if found is None:
            return self._group(m) if m[1] in self.known.groups else None, m.start(), m.end()
        member_id, name = found
        link = _link(f"/members/{member_id}", AtomicString("@" + html.escape(name, quote=False)))
        link.set("class", MENTION_CLASS)
        return link, m.start(), m.end()

    @staticmethod
    def _group(m: re.Match[str]) -> Element:
        mark = Element("span")
        mark.set("class", MENTION_CLASS)
        mark.text = AtomicString(f"@{m[1]}")
        return mark


class Sign(_Inline):
    """Put the character in the place of its name between colons; other names, and too many, stay as they were typed."""

    def __init__(self, md: Markdown, known: Known) -> None:
        super().__init__(_SIGN, md)
        self.known = known
        self.count = 0

    def read(self, m: re.Match[str], data: str) -> Match:
        found = self.known.signs.get(m[1])
        if found is None or self.count == SIGN_LIMIT:
            return None, m.start(), m.end()
        self.count += 1
        return AtomicString(found), m.start(), m.end()


class BoundedFootnotes(FootnoteExtension):
    """Footnotes of a bounded number, with short labels, numbered as the text mentions them."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        super().extendMarkdown(md)
        md.inlinePatterns.register(_FootnoteMark(rf"\[\^([^\[\]\s]{{1,{_LABEL_LIMIT}}})\]", self), "footnote", 175)

    def makeFootnotesDiv(self, root: Element) -> Element | None:  # noqa: N802
        """Return the list of notes, each with a way back; a note may define others, which follow, or say nothing."""
        if not self.footnotes:
            return None
        div = Element("div", {"class": "footnote"})
        SubElement(div, "hr")
        notes = SubElement(div, "ol")
        labels: list[str] = []
        while len(labels) < len(self.footnotes):
            if len(self.footnotes) > REFERENCE_LIMIT:
                raise TooDense
            labels.append(next(itertools.islice(self.footnotes, len(labels), None)))
            notes.append(self._note(labels[-1]))
        return div

    def _note(self, label: str) -> Element:
        parsed = Element("div")
        self.parser.parseChunk(parsed, self.footnotes[label])
        note = Element("li", {"id": self.makeFootnoteId(label)})
        note.extend(parsed)
        if not len(note) or note[-1].tag != "p":
            SubElement(note, "p").text = ""
        else:
            note[-1].text = f"{note[-1].text or ''}{NBSP_PLACEHOLDER}"
        back = SubElement(note[-1], "a", {"class": "footnote-backref", "href": f"#{self.makeFootnoteRefId(label)}"})
        back.text = FN_BACKLINK_TEXT
        return note


class _FootnoteMark(FootnoteInlineProcessor):
    def handleMatch(self, m: re.Match[str], data: str) -> Match:  # type: ignore[override]  # noqa: N802 - see _Inline
        if len(self.footnotes.used_refs) >= REFERENCE_LIMIT:
            raise TooDense
        return super().handleMatch(m, data)


def _closing_bracket(data: str, index: int) -> int | None:
    """Return where the bracket opened before `index` closes."""
    depth = 1
    for bracket in _BRACKET.finditer(data, index, index + _TEXT_LIMIT):
        depth += 1 if bracket[0] == "[" else -1
        if depth == 0:
            return bracket.start()
        if depth > _BRACKET_DEPTH:
            return None
    return None


def _without_punctuation(url: str) -> str:
    """Return a bare address without the punctuation of the sentence around it."""
    while url[-1] in _PUNCTUATION or (url[-1] == ")" and url.count("(") < url.count(")")):
        url = url[:-1]
    return url


def _link(href: str, text: str) -> Element:
    link = Element("a")
    link.set("href", href)
    link.text = text
    return link


def _visible(processor: InlineProcessor, text: str) -> str:
    return _ESCAPED.sub(lambda m: chr(int(m[1])), processor.unescape(text))


def _plain(processor: InlineProcessor, address: str) -> str:
    return html.unescape(_visible(processor, address))
