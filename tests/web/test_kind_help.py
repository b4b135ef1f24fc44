"""The handbook tells every field of every kind of topic, in both languages."""

from __future__ import annotations

import pytest

from forum.domain import kinds
from forum.i18n import translator
from tests.site import Site


@pytest.mark.parametrize("language", ["el", "en"])
async def test_every_field_stands_in_the_handbook(site: Site, language: str) -> None:
    visitor = await site.visitor()
    page = (await visitor.get("/help/kinds", headers={"Accept-Language": language})).text
    words = translator(language)
    for kind in kinds.KINDS.values():
        for field in kind:
            assert (words.gettext(field.label) in page) or not field.is_typed, field.label
    assert "{fields:" not in page
