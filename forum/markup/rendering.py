"""From what a member typed to the HTML that is stored: Markdown in, allow-listed HTML and plain text out.

Owns the reading of Markdown as this forum means it, the limits that keep its cost bounded, and the plain form a
text takes beyond them. Refuses raw HTML (shown as typed), images from elsewhere and members' own ids and classes.
Synchronous and pure: the same source, with the same names known, always gives the same result; `forum.markup.renderer`
runs it in another process.
"""

from __future__ import annotations

import hashlib
import html as html_entities
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.extensions.nl2br import Nl2BrExtension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from forum.markup.blocks import (
    BoundedTableProcessor,
    FenceExtractor,
    FenceProcessor,
    HeadingProcessor,
    ListReader,
    TooDense,
)
from forum.markup.inline import (
    NOBODY,
    Address,
    BoundedFootnotes,
    CodeSpan,
    Guard,
    Known,
    Link,
    Mention,
    Sign,
)
from forum.markup.links import host_of, pretends
from forum.markup.sanitising import (
    BACK_LABEL,
    CODE_LABEL,
    DONE_LABEL,
    REL,
    TABLE_LABEL,
    TODO_LABEL,
    escape,
    settle,
    well_formed,
)

if TYPE_CHECKING:
    from markdown.inlinepatterns import DelimiterProcessor

BODY_LIMIT: Final = 50_000
"""Characters of a post: twenty printed pages, and what still renders within a fifth of a second."""

DEPTH_LIMIT: Final = 40
"""Elements in each other: beyond, the sanitisers' work grows with the square of the depth."""
WEIGHT_LIMIT: Final = 5_000
"""Elements and attributes of a post: each costs both sanitisers, asked twice, some 30 microseconds."""
ENTITY_LIMIT: Final = 5_000
"""Ampersands of a post: bleach looks each up among all named entities."""
ESCAPE_LIMIT: Final = 10_000
"""Ampersands and angle brackets of a post: each is an entity for bleach when the text is asked again."""
FIRST_HEADING: Final = 3
"""The level of a post's first heading: the page has the h1, the post itself an h2 (WCAG 1.3.1, 2.4.6)."""

_TASK: Final = re.compile(r"\[([ xX])\][ \n]+")
_HEADING: Final = re.compile(r"h[1-6]")
_FOOTNOTE_ID: Final = re.compile(r"#?fn(ref)?(\d*):(.*)", re.DOTALL)
_FOOTNOTE_LINKS: Final = frozenset({"footnote-ref", "footnote-backref"})
_NOT_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_LINE_BREAK: Final = re.compile(r"\r\n?|[\x0c\x85\u2028\u2029]")
_BLANK_LINES: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_BLOCK_END: Final = re.compile(r"<br>|</(?:p|li|h[3-6]|tr|pre|blockquote)>")
_CELL_END: Final = re.compile(r"</t[dh]>\n?")
_FOOTNOTE_LINK: Final = re.compile(
    r'<sup id="fnref-[^>]*><a [^>]*>[^<]*</a></sup>|<a [^>]*"footnote-backref"[^>]*>↩</a>'
)
_PICTURE: Final = re.compile(r'<img alt="([^"]*)"[^>]*>')
_TAG: Final = re.compile(r"<[^>]*>")
_SPACES: Final = re.compile(r"[ \t]+")
_BREAKS: Final = re.compile(r"\s*\n\s*")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A member's text as it is stored: `html` for the page, `text` for search and excerpts."""

    html: str
    text: str
    is_plain: bool
    """True when the source is shown as typed, because it was too long or too dense to read as Markdown."""


def render(source: str, known: Known = NOBODY) -> Rendered:
    """Return the Markdown `source` as safe HTML and as plain text; what is too dense comes back plain."""
    return convert(source, known, capped=True)


def convert(source: str, known: Known = NOBODY, *, capped: bool) -> Rendered:
    """Return `source` rendered; with `capped` false without the limits, for tests of the process around it."""
    source = clean(source)
    if capped and _is_long(source):
        return plain(source)
    try:
        dirty = _markdown(source, known, capped=capped).convert(source)
    except (TooDense, RecursionError):
        return plain(source)
    html = settle(dirty)
    return plain(source) if html is None else Rendered(html=html, text=text_of(html), is_plain=False)


def plain(source: str) -> Rendered:
    """Return `source` as escaped paragraphs; cheap whatever it holds, since nothing is parsed."""
    source = clean(source).strip("\n")
    paragraphs = [part for part in _BLANK_LINES.split(source) if part.strip()]
    html = "\n".join(f"<p>{escape(part).replace(chr(10), '<br>' + chr(10))}</p>" for part in paragraphs)
    return Rendered(html=html, text=_tidy("\n".join(paragraphs)), is_plain=True)


def clean(source: str) -> str:
    """Return `source` with plain line ends and without characters that are no text (NUL, lone surrogates …)."""
    source = _LINE_BREAK.sub("\n", well_formed(source)).replace("\x00", "\ufffd")
    return _NOT_TEXT.sub("", source)


def text_of(html: str) -> str:
    """Return the text of sanitised HTML, a line a block."""
    html = _PICTURE.sub(r"\1", _FOOTNOTE_LINK.sub("", html))
    html = _CELL_END.sub(" ", _BLOCK_END.sub("\n", html))
    return _tidy(html_entities.unescape(_TAG.sub("", html)))


def _is_long(source: str) -> bool:
    return len(source) > BODY_LIMIT or source.count("&") > ENTITY_LIMIT or sum(map(source.count, "&<>")) > ESCAPE_LIMIT


def _tidy(text: str) -> str:
    return _BREAKS.sub("\n", _SPACES.sub(" ", text)).strip()


def _markdown(source: str, known: Known, *, capped: bool) -> Markdown:
    """Return a reader of its own for one text: no state of a refused text can reach the next."""
    footnotes = BoundedFootnotes(BACKLINK_TEXT="↩", USE_DEFINITION_ORDER=False)
    forum = _ForumExtension(hashlib.sha256(source.encode()).hexdigest()[:8], known, capped=capped)
    return Markdown(
        extensions=[Nl2BrExtension(), SaneListExtension(), footnotes, forum],
        output_format="html",
        tab_length=4,
    )


class _ForumExtension(Extension):
    """Put our processors in the place of those that are unsafe, unbounded or unexpected."""

    def __init__(self, prefix: str, known: Known, *, capped: bool) -> None:
        super().__init__()
        self.prefix = prefix
        self.known = known
        self.capped = capped

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - python-markdown's name
        extractor = FenceExtractor(md)
        md.preprocessors.deregister("html_block")
        md.preprocessors.register(extractor, "fences", 25)
        md.preprocessors.register(ListReader(md, capped=self.capped), "lists", 22)

        blocks = md.parser.blockprocessors
        blocks.deregister("code")  # indented by four: a pasted letter's first lines are no code
        blocks.register(FenceProcessor(md.parser, extractor), "fence", 85)
        blocks.register(BoundedTableProcessor(md.parser, capped=self.capped), "table", 75)
        blocks.register(HeadingProcessor(md.parser), "hashheader", 70)
        md.ESCAPED_CHARS = [*md.ESCAPED_CHARS, "|", "~", "<", ">", ":", "@"]

        inline = md.inlinePatterns
        for name in (
            "reference",
            "image_link",
            "image_reference",
            "short_reference",
            "short_image_ref",
            "automail",
            "html",
            "entity",
        ):
            inline.deregister(name)
        code_span = CodeSpan(md)
        inline.register(Guard(md, code_span, capped=self.capped), "guard", 1000)
        inline.register(code_span, "backtick", 190)
        inline.register(Link(md), "link", 160)
        inline.register(Address(md), "autolink", 120)
        inline.register(Mention(md, self.known), "mention", 115)
        inline.register(Sign(md, self.known), "sign", 114)
        cast("DelimiterProcessor", inline["em_strong"]).add("~", "del", double=True)

        md.treeprocessors.register(_Before(md, capped=self.capped), "before", 30)
        md.treeprocessors.register(_After(md, self.prefix, capped=self.capped), "after", -10)


class _Before(Treeprocessor):
    """Between blocks and inline: refuse deep trees, turn `[x]` at the start of an item into a mark."""

    def __init__(self, md: Markdown, *, capped: bool) -> None:
        super().__init__(md)
        self.capped = capped

    def run(self, root: Element) -> None:
        if self.capped:
            _refuse_large(root)
        for item in root.iter("li"):
            holder = item[0] if len(item) and item[0].tag == "p" and not (item.text or "").strip() else item
            task = _TASK.match(holder.text or "")
            if not task:
                continue
            is_done = task[1] != " "
            mark = Element("span")
            mark.set("aria-label", DONE_LABEL if is_done else TODO_LABEL)
            mark.set("class", "task-mark")
            mark.set("role", "img")
            mark.text = AtomicString("☑" if is_done else "☐")
            mark.tail = " " + (holder.text or "")[task.end() :]
            holder.text = None
            holder.insert(0, mark)
            item.set("class", "task")


class _After(Treeprocessor):
    """Last: headings, links, footnotes and scrollers as the page wants them."""

    def __init__(self, md: Markdown, prefix: str, *, capped: bool) -> None:
        super().__init__(md)
        self.prefix = prefix
        self.capped = capped

    def run(self, root: Element) -> None:
        if self.capped:
            _refuse_large(root)
        self._number_headings(root)
        self._name_footnotes(root)
        for link in root.iter("a"):
            self._finish_link(link)
        _wrap(root, "table", TABLE_LABEL)
        _wrap(root, "pre", CODE_LABEL)

    @staticmethod
    def _number_headings(root: Element) -> None:
        """Give headings levels from the first on, none skipped, whatever the member began with."""
        open_levels: list[int] = []
        for element in root.iter():
            if not _HEADING.fullmatch(element.tag):
                continue
            level = int(element.tag[1])
            while open_levels and open_levels[-1] >= level:
                open_levels.pop()
            open_levels.append(level)
            element.tag = f"h{min(FIRST_HEADING - 1 + len(open_levels), 6)}"

    def _name_footnotes(self, root: Element) -> None:
        """Give footnotes ids from the text's own digest: several posts stand on one page."""
        numbers: dict[str, int] = {}
        for element in root.iter():
            if element.tag == "div" and element.get("class") == "footnote":
                element.set("class", "footnotes")
            is_link = element.get("class", "") in _FOOTNOTE_LINKS
            name = "href" if is_link else "id"
            match = _FOOTNOTE_ID.fullmatch(element.get(name, ""))
            if match:
                number = numbers.setdefault(match[3], len(numbers) + 1)
                again = f"-{match[2]}" if match[2] else ""
                target = f"fn{match[1] or ''}-{self.prefix}-{number}{again}"
                element.set(name, f"#{target}" if is_link else target)

    @staticmethod
    def _finish_link(link: Element) -> None:
        href = link.get("href", "")
        if link.get("class") == "footnote-backref":
            link.set("aria-label", BACK_LABEL)
            link.attrib.pop("title", None)
        link.set("rel", REL)
        # python-markdown leaves what looks like an entity alone, also in addresses
        link.set("href", href.replace("&", "&amp;"))
        if not pretends(html_entities.unescape("".join(link.itertext())), href):
            return
        suffix = f" ({host_of(href)})"
        if len(link):
            link[-1].tail = (link[-1].tail or "") + suffix
        else:
            link.text = (link.text or "") + suffix


def _refuse_large(root: Element) -> None:
    """Refuse a tree too deep or with too many elements and attributes; walks it without recursion."""
    weight = 0
    stack = [(root, 0)]
    while stack:
        element, depth = stack.pop()
        weight += 1 + len(element.attrib)
        if depth > DEPTH_LIMIT or weight > WEIGHT_LIMIT:
            raise TooDense
        stack.extend((child, depth + 1) for child in element)


def _wrap(root: Element, tag: str, label: str) -> None:
    """Put every `tag` in a scroller that the keyboard reaches and a screen reader names (WCAG 1.4.10, 2.1.1)."""
    for parent in list(root.iter()):
        for index, child in enumerate(parent):
            if child.tag != tag:
                continue
            scroller = Element("div")
            for name, value in (("aria-label", label), ("class", "scroll"), ("role", "group"), ("tabindex", "0")):
                scroller.set(name, value)
            scroller.tail, child.tail = child.tail, None
            scroller.append(child)
            parent[index] = scroller
