"""The letters that the forum wrote in a test, and where they lead."""

from __future__ import annotations

import re

from forum.keys import CONFIG, DB
from tests.mail.post_office import Letter
from tests.mail.sending import send_due
from tests.site import Site


async def last_letter(site: Site) -> Letter:
    """Send what is due and return the letter that was written last."""
    config = site.app[CONFIG]
    await send_due(site.app[DB], config)
    files = sorted(config.mail_folder.glob("*.eml"), key=lambda path: int(path.name.partition(".")[0]))
    return Letter("", files[-1].read_bytes())


def way_in(letter: Letter, place: str) -> str:
    """Return the path of a letter's link into a place such as `invite`, which stands in both its forms."""
    found = re.search(rf"https?://[^/\s]+(/{place}/[\w/-]+)", letter.text)
    assert found, letter.text
    assert found[0] in letter.html
    return found[1]
