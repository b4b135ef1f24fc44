"""Our own payloads and what mutations make of them: stored HTML is inert, and neither wall would change it any more."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings

from forum.markup import BODY_LIMIT, render, sanitize
from forum.markup.rendering import plain
from tests import markup_corpus, payloads
from tests.lengths import IS_AUDIT
from tests.unit.test_markup_hostile import inspect

_EXAMPLES: Final = 10_000 if IS_AUDIT else 80


def test_there_are_a_few_hundred_and_each_is_another() -> None:
    assert len(payloads.ALL) > 300
    assert len(set(payloads.ALL)) == len(payloads.ALL)
    assert all(len(payload) <= BODY_LIMIT for payload in payloads.ALL)


@pytest.mark.audit
@pytest.mark.parametrize("family", payloads.FAMILIES)
def test_a_payload_is_inert_wherever_it_stands(family: str) -> None:
    """Each alone and in two places that are others for the next one; with KOINON_AUDIT in all of them."""
    places = markup_corpus.PLACES
    for number, payload in enumerate(payloads.FAMILIES[family]):
        turn = 2 * number % len(places)
        for place in places if IS_AUDIT else ("{}", *(places * 2)[turn : turn + 2]):
            source = place.replace("{}", payload)[:BODY_LIMIT]
            inspect(render(source).html)
            inspect(plain(source).html)


@pytest.mark.parametrize("family", payloads.FAMILIES)
def test_a_payload_is_inert_once_sanitised(family: str) -> None:
    for payload in payloads.FAMILIES[family]:
        inspect(sanitize(payload), may_nest_links=True)
        inspect(sanitize(f"<table><tr><td><p>{payload}</td></tr></table>{payload}"), may_nest_links=True)


@settings(max_examples=_EXAMPLES, deadline=None)
@given(payloads.mutations())
def test_no_mutation_gets_through(source: str) -> None:
    rendered = render(source)
    inspect(rendered.html)
    assert not set(rendered.text) & {"\x00", "\x02", "\x03", "\r"}
    inspect(sanitize(source), may_nest_links=True)
