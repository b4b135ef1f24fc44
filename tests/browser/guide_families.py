"""Pages of guides' files for the tests of layout, beside `families.py`: a guide with two versions, and its forms."""

from __future__ import annotations

from forum.keys import DB
from tests.browser.content import LONG_WORD
from tests.domain.test_guide_files import add, renew, start
from tests.site import Site


async def fill(site: Site) -> tuple[tuple[str, str], ...]:
    """Start a guide of sophie's with a file of two versions; return the names and paths of the pages it has."""
    db, sophie = site.app[DB], site.cast.sophie
    guide = await start(db, sophie, title=f"Οδηγός {LONG_WORD}"[:200])
    file_id = (await add(db, sophie, guide)).file_id
    await renew(db, sophie, file_id, note=LONG_WORD)
    return (
        ("guide with files", f"/topics/{guide.topic_id}/{guide.slug}"),
        ("file of a guide", f"/topics/{guide.topic_id}/files/new"),
        ("version of a file", f"/guides/files/{file_id}/versions/new"),
        ("file of a guide to take away", f"/guides/files/{file_id}/delete/new"),
    )
