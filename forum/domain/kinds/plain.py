"""Discussions and questions: a title and a text, and themes for who wants them. Source: CATALOGUE, “Kinds of topic”."""

from __future__ import annotations

from typing import Final

from forum.domain.kinds.fields import Themes
from forum.domain.kinds.kind import THEMES, Kind, Section
from forum.i18n import mark

_SECTIONS: Final = (Section(title=mark("Themes and tags"), fields=(Themes(name=THEMES, label=mark("Themes")),)),)

DISCUSSION: Final = Kind(
    code="discussion",
    name=mark("Discussion"),
    plural=mark("Discussions"),
    new=mark("New discussion"),
    about=mark("Something to talk over with other municipalities."),
    icon="message-square",
    sections=_SECTIONS,
)

QUESTION: Final = Kind(
    code="question",
    name=mark("Question"),
    plural=mark("Questions"),
    new=mark("New question"),
    about=mark("A question to the other municipalities. The reply that answers it can be marked."),
    icon="message-square",
    sections=_SECTIONS,
)
