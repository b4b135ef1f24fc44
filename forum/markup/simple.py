"""Texts of words, stress and plain lists, read here and now: most replies are such, and need no other process.

What comes out is to the letter what `rendering.render` makes of the text; what might come out otherwise is left to it.
Only characters that mean nothing to a sanitiser pass, and the few signs of Markdown that are read here; a text is
looked through a fixed number of times.
"""

from __future__ import annotations

import re
from typing import Final

from forum.markup.rendering import Rendered

LIMIT: Final = 5_000
"""Characters of a text that is looked through here and now."""

_CHARACTERS: Final = re.compile(r"""[A-Za-z0-9À-ÖØ-öø-ÿά-ώΆΈ-ΊΌΎ-ΡΣ-ϋΐΰ .,:;·!?%'"&«»()…’–—/+=*€°\n-]+""")
_MEANING: Final = re.compile(
    r"""
      ^[ +=] | [ ]$ | [ ]{2}                # blanks at the ends of a line, other lists, rules under headings
    | // | [Ww][Ww][Ww]\.                   # addresses
    | --
    | &[A-Za-z0-9]*;                        # entities
    | :(?![ ]|$|(?<=[0-9]:)[0-9])           # emoji, addresses; not times of the day
    """,
    re.VERBOSE | re.MULTILINE,
)
_STRESS: Final = re.compile(r"(?<![\w*])(\*\*?)(?=\w)([^*\n]*\w)\1(?![\w*])")
_MARK: Final = re.compile(r"[-*] (?=[\w«(\"'*])")
_NUMBER: Final = re.compile(r"([0-9]{1,3})\. (?=[\w«(\"'*])")
_LIST: Final = re.compile(r"[-*] |-|[0-9]+[.)](?: |$)")
"""How a line begins that is an item, or might be taken for one."""

_TAGS: Final = {"*": "em", "**": "strong"}


def render(source: str) -> Rendered | None:
    """Return what `rendering.render` makes of a text, None where that takes more than is read here."""
    if len(source) > LIMIT:
        return None
    source = source.replace("\r\n", "\n").strip("\n")
    if not _CHARACTERS.fullmatch(source) or _MEANING.search(source):
        return None
    html: list[str] = []
    lines: list[str] = []
    was_list = False
    for block in source.split("\n\n"):
        if not (block := block.strip("\n")):
            continue
        said = block.split("\n")
        if not any(map(_LIST.match, said)):
            html.append("<p>" + "<br>\n".join(said) + "</p>")
            was_list = False
        elif was_list or (found := _items(said)) is None:
            return None
        else:
            tag, said = found
            html.append(f"<{tag}>\n" + "".join(f"<li>{item}</li>\n" for item in said) + f"</{tag}>")
            was_list = True
        lines += said
    written = "\n".join(html).replace("&", "&amp;")
    text = "\n".join(lines)
    if "*" in source:
        written = _STRESS.sub(lambda found: f"<{_TAGS[found[1]]}>{found[2]}</{_TAGS[found[1]]}>", written)
        text = _STRESS.sub(r"\2", text)
        if "*" in written:
            return None
    return Rendered(html=written, text=text, is_plain=False)


def _items(lines: list[str]) -> tuple[str, list[str]] | None:
    """Return the tag of a list and its items, None where the lines are not all items of one list of one level."""
    mark, tag = (_NUMBER, "ol") if lines[0][0].isdigit() else (_MARK, "ul")
    items: list[str] = []
    for number, line in enumerate(lines, start=1):
        found = mark.match(line)
        if found is None or (line[0] != lines[0][0] and tag == "ul") or (tag == "ol" and int(found[1]) != number):
            return None
        item = line[found.end() :]
        if _LIST.match(item):
            return None
        items.append(item)
    return tag, items
