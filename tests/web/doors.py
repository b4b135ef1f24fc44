"""Checks that every endpoint shares: who stays outside, and what is asked of those who write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.site import Answer, Site, without_tokens

ABSENT: Final = "999999"

_OF_ITS_OWN: Final = frozenset({"x-request-id", "date", "content-length"})


async def closed_to_outsiders(
    site: Site, method: str, path: str, absent: str, data: Mapping[str, str] | None = None
) -> None:
    """The guest and the suspended are led to sign-in; the stranger is told what is told of a thing that never was."""
    for person in (None, "suspended"):
        outsider = await site.visitor(person)
        for asked in (path, absent):
            answer = await outsider.request(method, asked, data=data)
            assert (answer.status, answer.location.partition("?")[0]) == (303, "/login"), (person, asked)
    stranger = await site.visitor("stranger")
    await stranger.get("/help")
    told, of_nothing = [
        await stranger.request(method, asked, data=_with_token(stranger.token, method, data))
        for asked in (path, absent)
    ]
    assert told.status == of_nothing.status == 404
    assert _without_address(told.text, path) == _without_address(of_nothing.text, absent)
    assert _headers(told) == _headers(of_nothing)


def _without_address(text: str, path: str) -> str:
    """Return a page without the address that was asked for, which it names with and without the query."""
    return without_tokens(text.replace(path, "…").replace(path.partition("?")[0], "…"))


def _with_token(token: str, method: str, data: Mapping[str, str] | None) -> dict[str, str] | None:
    return {**(data or {}), "csrf_token": token} if method == "POST" else None


def _headers(answer: Answer) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in answer.headers.items() if name.lower() not in _OF_ITS_OWN)


async def asks_for_the_token(site: Site, person: str, path: str, data: Mapping[str, str] | None = None) -> None:
    """A form without this session's token, or from another site, is refused."""
    visitor, other = await site.visitor(person), await site.visitor(person)
    await visitor.get("/help")
    await other.get("/help")
    sent = dict(data or {})
    without = await visitor.request("POST", path, data=sent)
    with_others = await visitor.request("POST", path, data={**sent, "csrf_token": other.token})
    from_elsewhere = await visitor.submit(path, sent, headers={"Origin": "https://evil.example"})
    across_sites = await visitor.submit(path, sent, headers={"Sec-Fetch-Site": "cross-site"})
    assert [answer.status for answer in (without, with_others, from_elsewhere, across_sites)] == [403] * 4


async def takes_no_other_method(site: Site, person: str, path: str, *methods: str) -> None:
    visitor = await site.visitor(person)
    await visitor.get("/help")
    for method in methods:
        answer = await visitor.request(method, path, data={"csrf_token": visitor.token})
        assert answer.status == 405, (method, path)
