"""The style sheet of an accent colour: a function of its address, the same for ever."""

from __future__ import annotations

import pytest

from tests.site import Site


async def test_a_colour_is_a_style_sheet_that_browsers_keep(site: Site) -> None:
    for person in (None, "maria"):
        visitor = await site.visitor(person)
        answer = await visitor.get("/accent/7a1f3d.css")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in answer.headers
        assert answer.text.startswith("@layer tokens {")
        assert "--sea: light-dark(#7a1f3d, " in answer.text
        assert answer.text == (await visitor.get("/accent/7a1f3d.css")).text


@pytest.mark.parametrize("colour", ["7a1f3", "7A1F3D", "7a1f3d0", "ffff00", "red", "%237a1f3d", "7a1f3d%0a", "..%2f"])
async def test_what_is_no_usable_colour_is_not_there(site: Site, colour: str) -> None:
    for person in (None, "maria"):
        answer = await (await site.visitor(person)).get(f"/accent/{colour}.css")
        assert answer.status == 404
        assert "immutable" not in answer.headers["Cache-Control"]
