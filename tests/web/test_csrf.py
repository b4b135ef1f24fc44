"""The token of forms: written differently in every answer, good for one session only, and nothing else passes."""

from __future__ import annotations

import re

import pytest

from tests.site import Site, Visitor

_MASKED = re.compile(r"[\w-]{86}==")


async def _refused(visitor: Visitor, token: str) -> bool:
    answer = await visitor.request("POST", "/settings", data={"csrf_token": token, "name": ""})
    assert answer.status in {403, 422}
    return answer.status == 403


async def test_no_two_answers_hold_the_same_token_and_each_is_good(site: Site) -> None:
    maria = await site.visitor("maria")
    tokens = []
    for _ in range(3):
        await maria.get("/settings")
        tokens.append(maria.token)
    assert len(set(tokens)) == 3
    assert all(_MASKED.fullmatch(token) for token in tokens)
    assert not any(one[at : at + 8] == other[at : at + 8] for one, other in [tokens[:2], tokens[1:]] for at in (0, 43))
    for token in tokens:
        assert not await _refused(maria, token)


async def test_all_forms_of_a_page_hold_one_token(site: Site) -> None:
    page = await (await site.visitor("maria")).get("/settings/sessions")
    tokens = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)
    assert len(tokens) > 1
    assert len(set(tokens)) == 1


async def test_the_header_takes_the_place_of_the_field(site: Site) -> None:
    maria = await site.visitor("maria")
    await maria.get("/settings")
    answer = await maria.request("POST", "/settings", data={"name": ""}, headers={"X-CSRF-Token": maria.token})
    assert answer.status == 422


async def test_the_token_of_another_session_is_none(site: Site) -> None:
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    await maria.get("/settings")
    await nikos.get("/settings")
    assert not await _refused(maria, maria.token)
    assert await _refused(maria, nikos.token)


@pytest.mark.parametrize(
    "made",
    [
        lambda token: "",
        lambda token: "x",
        lambda token: token[:-4],
        lambda token: token + "AAAA",
        lambda token: token * 10_000,
        lambda token: token[::-1],
        lambda token: "α" * 88,
        lambda token: "=" * 88,
        lambda token: "A" * 88,
        lambda token: "A" * 86 + "==",
        lambda token: ("B" if token[0] == "A" else "A") + token[1:],
    ],
    ids=range(11),
)
async def test_what_is_no_token_is_refused(site: Site, made: object) -> None:
    maria = await site.visitor("maria")
    await maria.get("/settings")
    assert not await _refused(maria, maria.token)
    assert callable(made)
    assert await _refused(maria, made(maria.token))
