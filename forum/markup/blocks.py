"""The block side of our Markdown: what is settled before and around python-markdown's own block parser.

Owns fenced code (its contents never reach the parser), the rewriting of lists and tables as members type them
into the stricter form python-markdown reads, and the limits on nesting, lines and table cells. Refuses text that
goes beyond them with `TooDense`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement

from markdown.blockprocessors import BlockProcessor, HashHeaderProcessor
from markdown.extensions.tables import TableProcessor
from markdown.preprocessors import Preprocessor
from markdown.util import ETX, STX, AtomicString, code_escape

if TYPE_CHECKING:
    from markdown import Markdown
    from markdown.blockparser import BlockParser

NESTING_LIMIT: Final = 8
"""Levels of lists and quotations in each other: each level parses all it holds once more."""
LINE_LIMIT: Final = 2_000
"""Lines outside fenced code: the parser copies the rest of a block for each of them."""
CELL_LIMIT: Final = 2_000
"""Cells of one table: every row gets all columns of the first, however short it is."""

MARK_LIMIT: Final = 8_000
"""Signs of emphasis, code and links outside fenced code."""
TICK_LIMIT: Final = 600
"""Backticks of one table: cells are told from code by comparing every run with every other."""

_FENCE: Final = re.compile(r"(?P<prefix>[ >]*)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)")
_LANGUAGE: Final = re.compile(r"\{?[ ]*\.?([A-Za-z0-9][A-Za-z0-9+#._-]{0,29})")
_PLACEHOLDER: Final = re.compile(rf"[ ]*{STX}fence:([0-9]+){ETX}[ ]*")
_ITEM: Final = re.compile(r"([ ]*)([-*+]|([0-9]{1,9})[.)])([ ]+)(?=\S)(.*)")
_RULE: Final = re.compile(r"[ ]{0,3}([-*_])(?:[ ]*\1){2,}[ ]*")
_QUOTE_RUN: Final = re.compile(r"(?:[ ]{0,3}(?:>|[-*+](?=[ ])|[0-9]{1,9}[.)](?=[ ])))*")
_QUOTE_MARK: Final = re.compile(r">|[-*+.)]")
_TABLE_RULE: Final = re.compile(r"[ ]{0,3}[|: -]*\|[|: -]*-[|: -]*|[ ]{0,3}[: -]*-[|: -]*\|[|: -]*")


class TooDense(Exception):
    """The text holds more markup than is rendered in bounded time; it is shown as plain text."""


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced code block: its language, empty when unnamed, and its text."""

    language: str
    code: str


class FenceExtractor(Preprocessor):
    """Take fenced code out of the text, nested in lists and quotations too, and leave a placeholder line.

    An unclosed fence runs to the end of what holds it, as in CommonMark.
    """

    def __init__(self, md: Markdown) -> None:
        super().__init__(md)
        self.fences: list[Fence] = []

    def run(self, lines: list[str]) -> list[str]:
        self.fences.clear()
        kept: list[str] = []
        index = 0
        while index < len(lines):
            opening = _FENCE.fullmatch(lines[index])
            index += 1
            if not opening:
                kept.append(lines[index - 1])
                continue
            prefix = opening["prefix"]
            code, index = self._body(lines, index, prefix, opening["fence"])
            language = _LANGUAGE.match(opening["info"].strip())
            placeholder = f"{prefix}{STX}fence:{len(self.fences)}{ETX}"
            self.fences.append(Fence(language[1].lower() if language else "", code))
            kept += [prefix.rstrip(), placeholder, prefix.rstrip()]
            if ">" in prefix and index < len(lines) and not lines[index].startswith(prefix.rstrip()):
                kept.append("")  # the quotation has ended too
        return kept

    @staticmethod
    def _body(lines: list[str], index: int, prefix: str, fence: str) -> tuple[str, int]:
        """Return the code from line `index` on and the number of the line after its closing fence."""
        closing = re.compile(rf"[ ]{{0,3}}{fence[0]}{{{len(fence)},}}[ ]*")
        code: list[str] = []
        while index < len(lines):
            line = lines[index]
            if line.startswith(prefix):
                line = line[len(prefix) :]
            elif ">" not in prefix:
                line = line.lstrip(" ")
            elif line.strip() == prefix.strip():
                line = ""
            else:
                break
            index += 1
            if closing.fullmatch(line):
                break
            code.append(line)
        return "\n".join(code), index


class FenceProcessor(BlockProcessor):
    """Put the code of a placeholder back as elements that no other processor touches."""

    def __init__(self, parser: BlockParser, extractor: FenceExtractor) -> None:
        super().__init__(parser)
        self.extractor = extractor

    def test(self, parent: Element, block: str) -> bool:
        return _PLACEHOLDER.fullmatch(block.strip("\n")) is not None

    def run(self, parent: Element, blocks: list[str]) -> None:
        number = _PLACEHOLDER.sub(r"\1", blocks.pop(0))
        fence = self.extractor.fences[int(number)]
        code = SubElement(SubElement(parent, "pre"), "code")
        if fence.language:
            code.set("class", f"language-{fence.language}")
        code.text = AtomicString(code_escape(fence.code + "\n"))


class ListReader(Preprocessor):
    """Write lists and tables the way python-markdown reads them, and refuse what is nested or long beyond reason.

    Members indent by two, three or four blanks, and start a list or table right under a sentence; the parser
    wants four blanks a level and an empty line before.
    """

    def __init__(self, md: Markdown, *, capped: bool) -> None:
        super().__init__(md)
        self.capped = capped

    def run(self, lines: list[str]) -> list[str]:
        if self.capped:
            self._refuse_dense(lines)
        written: list[str] = []
        items: list[tuple[int, int]] = []  # indent of the marker and of the text, of each open item
        previous = ""
        for number, line in enumerate(lines):
            indent = len(line) - len(line.lstrip(" "))
            item = None if _RULE.fullmatch(line) else _ITEM.fullmatch(line)
            if not line.strip():
                written.append("")
            elif item and (items or indent < 4):
                is_first = not items
                while items and indent < items[-1][1]:
                    items.pop()
                if self.capped and len(items) >= NESTING_LIMIT:
                    raise TooDense
                if is_first and self._interrupts(item, previous, written):
                    written.append("")
                marker = f"{item[3]}." if item[3] else item[2]
                written.append(f"{'    ' * len(items)}{marker} {item[5]}")
                items.append((indent, indent + len(item[2]) + min(len(item[4]), 4)))
            elif items and (indent or previous.strip()):
                written.append(self._continuation(line, indent, items, is_lazy=bool(previous.strip())))
            else:
                items.clear()
                if self._starts_table(line, previous, lines[number + 1 : number + 2]):
                    written.append("")
                written.append(line)
            previous = line
        return written

    @staticmethod
    def _refuse_dense(lines: list[str]) -> None:
        if len(lines) > LINE_LIMIT or sum(line.count(mark) for line in lines for mark in "*_~`[") > MARK_LIMIT:
            raise TooDense
        for line in lines:
            run = _QUOTE_RUN.match(line)
            if run and len(_QUOTE_MARK.findall(run[0])) > NESTING_LIMIT and not _RULE.fullmatch(line):
                raise TooDense

    @staticmethod
    def _interrupts(item: re.Match[str], previous: str, written: list[str]) -> bool:
        """Say whether an item right under a paragraph starts a list: bullets do, of numbers only a one."""
        if not previous.strip() or not written or previous.lstrip().startswith((">", "|")):
            return False
        return item[3] in {None, "1"} and not _ITEM.fullmatch(written[-1])

    @staticmethod
    def _continuation(line: str, indent: int, items: list[tuple[int, int]], *, is_lazy: bool) -> str:
        """Return a line inside the open items at four blanks a level; close the items it has left."""
        if is_lazy:
            return "    " * (len(items) - 1) + line.lstrip(" ")
        while items and indent < items[-1][1]:
            items.pop()
        left = items[-1][1] if items else 0
        return "    " * len(items) + line[left:]

    @staticmethod
    def _starts_table(line: str, previous: str, following: list[str]) -> bool:
        return (
            bool(previous.strip())
            and "|" in line
            and "|" not in previous
            and bool(following)
            and _TABLE_RULE.fullmatch(following[0]) is not None
        )


class HeadingProcessor(HashHeaderProcessor):
    """Read `# headings`; without a blank after the signs, as in `#5`, it is text."""

    RE = re.compile(r"(?:^|\n)(?P<level>#{1,6})(?P<header>[ ][^\n]*)(?:\n|$)")
    _CLOSING = re.compile(r"[ ]#+$")

    def run(self, parent: Element, blocks: list[str]) -> None:
        super().run(parent, blocks)
        heading = parent[-1]
        heading.text = self._CLOSING.sub("", heading.text or "").rstrip()


class BoundedTableProcessor(TableProcessor):
    """Read tables of a bounded number of cells, and say the alignment by class: the page forbids inline style."""

    def __init__(self, parser: BlockParser, *, capped: bool) -> None:
        super().__init__(parser, {"use_align_attribute": True})
        self.capped = capped

    def test(self, parent: Element, block: str) -> bool:
        if "|" not in block:
            return False
        if self.capped and block.count("`") > TICK_LIMIT:
            raise TooDense
        return super().test(parent, block)

    def run(self, parent: Element, blocks: list[str]) -> None:
        rows = blocks[0].count("\n") + 1
        if self.capped and rows * len(self.separator) > CELL_LIMIT:
            raise TooDense
        super().run(parent, blocks)
        for cell in (*parent[-1].iter("th"), *parent[-1].iter("td")):
            align = cell.attrib.pop("align", None)
            if align:
                cell.set("class", f"align-{align}")
            if cell.tag == "th":
                cell.set("scope", "col")
