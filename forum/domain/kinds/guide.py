"""Guides: templates, manuals and forms that lie ready. Source: CATALOGUE, “Kinds of topic”."""

from __future__ import annotations

from typing import Final

from forum.domain.kinds.fields import Choices, Day, SpokenLanguage, Themes
from forum.domain.kinds.kind import Kind, Section
from forum.i18n import mark

AUDIENCES: Final = (
    ("elected", mark("Mayors and councillors")),
    ("executives", mark("Heads of service")),
    ("projects", mark("Project and funding officers")),
    ("technical", mark("Technical services")),
    ("finance", mark("Finance and procurement")),
    ("social", mark("Social services and education")),
    ("everyone", mark("Everybody")),
)

GUIDE: Final = Kind(
    code="guide",
    name=mark("Guide"),
    plural=mark("Guides"),
    new=mark("New guide"),
    about=mark(
        "A template, a manual or a form that others can use as it is. Its files keep one address, which always gives the newest version."
    ),
    icon="book-open",
    body="optional",
    columns=("audience", "language", "valid_from"),
    filters=("audience", "language", "themes"),
    sections=(
        Section(
            title=mark("For whom"),
            fields=(
                Choices(name="audience", label=mark("Audience"), options=AUDIENCES),
                SpokenLanguage(name="language", label=mark("Language of the guide"), is_required=True),
                Day(name="valid_from", label=mark("Valid from")),
                Themes(name="themes", label=mark("Themes")),
            ),
        ),
    ),
)
