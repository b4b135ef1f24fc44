"""What settings, sizes and states of twins are called, as msgids: for pages, and for what conversations say."""

from __future__ import annotations

import re
from typing import Final

from forum.i18n import mark

WEBSITE: Final = re.compile(r"https?://[^\s/.]+(\.[^\s/.]+)+(/\S*)?")
"""A whole address of a website, as a profile has it."""

SETTINGS: Final = {
    "island": mark("On an island"),
    "coast": mark("On the coast"),
    "mountain": mark("In the mountains"),
    "inland": mark("Inland"),
}

TWIN_STATES: Final = {
    "signed": mark("Signed"),
    "active": mark("Active"),
    "dormant": mark("Dormant"),
    "ended": mark("Ended"),
}

STATES: Final = {
    "invited": mark("Invitation"),
    "declined": mark("Declined"),
    "withdrawn": mark("Withdrawn"),
    "in_contact": mark("In contact"),
    "letter_of_intent": mark("Letter of intent"),
    "council_decisions": mark("Council decisions"),
    **TWIN_STATES,
}
"""Of a twinning; its stages begin with `in_contact`."""

SIZES: Final = {
    "small": mark("Up to 4,999 inhabitants"),
    "middle": mark("5,000 to 19,999"),
    "large": mark("20,000 to 49,999"),
    "largest": mark("50,000 and more"),
}
