"""A new version of a guide's file by mail: which, of what, what is new in it and where; in either language."""

from __future__ import annotations

import pytest

from forum.config import Config
from forum.db import Database, RawConnection
from tests.cast import Cast, email
from tests.domain.test_guide_files import add, renew, start
from tests.mail.post_office import PostOffice
from tests.mail.test_notifications import _tell


@pytest.mark.parametrize(
    ("language", "words"), [("el", "προσθέτει την έκδοση 2: «Υπόδειγμα»"), ("en", "adds version 2 of “Υπόδειγμα”")]
)
async def test_a_letter_tells_of_a_new_version(
    db: Database,
    cast: Cast,
    owner: RawConnection,
    office: tuple[PostOffice, str],
    posting: Config,
    language: str,
    words: str,
) -> None:
    await owner.execute("UPDATE members SET language = $1", language)
    guide = await start(db, cast.sophie)
    file_id = (await add(db, cast.sophie, guide)).file_id
    await renew(db, cast.administrator, file_id, note="Νέο άρθρο 5 & <6>")
    await _tell(db, owner, posting)
    (letter,) = office[0].to(email("sophie"))
    assert words in letter.text
    assert words in letter.html
    assert "Νέο άρθρο 5 & <6>" in letter.text
    assert "Νέο άρθρο 5 &amp; &lt;6&gt;" in letter.html
    assert f"/topics/{guide.topic_id}#files" in letter.text
