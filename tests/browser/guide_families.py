"""Pages of guides' files for the tests of layout, beside `families.py`: a guide with two versions, and its forms."""

from __future__ import annotations

from forum.keys import DB
from tests import files
from tests.browser.content import LONG_WORD
from tests.browser.family import Family
from tests.domain import telling
from tests.domain.test_guide_files import add, renew, start
from tests.site import Site
from tests.web import attaching, content


async def fill(site: Site) -> tuple[Family, ...]:
    """Start two guides of sophie's, one with a file of two versions, and attach a file to a post of hers."""
    db, sophie = site.app[DB], site.cast.sophie
    guide = await start(db, sophie, title=f"Οδηγός {LONG_WORD}"[:200])
    await telling.choose(db, site.cast.maria, guide.topic_id, "watch")
    file_id = (await add(db, sophie, guide)).file_id
    await renew(db, sophie, file_id, note=LONG_WORD)
    empty = await start(db, sophie, title="Οδηγός που γράφεται ακόμη", body="")
    attached = await attaching.bring(await site.visitor("sophie"), files.pdf(), f"{LONG_WORD[:120]}.pdf")
    await content.start(site, "sophie", body=f"[Η μελέτη](/attachments/{attached})", language="el")
    page, new = f"/topics/{guide.topic_id}/{guide.slug}", f"/topics/{guide.topic_id}/files/new"
    version = f"/guides/files/{file_id}/versions/new"
    return (
        Family("guide with files", page, "sophie"),
        Family("guide with files for others", page, is_unfolded=True),
        Family("guide without text or files", f"/topics/{empty.topic_id}/{empty.slug}", "sophie"),
        Family("file of a guide", new, "sophie"),
        Family("file of a guide refused", new, "sophie", 422, "Add the file"),
        Family("version of a file", version, "sophie"),
        Family("version of a file refused", version, "sophie", 422, "Publish the version"),
        Family("file of a guide to take away", f"/guides/files/{file_id}/delete/new", "sophie"),
        Family("files in posts and guides", "/settings/files", "sophie"),
        Family("file of a post to delete", f"/attachments/{attached}/delete", "sophie"),
        Family("guides", "/categories/guides", is_unfolded=True),
        Family("guides of a language", "/categories/guides?language=el&audience=everyone&sort=created"),
        Family("guides that are sifted", "/categories/guides?language=el", is_unfolded=True),
    )
