"""The style guide: every token and component, for administrators."""

from __future__ import annotations

import re
from pathlib import Path

from forum.handlers.styleguide import COLOURS, ICONS
from tests.site import Site

STATIC = Path(__file__).parents[2] / "forum" / "static"


async def test_an_administrator_sees_every_component_in_both_schemes(site: Site) -> None:
    answer = await (await site.visitor("administrator")).get("/styleguide")
    assert answer.status == 200
    for scheme in ("light", "dark"):
        assert f'data-scheme="{scheme}"' in answer.text
        assert f'id="{scheme}-deadline-error"' in answer.text


async def test_every_colour_token_of_the_style_sheet_is_shown() -> None:
    sheet = (STATIC / "koinon.css").read_text(encoding="utf-8")
    tokens = re.findall(r"^    --([a-z0-9-]+): light-dark\(#", sheet, re.MULTILINE)
    shown = {name for family in COLOURS for name in family}
    beside = {"on-sea", "on-mast", "mast-up", "mast-2", "focus"}  # only ever seen on or around another
    assert set(tokens) - beside == shown
    assert all(f".f-{name} {{" in sheet for name in shown)


async def test_every_icon_shown_is_in_the_sprite() -> None:
    sprite = (STATIC / "icons.svg").read_text(encoding="utf-8")
    assert [name for name in ICONS if f'id="{name}"' not in sprite] == []


async def test_a_moderator_is_refused_and_a_guest_sent_to_sign_in(site: Site) -> None:
    assert (await (await site.visitor("moderator")).get("/styleguide")).status == 403
    guest = await (await site.visitor(None)).get("/styleguide")
    assert guest.status == 303
    assert guest.location.startswith("/login")
