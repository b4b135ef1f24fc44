"""What every page's HTML keeps to, whoever looks at it: headings, landmarks, names of controls, ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset({"meta", "link", "input", "br", "hr", "img", "use", "path", "circle"})
_CONTROLS: Final = frozenset({"input", "select", "textarea"})


@dataclass
class Outline(HTMLParser):
    """The parts of a page that the checks are about, in the order of the page."""

    headings: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    controls: list[dict[str, str]] = field(default_factory=list)
    landmarks: list[str] = field(default_factory=list)
    articles: list[dict[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    open_tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self.open_tags.append(tag)
        if tag[0] == "h" and tag[1:].isdigit():
            self.headings.append(int(tag[1:]))
        if "id" in given:
            self.ids.append(given["id"])
        self.references += given.get("aria-labelledby", "").split() + given.get("aria-describedby", "").split()
        if tag == "label":
            self.labels.add(given.get("for", ""))
        if tag in _CONTROLS and given.get("type") != "hidden":
            self.controls.append(given)
        if tag in {"main", "header", "footer"} and "article" not in self.open_tags:
            self.landmarks.append(tag)
        if tag == "article":
            self.articles.append(given)
        if "style" in given or tag == "style" or any(name.startswith("on") for name in given):
            self.faults.append(f"<{tag}> holds a style or a script of its own")
        if tag == "ul" and "class" in given and given.get("role") != "list":
            self.faults.append(f"<ul class={given['class']}> loses its role in a browser that hides its markers")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID and "svg" not in self.open_tags:
            self.faults.append(f"<{tag}/> is not closed by that")

    def handle_endtag(self, tag: str) -> None:
        if not self.open_tags or self.open_tags.pop() != tag:
            self.faults.append(f"</{tag}> closes another element")


def faults(html: str) -> Iterator[str]:
    """Yield what is wrong with the structure of a page."""
    outline = Outline()
    outline.feed(html)
    outline.close()
    yield from outline.faults
    if outline.open_tags:
        yield f"never closed: {outline.open_tags}"
    if outline.headings.count(1) != 1 or outline.headings[0] != 1:
        yield f"headings {outline.headings}: a page begins with its only h1"
    for above, below in zip(outline.headings, outline.headings[1:], strict=False):
        if below > above + 1:
            yield f"a heading of level {below} under one of level {above}"
    if sorted(outline.landmarks) != ["footer", "header", "main"]:
        yield f"landmarks {outline.landmarks}"
    twice = {name for name in outline.ids if outline.ids.count(name) > 1}
    if twice:
        yield f"ids used twice: {twice}"
    if missing := set(outline.references) - set(outline.ids):
        yield f"referred to, but not there: {missing}"
    for control in outline.controls:
        if control.get("id") not in outline.labels and "aria-label" not in control:
            yield f"a control without a label: {control}"
    for article in outline.articles:
        if "aria-labelledby" not in article:
            yield f"an article without a name: {article}"
