"""Passing elsewhere: it is chosen where to, what members gain and lose by it is shown, then exactly that is done.

Owns the course of it, alike for a merger of organisations or categories, a move to another region and a member's to
another organisation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from aiohttp import web

from forum.domain import access
from forum.domain.access import AdministerGrant
from forum.errors import Conflict, Invalid
from forum.keys import ACTOR
from forum.web.forms import Form, FormState, Line, query_param, state_of
from forum.web.pages import Page, render


class Named(Protocol):
    """Where something may pass."""

    @property
    def slug(self) -> str: ...


class Confirmed(Protocol):
    """What would happen, and by what it is confirmed."""

    @property
    def digest(self) -> str: ...


Place = TypeVar("Place", bound=Named)
Preview = TypeVar("Preview", bound=Confirmed)


class PassingForm(Form):
    """What confirms it; subclasses add the field that says where to."""

    digest: Line = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Generic[Place, Preview]):
    """What the page shows: the form while nothing is chosen, then where it goes and what comes of it."""

    form: FormState
    into: Place | None = None
    preview: Preview | None = None
    """None until it is chosen where to."""
    is_late: bool = False
    """Something else would happen by now than was shown."""


class Passing(ABC, Generic[Place, Preview]):
    """Something that passes elsewhere; `new` and `create` are the handlers of its two routes."""

    field: str
    """The slug of where it passes, in the query and in the form."""
    form: type[PassingForm]

    @abstractmethod
    async def find(self, request: web.Request, slug: str) -> Place:
        """Return what was chosen, or raise Invalid."""

    @abstractmethod
    async def preview(self, request: web.Request, grant: AdministerGrant, into: Place) -> Preview: ...

    @abstractmethod
    async def carry_out(self, request: web.Request, grant: AdministerGrant, into: Place, digest: str) -> None: ...

    @abstractmethod
    async def page(self, request: web.Request, shown: Shown[Place, Preview]) -> Page: ...

    @abstractmethod
    def done(self, request: web.Request, into: Place) -> web.Response: ...

    async def new(self, request: web.Request) -> web.Response:
        if self.field not in request.query:
            return await self._show(request, Shown(form=FormState({})))
        return await self._look(request, FormState({self.field: query_param(request, self.field)}), status=200)

    async def create(self, request: web.Request) -> web.Response:
        grant = access.to_administer(request[ACTOR])
        try:
            form = self.form.parse(await request.post())
            into = await self.find(request, getattr(form, self.field))
            await self.carry_out(request, grant, into, form.digest)
        except Invalid as invalid:
            return await self._show(request, Shown(form=await state_of(request, invalid)), status=invalid.status)
        except Conflict as conflict:
            if conflict.code != "preview_changed":
                raise
            return await self._look(request, FormState({self.field: into.slug}), status=conflict.status)
        return self.done(request, into)

    async def _look(self, request: web.Request, form: FormState, *, status: int) -> web.Response:
        """Show what would happen now."""
        grant = access.to_administer(request[ACTOR])
        try:
            if not form.value(self.field):
                raise Invalid({self.field: ("required",)})
            into = await self.find(request, form.value(self.field))
            preview = await self.preview(request, grant, into)
        except Invalid as invalid:
            form = FormState(form.values, invalid.fields)
            return await self._show(request, Shown(form=form), status=invalid.status)
        shown = Shown(form=form, into=into, preview=preview, is_late=status == Conflict.status)
        return await self._show(request, shown, status=status)

    async def _show(self, request: web.Request, shown: Shown[Place, Preview], *, status: int = 200) -> web.Response:
        return await render(request, await self.page(request, shown), status=status)
