"""Small forms that stand on several pages: how much one wants to hear of a topic or a category, a place in an order."""

from __future__ import annotations

from typing import Literal

from aiohttp import web

from forum.domain.levels import Level
from forum.web.flash import flash
from forum.web.forms import Form, Line
from forum.web.urls import own_path, redirect, url_for


class LevelForm(Form):
    """`usual` takes the choice back; `next` is the page that the form stands on, if not that of the place itself."""

    level: Literal["watch", "follow", "mute", "usual"]
    next: Line = ""

    @property
    def chosen(self) -> Level | None:
        return None if self.level == "usual" else self.level


class PlaceForm(Form):
    """Before or after its neighbour, of a category or a theme."""

    by: Literal["-1", "1"]


def done(request: web.Request, form: LevelForm, name: str, **parts: object) -> web.Response:
    """Lead back to where the form stands, by default to the page of a route, and say what holds now."""
    way = own_path(request.app, form.next) if form.next else str(url_for(request.app, name, None, **parts))
    response = redirect(way)
    flash(request, response, f"subscription.{form.level}")
    return response
