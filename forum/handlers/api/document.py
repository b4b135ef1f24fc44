"""The document of the API, as OpenAPI for programs and as a page for people; both are open to everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.handlers.api import openapi
from forum.handlers.api.calls import JSON, call
from forum.handlers.api.openapi import Json
from forum.i18n import mark
from forum.keys import CONFIG
from forum.web.access import Access, Route, load_actor
from forum.web.pages import Page, render

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_LONGEST_LIMIT: Final = 10**9
"""A bound beyond this is that of a number's storage, which tells a reader nothing."""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body or an answer; `kind` is what JSON Schema calls it."""

    name: str
    kind: str
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Described:
    """A call as the page shows it."""

    anchor: str
    method: str
    path: str
    summary: str
    is_public: bool
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    example: str
    answers: tuple[tuple[str, tuple[Field, ...]], ...]
    """The statuses of what is done, with what they bring."""
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    calls: tuple[Described, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage(Page):
    template: ClassVar[str] = "api/docs.html"
    url: str
    families: tuple[Family, ...]
    refusals: tuple[tuple[str, str], ...]


class Document:
    """Describes the calls it is given and its own two."""

    def __init__(self, calls: tuple[Route, ...]) -> None:
        show = call(mark("Show this document for programs"), media=JSON)(self._show)
        page = call(mark("Show this document for people"), media="text/html")(self._page)
        self.routes: tuple[Route, ...] = (
            *calls,
            Route("GET", "/api/v1/openapi.json", show, Access.PUBLIC, "api.document.show"),
            Route("GET", "/api/v1/docs", page, Access.PUBLIC, "api.document.page"),
        )

        self._made: dict[str, Json] = {}

    def _document(self, url: str) -> Json:
        """Return the document for a forum at `url`, which is made once: anybody may ask for it at any rate."""
        if url not in self._made:
            self._made[url] = openapi.document(self.routes, url=url)
        return self._made[url]

    async def _show(self, request: web.Request) -> web.Response:
        text = json.dumps(self._document(request.app[CONFIG].url), ensure_ascii=False)
        return web.Response(text=text, content_type=JSON, charset="utf-8")

    async def _page(self, request: web.Request) -> web.Response:
        await load_actor(request)
        url = request.app[CONFIG].url
        found = self._document(url)
        families: dict[str, list[Described]] = {}
        for described in _describe(found):
            families.setdefault(described.anchor.split(".")[0], []).append(described)
        page = DocumentPage(
            url=url,
            families=tuple(Family(name, tuple(calls)) for name, calls in families.items()),
            refusals=tuple((status, one["description"]) for status, one in found["components"]["responses"].items()),
        )
        return await render(request, page)


def _describe(document: Json) -> Iterator[Described]:
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                yield _call(path, method, operations[method], schemas)


def _call(path: str, method: str, operation: Json, schemas: Json) -> Described:
    body = _model(operation.get("requestBody", {}), schemas)
    examples = body.get("examples", ())
    return Described(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        is_public=operation.get("security") == [],
        parameters=tuple(
            Field(one["name"], _kind(one["schema"]), one["required"], one.get("description", ""))
            for one in operation["parameters"]
        ),
        body=_fields(body),
        example=json.dumps(examples[0], ensure_ascii=False, indent=2) if examples else "",
        answers=tuple(
            (status, _fields(_model(answer, schemas)))
            for status, answer in operation["responses"].items()
            if status.startswith("2")
        ),
        refusals=tuple(status for status in operation["responses"] if not status.startswith("2")),
    )


def _model(holder: Json, schemas: Json) -> Json:
    """Return the schema that a body or an answer refers to; of one that is no model, an empty one."""
    schema: Json = holder.get("content", {}).get(JSON, {}).get("schema", {})
    found: Json = schemas[_called(schema)] if "$ref" in schema else {}
    return found


def _fields(schema: Json) -> tuple[Field, ...]:
    required = schema.get("required", ())
    return tuple(
        Field(name, _kind(one), name in required, one.get("description", ""))
        for name, one in schema.get("properties", {}).items()
    )


def _kind(schema: Json) -> str:
    """Say in a few words what a value is: `string ≤ 200`, `Topic[]`, `string | null`."""
    if "anyOf" in schema:
        return " | ".join(_kind(choice) for choice in schema["anyOf"])
    if "$ref" in schema:
        return _called(schema)
    if "enum" in schema:
        return " | ".join(schema["enum"])
    if schema.get("type") == "array":
        items = _kind(schema["items"])
        return f"({items})[]" if "|" in items else f"{items}[]"
    kind = str(schema.get("format") if schema.get("format") == "date-time" else schema.get("type", ""))
    most = int(schema.get("maxLength") or schema.get("maximum") or _LONGEST_LIMIT)
    return f"{kind} ≤ {most}" if most < _LONGEST_LIMIT else kind


def _called(schema: Json) -> str:
    return str(schema["$ref"]).rpartition("/")[2]
