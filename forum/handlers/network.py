"""What the network calls itself and its accent colour: for administrators, with the contrast in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from aiohttp import web
from pydantic import Field

from forum import colours
from forum.colours import Contrast, Palette, Unsuitable
from forum.domain import access, network
from forum.domain.entities import NETWORK_NAME_LIMIT, TAGLINE_LIMIT, Network
from forum.errors import Invalid
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.forms import Checkbox, Form, FormState, Line, RequiredLine, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other

_HOUSE: Final = "house"
"""What the button sends that takes the colour of the house, whatever stands in the field."""


class NetworkForm(Form):
    """`instead` comes with the buttons that save another colour than the typed one, `check` with the one that looks."""

    name_el: Annotated[RequiredLine, Field(max_length=NETWORK_NAME_LIMIT)]
    name_en: Annotated[RequiredLine, Field(max_length=NETWORK_NAME_LIMIT)]
    tagline_el: Annotated[Line, Field(max_length=TAGLINE_LIMIT)] = ""
    tagline_en: Annotated[Line, Field(max_length=TAGLINE_LIMIT)] = ""
    accent: Line = ""
    instead: Line = ""
    check: Checkbox = False

    @property
    def network(self) -> Network:
        colour = (self.instead or self.accent).lower()
        accent = None if colour in {"", _HOUSE} else colour
        return Network(self.name_el, self.name_en, self.tagline_el, self.tagline_en, accent)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPage(Page):
    template: ClassVar[str] = "network/edit.html"
    form: FormState
    colour: str
    """The colour the page speaks of, as it was typed; empty for the colour of the house or what is none."""
    palette: Palette | None
    contrasts: tuple[Contrast, ...]
    nearest: str
    name_limit: int = NETWORK_NAME_LIMIT
    tagline_limit: int = TAGLINE_LIMIT


async def edit(request: web.Request) -> web.Response:
    async with request.app[DB].read() as conn:
        stored = await network.current(conn)
    values = {
        "name_el": stored.name_el,
        "name_en": stored.name_en,
        "tagline_el": stored.tagline_el,
        "tagline_en": stored.tagline_en,
        "accent": stored.accent or "",
    }
    return await _edit(request, FormState(values))


async def update(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    try:
        form = NetworkForm.parse(await request.post())
        if form.check:
            if fault := network.accent_fault(form.network.accent):
                raise Invalid({"accent": (fault,)})
            return await _edit(request, await state_of(request, Invalid({})))
        async with request.app[DB].write() as tx:
            await network.update(tx, grant, form.network)
    except Invalid as invalid:
        return await _edit(request, await state_of(request, invalid), status=invalid.status)
    response = see_other(request, "network.edit")
    flash(request, response, "network.saved")
    return response


async def _edit(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    colour, palette, nearest = "", None, ""
    try:
        chosen = colours.parse(form.value("accent").strip().lower())
        colour = chosen.hex
        palette = colours.derive(chosen)
    except Unsuitable as unsuitable:
        nearest = unsuitable.nearest.hex
        palette = colours.derive(unsuitable.nearest)
    except ValueError:
        palette = None
    page = NetworkPage(
        form=form,
        colour=colour,
        palette=palette,
        contrasts=palette.contrasts() if palette else (),
        nearest=nearest,
    )
    return await render(request, page, status=status)
