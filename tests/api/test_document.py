"""The document: valid, the same as the routes, made of the models, and a page that people can read."""

from __future__ import annotations

import re
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from forum.config import Config
from forum.handlers.api import models, openapi
from forum.handlers.api.calls import Call
from forum.handlers.api.routes import ROUTES
from forum.routes import ROUTES as ALL_ROUTES
from forum.web.access import Access
from tests.site import Site

_DOCUMENT = openapi.document(ROUTES, url="https://forum.example.org")


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, operations in _DOCUMENT["paths"].items()
        for method, operation in operations.items()
    ]


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(_DOCUMENT).validate()


def test_every_route_of_the_api_is_in_the_document_and_nothing_else() -> None:
    documented = {(method, path) for method, path, _ in _operations()}
    assert documented == {(route.method, route.path) for route in ALL_ROUTES if route.is_api}
    assert all(isinstance(route.handler, Call) for route in ROUTES)
    assert len({operation["operationId"] for _, _, operation in _operations()}) == len(ROUTES)


def test_every_call_says_what_it_answers_and_what_it_refuses() -> None:
    public = {(route.method, route.path) for route in ROUTES if route.access is Access.PUBLIC}
    for method, path, operation in _operations():
        answers = operation["responses"]
        place = f"{method} {path}"
        assert {"400", "414", "422", "500", "503"} <= answers.keys(), place
        done = [status for status in answers if status.startswith("2")]
        assert len(done) == 1 or (path.endswith("/openings") and done == ["201", "200"]), place
        assert {"401", "429"} <= answers.keys() or (method, path) in public, place
        assert (operation.get("security") == []) == ((method, path) in public), place
        assert ("404" in answers) == ("{" in path or (path in {"/api/v1/topics"} and method == "POST")), place
        assert ({"413", "415"} <= answers.keys()) == ("requestBody" in operation), place
        assert (method in {"POST", "PUT", "PATCH", "DELETE"}) == ("409" in answers), place
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert set(re.findall(r"{(\w+)}", path)) <= names, place
        assert ("Idempotency-Key" in names) == (method == "POST"), place
        makes_one = method == "POST" and not path.endswith(("/import", "/validations"))
        assert ("Location" in answers.get("201", {}).get("headers", {})) == makes_one, place


def test_every_refusal_is_a_problem() -> None:
    for status, answer in _DOCUMENT["components"]["responses"].items():
        assert list(answer["content"]) == ["application/problem+json"], status
        assert answer["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")


def test_every_body_has_an_example_that_it_takes() -> None:
    bodies = [
        route.handler.takes
        for route in ROUTES
        if isinstance(route.handler, Call) and route.handler.takes and issubclass(route.handler.takes, models.Body)
    ]
    assert len(bodies) > 5
    for body in bodies:
        examples = body.model_json_schema()["examples"]
        assert examples
        for example in examples:
            body.model_validate(example)


def test_no_body_takes_what_it_does_not_know() -> None:
    for name, schema in _DOCUMENT["components"]["schemas"].items():
        if hasattr(models, name) and issubclass(getattr(models, name), models.Body):
            assert schema["additionalProperties"] is False, name


async def test_the_document_is_served_to_everybody(site: Site, config: Config) -> None:
    answer = await (await site.program()).get("/api/v1/openapi.json")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.json["paths"] == _DOCUMENT["paths"]
    assert answer.json["servers"] == [{"url": config.url}]


async def test_the_page_shows_every_call_in_both_languages_to_guests_and_members(site: Site) -> None:
    for person, language in ((None, "el"), ("maria", "el"), ("sophie", "en")):
        page = await (await site.visitor(person)).get("/api/v1/docs")
        assert page.status == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert f'<html lang="{language}">' in page.text
        for method, path, operation in _operations():
            assert f"<code>{method} {path}</code>" in page.text
            assert f'id="{operation["operationId"]}"' in page.text
        assert ("Sign out" in page.text or "Αποσύνδεση" in page.text) == (person is not None)
