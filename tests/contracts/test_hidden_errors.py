"""No header, and no field of any form there is, makes a route fail: they are found in the registries, not listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest

from forum.routes import ROUTES
from forum.web.access import Route
from forum.web.forms import Form
from tests.lengths import IS_AUDIT
from tests.site import Answer, Program, Site, Visitor

_LONG: Final = "x" * 3000

_HEADERS: Final = {
    "languages": {"Accept-Language": f"el;q=abc, *;q=9, ,;;;, -, {_LONG}", "Accept": ";;q=,*/*;q=nan, text"},
    "addresses": {"X-Forwarded-For": "of nobody, 999.1.1.1, ::::, [", "User-Agent": "\xff\x80" * 900},
    "conditions": {
        "If-None-Match": '"',
        "If-Modified-Since": "Thu, 99 Foo 99999 99:99:99 GMT",
        "If-Match": "W/",
        "Range": "bytes=-0,9-1,99999999999999999999-",
        "Accept-Encoding": "gzip;q=, *;q=nan, br;q=1e999",
    },
    "origins": {"Origin": "http://[", "Referer": "http://[::1", "Sec-Fetch-Site": "\xff", "Sec-Fetch-Dest": ""},
    "credentials": {"Authorization": "Bearer \xff\xfe", "Cookie": f'koinon_session=\xff"; =; koinon_guest={_LONG}'},
    "keys": {"Idempotency-Key": "\x80" * 300, "X-CSRF-Token": "\xff" * 87, "X-Requested-With": "fetch"},
    "kinds": {"Content-Type": "application/json; charset=punycode; charset=", "Content-Encoding": "identity"},
}  # fmt: skip

_VALUES: Final = (
    "",
    "\x00",
    "\ud800",
    "9" * 400,
    "-1",
    "\u202eα\u0300" * 50,
    "[" * 2000,
    "<script>",
    "2026-10-25T03:30",
)


def _filled(route: Route) -> str:
    return re.sub(r"\{\w+\}", "questions" if "categories" in route.path else "1", route.path)


def _failed(route: Route, what: str, answer: Answer) -> Iterator[str]:
    if answer.status >= 500:
        yield f"{route.method} {route.path}, {what}: {answer.status}"


@pytest.mark.parametrize("kind", _HEADERS)
async def test_no_header_is_a_server_error_on_any_route(site: Site, kind: str) -> None:
    member, program = await site.visitor("maria"), await site.program("maria")
    faults: list[str] = []
    for route in ROUTES:
        asker: Visitor | Program = program if route.is_api else member
        answer = await asker.request(route.method, _filled(route), headers=_HEADERS[kind])
        faults += _failed(route, kind, answer)
    assert faults == []


def _forms(of: type[Form] = Form) -> Iterator[type[Form]]:
    for form in of.__subclasses__():
        yield form
        yield from _forms(form)


async def test_no_value_in_any_field_of_any_form_is_a_server_error_on_any_route(site: Site) -> None:
    """In the audit each on every route; else a third of them, and another third on the next."""
    fields = {name for form in _forms() for name in form.model_fields}
    assert len(fields) > 20, "the premise: forms are found"
    faults: list[str] = []
    routes = [route for route in ROUTES if route.method == "POST" and not route.is_api]
    for number, route in enumerate(routes):
        # One of them may end the session that sends it.
        member = await site.visitor("administrator")
        for value in _VALUES if IS_AUDIT else _VALUES[number % 3 :: 3]:
            sent = value.encode("utf-8", "surrogatepass").decode("latin-1")
            answer = await member.submit(_filled(route), dict.fromkeys([*fields, "action"], sent))
            faults += _failed(route, repr(value[:10]), answer)
    assert faults == []
