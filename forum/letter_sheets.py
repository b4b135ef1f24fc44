"""What stands in a letter of any kind, and what its templates get of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from forum.domain.entities import Language, Network, in_language
from forum.i18n import Translator, mark
from forum.notification_letters import Advice, News

HOUSE_ACCENT: Final = "#0a566a"
"""The colour of a network that has chosen none, as in the style sheet."""


@dataclass(frozen=True, slots=True)
class Button:
    """The one thing a letter asks to do."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a letter of some kind says, and to whom; every text is in the recipient's language."""

    to: str
    name: str
    """Empty where it is not known."""
    subject: str
    paragraphs: tuple[str, ...]
    button: Button | None
    afterwards: tuple[str, ...]
    reason: str
    """Why it comes to this person."""
    advice: tuple[Advice, ...] = ()
    """What a digest begins with."""
    news: tuple[News, ...] = ()
    stop: Button | None = None
    """The way to get no more letters like it."""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the templates get."""

    language: Language
    network: str
    accent: str
    home: str
    greeting: str
    subject: str
    paragraphs: tuple[str, ...]
    button: Button | None
    afterwards: tuple[str, ...]
    reason: str
    advice: tuple[Advice, ...]
    news: tuple[News, ...]
    stop: Button | None


def sheet_of(content: Content, words: Translator, named: Network, home: str) -> Sheet:
    return Sheet(
        language=words.language,
        network=in_language(words.language, named.name_el, named.name_en),
        accent=named.accent or HOUSE_ACCENT,
        home=home,
        greeting=words.gettext(mark("Dear %(name)s,")) % {"name": content.name}
        if content.name
        else words.gettext(mark("Good day,")),
        subject=content.subject,
        paragraphs=content.paragraphs,
        button=content.button,
        afterwards=content.afterwards,
        reason=content.reason,
        advice=content.advice,
        news=content.news,
        stop=content.stop,
    )
