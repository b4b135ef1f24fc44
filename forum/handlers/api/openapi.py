"""The OpenAPI 3.1 document, made of the table of routes and of the models its calls take and answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from forum.domain.idempotency import KEY_LIMIT
from forum.handlers.api.bodies import IDEMPOTENCY
from forum.handlers.api.calls import JSON, Call
from forum.handlers.api.models import INT8, SLUG, SLUG_LIMIT, Body, Problem, Query
from forum.i18n import mark
from forum.web.access import Access, Route

Json = dict[str, Any]
"""A part of the document, which is JSON by nature."""

PROBLEM: Final = "application/problem+json"
_SCHEMAS: Final = "#/components/schemas/{model}"
_PARAMETER: Final = re.compile(r"{(\w+)}")

_ALWAYS: Final = (400, 414, 422, 500, 503)
"""What any call can answer: an address or header that is none, a parameter nobody knows, and our own failures."""

_REFUSALS: Final = {
    400: mark(
        "The request cannot be understood: no JSON, an id or a cursor that is none, a parameter or field sent twice."
    ),
    401: mark("No token, or one that is no longer valid; for a new token: the wrong address or password."),
    403: mark("Seen, but not allowed; “code” says why."),
    404: mark("Absent, or not open to the caller: the same answer."),
    409: mark("Something has changed meanwhile; ask again."),
    412: mark("“If-Match” names another version than there is now: somebody has changed it meanwhile."),
    413: mark("The body is larger than 1 MiB, or the file than the forum takes."),
    414: mark("The address is too long."),
    415: mark("The body is not “application/json”."),
    422: mark(
        "Understood but refused: “errors” says which field; “idempotency_mismatch”: the key was another request's."
    ),
    428: mark("Send the ETag of what you have seen as “If-Match”."),
    429: mark("Too many in a short time; “Retry-After” says when to come back."),
    500: mark("An internal error of the forum."),
    503: mark("The forum cannot reach its database; “Retry-After” says when to come back."),
    507: mark("There is no more room for files: the member's, or the forum's."),
}
_HEADERS: Final[dict[int, Json]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}},
    429: {"Retry-After": {"schema": {"type": "string", "pattern": "^[0-9]+$"}, "description": "Seconds."}},
    503: {"Retry-After": {"schema": {"type": "string", "pattern": "^[0-9]+$"}, "description": "Seconds."}},
}
_PATH_PARAMETERS: Final[dict[str, Json]] = {
    "id": {"type": "integer", "format": "int64", "minimum": 1, "maximum": INT8},
    "file_id": {"type": "integer", "format": "int64", "minimum": 1, "maximum": INT8},
    "interest_id": {"type": "integer", "format": "int64", "minimum": 1, "maximum": INT8},
    "adoption_id": {"type": "integer", "format": "int64", "minimum": 1, "maximum": INT8},
    "slug": {"type": "string", "pattern": SLUG, "maxLength": SLUG_LIMIT},
}

_INTRODUCTION: Final = """\
What a member can do on the pages a program can do for them, with exactly the same rights.

Send the token as `Authorization: Bearer …`; cookies count for nothing. Times are ISO 8601, ids whole numbers, lists
`{"items": […], "next": "cursor" | null}`. Errors are problems by RFC 9457 with a stable `code`. What is absent and what
is not open to the caller are the same 404. A POST under an `Idempotency-Key` that is repeated within 24 hours gives the
same answer and makes nothing twice."""


def document(routes: Iterable[Route], *, url: str) -> Json:
    """Return the document of these routes for a forum at `url`."""
    calls = [(route, route.handler) for route in routes if isinstance(route.handler, Call)]
    schemas = _schemas([call for _, call in calls])
    paths: dict[str, Json] = {}
    for route, call in calls:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, call, schemas)
    used = {status for path in paths.values() for operation in path.values() for status in operation["responses"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Koinon", "version": "1", "description": _INTRODUCTION},
        "servers": [{"url": url}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if not name.endswith("Query")},
            "responses": {str(status): _problem(status) for status in _REFUSALS if str(status) in used},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(calls: Iterable[Call]) -> dict[str, Json]:
    """Return the schema of every model by its name."""
    taken: set[type[BaseModel]] = {call.takes for call in calls if call.takes}
    answered: set[type[BaseModel]] = {Problem, *(call.answers for call in calls if call.answers)}
    answered |= {call.shows for call in calls if call.shows}
    by_name = sorted([*taken, *answered], key=lambda model: model.__name__)
    _, found = models_json_schema(
        [(model, "serialization" if model in answered else "validation") for model in by_name],
        ref_template=_SCHEMAS,
    )
    schemas: dict[str, Json] = found["$defs"]
    return schemas


def _operation(route: Route, call: Call, schemas: dict[str, Json]) -> Json:
    statuses = {*_ALWAYS, *call.refuses}
    operation: Json = {
        "operationId": route.name.removeprefix("api."),
        "summary": call.summary,
        "tags": [route.name.split(".")[1]],
        "parameters": list(_parameters(route, call, schemas)),
    }
    if route.access is Access.PUBLIC:
        operation["security"] = []
    else:
        statuses |= {401, 429}
    if route.access is Access.ADMINISTRATOR:
        statuses.add(403)
    if call.takes is not None and issubclass(call.takes, Body):
        statuses |= {413, 415}
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": _reference(call.takes)}}}
    if call.brings_file:
        statuses |= {413, 415}
        form = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    refusals = {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}
    shown = {"200": _content("OK", call.shows)} if call.shows else {}
    operation["responses"] = {str(call.status): _answer(call), **shown, **refusals}
    return operation


def _parameters(route: Route, call: Call, schemas: dict[str, Json]) -> Iterable[Json]:
    for name in _PARAMETER.findall(route.path):
        yield {"name": name, "in": "path", "required": True, "schema": _PATH_PARAMETERS[name]}
    if call.takes is not None and issubclass(call.takes, Query):
        schema = schemas[call.takes.__name__]
        for name, described in schema["properties"].items():
            yield {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "description": described.get("description", ""),
                "schema": _plain(described),
            }
    if route.method == "PUT" and call.has_version:
        yield {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "description": mark("The ETag of the version that is to be changed."),
            "schema": {"type": "string"},
        }
    if route.method == "POST":
        yield {
            "name": IDEMPOTENCY,
            "in": "header",
            "required": False,
            "description": mark("A name of the request's own: repeated under it, the request does its work once."),
            "schema": {"type": "string", "pattern": f"^[!-~]{{1,{KEY_LIMIT}}}$"},
        }


def _plain(described: Json) -> Json:
    """Return the schema of a parameter: one that may be left out is not null but absent."""
    schema = {name: value for name, value in described.items() if name not in {"title", "description", "anyOf"}}
    for choice in described.get("anyOf", ()):
        if choice != {"type": "null"}:
            schema.update(choice)
    if schema.get("default", 0) in {None, ""}:
        del schema["default"]
    return schema


def _content(description: str, model: type[BaseModel]) -> Json:
    return {"description": description, "content": {JSON: {"schema": _reference(model)}}}


def _answer(call: Call) -> Json:
    answer: Json = {"description": HTTPStatus(call.status).phrase}
    if call.answers:
        answer = _content(answer["description"], call.answers)
    elif call.media:
        answer["content"] = {call.media: {"schema": {"type": "object" if call.media == JSON else "string"}}}
    if call.creates:
        answer["headers"] = {
            "Location": {"description": "Where it is found.", "required": True, "schema": {"type": "string"}}
        }
    if call.has_version:
        answer["headers"] = {"ETag": {"description": "Its version.", "required": True, "schema": {"type": "string"}}}
    return answer


def _problem(status: int) -> Json:
    problem: Json = {
        "description": _REFUSALS[status],
        "content": {PROBLEM: {"schema": _reference(Problem)}},
    }
    if status in _HEADERS:
        problem["headers"] = _HEADERS[status]
    return problem


def _reference(model: type[BaseModel]) -> Json:
    return {"$ref": _SCHEMAS.format(model=model.__name__)}
