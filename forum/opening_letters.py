"""What letters about openings say: that a category was opened to its reader, and that one is to be reviewed.

Pure: what they tell comes from the domain, and `emails` makes letters of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from forum.domain.entities import in_language
from forum.domain.opening_effects import Told
from forum.domain.opening_reviews import Review
from forum.i18n import Translator, mark


@dataclass(frozen=True, slots=True)
class Said:
    """A letter's words, and the one place it leads to."""

    subject: str
    paragraphs: tuple[str, ...]
    label: str
    path: str
    reason: str


def opened(found: Told, words: Translator) -> Said:
    """Say that a category is open to the reader, and what they may do there."""
    named = {"category": in_language(words.language, found.name_el, found.name_en)}
    if found.can_start:
        may = words.gettext(mark("You can read there, reply, and start topics of your own."))
    elif found.can_reply:
        may = words.gettext(mark("You can read there and reply."))
    else:
        may = words.gettext(mark("You can read there."))
    about = in_language(words.language, found.description_el, found.description_en)
    return Said(
        words.gettext(mark("“%(category)s” is open to you"), **named),
        (
            words.gettext(mark("From now on you have access to the category “%(category)s”."), **named),
            *((about,) if about else ()),
            may,
        ),
        words.gettext(mark("See the category")),
        f"/categories/{found.slug}",
        words.gettext(mark("This message comes once, when a category is opened to your region or group.")),
    )


def to_review(found: Review, words: Translator, zone: ZoneInfo) -> Said:
    """Say that the day has come to look whether a stage is to stay."""
    named = {
        "category": in_language(words.language, found.category_el, found.category_en),
        "group": in_language(words.language, found.group_el, found.group_en),
        "date": words.date(found.effective_at, zone),
    }
    return Said(
        words.gettext(mark("To review: “%(category)s” for %(group)s"), **named),
        (
            words.gettext(
                mark("The group %(group)s has had its present access to the category “%(category)s” since %(date)s."),
                **named,
            ),
            words.gettext(mark("Today is the day that was chosen to look whether it is to stay so.")),
            words.gettext(mark("See who has read and written there since, and widen the access, keep it or close it.")),
        ),
        words.gettext(mark("See the figures")),
        f"/admin/openings/{found.opening_id}",
        words.gettext(mark("This message comes to every administrator of the network.")),
    )
