"""The network of twins: a picture of municipalities and the ties between them, and the same as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import twinning_network
from forum.domain.entities import in_language
from forum.domain.twinning_network import Tie
from forum.keys import ACTOR, DB
from forum.web import network_chart
from forum.web.network_chart import NetworkChart, Place
from forum.web.pages import Page, render


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPage(Page):
    template: ClassVar[str] = "twinnings/network.html"
    ties: list[Tie]
    chart: NetworkChart | None
    """None where no two municipalities of the forum are twins."""
    place_count: int
    tie_count: int
    """Of what the picture shows; towns outside the forum stand in the table alone."""


async def show(request: web.Request) -> web.Response:
    language = request[ACTOR].language
    async with request.app[DB].read() as conn:
        ties = await twinning_network.list_ties(conn, language=language)
    here = [tie for tie in ties if tie.other_slug is not None]
    places = _places(here, language)
    drawn = [network_chart.Tie(tie.slug, tie.other_slug or "", tie.state) for tie in here]
    page = NetworkPage(
        ties=ties, chart=network_chart.draw(places, drawn), place_count=len(places), tie_count=len(drawn)
    )
    return await render(request, page)


def _places(ties: list[Tie], language: str) -> list[Place]:
    """Return who has a tie, each once, in the order in which they are named."""
    found: dict[str, Place] = {}
    for tie in ties:
        region = in_language(language, tie.region_el, tie.region_en)
        found.setdefault(tie.slug, Place(tie.slug, in_language(language, tie.name_el, tie.name_en), region))
    for tie in ties:
        region = in_language(language, tie.other_region_el or "", tie.other_region_en or "")
        name = in_language(language, tie.other_el, tie.other_en)
        found.setdefault(tie.other_slug or "", Place(tie.other_slug or "", name, region))
    return list(found.values())
